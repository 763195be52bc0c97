"""Lets requests read on replicas, and tells clients what to send back to read what they wrote."""

import math

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gql.auth.credential_source import dashboard_cookies
from gql.auth.csrf import is_secure
from gql.database import Replicas, RoutedDatabase
from gql.database.write_position import format_position, parse_position
from gql.http.headers import cookie_values, header_values
from gql.http.request_database import set_routed_database
from gql.http.request_log import log_fields

HEADER = b"jackfield-write-position"
"""Of the answer to a write; a client that sends it with a read is shown what it wrote.

It is not signed. Another position can do no harm: a lower one lets a client miss its own writes,
and a higher one lets the primary serve it.
"""

COOKIE = "jackfield_write_position"
"""The same for browsers with a login: their pages need not know of it."""


class ReplicaReads:
    """Pure ASGI middleware, only there where there are replicas."""

    def __init__(self, app: ASGIApp, replicas: Replicas) -> None:
        self._app = app
        self._replicas = replicas

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the request a database of its own; say in the log which server has served it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        routed = RoutedDatabase(self._replicas, _sent_position(scope))
        set_routed_database(scope, routed)

        async def send_with_position(message: Message) -> None:
            if message["type"] == "http.response.start" and routed.written is not None:
                added = self._position_headers(scope, format_position(routed.written))
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        try:
            await self._app(scope, receive, send_with_position)
        finally:
            if routed.served_by is not None:
                log_fields(scope)["database"] = routed.served_by

    def _position_headers(self, scope: Scope, position: str) -> list[tuple[bytes, bytes]]:
        headers = [(HEADER, position.encode())]
        if dashboard_cookies(scope):
            age = math.ceil(self._replicas.keeping)
            cookie = f"{COOKIE}={position}; HttpOnly; Max-Age={age}; Path=/; SameSite=lax"
            cookie += "; Secure" if is_secure(scope) else ""
            headers.append((b"set-cookie", cookie.encode()))
        return headers


def _sent_position(scope: Scope) -> int:
    """How far a replica must have come, as the client says by header or cookie; 0 without."""
    sent = (*header_values(scope, HEADER), *cookie_values(scope, COOKIE))
    return max(map(parse_position, sent), default=0)
