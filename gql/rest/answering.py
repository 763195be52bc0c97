"""The way of a REST request: who asks, may they, does it fit, the handler, the answer."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from gql.database import Database
from gql.engine.rest_query import RestArguments, RestQuery
from gql.errors import GatewayError, MethodNotAllowed
from gql.identity import Identity
from gql.query.context import Context
from gql.rest import body as bodies
from gql.rest.address_cache import AddressCache
from gql.rest.idempotent_run import response, run
from gql.rest.parameters import read_headers, read_path, read_query
from gql.rest.partial_body import fit_partially
from gql.rest.refusal import refusal, unprocessable
from gql.rest.route import RestRoute
from gql.rest.validation import BadBody, Detail, Unprocessable
from gql.settings import Settings
from gql.stores import SmsSessions

Identify = Callable[[Scope], Awaitable[Identity | GatewayError]]
"""Tells who is asking, or why the credential was refused."""


@dataclass(frozen=True)
class RestServices:
    """What every route works with."""

    database: Database
    settings: Settings
    identify: Identify
    address_cache: AddressCache
    sms_sessions: SmsSessions | None = None


class Endpoint:
    """Every method of one path, as one ASGI application.

    Args:
        routes: By HTTP method.
        door: What they work with.

    Attributes:
        door: The same.
    """

    def __init__(self, routes: Mapping[str, RestRoute], door: RestServices) -> None:
        self._routes = dict(routes)
        if "GET" in routes:
            self._routes["HEAD"] = routes["GET"]
        self.door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; its context lives until the answer is sent."""
        route = self._routes.get(scope["method"])
        if route is None:
            await self._method_not_allowed(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            send = _without_body(send)
        request = Request(scope, receive)
        caller, door = await self._caller(route, scope), self.door
        context = Context(caller, door.database, _request_id(scope), door.sms_sessions)
        try:
            response = await self._answer(route, context, request)
            await response(scope, receive, send)
        except ClientDisconnect:
            return
        finally:
            await context.close()

    async def _caller(self, route: RestRoute, scope: Scope) -> Identity | GatewayError:
        """Nobody is looked up for a route that is open to everybody."""
        if route.permission is None:
            return GatewayError("this route does not ask who is asking")
        return await self.door.identify(scope)

    async def _answer(self, route: RestRoute, context: Context, request: Request) -> Response:
        try:
            if route.permission is not None:
                context.identity.require(route.permission)
            if route.reads is not None:
                return await self._read(route, route.reads, context, request)
            raw = await self._raw(route, request)
            arguments = await self._arguments(route, context, request, raw)
            return await run(route, context, request, raw, arguments)
        except BadBody as error:
            return unprocessable(error, status=route.refuses_bodies_with)
        except Unprocessable as error:
            return unprocessable(error)
        except GatewayError as error:
            if type(error) is GatewayError:
                raise
            return refusal(error)

    async def _read(
        self, route: RestRoute, read: RestQuery, context: Context, request: Request
    ) -> Response:
        """The answer of a route that says what it reads; an address is not parsed again."""
        reader, scope = self.door.address_cache, request.scope
        prepared = reader.known(route, scope)
        if prepared is None:
            asked = route.handler(**await self._arguments(route, context, request, b""))
            if not isinstance(asked, RestArguments):
                return response(route, await asked)
            prepared = await reader.prepare(route, read, asked, scope)
        return await reader.respond(context, prepared)

    async def _raw(self, route: RestRoute, request: Request) -> bytes:
        if "body" not in route.models:
            return b""
        return await bodies.read_raw(request, self.door.settings)

    async def _arguments(
        self, route: RestRoute, context: Context, request: Request, raw: bytes
    ) -> dict[str, Any]:
        """What the handler asks for, by name.

        Raises:
            Unprocessable: with everything that does not fit; broken JSON hides the rest.
        """
        arguments: dict[str, Any] = {"context": context, "request": request}
        content = bodies.parse(raw, self.door.settings)
        details: list[Detail] = []
        for name, reader in _READERS.items():
            if name in route.models:
                arguments[name], found = reader(route.models[name], request.scope)
                details += found
        if "body" in route.models:
            alone = route.refuses_bodies_with != _UNPROCESSABLE
            if details and alone:
                raise Unprocessable(details)
            arguments["body"], found = _fit(route, content)
            if found and alone:
                raise BadBody(found)
            details += found
        if details:
            raise Unprocessable(details)
        return {name: arguments[name] for name in route.needs}

    async def _method_not_allowed(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = MethodNotAllowed("Method Not Allowed", ", ".join(sorted(self._routes)))
        await refusal(error)(scope, receive, send)


_READERS = {"path": read_path, "query": read_query, "headers": read_headers}
_UNPROCESSABLE = 422


def _fit(route: RestRoute, content: Any) -> tuple[Any, list[Detail]]:
    model = route.models["body"]
    if route.loose:
        return fit_partially(model, content), []
    return bodies.fit(model, content)


def _request_id(scope: Scope) -> str:
    """The id that a middleware gave the request, or a new one."""
    given = scope.get("state", {}).get("request_id")
    return given if isinstance(given, str) else uuid.uuid4().hex


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_head
