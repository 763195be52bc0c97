"""Three processes of `jackfield serve` on one PostgreSQL are as one, also while they are killed."""

import asyncio
import itertools
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from gql.accounts.passwords import Passwords
from gql.accounts.people import create_person
from gql.database import Database
from tests.conftest import bearer
from tests.databases import Copy, Databases, settings_for, without_settings
from tests.live import Served, serving
from tests.redis_server import RedisServer

EMAIL = "ada@processes.example"
ATTEMPTS = 5
WRITES = 60
CLIENTS = 6
KILLED_AFTER = (15, 30, 45)
"""Acknowledged writes after which the next process is killed."""


@dataclass
class Fleet:
    """Three processes, of which any may be killed, and another one takes its place.

    Attributes:
        urls: Of those that run.
        counts_together: Whether they have Redis.
    """

    copy: Copy
    environment: dict[str, str]
    counts_together: bool
    client: httpx2.AsyncClient
    stack: AsyncExitStack
    served: list[Served] = field(default_factory=list)

    async def start(self) -> Served:
        """One more process, once it answers."""
        starting = serving(environment=self.environment)
        served = await asyncio.to_thread(starting.__enter__)
        self.stack.push_async_callback(asyncio.to_thread, starting.__exit__, None, None, None)
        return served

    async def replace(self, number: int) -> None:
        """Kill a process as the kernel does for want of memory, and start another one."""
        self.served[number].process.kill()
        self.served[number] = await self.start()

    async def post(self, number: int, path: str, body: Any, **headers: str) -> httpx2.Response:
        url = self.served[number % len(self.served)].url
        return await self.client.post(f"{url}{path}", json=body, headers=headers)

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What is in the database."""
        database = Database(settings_for(self.copy.url))
        async with database.transaction() as connection:
            rows = [tuple(row) for row in await connection.execute(text(sql))]
        await database.close()
        return rows

    @property
    def admin(self) -> dict[str, str]:
        return bearer(self.copy.organizations[0])


@pytest.fixture(scope="module", params=["redis", "postgresql"])
async def fleet(
    request: pytest.FixtureRequest, databases: Databases, redis_server: RedisServer
) -> AsyncIterator[Fleet]:
    has_redis = request.param == "redis"
    async with AsyncExitStack() as stack:
        copy = await stack.enter_async_context(databases.lend("postgresql"))
        environment = {
            **without_settings(),
            "GQL_DATABASE_URL": copy.url,
            "GQL_SECRET_KEY": "s" * 40,
            "GQL_LOG_LEVEL": "warning",
            "GQL_LOGIN_ATTEMPTS": str(ATTEMPTS),
            "GQL_POOL_SIZE": "4",
            **({"GQL_REDIS_URL": redis_server.url} if has_redis else {}),
        }
        database = Database(settings_for(copy.url))
        await create_person(
            database,
            1,
            email=EMAIL,
            name="Ada Brook",
            password_hash=await Passwords().hash("correct horse battery"),
        )
        await database.close()
        client = await stack.enter_async_context(httpx2.AsyncClient(timeout=None))
        fleet = Fleet(copy, environment, has_redis, client, stack)
        fleet.served = list(await asyncio.gather(*(fleet.start() for _ in range(3))))
        yield fleet


async def test_wrong_passwords_lock_as_they_do_for_one_process(fleet: Fleet) -> None:
    body = {"email": EMAIL, "password": "a wrong password"}

    answers = [await fleet.post(number, "/api/auth/login/simple", body) for number in range(20)]

    tried = ATTEMPTS if fleet.counts_together else 3 * ATTEMPTS  # alone, each counts for itself
    assert [answer.status_code for answer in answers] == [401] * tried + [429] * (20 - tried)


async def test_a_key_revoked_through_one_is_refused_by_all_from_then_on(fleet: Fleet) -> None:
    create = """mutation { createApiKey(input: {name: "x", permissions: [READ]}) {
        secret apiKey { id } } }"""
    created = await fleet.post(0, "/graphql", {"query": create}, **fleet.admin)
    payload = created.json()["data"]["createApiKey"]
    question = {"query": "{ viewer { organization { id } } }"}
    key = {"Authorization": f"Bearer {payload['secret']}"}

    async def statuses() -> list[int]:
        return [(await fleet.post(n, "/graphql", question, **key)).status_code for n in range(3)]

    assert await statuses() == [200] * 3
    revoke = "mutation ($id: ID!) { revokeApiKey(input: {id: $id}) { apiKey { id } } }"
    sent = {"query": revoke, "variables": {"id": payload["apiKey"]["id"]}}
    await fleet.post(0, "/graphql", sent, **fleet.admin)
    seen = [await statuses()]
    while seen[-1] != [401] * 3:
        seen.append(await statuses())

    assert [each[0] for each in seen] == [401] * len(seen)  # the one that revoked it, at once
    for one_process in zip(*seen, strict=True):
        assert list(one_process) == sorted(one_process)  # and none takes it again
    assert [await statuses() for _ in range(3)] == [[401] * 3] * 3


async def test_one_idempotency_key_sent_to_all_at_once_writes_once(fleet: Fleet) -> None:
    for number in range(5):
        body = {"name": f"Once {number}"}
        headers = {**fleet.admin, "Idempotency-Key": uuid.uuid4().hex}

        answers = await asyncio.gather(
            *(fleet.post(n, "/api/v1/assistants", body, **headers) for n in range(3))
        )

        assert {answer.status_code for answer in answers} == {201}, answers[0].text
        assert len({answer.text for answer in answers}) == 1
        replayed = Counter(answer.headers.get("idempotent-replayed") for answer in answers)
        assert replayed == {None: 1, "true": 2}
    once = await fleet.rows("SELECT name FROM assistant WHERE name LIKE 'Once %' ORDER BY name")
    assert once == [(f"Once {number}",) for number in range(5)]


async def test_no_acknowledged_write_is_lost_when_each_is_killed_under_load(fleet: Fleet) -> None:
    """A client that gets no answer sends its write again, to another process, with its key."""
    acknowledged: dict[str, int] = {}
    refused: list[str] = []
    numbers = itertools.count()
    kills: list[asyncio.Task[None]] = []

    async def write(name: str, first: int) -> None:
        key = {**fleet.admin, "Idempotency-Key": uuid.uuid4().hex}
        for process in itertools.count(first):
            try:
                answer = await fleet.post(process, "/api/v1/assistants", {"name": name}, **key)
            except httpx2.TransportError:
                await asyncio.sleep(0)  # it was killed, or does not listen yet
                continue
            if answer.status_code == 201:
                acknowledged[name] = answer.json()["id"]
                return
            refused.append(answer.text)
            if answer.status_code != 503:
                return

    async def client() -> None:
        while (number := next(numbers)) < WRITES:
            await write(f"Kept {number}", number)
            if len(acknowledged) in KILLED_AFTER and len(kills) < len(KILLED_AFTER):
                kills.append(asyncio.create_task(fleet.replace(len(kills))))

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    await asyncio.gather(*kills)

    assert len(kills) == len(KILLED_AFTER)
    assert refused == []
    assert len(acknowledged) == WRITES
    stored = await fleet.rows("SELECT name, id FROM assistant WHERE name LIKE 'Kept %'")
    assert sorted(stored) == sorted(acknowledged.items())
    states = [await fleet.client.get(f"{each.url}/readyz") for each in fleet.served]
    assert [state.json() for state in states] == [{"status": "ready"}] * 3
