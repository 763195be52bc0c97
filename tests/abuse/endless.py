"""A table that takes for ever to read, and what there is to say about a database at work."""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import text
from starlette.types import Message

from gql.database import Database
from tests.databases import Copy, settings_for

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
    database = Database(settings_for(copy.url))
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"
        " AND datname = current_database() AND pid <> pg_backend_pid()"
    )
    try:
        async with database.engine.connect() as connection:
            while (await connection.execute(others)).scalar_one():
                await connection.rollback()  # the view is the same within a transaction
                await asyncio.sleep(0.01)
    finally:
        await database.close()


async def vanish(app: Any, door: str, credential: Mapping[str, str]) -> list[Message]:
    """What is sent to a client that asks at a door, and goes away while it waits."""
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
    await asyncio.sleep(0.3)
    assert not request.done()
    disconnected.set()
    await request
    return sent


async def _call(app: Any, *arguments: Any) -> None:
    await app(*arguments)
