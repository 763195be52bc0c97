"""The short path of what is sent most: requests to `/graphql` with nothing unusual about them.

The layers of the application are functions around functions, each of which reads the headers for
itself and changes the answer on its way out. Together they take longer than the request itself. So
one coroutine does what they would do, for a caller whose credential is cached, and without any
header that one of them acts upon. Every other request goes through the layers.
"""

import logging
import time
from collections.abc import Awaitable

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from gql.app.compression import Compression
from gql.app.request_counter import RequestCounter
from gql.app.requests import NO_SNIFFING, log_request
from gql.auth.authenticator import Authenticator
from gql.errors import GatewayError, NotAcceptable
from gql.http.media_types import accepts_events, prefers_html, response_type
from gql.http.rate_limit_headers import headers_of
from gql.http.request_id import HEADER, new_request_id
from gql.schema.endpoint import GraphQLEndpoint
from gql.schema.received import UsualRequest

PATH = "/graphql"

METHODS = frozenset({"GET", "POST", "QUERY"})

ACTED_UPON = frozenset(
    (
        b"content-encoding",
        b"jackfield-cost",
        b"jackfield-deadline-ms",
        b"jackfield-explain",
        b"jackfield-write-position",
        b"origin",
        b"x-request-id",
    )
)
"""Headers with which a request goes through the layers."""

_READ = frozenset(
    (b"accept", b"accept-encoding", b"authorization", b"content-length", b"content-type")
)
"""Headers that are read here, each of them once in a request."""

_log = logging.getLogger(__name__)


class ShortPath:
    """ASGI middleware around all layers.

    Args:
        app: The layers.
        graphql: What answers.
        authenticator: Knows the callers.
        counter: Counts the requests, where there are metrics.
    """

    def __init__(
        self,
        app: ASGIApp,
        graphql: GraphQLEndpoint,
        authenticator: Authenticator,
        counter: RequestCounter | None = None,
    ) -> None:
        self._app = app
        self._graphql = graphql
        self._authenticator = authenticator
        self._counter = counter

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope.get("path") == PATH and scope["type"] == "http" and scope["method"] in METHODS:
            headers = None if scope.get("root_path") else _headers(scope)
            if headers is not None:
                caller = self._authenticator.cached_caller(headers[b"authorization"])
                media_type = _media_type(scope["method"], headers.get(b"accept", b""))
                if caller is not None and media_type is not None:
                    usual = UsualRequest(
                        scope,
                        receive,
                        caller,
                        new_request_id(),
                        media_type,
                        headers.get(b"content-type", b""),
                        headers.get(b"content-length", b""),
                    )
                    return self._answer(usual, headers.get(b"accept-encoding", b""), send)
        return self._app(scope, receive, send)

    async def _answer(self, usual: UsualRequest, accept_encoding: bytes, send: Send) -> None:
        start = time.perf_counter()
        scope, request_id, caller, status = usual.scope, usual.request_id, usual.caller, 0

        async def admit(usual: UsualRequest) -> GatewayError | None:
            return await self._authenticator.admit(scope, caller, usual.log)

        try:
            answer = await self._graphql.answer_usual(usual, admit)
            status = answer.status
            sent = answer.raw_headers
            sent += ((HEADER, request_id.encode()), NO_SNIFFING, *headers_of(caller.allowance))
            if b"gzip" in accept_encoding:
                await Compression(_sender(status, sent, answer.body))(scope, usual.receive, send)
            else:
                await send({"type": "http.response.start", "status": status, "headers": sent})
                await send({"type": "http.response.body", "body": answer.body})
        except ClientDisconnect:
            pass
        except Exception:
            _log.exception("unhandled exception", extra={"request_id": request_id})
            raise
        finally:
            seconds = time.perf_counter() - start
            if self._counter is not None:
                self._counter.record(PATH, scope["method"], status, seconds)
            log_request(scope, status, seconds, request_id, usual.log)


def _headers(scope: Scope) -> dict[bytes, bytes] | None:
    """The headers that are read, by name; None for a request that has to go through the layers."""
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _READ:
            if name in headers:
                return None
            headers[name] = value
        elif name in ACTED_UPON:
            return None
    return headers if b"authorization" in headers else None


def _media_type(method: str, accept: bytes) -> str | None:
    """The media type of the answer; None where there is none, or it may be events or a page."""
    accepted = accept.decode("latin-1")
    if accepts_events(accepted) or (method == "GET" and prefers_html(accepted)):
        return None
    try:
        return response_type(accepted)
    except NotAcceptable:
        return None


def _sender(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> ASGIApp:
    """An application that sends an answer."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app
