"""Answers a REST request: caller, permission, arguments, handler, response."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gql.accounts.secret_box import SecretBox
from gql.database import Database, RequestDatabase, read_again
from gql.engine.data_version import VERSION_POINTS
from gql.engine.query_runner import QueryRunner
from gql.engine.rest_query import RestArguments, RestQuery
from gql.errors import GatewayError, MethodNotAllowed
from gql.http.body import read_body_of
from gql.http.entity_tags import BodyHashes, conditional, names_version
from gql.http.headers import header_value
from gql.http.identify import Identify
from gql.http.request_database import database_of
from gql.http.request_id import request_id_of
from gql.http.request_log import log_fields
from gql.http.running_requests import DEADLINE_HEADER, RunningRequest, RunningRequests
from gql.identity import Identity, Permission
from gql.operation_queues import OperationQueues
from gql.query.context import Context
from gql.query.webhook_checks import WebhookChecks
from gql.rest.error_responses import error_response, unprocessable_response
from gql.rest.idempotent_run import run_handler, to_response
from gql.rest.json_body import fit_body, parse_body
from gql.rest.parameters import read_path, read_query
from gql.rest.partial_body import fit_partially
from gql.rest.responses import not_modified, read_response
from gql.rest.route import RestRoute
from gql.rest.stream_slots import HoldingAnswer, StreamSlots
from gql.rest.unprocessable import BadBody, Detail, Unprocessable
from gql.settings import Settings
from gql.stores import SmsSessionStore


@dataclass(frozen=True)
class RestServices:
    """What every route works with."""

    database: Database
    settings: Settings
    identify: Identify
    queries: QueryRunner
    requests: RunningRequests
    queues: OperationQueues
    sms_sessions: SmsSessionStore | None = None
    webhook_checks: WebhookChecks | None = None
    secret_box: SecretBox | None = field(init=False)
    bodies: BodyHashes = field(default_factory=BodyHashes)
    download_slots: StreamSlots = field(init=False)
    ingest_slots: StreamSlots = field(init=False)

    def __post_init__(self) -> None:
        settings = self.settings
        object.__setattr__(self, "secret_box", SecretBox.of(settings))
        most = settings.max_downloads, settings.max_downloads_per_organization
        object.__setattr__(self, "download_slots", StreamSlots("downloads", *most))
        most = settings.max_ingests, settings.max_ingests_per_organization
        object.__setattr__(self, "ingest_slots", StreamSlots("bodies of items", *most))


class Endpoint:
    """Every method of one path, as one ASGI application.

    Args:
        routes: By HTTP method.
        services: What they work with.

    Attributes:
        routes: With HEAD where there is GET.
        services: The same.
    """

    def __init__(self, routes: Mapping[str, RestRoute], services: RestServices) -> None:
        self.routes = dict(routes)
        if "GET" in routes:
            self.routes["HEAD"] = routes["GET"]
        self.services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a download goes on to read while it is sent."""
        send = _with_cache_rules(send)
        route = self.routes.get(scope["method"])
        if route is None:
            allow = ", ".join(sorted(self.routes))
            error = MethodNotAllowed("Method Not Allowed", allow)
            await error_response(error)(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            send = _without_body(send)
        try:
            response = await self._respond(route, scope, receive)
            await response(scope, receive, send)
        except ClientDisconnect:
            return

    async def _respond(self, route: RestRoute, scope: Scope, receive: Receive) -> ASGIApp:
        """What sends the response, within the time that the request has.

        Raises:
            ClientDisconnect: when the client went away.
        """
        services = self.services
        context: Context | None = None
        try:
            with services.requests.begin(header_value(scope, DEADLINE_HEADER)) as running:
                caller = await self._caller(route, scope)
                database = database_of(scope, caller, services.database)
                context = Context(
                    caller,
                    database,
                    request_id_of(scope),
                    services.sms_sessions,
                    services.queues,
                    services.secret_box,
                    services.webhook_checks,
                )
                request = Request(scope, receive)
                return await self._answer(route, context, database, request, running)
        except GatewayError as error:  # the time was over, or the header is malformed
            return error_response(error)
        finally:
            if context is not None:
                await context.close()

    async def _caller(self, route: RestRoute, scope: Scope) -> Identity | GatewayError:
        """Who is asking; not looked up for a route that is open to everybody."""
        if route.permission is None:
            return GatewayError("this route has no caller")
        return await self.services.identify(scope)

    async def _answer(
        self,
        route: RestRoute,
        context: Context,
        database: RequestDatabase,
        request: Request,
        running: RunningRequest,
    ) -> ASGIApp:
        """What sends the response, or the refusal.

        Raises:
            ClientDisconnect: when the client went away before the end of the body.
        """
        try:
            if route.permission is not None:
                context.identity.require(route.permission)
                context.identity.require_kinds(route.kinds)
            raw = await self._raw(route, request)
            running.receive = request.receive
            if route.is_download or route.takes_lines:
                return await self._stream(route, context, request)
            if route.reads is not None and route.method == "GET":
                run = partial(self._read, route, route.reads, context, database, request)
                return await read_again(database, run, context.refresh)
            arguments = self._arguments(route, context, request, raw)
            queries = self.services.queries
            async with _charged(route, context, request, route.points):
                run = partial(run_handler, route, queries, context, request, raw, arguments)
                only_reads = route.permission is Permission.READ
                return await read_again(database, run, context.refresh, only_reads=only_reads)
        except BadBody as error:
            return unprocessable_response(error, status=route.refuses_bodies_with)
        except Unprocessable as error:
            return unprocessable_response(error)
        except GatewayError as error:
            if type(error) is GatewayError:
                raise
            return error_response(error)

    async def _stream(self, route: RestRoute, context: Context, request: Request) -> ASGIApp:
        """The answer of a route that reads while it sends, which needs a slot for as long."""
        services = self.services
        slots = services.ingest_slots if route.takes_lines else services.download_slots
        arguments = self._arguments(route, context, request, b"")
        with ExitStack() as held:
            held.enter_context(slots.hold(context.organization_id))
            response = await route.handler(**arguments)
            return HoldingAnswer(response, held.pop_all())

    async def _read(
        self,
        route: RestRoute,
        query: RestQuery,
        context: Context,
        database: RequestDatabase,
        request: Request,
    ) -> Response:
        """The answer of a route that declares what it reads."""
        queries = self.services.queries
        result = route.handler(**self._arguments(route, context, request, b""))
        if not isinstance(result, RestArguments):
            async with _charged(route, context, request, route.points):
                return to_response(route, await result)
        read = await queries.bind(query, result, context.organization_id)
        versioned, bodies = queries.versioned(read), self.services.bodies
        used = 0
        if versioned is not None and names_version(request.scope):
            async with _charged(route, context, request, VERSION_POINTS):
                version = await queries.current_version(context, database, versioned)
            if version and (tag := bodies.named_tag(request.scope, version)):
                return not_modified(tag)
            used = VERSION_POINTS
        async with _charged(route, context, request, read.points, used_before=used):
            answer = await queries.answer(context, database, read, versioned)
        response = await read_response(answer.body, route.status, answer.version)
        return conditional(request.scope, response, bodies)

    async def _raw(self, route: RestRoute, request: Request) -> bytes:
        if "body" not in route.models:
            return b""
        limit = self.services.settings.max_body_bytes
        return await read_body_of(request.scope, request.receive, limit)

    def _arguments(
        self, route: RestRoute, context: Context, request: Request, raw: bytes
    ) -> dict[str, Any]:
        """What the handler's parameters are, by name.

        Raises:
            Forbidden: when a parameter asks for objects of a kind that the caller may not read.
            Unprocessable: with everything that does not fit; broken JSON hides the rest.
        """
        queries = self.services.queries
        arguments: dict[str, Any] = {"context": context, "queries": queries, "request": request}
        content = parse_body(raw, self.services.settings)
        details: list[Detail] = []
        for name, read in _PARAMETERS.items():
            if name in route.models:
                arguments[name], problems = read(route.models[name], request.scope)
                details += problems
        if "body" in route.models:
            # Problems of another status than 422 cannot share an answer with those of parameters.
            has_own_status = route.refuses_bodies_with != _UNPROCESSABLE
            if details and has_own_status:
                raise Unprocessable(details)
            arguments["body"], problems = _fit(route, content)
            if problems and has_own_status:
                raise BadBody(problems)
            details += problems
        if details:
            raise Unprocessable(details)
        for name, kinds in route.kinds_of_query.items():
            if getattr(arguments["query"], name):
                context.identity.require_kinds(kinds)
        return {name: arguments[name] for name in route.needs}


_PARAMETERS = {"path": read_path, "query": read_query}
_UNPROCESSABLE = 422
_NOT_STORED = (b"cache-control", b"no-store")
_VARY = (b"vary", b"Authorization, Cookie")


def _charged(
    route: RestRoute, context: Context, request: Request, points: int, *, used_before: int = 0
) -> AbstractAsyncContextManager[object]:
    """Charge points to the caller; then a slot, in which a request waits for others like it.

    A route that is open to everybody has no caller to be charged, and waits for nobody.

    Args:
        route: What is asked for.
        context: By whom.
        request: Whose line in the log says the points.
        points: What it costs.
        used_before: How many of them were charged before.

    Raises:
        RateLimited: when the caller has not so many points left.
    """
    if route.permission is None:
        return nullcontext()
    log_fields(request.scope)["points"] = points
    context.identity.allowance.use_points(points, used_before=used_before)
    return context.slot(points)


def _fit(route: RestRoute, content: Any) -> tuple[Any, list[Detail]]:
    model = route.models["body"]
    if content is None and route.takes_no_body:
        return None, []
    if route.takes_partial_body:
        return fit_partially(model, content), []
    return fit_body(model, content)


def _with_cache_rules(send: Send) -> Send:
    """Have every answer say who may keep it: nobody, unless it says otherwise itself.

    And in no case for another credential.
    """

    async def send_with_rules(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message["headers"], _VARY]
            if not any(name == b"cache-control" for name, _ in headers):
                headers.append(_NOT_STORED)
            message = {**message, "headers": headers}
        await send(message)

    return send_with_rules


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_head
