"""A read whose snapshot met a table that was altered is read again, and is whole."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from unittest.mock import patch

import pytest
from asyncpg import InvalidCachedStatementError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.app import create_app
from gql.database import Database, read_again
from gql.errors import DatabaseUnavailable, TableAltered
from tests.conftest import bearer, connect
from tests.databases import Copy, settings_for
from tests.events.sse import following
from tests.lifespan import running

CALL = "{ call(by: {id: %d}) { callSid transcript(first: 1) { nodes { content } } } }"
CHANGED = "subscription { callChanged { call { transcript(first: 1) { nodes { content } } } } }"
META = "mutation { updateCallMeta(input: {id: %d, meta: {a: %d}}) { userErrors { message } } }"
SETTINGS = {"compiled": False, "log_level": "error", "rate_limit": "off"}


@contextmanager
def stale_transcripts() -> Iterator[list[str]]:
    """Refuse the first read of transcripts, as PostgreSQL does once their table was altered.

    In the block: of calls and transcripts, the tables that are read, one after another.
    """
    read, tables = AsyncConnection.execute, list[str]()

    async def read_or_refuse(connection: AsyncConnection, *arguments: Any) -> Any:
        sql = str(arguments[0].compile(dialect=connection.dialect))
        table = re.search(r"FROM (call|transcript) AS", sql)
        if table is not None:
            tables.append(table[1])
            if tables == ["call", "transcript"]:
                raise DBAPIError(sql, None, InvalidCachedStatementError("cached plan"))
        return await read(connection, *arguments)

    with patch.object(AsyncConnection, "execute", read_or_refuse):
        yield tables


async def spoken_call(database: Database) -> int:
    """A call with a transcript."""
    first = text("SELECT call_id FROM transcript WHERE organization_id = 1 ORDER BY id LIMIT 1")
    async with database.engine.connect() as connection:
        call: int = (await connection.execute(first)).scalar_one()
        return call


async def test_a_query_by_resolvers_is_read_again(fresh: Copy) -> None:
    app = create_app(settings_for(fresh.url, **SETTINGS))
    async with running(app), connect(app) as client:
        client.headers.update(bearer(fresh.organizations[0]))
        query = {"query": CALL % await spoken_call(app.state.database)}
        before = await client.post("/graphql", json=query)

        with stale_transcripts() as tables:
            after = await client.post("/graphql", json=query)

    assert before.json()["data"]["call"]["transcript"]["nodes"][0]["content"]
    assert (after.status_code, after.json()) == (200, before.json())
    assert tables == ["call", "transcript", "call", "transcript"]


async def test_the_answer_to_an_event_is_read_again(fresh: Copy) -> None:
    app = create_app(settings_for(fresh.url, **SETTINGS))
    headers = bearer(fresh.organizations[0])
    async with running(app), connect(app) as client, following(app, CHANGED, headers) as source:
        call = await spoken_call(app.state.database)
        await client.post("/graphql", json={"query": META % (call, 1)}, headers=headers)
        before = await source.next()

        with stale_transcripts() as tables:
            await client.post("/graphql", json={"query": META % (call, 2)}, headers=headers)
            after = await source.next()

    assert before["data"]["callChanged"]["call"]["transcript"]["nodes"][0]["content"]
    assert after == before
    assert tables == ["call", "transcript", "call", "transcript"]


@pytest.mark.parametrize(
    ("failure", "only_reads", "tries"),
    [
        (TableAltered(), True, 2),
        (TableAltered(), False, 1),
        (DatabaseUnavailable("It restarts."), True, 1),
    ],
)
async def test_what_may_have_written_is_not_done_again(
    failure: DatabaseUnavailable, only_reads: bool, tries: int
) -> None:
    tried, renewed = [], []

    async def read() -> None:
        tried.append(1)
        raise failure

    async def renew() -> None:
        renewed.append(1)

    with pytest.raises(DatabaseUnavailable) as refusal:
        await read_again(cast("Database", None), read, renew, only_reads=only_reads)

    assert refusal.value is failure
    assert (len(tried), len(renewed)) == (tries, tries - 1)
