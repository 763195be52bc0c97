"""The least that can answer over HTTP: an ASGI callable, and a pool of asyncpg connections.

No authentication, no limits, no logs, one fixed tenant: what hand-written code costs by itself.
"""

import asyncio
import gc
import os
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import asyncpg
import orjson

ORGANIZATION = 1

Handler = Callable[["Connection", Mapping[str, Any]], Awaitable[bytes]]
"""Takes a connection and the request's variables, and returns the whole answer."""

_POOL_SIZE = int(os.environ.get("BENCH_POOL", "10"))
_HEADERS = (b"content-type", b"application/json")


class Connection:
    """One connection, and the statements that it has prepared."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self._prepared: dict[str, Any] = {}

    async def rows(self, sql: str, *values: Any) -> Any:
        """All rows of a statement."""
        return await (await self._statement(sql)).fetch(*values)

    async def value(self, sql: str, *values: Any) -> Any:
        """The one value of a statement."""
        return await (await self._statement(sql)).fetchval(*values)

    async def _statement(self, sql: str) -> Any:
        statement = self._prepared.get(sql)
        if statement is None:
            statement = self._prepared[sql] = await self._driver.prepare(sql)
        return statement


class Pool:
    """The connection that was used last is taken first."""

    def __init__(self) -> None:
        self._free: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection]] = deque()

    async def open(self, url: str) -> None:
        """Connect; one generic plan per statement, as a careful author would have it."""
        settings = {"timezone": "UTC", "plan_cache_mode": "force_generic_plan"}
        for _ in range(_POOL_SIZE):
            driver = await asyncpg.connect(url, server_settings=settings)
            self._free.append(Connection(driver))

    async def take(self) -> Connection:
        """A connection, when one is free."""
        if self._free:
            return self._free.pop()
        returned: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
        self._waiting.append(returned)
        return await returned

    def give(self, connection: Connection) -> None:
        """Give it back."""
        while self._waiting:
            returned = self._waiting.popleft()
            if not returned.done():
                returned.set_result(connection)
                return
        self._free.append(connection)


def bare_app(handlers: Mapping[str, Handler], otherwise: bytes) -> Any:
    """An ASGI application that knows a few documents by heart.

    Args:
        handlers: By the document's text.
        otherwise: What any other document is answered with.
    """
    pool = Pool()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _live(pool, receive, send)
            return
        body = await _read(receive)
        answer, status = otherwise, 200
        if body:
            request = orjson.loads(body)
            handler = handlers.get(request["query"])
            if handler is not None:
                connection = await pool.take()
                try:
                    answer = await handler(connection, request["variables"])
                finally:
                    pool.give(connection)
        length = (b"content-length", b"%d" % len(answer))
        start = {"type": "http.response.start", "status": status, "headers": [_HEADERS, length]}
        await send(start)
        await send({"type": "http.response.body", "body": answer})

    return app


async def _live(pool: Pool, receive: Any, send: Any) -> None:
    await receive()
    await pool.open(os.environ["BENCH_DATABASE_URL"])
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _read(receive: Any) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body
