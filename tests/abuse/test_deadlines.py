"""A request ends at its deadline or with its client, and its statement with it, done once."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from gql.database import Database
from gql.schema.documents import Documents
from gql.settings import Settings
from tests.abuse.endless import ADDRESS, DOORS, QUERY, make_calls_endless, until_idle, vanish
from tests.conftest import Running, bearer, connect, start
from tests.databases import Copy, Databases, name_of, settings_for

TOO_LONG = "This took longer than a request may; ask for less at once."
ENOUGH, TOO_LITTLE = ({"Jackfield-Deadline-Ms": text} for text in ("86400000", "500"))
OTHERS = {"query": "{ assistants(first: 1) { nodes { id } } }"}


@pytest.fixture(params=[True, False], ids=["plans", "resolvers"])
def compiled(request: pytest.FixtureRequest) -> bool:
    """Whether plans answer, or resolvers."""
    compiled: bool = request.param
    return compiled


@asynccontextmanager
async def served(copy: Copy, **settings: Any) -> AsyncIterator[tuple[Running, httpx2.AsyncClient]]:
    """The gateway with one connection for each use, and a client of the first organization.

    Nothing but requests uses the connections: what applies webhook deliveries looks for some every
    few seconds, and would have one just when they are counted.
    """
    changes = {"pool_size": 1, "pool_timeout": 60, **settings}
    async with (
        start(copy, settings_for(copy.url, **changes)) as running,
        connect(running.app) as client,
    ):
        await running.app.state.inbox.stop()
        client.headers.update(bearer(copy.organizations[0]))
        yield running, client


STUCK = 300
"""Seconds after which a connection is not given back any more."""


async def require_idle(copy: Copy, running: Running, client: httpx2.AsyncClient) -> None:
    """Pass once nothing runs any more, and the only connection answers somebody else.

    The application's own tasks have a connection for a moment now and then.
    """
    await until_idle(copy)
    for _ in range(2):
        answer = await client.post("/graphql", json=OTHERS)
        assert answer.json() == {"data": {"assistants": {"nodes": [{"id": "assistant_1"}]}}}
    database: Database = running.app.state.database
    async with asyncio.timeout(STUCK):
        while any(busy for busy, _ in database.connections().values()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def statements_on_calls(running: Running, mark: int) -> list[str]:
    """What ran on the table itself; sums of calls are folded beside requests, whenever."""
    return [each for each in running.log.since(mark) if re.search(r" call\b", each)]


@pytest.mark.parametrize("door", DOORS)
async def test_a_request_that_takes_too_long_is_a_504_and_its_statement_ends(
    fresh: Copy, door: str, *, compiled: bool
) -> None:
    method, address, body = DOORS[door]
    async with served(fresh, request_timeout=86_400, compiled=compiled) as (running, client):
        plenty = await client.request(method, address, json=body, headers=ENOUGH)
        await make_calls_endless(fresh)
        mark = running.log.mark()
        answer = await client.request(method, address, json=body, headers=TOO_LITTLE)
        ran = statements_on_calls(running, mark)
        await require_idle(fresh, running, client)

    assert (plenty.status_code, answer.status_code) == (200, 504)
    if door == "graphql":
        (error,) = answer.json()["errors"]
        assert (error["message"], error["extensions"]["code"]) == (TOO_LONG, "DEADLINE_EXCEEDED")
        assert "data" not in answer.json()
    else:
        assert answer.json() == {"detail": TOO_LONG}
    # None where the time was over before the statement was sent. SQLite's plans run on connections
    # that the log does not hear.
    assert len(ran) <= 1


async def test_a_request_whose_time_went_by_in_a_queue_may_be_sent_again(
    fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wait_for_ever(*_: object) -> None:
        await asyncio.Event().wait()

    async with served(fresh) as (_, client):
        with monkeypatch.context() as patched:
            patched.setattr(Documents, "_validate_shared", wait_for_ever)
            answer = await client.post("/graphql", json=OTHERS, headers=TOO_LITTLE)
        again = await client.post("/graphql", json=OTHERS)

    (error,) = answer.json()["errors"]
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert error["message"] == "Too many requests are waiting; try again."
    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert again.status_code == 200


async def test_a_caller_cannot_set_a_later_deadline(fresh: Copy) -> None:
    headers = {"Jackfield-Deadline-Ms": "999999999"}
    async with served(fresh, request_timeout=1) as (_, client):
        await make_calls_endless(fresh)
        answer = await client.get(ADDRESS, headers=headers)
        await until_idle(fresh)

    assert answer.status_code == 504


@pytest.mark.parametrize("value", ["", "0", "-1", "1.5", "1e3", "soon", "9999999999", "\u00b2"])
@pytest.mark.parametrize("door", DOORS)
async def test_a_malformed_deadline_is_a_400(
    client: httpx2.AsyncClient, owner: dict[str, str], door: str, value: str
) -> None:
    method, address, body = DOORS[door]
    headers = httpx2.Headers({**owner, "Jackfield-Deadline-Ms": value}, encoding="latin-1")
    answer = await client.request(method, address, json=body, headers=headers)

    message = (
        "The header Jackfield-Deadline-Ms must be a whole number of milliseconds,"
        " from 1 to 999999999."
    )
    assert answer.status_code == 400
    if door == "graphql":
        (error,) = answer.json()["errors"]
        assert (error["message"], error["extensions"]["code"]) == (message, "BAD_REQUEST")
    else:
        assert answer.json() == {"detail": message}


@pytest.mark.parametrize("door", DOORS)
async def test_the_statement_of_a_client_that_goes_away_ends(
    fresh: Copy, door: str, *, compiled: bool
) -> None:
    async with served(fresh, request_timeout=86_400, compiled=compiled) as (running, client):
        await client.post("/graphql", json=OTHERS)  # the key is cached
        await make_calls_endless(fresh)
        sent = await vanish(fresh, running.app, door, bearer(fresh.organizations[0]))
        await require_idle(fresh, running, client)

    assert sent == []


async def test_credentials_and_readiness_do_not_wait_behind_data(fresh: Copy) -> None:
    headers = bearer(fresh.organizations[1])
    async with served(fresh, request_timeout=86_400) as (running, client):
        await client.post("/graphql", json=OTHERS)
        await make_calls_endless(fresh)
        held = running.app.state.database.snapshot()
        await held.rows(text("SELECT 1"))
        body = {"query": QUERY}
        slow = [asyncio.create_task(client.post("/graphql", json=body)) for _ in range(5)]
        slow += [asyncio.create_task(client.get("/api/v1/calls/export")) for _ in range(2)]
        await asyncio.sleep(0.1)
        ready = await client.get("/readyz")
        stranger = await client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
        nobody = await client.get(ADDRESS, headers={"Authorization": "Bearer burki_" + "a" * 32})
        waiting = [task.done() for task in slow]
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        await held.close()
        await require_idle(fresh, running, client)

    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    assert (stranger.status_code, stranger.json()) == (200, {"data": {"__typename": "Query"}})
    assert nobody.status_code == 401
    assert waiting == [False] * len(slow)


@pytest.mark.parametrize("name", ["GQL_REQUEST_TIMEOUT", "GQL_STATEMENT_TIMEOUT"])
def test_the_timeout_is_read_by_its_former_name_too(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, "2.5")

    assert Settings().request_timeout == 2.5


@pytest.mark.parametrize("door", DOORS)
async def test_a_locked_table_is_waited_for_once(
    databases: Databases, door: str, *, compiled: bool
) -> None:
    method, address, body = DOORS[door]
    copy = await databases.copy("postgresql")
    other = Database(settings_for(copy.url))
    async with served(copy, request_timeout=86_400, compiled=compiled) as (running, client):
        await client.post("/graphql", json=OTHERS)
        async with other.engine.begin() as connection:
            await connection.execute(text("LOCK TABLE call IN ACCESS EXCLUSIVE MODE"))
            mark = running.log.mark()
            answer = await client.request(method, address, json=body, headers=TOO_LITTLE)
            await until_idle(copy)
            ended = _cancelled_since(copy, mark)
        await require_idle(copy, running, client)
    await other.close()
    await databases.drop(copy.url)

    assert answer.status_code == 504
    assert ended <= 1


def _cancelled_since(copy: Copy, mark: int) -> int:
    """How many statements of a database PostgreSQL has logged as cancelled."""
    assert copy.log is not None
    lines = copy.log.read_bytes()[mark:].decode().splitlines()
    of_database = (line for line in lines if line.startswith(f"{name_of(copy.url)}|"))
    return sum("canceling statement due to user request" in line for line in of_database)
