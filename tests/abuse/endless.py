"""A table that takes for ever to read, and what there is to say about a database at work."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import orjson
from sqlalchemy import text
from starlette.types import Message

from gql.database import Database
from tests.databases import PATIENCE, Copy, settings_for

_ENDLESS = {
    "sqlite": (
        "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT count(*) FROM n) > 0"
    ),
    "postgresql": "pg_sleep(86400) IS NOT NULL",
}

QUERY = "{ calls(first: 1) { nodes { id } } }"
ADDRESS = "/api/v1/calls?limit=1"
"""What reads it at each door."""

DOORS: dict[str, tuple[str, str, Any]] = {
    "graphql": ("POST", "/graphql", {"query": QUERY}),
    "rest": ("GET", ADDRESS, None),
}
"""The same as method, address and JSON body."""


async def make_calls_endless(copy: Copy) -> None:
    """Put a view in place of the table of calls; reading it never ends."""
    view = f"CREATE VIEW call AS SELECT * FROM stored_call WHERE {_ENDLESS[copy.kind]}"  # noqa: S608
    database = Database(settings_for(copy.url))
    try:
        async with database.engine.begin() as connection:
            await connection.execute(text("ALTER TABLE call RENAME TO stored_call"))
            await connection.execute(text(view))
    finally:
        await database.close()


async def until_idle(copy: Copy) -> None:
    """Wait until PostgreSQL runs no statement of this database but this one.

    A statement that is not ended would be waited for without end.
    """
    if copy.kind == "sqlite":
        return
    async with counting_statements(copy) as count:
        while await count():  # noqa: ASYNC110 -- the server tells no event
            await asyncio.sleep(0.01)


@asynccontextmanager
async def counting_statements(copy: Copy) -> AsyncIterator[Callable[..., Awaitable[int]]]:
    """Counts what PostgreSQL runs for a database, but for this: all of it, or what waits so."""
    database = Database(settings_for(copy.url))
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"
        " AND datname = current_database() AND pid <> pg_backend_pid()"
        " AND (CAST(:wait AS text) IS NULL OR wait_event = :wait)"
    )
    try:
        async with database.engine.connect() as connection:

            async def count(wait: str | None = None) -> int:
                await connection.rollback()  # the view is the same within a transaction
                return int((await connection.execute(others, {"wait": wait})).scalar_one())

            yield count
    finally:
        await database.close()


async def _until_running(copy: Copy, app: Any, request: "asyncio.Task[None]") -> None:
    """Wait until the database reads the endless table for a request.

    Raises:
        TimeoutError: when it does not begin.
    """
    database: Database = app.state.database
    async with asyncio.timeout(PATIENCE), AsyncExitStack() as stack:
        if copy.kind == "postgresql":
            count = await stack.enter_async_context(counting_statements(copy))
            while not await count("PgSleep"):
                assert not request.done()
                await asyncio.sleep(0.01)
            return
        # SQLite has nobody who could say so: it has its connection, and has most likely begun.
        while not any(busy for busy, _ in database.connections().values()):
            assert not request.done()
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
    assert not request.done()


async def vanish(copy: Copy, app: Any, door: str, credential: Mapping[str, str]) -> list[Message]:
    """What is sent to a client that asks at a door, and goes away while the table is read.

    Args:
        copy: Where `make_calls_endless` was called, not behind a pooler.
        app: The application that reads it.
        door: Of `DOORS`.
        credential: The header of a key.
    """
    method, address, body = DOORS[door]
    disconnected = asyncio.Event()
    sent: list[Message] = []
    messages = [{"type": "http.request", "body": b"" if body is None else orjson.dumps(body)}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await disconnected.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    path, _, query_string = address.partition("?")
    headers = {**credential, "content-type": "application/json"}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query_string.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    request = asyncio.create_task(_call(app, scope, receive, send))
    await _until_running(copy, app, request)
    disconnected.set()
    await request
    return sent


async def _call(app: Any, *arguments: Any) -> None:
    await app(*arguments)
