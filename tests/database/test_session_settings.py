"""Settings of the database, which anybody may have made, change no answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from gql.app import create_app
from gql.database import Database
from tests.conftest import bearer, connect
from tests.databases import Copy, settings_for
from tests.engine.hostile_settings import set_database
from tests.lifespan import running

QUERIES = [
    "{ graph(id: 1) { createdAt nodes { position { x y } } } }",
    """{ calls(first: 3, filter: {
            customerPhoneNumber: {contains: "0"}, startedAt: {gt: "2025-01-01T00:00:00Z"}}) {
        totalCount edges { cursor } nodes { startedAt duration cost { total } } } }""",
    """{ call(id: 101) { transcript(first: 5) { nodes { confidence createdAt } } } }""",
    r"""{ assistants(filter: {name: {startsWith: "R"}}) { nodes { name } }
        none: assistants(filter: {name: {contains: "\\"}}) { totalCount }
        wild: assistants(filter: {name: {contains: "_"}}) { totalCount } }""",
]
ADDRESSES = [
    "/api/v1/calls?limit=5",
    "/api/v1/calls/101/transcripts",
    "/api/v1/calls/stats",
    "/api/calls/101/costs",
    "/api/v1/assistant-graphs/1",
]

_DEFINITION = "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'call_rollup_update'"


@asynccontextmanager
async def client_of(copy: Copy, **changes: Any) -> AsyncIterator[httpx2.AsyncClient]:
    roomy = {"log_level": "error", "rate_limit": "off", "max_resolver_cost": 2_000_000}
    app = create_app(settings_for(copy.url, **roomy, **changes))
    async with running(app), connect(app) as client:
        client.headers.update(bearer(copy.organizations[0]))
        yield client


async def answers(client: httpx2.AsyncClient) -> list[tuple[int, Any]]:
    """Status and JSON of each; a number may be printed as `240` or as `240.0`."""
    posted = [await client.post("/graphql", json={"query": query}) for query in QUERIES]
    read = [await client.get(address) for address in ADDRESSES]
    return [(answer.status_code, answer.json()) for answer in (*posted, *read)]


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_settings_of_the_database_change_no_answer(fresh: Copy) -> None:
    async with client_of(fresh) as client:
        expected = await answers(client)
    assert {status for status, _ in expected} == {200}
    assert expected[0][1]["data"]["graph"]["nodes"][1]["position"] == {"x": 200, "y": -100}
    assert expected[1][1]["data"]["calls"]["totalCount"] > 0

    await set_database(fresh)

    for changes in ({}, {"compiled": False}, {"pooler": "transaction"}):
        async with client_of(fresh, **changes) as client:
            assert await answers(client) == expected


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_table_that_is_altered_under_a_running_server_fails_nothing(fresh: Copy) -> None:
    """A statement that was prepared before is refused, which ends the transaction too."""
    meta = """mutation { updateCallMeta(input: {id: 101, meta: {a: 1}}) {
        call { duration } userErrors { message } } }"""
    addresses = [*ADDRESSES, "/api/v1/calls/export", "/api/v1/sms-conversations?limit=2"]
    async with client_of(fresh) as client:
        before = [(await client.get(address)).content for address in addresses]
        written = (await client.post("/graphql", json={"query": meta})).json()
        assert "errors" not in written

        await _alter_calls(fresh)

        assert (await client.post("/graphql", json={"query": meta})).json() == written
        assert [(await client.get(address)).content for address in addresses] == before


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_an_export_is_the_first_to_meet_a_table_that_was_altered(fresh: Copy) -> None:
    """On the one connection that has its statements prepared: its second one is the stale one."""
    async with client_of(fresh, pool_size=1) as client:
        before = await client.get("/api/v1/calls/export")

        await _alter_calls(fresh)

        after = await client.get("/api/v1/calls/export")
    assert (after.status_code, after.content) == (200, before.content)


async def _alter_calls(copy: Copy) -> None:
    """Change the type of a column, from another process's side."""
    database = Database(settings_for(copy.url, pool_size=1))
    async with database.transaction() as connection:
        # PostgreSQL alters no column that a trigger names.
        trigger = (await connection.execute(text(_DEFINITION))).scalar_one()
        await connection.execute(text("DROP TRIGGER call_rollup_update ON call"))
        await connection.execute(text("ALTER TABLE call ALTER COLUMN duration TYPE bigint"))
        await connection.execute(text(trigger))
    await database.close()
