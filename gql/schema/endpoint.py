"""The GraphQL endpoint: one ASGI callable that follows the GraphQL-over-HTTP specification.

https://graphql.github.io/graphql-over-http/draft/

Strawberry brings the schema and its executor, but not its HTTP views: they answer 200 to everything
and have no limits.
"""

from functools import partial

import strawberry
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from gql.database import Database
from gql.engine.answer_cache import AnswerCache
from gql.engine.compile_lock import CompileLocks
from gql.engine.engine import Engine
from gql.errors import GatewayError
from gql.events.feed import EventFeed, SubscriptionSlots
from gql.events.hub import EventHubs
from gql.events.shared_answers import SharedAnswers
from gql.http.body import read_body
from gql.http.entity_tags import BodyHashes
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
from gql.http.request_id import request_id_of
from gql.http.request_log import log_fields
from gql.http.running_requests import DEADLINE_HEADER, RunningRequests
from gql.identity import Identity
from gql.loop_shares import LoopShares
from gql.operation_queues import OperationQueues
from gql.query.webhook_checks import WebhookChecks
from gql.schema.documents import Documents, InvalidDocument
from gql.schema.event_stream import EventStream
from gql.schema.explaining import wants_explanation
from gql.schema.graphql_request import (
    METHODS,
    READING_METHODS,
    GraphQLRequest,
    read_raw,
    require_method,
)
from gql.schema.operation_reader import OperationReader
from gql.schema.operation_runner import COST_HEADER, OperationRunner
from gql.schema.received import Admit, ReceivedRequest, UsualRequest
from gql.schema.rendering import HttpResponse, Renderer
from gql.schema.resolvers import Resolvers
from gql.schema.subscribed import Subscriptions
from gql.schema.subscription_reader import SubscriptionReader
from gql.settings import Settings
from gql.stores import SmsSessionStore
from gql.webhooks.addresses import UrlRules

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
        queues: The same.
        runner: Runs queries and mutations.
        subscription_reader: Reads subscriptions.
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
        graphql_schema = schema._schema  # noqa: SLF001 -- Strawberry has no other way to it
        self._database = database
        self._settings = settings
        self._identify = identify
        self._requests = requests or RunningRequests(settings.request_timeout)
        locks = CompileLocks()
        self._documents = documents = Documents(
            graphql_schema, settings, locks, shares or LoopShares()
        )
        self._bodies = BodyHashes()
        self.queues = queues or OperationQueues.of(settings)
        self.webhook_checks = WebhookChecks(UrlRules.of(settings).check_url, self.check_for_events)
        resolvers = Resolvers(
            graphql_schema, documents, settings, sms_sessions, self.webhook_checks
        )
        engine = Engine(schema, database, documents.cache, locks) if settings.compiled else None
        reader = OperationReader(graphql_schema, documents, settings)
        self.runner = OperationRunner(
            reader,
            documents,
            resolvers,
            engine,
            self.queues,
            self._bodies,
            AnswerCache(settings.answer_cache_bytes),
        )
        subscriptions = None
        if hubs is not None:
            slots = slots or SubscriptionSlots(settings.max_subscriptions)
            subscriptions = Subscriptions(hubs, slots, SharedAnswers())
        self.subscription_reader = SubscriptionReader(
            schema,
            database=database,
            reader=reader,
            documents=documents,
            resolvers=resolvers,
            engine=engine,
            queues=self.queues,
            subscriptions=subscriptions,
        )

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
                    return await self.runner.run(received)
                return await (await self.runner.run(received, scope)).as_read(scope, self._bodies)
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
                feed = await self.subscription_reader.feed(received)
                return await self.runner.run(received) if feed is None else feed
        except Exception as error:  # noqa: BLE001 -- see `_failed`
            return _failed(error, renderer)

    async def check_for_events(self, document: str, caller: Identity) -> None:
        """Pass for a document that can be answered for each event.

        Raises:
            BadInput: for any other.
            GatewayError: when it cannot be read right now.
        """
        await self.subscription_reader.event_answers(document, caller)

    def sizes(self) -> dict[str, tuple[int, float]]:
        """By cache: how many entries it has, and about how many bytes they take."""
        return {"documents": self._documents.size(), "answers": self.runner.answers.size()}

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
                    feed = await self.subscription_reader.feed(received, last_event_id)
                    if feed is not None:
                        refuse = partial(refusal_of, self._identify, scope, caller)
                        return EventStream(feed, self._requests, receive, refuse, renderer)
                    renderer.media_type = response_type(accept)
                if explain:
                    answer = await self.runner.run_explained(received)
                elif (price := headers.get(COST_HEADER)) is not None:
                    answer = await self.runner.run_priced(received, price)
                else:
                    reading = scope if method in READING_METHODS else None
                    answer = await self.runner.run(received, reading)
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
