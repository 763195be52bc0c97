"""A database that takes no writes: reads work, writes are a 503, and the operator learns why."""

import logging
from contextlib import AsyncExitStack

import asyncpg
import httpx2
import pytest
from sqlalchemy import text

from gql.app import create_app
from gql.app.health import READ_ONLY
from gql.auth.key_usage import KeyUsage
from gql.database import Database
from tests.conftest import bearer, connect
from tests.databases import Copy, name_of, settings_for
from tests.lifespan import running

pytestmark = pytest.mark.parametrize("kind", ["postgresql"])

SETTING = "default_transaction_read_only"
MESSAGE = "The database takes no writes right now; reads work. Try again later."
RENAME = 'updateAssistant(input: {id: "1", name: "Ada"}) { assistant { name } }'


@pytest.fixture
async def read_only(fresh: Copy) -> Copy:
    """A database whose transactions are read-only, as those of a replica are."""
    await execute(fresh.url, f"ALTER DATABASE {name_of(fresh.url)} SET {SETTING} = on")
    return fresh


async def execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def ask(client: httpx2.AsyncClient, query: str, owner: dict[str, str]) -> httpx2.Response:
    return await client.post("/graphql", json={"query": query}, headers=owner)


async def create_by_rest(client: httpx2.AsyncClient, owner: dict[str, str]) -> httpx2.Response:
    return await client.post("/api/v1/assistant-graphs", json={"name": "New"}, headers=owner)


async def fill_pool(database: Database) -> None:
    """Leave three idle connections, which lead to where they were opened, whatever comes later."""
    async with AsyncExitStack() as stack:
        for _ in range(3):
            connection = await stack.enter_async_context(database.engine.connect())
            await connection.execute(text("SELECT 1"))


async def test_writes_are_a_503_in_both_doors_until_the_database_takes_them(
    read_only: Copy, caplog: pytest.LogCaptureFixture
) -> None:
    owner = bearer(read_only.organizations[0])
    app = create_app(settings_for(read_only.url))
    usage: KeyUsage = app.state.key_usage
    async with running(app), connect(app) as client:
        read = await ask(client, "{ calls { totalCount } }", owner)
        mutation = await ask(client, f"mutation {{ {RENAME} }}", owner)
        two_fields = await ask(client, f"mutation {{ first: {RENAME} second: {RENAME} }}", owner)
        write = await create_by_rest(client, owner)
        ready = await client.get("/readyz")
        with caplog.at_level(logging.WARNING):
            await usage.flush()
            await usage.flush()

        await fill_pool(app.state.database)
        # What a failover does: the same address takes writes again, by new connections.
        reset = f"ALTER DATABASE {name_of(read_only.url)} RESET {SETTING}"
        await execute(read_only.url, f"SET {SETTING} = off", reset)
        assert (await client.get("/readyz")).json() == {"status": "ready"}
        later = [
            await ask(client, f"mutation {{ {RENAME} }}", owner),
            await create_by_rest(client, owner),
        ]
        await usage.flush()

    assert read.status_code == 200
    for answer in (mutation, write):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert mutation.json()["errors"][0]["message"] == MESSAGE
    assert mutation.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert two_fields.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert write.json()["detail"] == MESSAGE
    assert (ready.status_code, ready.json()) == (503, {"status": "not ready", "detail": READ_ONLY})
    assert [answer.status_code for answer in later] == [200, 201], [each.text for each in later]
    logged = [record.getMessage() for record in caplog.records if "API keys" in record.getMessage()]
    assert len(logged) == 2, logged
    assert "is not written yet" in logged[0]
    assert logged[1] == "the use of API keys is written again"
