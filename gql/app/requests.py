"""Gives every request an id, the headers of every answer and a line in the log; masks bugs."""

import logging
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gql.app.logs import RequestRecord
from gql.app.request_counter import RequestCounter
from gql.http.rate_limit_headers import rate_limit_headers
from gql.http.request_id import HEADER, assign_request_id
from gql.http.request_log import log_fields

NO_SNIFFING = (b"x-content-type-options", b"nosniff")
"""No browser takes an answer for anything but what its `Content-Type` says."""

_log = logging.getLogger(__name__)


class RequestMiddleware:
    """Pure ASGI middleware, the outermost one.

    Args:
        app: What answers.
        counter: Counts the requests, where there are metrics.
        around: Wraps all that answers, and the answer to an exception too.
    """

    def __init__(
        self,
        app: ASGIApp,
        counter: RequestCounter | None = None,
        around: Callable[[ASGIApp], ASGIApp] | None = None,
    ) -> None:
        self._app = app if around is None else around(app)
        self._around = around
        self._counter = counter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; an exception becomes a 500 that carries nothing but the id."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        request_id = assign_request_id(scope)
        if scope["type"] == "websocket":
            await self._serve_socket(scope, receive, send, request_id)
            return
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [
                    *message.get("headers", ()),
                    (HEADER, request_id.encode()),
                    NO_SNIFFING,
                    *rate_limit_headers(scope),
                ]
                message = {**message, "headers": headers}
            await send(message)

        start = time.perf_counter()
        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            _log.exception("unhandled exception", extra={"request_id": request_id})
            if status:
                # Part of the answer has been sent: only a broken connection shows that it failed.
                raise
            body = {"detail": "Internal Server Error", "request_id": request_id}
            failure: ASGIApp = JSONResponse(body, status_code=500)
            answer = failure if self._around is None else self._around(failure)
            await answer(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - start
            if self._counter is not None:
                self._counter.record(scope["path"], scope["method"], status, seconds)
            log_request(scope, status, seconds, request_id, log_fields(scope))

    async def _serve_socket(
        self, scope: Scope, receive: Receive, send: Send, request_id: str
    ) -> None:
        """Pass a WebSocket on; its one line in the log comes at its end."""
        fields, start = log_fields(scope), time.perf_counter()
        try:
            await self._app(scope, receive, send)
        finally:
            named = {"method": "WEBSOCKET", "path": scope["path"]}
            seconds = time.perf_counter() - start
            log_request(named, HTTPStatus.SWITCHING_PROTOCOLS, seconds, request_id, fields)


def log_request(
    scope: Scope, status: int, seconds: float, request_id: str, further: Mapping[str, Any]
) -> None:
    """One line per request; the query string stays out, it may hold documents and secrets."""
    if not _log.isEnabledFor(logging.INFO):
        return
    fields = {
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "ms": round(seconds * 1_000, 2),
        "request_id": request_id,
        **further,
    }
    _log.handle(RequestRecord(_log.name, fields))
