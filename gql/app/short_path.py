"""The short path of what frontends send most: a POST to `/graphql` with nothing unusual about it.

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
from gql.http.media_types import accepts_events, response_type
from gql.http.rate_limit_headers import headers_of
from gql.http.request_id import HEADER, new_request_id
from gql.schema.endpoint import GraphQLEndpoint
from gql.schema.received import UsualPost

PATH = "/graphql"

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
        if scope.get("path") == PATH and scope["type"] == "http" and scope["method"] == "POST":
            headers = None if scope.get("root_path") else _headers(scope)
            if headers is not None:
                caller = self._authenticator.cached_caller(headers[b"authorization"])
                media_type = _media_type(headers.get(b"accept", b""))
                if caller is not None and media_type is not None:
                    post = UsualPost(
                        caller,
                        receive,
                        new_request_id(),
                        media_type,
                        headers.get(b"content-type", b""),
                        headers.get(b"content-length", b""),
                    )
                    return self._answer(scope, post, headers.get(b"accept-encoding", b""), send)
        return self._app(scope, receive, send)

    async def _answer(
        self,
        scope: Scope,
        post: UsualPost,
        accept_encoding: bytes,
        send: Send,
    ) -> None:
        start = time.perf_counter()
        request_id, caller, status = post.request_id, post.caller, 0

        async def admit(post: UsualPost) -> GatewayError | None:
            return await self._authenticator.admit(scope, caller, post.log)

        try:
            answer = await self._graphql.answer_post(post, admit)
            status = answer.status
            sent = answer.raw_headers
            sent += ((HEADER, request_id.encode()), NO_SNIFFING, *headers_of(caller.allowance))
            if b"gzip" in accept_encoding:
                await Compression(_sender(status, sent, answer.body))(scope, post.receive, send)
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
                self._counter.record(PATH, "POST", status, seconds)
            log_request(scope, status, seconds, request_id, post.log)


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


def _media_type(accept: bytes) -> str | None:
    """The media type of the answer; None where there is none, or it may be a stream of events."""
    if accepts_events(accept.decode("latin-1")):
        return None
    try:
        return response_type(accept.decode("latin-1"))
    except NotAcceptable:
        return None


def _sender(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> ASGIApp:
    """An application that sends an answer."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app
