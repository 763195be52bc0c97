"""Compresses large answers for clients that accept gzip, and costs the others next to nothing."""

from collections.abc import Awaitable

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gql.http.entity_tags import mark_compressed
from gql.http.headers import accepts_gzip
from gql.http.media_types import NDJSON

MINIMUM_SIZE = 1_024
"""In bytes; a smaller answer fits into one packet anyway."""

THREAD_SIZE = 65_536
"""From so many bytes on a thread compresses, and the event loop goes on: more take milliseconds."""

LEVEL = 5
"""Nearly as small as level 9 on JSON, in a fraction of its time."""


class Compression:
    """Starlette's gzip middleware, used only for clients that accept gzip.

    For others it buffers the answer and rewrites its headers, which takes a fifth of the time of a
    small GraphQL request. What is lost is `Vary` on plain answers: without it a cache may send a
    plain answer to a client that accepts gzip, which can read that as well.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._gzip = GZipMiddleware(
            app,
            minimum_size=MINIMUM_SIZE,
            compresslevel=LEVEL,
            thread_minimum_size=THREAD_SIZE,
            # Parts of a multipart answer must leave one by one, and so must lines.
            exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, "multipart/mixed", NDJSON),
        )

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http" and accepts_gzip(scope):
            return self._gzip(scope, receive, _marking(send))
        return self._app(scope, receive, send)


def _marking(send: Send) -> Send:
    """Sends answers on, of which a compressed one is told from the other by its `ETag`."""

    async def send_marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            mark_compressed(MutableHeaders(scope=message))
        await send(message)

    return send_marked
