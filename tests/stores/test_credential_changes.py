"""What is revoked in one process is refused by the others at once, and not when caches expire."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from gql.app import create_app
from gql.database import Database
from gql.stores import CredentialChanges
from tests.conftest import bearer
from tests.databases import Copy, Databases, settings_for, without_settings
from tests.forked_command import start_command
from tests.lifespan import running
from tests.redis_server import RedisServer

FOR_EVER = 10.0**9
"""Seconds that credentials are cached: none of these tests lives to see it."""

QUESTION = {"query": "{ viewer { organization { id } } }"}
SECRET = "x" * 40


@dataclass(frozen=True)
class Process:
    """One application of several on one database."""

    client: httpx2.AsyncClient
    changes: CredentialChanges

    async def answers(self, headers: dict[str, str]) -> int:
        """The status of a read with these headers."""
        return (await self.client.post("/graphql", json=QUESTION, headers=headers)).status_code

    async def ask(self, headers: dict[str, str], query: str, **variables: str) -> Any:
        """The data of a mutation."""
        body = {"query": query, "variables": variables}
        return (await self.client.post("/graphql", json=body, headers=headers)).json()["data"]


@asynccontextmanager
async def process(copy: Copy, **changes: Any) -> AsyncIterator[Process]:
    settings = settings_for(copy.url, **changes)
    app = create_app(settings.model_copy(update={"credential_ttl": FOR_EVER}))
    async with running(app):
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://x") as client:
            yield Process(client, app.state.credential_changes)


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what other tasks make true; the run's own limit ends it where they never do."""
    while not holds():  # noqa: ASYNC110 -- what is waited for has no event
        await asyncio.sleep(0.01)


@pytest.fixture
async def copy(databases: Databases) -> AsyncIterator[Copy]:
    async with databases.lend("postgresql") as copy:
        yield copy


@pytest.fixture(params=["postgresql", "redis"])
async def three(
    request: pytest.FixtureRequest, copy: Copy, redis_server: RedisServer
) -> AsyncIterator[list[Process]]:
    """Three processes that listen, through either channel."""
    channel = {"redis_url": redis_server.url} if request.param == "redis" else {}
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(process(copy, **channel)) for _ in range(3)]
        await until(lambda: all(each.changes.is_listening for each in processes))
        yield processes


CREATE = """mutation { createApiKey(input: {name: "x", permissions: [READ]}) {
    secret apiKey { id fullDatabaseId } } }"""
REVOKE = """mutation ($id: ID!) { revokeApiKey(input: {id: $id}) { apiKey { isActive }
    userErrors { code } } }"""


async def test_a_key_that_one_process_revokes_is_refused_by_all(
    three: list[Process], copy: Copy
) -> None:
    admin, stranger = bearer(copy.organizations[0]), bearer(copy.organizations[1])
    created = await three[0].ask(admin, CREATE)
    payload = created["createApiKey"]
    key = {"Authorization": f"Bearer {payload['secret']}"}
    assert [await each.answers(key) for each in three] == [200] * 3

    revoked = await three[0].ask(admin, REVOKE, id=payload["apiKey"]["id"])

    assert revoked["revokeApiKey"]["apiKey"] == {"isActive": False}
    assert await three[0].answers(key) == 401
    await until(lambda: all(each.changes.received for each in three))
    assert [await each.answers(key) for each in three] == [401] * 3
    assert [await each.answers(stranger) for each in three] == [200] * 3
    assert [each.changes.received for each in three] == [1] * 3


async def test_a_write_that_is_rolled_back_tells_nobody(three: list[Process], copy: Copy) -> None:
    refused = await three[0].ask(bearer(copy.organizations[0]), REVOKE, id="999")
    await three[0].changes.publish([2])
    await until(lambda: all(each.changes.received for each in three))

    assert refused["revokeApiKey"]["userErrors"] == [{"code": "NOT_FOUND"}]
    assert [each.changes.received for each in three] == [1] * 3


async def test_after_a_gap_nothing_is_taken_from_the_cache(copy: Copy) -> None:
    """What was revoked while the connection was away was told to nobody."""
    key = bearer(copy.organizations[0])
    async with process(copy) as one:
        await until(lambda: one.changes.is_listening)
        assert await one.answers(key) == 200
        database = Database(settings_for(copy.url))
        async with database.transaction() as connection:
            await connection.execute(text("UPDATE api_key SET is_active = false"))
            ended = await connection.execute(
                text(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
                )
            )
            assert ended.scalar_one() == 1
        await database.close()
        await until(lambda: not one.changes.is_listening)

        await until(lambda: one.changes.is_listening)

        assert (await one.answers(key), one.changes.received) == (401, 0)


async def test_a_redis_that_is_away_stops_no_write(copy: Copy) -> None:
    server = RedisServer()
    server.start()
    async with process(copy, redis_url=server.url) as one:
        await until(lambda: one.changes.is_listening)
        server.stop()
        await until(lambda: not one.changes.is_listening)
        revoked = await one.ask(bearer(copy.organizations[0]), REVOKE, id="1")
        assert revoked["revokeApiKey"]["apiKey"] == {"isActive": False}
        server.start()
        await until(lambda: one.changes.is_listening)
    server.close()


async def test_a_key_that_a_command_revokes_is_refused_by_servers_of_the_same_file(
    databases: Databases, tmp_path: Path
) -> None:
    async with databases.lend("sqlite") as copy, process(copy) as one, process(copy) as other:
        admin, stranger = bearer(copy.organizations[0]), bearer(copy.organizations[1])
        payload = (await one.ask(admin, CREATE))["createApiKey"]
        key = {"Authorization": f"Bearer {payload['secret']}"}
        servers = (one, other)
        await until(lambda: all(each.changes.is_listening for each in servers))
        assert [await each.answers(key) for each in servers] == [200, 200]

        words = (
            "keys",
            "revoke",
            payload["apiKey"]["fullDatabaseId"],
            "-o",
            "1",
            "--database",
            copy.url,
        )
        command = start_command(words, environment=without_settings(), output=tmp_path / "printed")
        await asyncio.to_thread(command.join)

        assert command.exitcode == 0
        for server in servers:
            while await server.answers(key) == 200:  # noqa: ASYNC110 -- as in `until`
                await asyncio.sleep(0.01)
            assert (await server.answers(key), await server.answers(stranger)) == (401, 200)


async def test_without_a_channel_a_process_forgets_what_it_revoked_itself(
    copy: Copy,
) -> None:
    """Its connections are as behind a pooler, which LISTEN does not work through."""
    async with process(copy, secret_key=SECRET, pooler="transaction") as one:
        key = copy.organizations[0].api_key
        login = await one.client.post("/auth/login", json={"api_key": key})
        cookie = {"Cookie": login.headers["set-cookie"].split(";")[0]}
        sent = {**cookie, "X-Requested-With": "jackfield"}
        assert (login.status_code, await one.answers(sent)) == (200, 200)

        await one.client.post("/auth/logout", headers=sent)

        assert (await one.answers(sent), one.changes.is_listening) == (401, False)
