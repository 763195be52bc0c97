"""The GraphQL endpoint: one ASGI callable that follows the GraphQL-over-HTTP specification.

https://graphql.github.io/graphql-over-http/draft/

Strawberry brings the schema and its executor, but not its HTTP views: they answer 200 to everything
and have no limits.
"""

from functools import partial

import strawberry
from graphql import OperationType
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from gql.database import Database
from gql.engine.answer_cache import CACHED_FROM, AnswerCache
from gql.engine.bind import Binder
from gql.engine.compile_lock import CompileLocks
from gql.engine.data_version import VERSION_POINTS, VersionedStatement, split_stamps
from gql.engine.document import Request
from gql.engine.engine import Bound, Engine
from gql.engine.explain import Explanation
from gql.engine.fallback import OFF, AnswerCounts, Fallback
from gql.errors import BadInput, BadRequest, GatewayError, MethodNotAllowed, Refused
from gql.events.feed import EventFeed, SubscriptionSlots
from gql.events.hub import EventHubs
from gql.events.reading import last_event
from gql.events.shared_answers import SharedAnswers
from gql.http.body import read_body
from gql.http.entity_tags import BodyHashes, names_version
from gql.http.headers import headers_by_name
from gql.http.identify import Identify, refusal_of
from gql.http.media_types import (
    EVENT_STREAM,
    JSON,
    accepts_events,
    prefers_html,
    require_json,
    response_type,
)
from gql.http.request_database import database_of
from gql.http.request_id import new_request_id, request_id_of
from gql.http.request_log import log_fields
from gql.http.running_requests import DEADLINE_HEADER, RunningRequests
from gql.identity import Identity, Permission
from gql.loop_shares import LoopShares
from gql.operation_queues import OperationQueues
from gql.query.webhook_checks import WebhookChecks
from gql.query.weights import KEY
from gql.schema.documents import Documents, InvalidDocument, choose_operation
from gql.schema.event_answers import EventAnswers
from gql.schema.event_query import EventQuery
from gql.schema.event_stream import EventStream
from gql.schema.explaining import explained, is_operator, wants_explanation
from gql.schema.following import Following
from gql.schema.graphql_request import (
    METHODS,
    READING_METHODS,
    GraphQLRequest,
    read_raw,
    require_method,
)
from gql.schema.permissions import least_permission
from gql.schema.received import Admit, ReceivedRequest, UsualRequest
from gql.schema.rendering import HttpResponse, Renderer
from gql.schema.resolvers import Resolvers
from gql.schema.subscribed import Subscriptions
from gql.settings import Settings
from gql.stores import SmsSessionStore
from gql.webhooks.addresses import UrlRules

COST_HEADER = b"jackfield-cost"
"""`1` adds what an operation costs to its answer; `dry-run` answers that and runs nothing."""


_OPTIONS = {"allow": ", ".join(METHODS), "accept-query": JSON}
"""What the address takes, and in which media type QUERY does: RFC 10008, 3."""


class GraphQLEndpoint:
    """Serves a schema at one address.

    Args:
        schema: Must have no extensions: they would not run.
        database: What operations read and write.
        settings: The limits, and whether introspection and suggestions are on.
        identify: Says who sent a request.
        sms_sessions: Where live SMS sessions are kept.
        requests: Those that run in this process.
        shares: Of the event loop.
        queues: Where operations wait for each other, at all doors.
        hubs: Where subscriptions get their events; without them there are none.
        slots: How many an organization may have, at all doors.

    Attributes:
        engine: Compiles queries; None when settings say so.
        counts: How many operations were answered by a plan, and how many by resolvers.
        queues: The same.
        subscriptions: Begins subscriptions; None without hubs.
        webhook_checks: Of webhook subscriptions that are saved.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        database: Database,
        settings: Settings,
        *,
        identify: Identify,
        sms_sessions: SmsSessionStore | None = None,
        requests: RunningRequests | None = None,
        shares: LoopShares | None = None,
        queues: OperationQueues | None = None,
        hubs: EventHubs | None = None,
        slots: SubscriptionSlots | None = None,
    ) -> None:
        if schema.extensions:
            raise ValueError("GraphQLEndpoint does not run Strawberry's schema extensions")
        self._schema = schema._schema  # noqa: SLF001 -- Strawberry has no other way to it
        self._database = database
        self._settings = settings
        self._identify = identify
        self._requests = requests or RunningRequests(settings.request_timeout)
        locks = CompileLocks()
        self._documents = Documents(self._schema, settings, locks, shares or LoopShares())
        self._binder = Binder(schema.schema_converter)
        self.webhook_checks = WebhookChecks(UrlRules.of(settings).check_url, self.check_for_events)
        self._resolvers = Resolvers(
            self._schema, self._documents, settings, sms_sessions, self.webhook_checks
        )
        self._bodies = BodyHashes()
        self._answers = AnswerCache()
        self.engine: Engine | None = None
        if settings.compiled:
            self.engine = Engine(schema, database, self._documents.cache, locks)
        self.counts = self.engine.counts if self.engine else AnswerCounts()
        self.queues = queues or OperationQueues.of(settings)
        self.subscriptions: Subscriptions | None = None
        if hubs is not None:
            slots = slots or SubscriptionSlots(settings.max_subscriptions)
            self.subscriptions = Subscriptions(hubs, slots, SharedAnswers())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        try:
            answer: HttpResponse | EventStream = await self._answer(scope, receive)
        except ClientDisconnect:
            return
        await answer.send(send, head=scope["method"] == "HEAD")

    async def answer_usual(self, usual: UsualRequest, admit: Admit) -> HttpResponse:
        """The answer to a GET, QUERY or POST with nothing unusual about it, as `__call__` sends it.

        Args:
            usual: The request.
            admit: Lets its caller in, or says why it does not.

        Raises:
            ClientDisconnect: when the client has gone.
        """
        renderer, scope = Renderer(usual.media_type, usual.request_id), usual.scope
        method = scope["method"]
        try:
            with self._requests.begin() as running:
                refusal = await admit(usual)
                if refusal is not None:
                    return renderer.refusal(refusal)
                if method == "GET":
                    raw = scope["query_string"]
                else:
                    require_json(usual.content_type.decode("latin-1"))
                    most = self._settings.max_body_bytes
                    raw = await read_body(usual.receive, most, usual.content_length)
                running.receive = usual.receive
                received = ReceivedRequest(
                    method, raw, usual.caller, self._database, renderer, usual.log
                )
                if method == "POST":
                    return await self._run(received)
                return await (await self._run(received, scope)).as_read(scope, self._bodies)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 -- see `_failed`
            return _failed(error, renderer)

    async def answer_operation(
        self, request: GraphQLRequest, caller: Identity, renderer: Renderer
    ) -> HttpResponse | EventFeed:
        """The answer to an operation that came over a WebSocket; of a subscription, its events."""
        received = ReceivedRequest("POST", b"", caller, self._database, renderer, {}, request)
        try:
            with self._requests.begin():
                feed = await self._follow(received)
                return await self._run(received) if feed is None else feed
        except Exception as error:  # noqa: BLE001 -- see `_failed`
            return _failed(error, renderer)

    async def last_event_id(self, caller: Identity) -> str | None:
        """Behind which event subscriptions that begin now tell everything.

        None for a caller who may follow nothing.

        Raises:
            GatewayError: when it cannot be read right now.
        """
        if Permission.READ not in caller.permissions:
            return None
        async with self.queues.hold(caller.organization_id, KEY.points):
            return str(await last_event(self._database, caller.organization_id))

    async def event_answers(self, document: str, caller: Identity) -> EventAnswers:
        """What answers a subscription's document for single events.

        Raises:
            BadInput: when the document can never be answered so.
            GatewayError: when it cannot be read right now.
        """
        renderer = Renderer(JSON, new_request_id())
        parsed = GraphQLRequest(document, None, {})
        received = ReceivedRequest("POST", b"", caller, self._database, renderer, {}, parsed)
        try:
            request, points = await self._request(received, follows=True)
        except InvalidDocument as error:
            raise BadInput("; ".join(each.message for each in error.errors)) from error
        except Refused as error:
            raise BadInput(error.message) from error
        if request.operation.operation != OperationType.SUBSCRIPTION:
            raise BadInput("It must be a subscription: `subscription { events { kind } }`.")
        following = Following.of_operation(self._schema, self._binder, request)
        if following.after is not None:
            raise BadInput("Leave `after` out: the gateway keeps where it stands.")
        return await self._answers_of(following, request, points, received)

    async def check_for_events(self, document: str, caller: Identity) -> None:
        """Pass for a document that can be answered for each event.

        Raises:
            BadInput: for any other.
            GatewayError: when it cannot be read right now.
        """
        await self.event_answers(document, caller)

    def sizes(self) -> dict[str, tuple[int, float]]:
        """By cache: how many entries it has, and about how many bytes they take."""
        return {"documents": self._documents.size(), "answers": self._answers.size()}

    async def _answer(self, scope: Scope, receive: Receive) -> HttpResponse | EventStream:
        """The answer to a request, also when a step of it fails."""
        renderer = Renderer(JSON, request_id_of(scope))
        try:
            headers = headers_by_name(scope)
            accept = headers.get(b"accept", b"").decode("latin-1")
            method = scope["method"]
            for_anybody = None if method == "POST" else _answer_for_anybody(scope, accept)
            if for_anybody is not None:
                return for_anybody
            follows = accepts_events(accept)
            # Who names nothing else reads the errors of a subscription as JSON.
            renderer.media_type = JSON if accept == EVENT_STREAM else response_type(accept)
            require_method(method)
            with self._requests.begin(headers.get(DEADLINE_HEADER)) as running:
                caller = await self._caller(scope)
                explain = wants_explanation(headers, caller)
                raw = await read_raw(scope, receive, headers, self._settings)
                running.receive = receive
                database = database_of(scope, caller, self._database)
                received = ReceivedRequest(
                    method, raw, caller, database, renderer, log_fields(scope)
                )
                if follows:
                    last_event_id = headers.get(b"last-event-id", b"").decode("latin-1")
                    feed = await self._follow(received, last_event_id)
                    if feed is not None:
                        refuse = partial(refusal_of, self._identify, scope, caller)
                        return EventStream(feed, self._requests, receive, refuse, renderer)
                    renderer.media_type = response_type(accept)
                if explain:
                    answer = await self._explain(received)
                elif (price := headers.get(COST_HEADER)) is not None:
                    answer = await self._price(received, price)
                else:
                    reading = scope if method in READING_METHODS else None
                    answer = await self._run(received, reading)
                is_read = method in READING_METHODS and not explain
                return await answer.as_read(scope, self._bodies) if is_read else answer
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 -- see `_failed`
            return _failed(error, renderer)

    async def _caller(self, scope: Scope) -> Identity:
        """Who is asking.

        Raises:
            GatewayError: why the credential was refused.
        """
        caller = await self._identify(scope)
        if isinstance(caller, GatewayError):
            raise caller
        return caller

    async def _run(self, received: ReceivedRequest, reading: Scope | None = None) -> HttpResponse:
        """Run the operation: by its compiled plan, or by resolvers where there is none.

        Args:
            received: The request.
            reading: The ASGI scope of a request that only reads: its answer has a version, and is a
                304 where the client names that one.
        """
        engine, caller = self.engine, received.caller
        request, points = await self._request(received)
        if reading is not None and engine is not None and names_version(reading):
            tag = await self._named_tag(engine, received, request, reading)
            if tag is not None:
                return HttpResponse.not_modified(received.renderer.media_type, tag)
        received.log_operation(request.name, points)
        caller.allowance.use_points(points)
        bound = OFF if engine is None else await engine.bind_request(request, caller)
        if isinstance(bound, bytes):  # it needs no connection, so it waits for none
            return await self._finish(received, request, bound)
        versioned, is_cached = None, points >= CACHED_FROM
        if engine is not None and (is_cached or reading is not None):
            versioned = engine.versioned(request, bound)
        if is_cached and versioned is not None:
            answer = await self._cached(received, versioned)
            if answer is not None:
                return answer
        async with self.queues.hold(caller.organization_id, points):
            return await self._finish(received, request, bound, versioned, is_cached=is_cached)

    async def _named_tag(
        self, engine: Engine, received: ReceivedRequest, request: Request, reading: Scope
    ) -> str | None:
        """The tag of what the client has, where that is of the current version."""
        caller, media_type = received.caller, received.renderer.media_type
        received.log_operation(request.name, VERSION_POINTS)
        caller.allowance.use_points(VERSION_POINTS)
        versioned = engine.versioned(request, await engine.bind_request(request, caller))
        if versioned is None:
            return None
        organization_id = caller.organization_id
        async with self.queues.hold(organization_id, VERSION_POINTS):
            fetch_value = received.database.fetch_value
            version = await versioned.current_version(fetch_value, organization_id, media_type)
        tag = version and self._bodies.named_tag(reading, version)
        if tag:
            received.log["way"] = "version"
        return tag

    async def _cached(
        self, received: ReceivedRequest, versioned: VersionedStatement
    ) -> HttpResponse | None:
        """What answered the same before, where that has not changed."""
        organization_id, media_type = received.caller.organization_id, received.renderer.media_type
        if not self._answers.has(versioned, organization_id):
            return None
        async with self.queues.hold(organization_id, VERSION_POINTS):
            fetch_value = received.database.fetch_value
            answer = await self._answers.current(versioned, organization_id, fetch_value)
        if answer is None:
            return None
        stamps, body = answer
        received.log["way"] = "cache"
        self.counts.cached += 1
        version = versioned.version(stamps, organization_id, media_type)
        return HttpResponse(200, media_type, body, version=version)

    async def _finish(
        self,
        received: ReceivedRequest,
        request: Request,
        bound: Bound | Fallback,
        versioned: VersionedStatement | None = None,
        *,
        is_cached: bool = False,
    ) -> HttpResponse:
        """Run what answers a request."""
        engine, renderer = self.engine, received.renderer
        organization_id = received.caller.organization_id
        if engine is None:
            body: bytes | Fallback = self.counts.record_fallback(OFF)
        else:
            body = await engine.answer(
                received.database,
                bound if versioned is None else versioned.bound,
                organization_id,
                renderer.request_id,
            )
        if not isinstance(body, bytes):
            return await self._resolvers.answer(request, received, body)
        received.log["way"] = "plan"
        if versioned is None:
            return HttpResponse(200, renderer.media_type, body)
        stamps, body = split_stamps(body)
        if is_cached:
            self._answers.put(versioned, organization_id, stamps, body)
        version = versioned.version(stamps, organization_id, renderer.media_type)
        return HttpResponse(200, renderer.media_type, body, version=version)

    async def _price(self, received: ReceivedRequest, header: bytes) -> HttpResponse:
        """The answer of `_run` with what it costs, or that alone.

        Raises:
            BadRequest: when the header has another value than the two.
        """
        if header not in {b"1", b"dry-run"}:
            raise BadRequest("The header Jackfield-Cost may be 1 or dry-run.")
        request, _ = await self._request(received)
        cost = await self._documents.explain_cost(request)
        if header == b"1":
            return (await self._run(received)).with_extension("cost", cost)
        answer = HttpResponse(200, received.renderer.media_type, b'{"data":null}')
        return answer.with_extension("cost", cost)

    async def _explain(self, received: ReceivedRequest) -> HttpResponse:
        """The answer of `_run`, with an account of every step at its end."""
        caller, renderer = received.caller, received.renderer
        notes = Explanation(for_operator=is_operator(caller))
        text = received.parse(self._settings).document
        notes.cached["document"] = text in self._documents
        with notes.timed("parse"):
            request, notes.points = await self._request(received)
        received.log_operation(request.name, notes.points)
        caller.allowance.use_points(notes.points)
        # Heavy or not, as an explanation runs the statement once more to account for it.
        async with self.queues.heavy.hold(caller.organization_id):
            if self.engine is None:
                body: bytes | Fallback = self.counts.record_fallback(OFF)
            else:
                request_id = renderer.request_id
                body = await notes.answer(
                    self.engine, received.database, request, caller, request_id
                )
            if isinstance(body, bytes):
                received.log["way"] = "plan"
                return explained(HttpResponse(200, renderer.media_type, body), notes)
            with notes.resolved(body):
                answer = await self._resolvers.answer(request, received, body)
            return explained(answer, notes)

    async def _follow(
        self, received: ReceivedRequest, last_event_id: str | None = None
    ) -> EventFeed | None:
        """What a subscription gives; None where the operation is another one.

        Raises:
            RateLimited: when the organization has no points left.
            BadInput: when an argument cannot be used.
        """
        request, points = await self._request(received, follows=True)
        if request.operation.operation != OperationType.SUBSCRIPTION or self.subscriptions is None:
            return None
        received.log_operation(request.name, points)
        # What an event shows is read where it was written: a replica may not have it yet.
        received.database = self._database
        following = Following.of_operation(self._schema, self._binder, request)
        received.caller.allowance.use_points(points)
        subscribed = await self._answers_of(following, request, points, received)
        return self.subscriptions.feed(subscribed, last_event_id)

    async def _answers_of(
        self, following: Following, request: Request, points: int, received: ReceivedRequest
    ) -> EventAnswers:
        """What answers a subscription for single events."""
        query = None
        if self.engine is not None:
            organization_id = received.caller.organization_id
            query = await EventQuery.of(
                self._schema, self._documents, request, following, organization_id
            )
        return EventAnswers(
            following, request, points, received, self.queues, self._resolvers, query, self.engine
        )

    async def _request(
        self, received: ReceivedRequest, *, follows: bool = False
    ) -> tuple[Request, int]:
        """The parsed request, and what it costs.

        It has a valid document, and an operation in it that the caller may run.
        """
        parsed = received.parse(self._settings)
        document = self._documents.get(parsed.document)
        if document is None:
            organization_id = received.caller.organization_id
            document = await self._documents.validate(parsed.document, organization_id)
        operation = document.operations.get(parsed.operation_name)
        if operation is None:
            operation = choose_operation(document.node, parsed.operation_name)
            document.operations[parsed.operation_name] = operation
        request = Request(document, operation, parsed.variables)
        points = await self._documents.check_cost(request)
        self._permit(received.caller, request, received.method, follows=follows)
        return request, points

    def _permit(self, caller: Identity, request: Request, method: str, *, follows: bool) -> None:
        """Pass when the caller may run the operation by this HTTP method.

        It is decided once, not per field; a mutation that needs more than others asks for it.

        Raises:
            Forbidden: when the credential lacks the permission.
            MethodNotAllowed: when a mutation came by GET.
            BadRequest: when it is a subscription, and the client does not accept events.
        """
        operation = request.operation
        if operation.operation == OperationType.SUBSCRIPTION and not follows:
            raise BadRequest(
                f"Send subscriptions over a WebSocket, or with the header `Accept: {EVENT_STREAM}`."
            )
        if operation.operation != OperationType.MUTATION:
            caller.require(Permission.READ)
            return
        if method != "POST":
            raise MethodNotAllowed(
                f"Send mutations by POST: a {method} must not change anything.", "POST"
            )
        caller.require(least_permission(self._schema, request.document.node, operation))


def _failed(error: Exception, renderer: Renderer) -> HttpResponse:
    """The answer to a request that failed; a bug is logged, and masked for the caller."""
    if isinstance(error, InvalidDocument):
        return renderer.invalid(error.kind, error.errors)
    return renderer.refusal(error) if isinstance(error, GatewayError) else renderer.bug(error)


def _answer_for_anybody(scope: Scope, accept: str) -> HttpResponse | None:
    """What needs neither a credential nor a document; None for all else.

    A person who has opened the address in a browser is sent to the playground, with their query.
    """
    if scope["method"] == "OPTIONS":
        return HttpResponse(200, JSON, b"", _OPTIONS)
    if scope["method"] not in {"GET", "HEAD"} or not prefers_html(accept):
        return None
    address: str = scope.get("root_path", "") + "/playground"
    query_string: bytes = scope["query_string"]
    if query_string:
        address += "?" + query_string.decode("latin-1")
    return HttpResponse(303, JSON, b"", {"location": address})
