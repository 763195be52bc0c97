"""No 304 hides a write, whatever writers do meanwhile, and however they write.

Writers change calls of the demo data in transactions that stay open for a while, overlap and are
rolled back, while others poll. Each write leaves a higher number in its calls than the one before
and moves a second of their duration from one to the other. So a 304 is right when what the client
has is no older than what was acknowledged before it asked; and two answers of one version are right
when they are the same. Other versions, which are often recommended, fail the same test.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import httpx2
import pytest
from sqlalchemy import Select, Text, cast, func, select, text

from gql.database import Database
from gql.engine import data_version
from gql.models.call import Call
from gql.models.event import NumberedEvent
from gql.models.scope import owned, table_of
from tests.conftest import bearer
from tests.databases import Copy, Databases, settings_for
from tests.events.writers import transaction

_CALL, _EVENT = table_of(Call), table_of(NumberedEvent)
ROUNDS = 8
_SOME = text(
    "SELECT id FROM call WHERE organization_id = 1 AND channel = 'voice' AND duration > 100"
    " ORDER BY id LIMIT 8"
)
_WRITE = text(
    "UPDATE call SET summary = :number, duration = duration + :more"
    " WHERE organization_id = 1 AND id = :call"
)


class Writes:
    """What the writers have written.

    Attributes:
        acknowledged: By call, the highest number that was committed.
        faults: What pollers saw that must not be.
        seen: How often each status was answered.
    """

    def __init__(self, calls: Sequence[int]) -> None:
        self.calls = calls
        self.acknowledged = dict.fromkeys(calls, 0)
        self.faults: set[str] = set()
        self.seen = {200: 0, 304: 0}
        self._bodies: dict[str, str] = {}
        self._random = Random(5)  # noqa: S311 -- no secret
        self._number = 0

    async def write(self, database: Database, pair: Sequence[int]) -> None:
        """One transaction on two calls, which nobody else writes to."""
        pauses, commits = self._random.randrange(4), self._random.random() < 0.8
        self._number += 1
        number = self._number
        async with transaction(database) as connection:
            for call, more in zip(pair, (1, -1), strict=True):
                values = {"number": str(number), "more": more, "call": call}
                await connection.execute(_WRITE, values)
                await asyncio.sleep(0.002 * pauses)
            if not commits:
                await connection.rollback()
                return
            await connection.commit()
        for call in pair:
            self.acknowledged[call] = number

    async def poll(self, ask: "Ask", answer: httpx2.Response | None) -> httpx2.Response:
        """Ask whether an answer is still right, and look at what comes."""
        before = dict(self.acknowledged)
        tag = {} if answer is None else {"If-None-Match": answer.headers["etag"]}
        new = await ask(tag)
        self.seen[new.status_code] += 1
        held = answer if new.status_code == 304 and answer is not None else new
        shown = {int(call[1:]): each for call, each in held.json()["data"].items()}
        if any(int(shown[call]["summary"] or 0) < number for call, number in before.items()):
            self.faults.add("a 304 hides a write" if held is answer else "an old answer")
        if new.status_code == 200:
            version = new.headers["etag"].strip('"').partition(".")[2]
            assert version
            if self._bodies.setdefault(version, new.text) != new.text:
                self.faults.add("two answers of one version")
        return held


Ask = Callable[[dict[str, str]], Any]


@asynccontextmanager
async def writing(database: Database) -> AsyncIterator[Writes]:
    async with database.engine.connect() as connection:
        calls = (await connection.execute(_SOME)).scalars().all()
    async with database.transaction() as connection:
        await connection.execute(
            text("UPDATE call SET summary = '0' WHERE organization_id = 1 AND channel = 'voice'")
        )
    yield Writes(calls)


async def faults_of(client: httpx2.AsyncClient, copy: Copy, *, alone: bool) -> Writes:
    """What pollers see while some write: one after another, or all at once."""
    database = Database(settings_for(copy.url))
    async with writing(database) as writes:
        fields = " ".join(
            f"c{id_}: call(by: {{id: {id_}}}) {{ summary duration }}" for id_ in writes.calls
        )

        async def ask(tag: dict[str, str]) -> httpx2.Response:
            headers = {**bearer(copy.organizations[0]), "Accept-Encoding": "identity", **tag}
            return await client.get(
                "/graphql", params={"query": f"{{ {fields} }}"}, headers=headers
            )

        pairs = [writes.calls[at : at + 2] for at in range(0, len(writes.calls), 2)]
        if alone:
            answer = None
            for pair in pairs * 2:
                for _ in range(2):
                    answer = await writes.poll(ask, answer)
                await writes.write(database, pair)
            await writes.poll(ask, answer)
        else:
            is_done = asyncio.Event()

            async def one_writer(pair: Sequence[int]) -> None:
                for _ in range(ROUNDS):
                    await writes.write(database, pair)
                    await asyncio.sleep(0.01)

            async def one_poller() -> None:
                answer = None
                while not is_done.is_set():
                    answer = await writes.poll(ask, answer)
                for _ in range(2):
                    answer = await writes.poll(ask, answer)

            pollers = [asyncio.create_task(one_poller()) for _ in range(3)]
            await asyncio.gather(*map(one_writer, pairs))
            is_done.set()
            await asyncio.gather(*pollers)
    await database.close()
    return writes


async def test_no_304_hides_a_write(
    fresh_client: httpx2.AsyncClient, fresh: Copy, databases: Databases
) -> None:
    """Also while a transaction of another database of the server stays open."""
    async with databases.lend(fresh.kind, None) as copy:
        other = Database(settings_for(copy.url))
        async with transaction(other) as idle:
            if not other.embedded:
                await idle.execute(text("SELECT pg_current_xact_id()"))
            alone = await faults_of(fresh_client, fresh, alone=True)
            together = await faults_of(fresh_client, fresh, alone=False)
            await idle.rollback()
        await other.close()

    assert (alone.faults, together.faults) == (set(), set())
    assert min(*alone.seen.values(), *together.seen.values()) > 3


def _highest(_families: tuple[str, ...]) -> Select[Any]:
    return select(cast(func.max(_CALL.c.duration), Text)).where(owned(_CALL))


def _sum(_families: tuple[str, ...]) -> Select[Any]:
    return select(cast(func.sum(_CALL.c.duration), Text)).where(owned(_CALL))


def _last_event(_families: tuple[str, ...]) -> Select[Any]:
    return select(func.coalesce(cast(func.max(_EVENT.c.seq), Text), "")).where(owned(_EVENT))


@pytest.mark.parametrize("naive", [_highest, _sum, _last_event])
async def test_other_versions_fail_the_same_test(
    fresh_client: httpx2.AsyncClient,
    fresh: Copy,
    monkeypatch: pytest.MonkeyPatch,
    naive: Callable[[tuple[str, ...]], Select[Any]],
) -> None:
    if naive is _last_event and fresh.kind == "sqlite":
        return  # numbers are given by the writer there, and committed with what it writes
    monkeypatch.setattr(data_version, "_select_stamps", naive)

    alone = await faults_of(fresh_client, fresh, alone=True)

    assert "a 304 hides a write" in alone.faults


async def test_a_version_that_is_read_afterwards_fails_the_same_test(
    fresh_client: httpx2.AsyncClient, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stamps by a statement of their own, after the one that reads the answer."""
    fetch_value = Database.fetch_value

    async def in_two(database: Database, sql: str, values: Any, **more: Any) -> bytes | None:
        parts = re.fullmatch(r"SELECT \((.*?)\) \|\| ' ' \|\| \((.*)\)", sql, re.DOTALL)
        if parts is None:
            return await fetch_value(database, sql, values, **more)
        stamps, body = parts.groups()
        own = list(values[1:]) if database.embedded else values
        answer = await fetch_value(database, body, own, **more)
        await asyncio.sleep(0.01)
        version = await fetch_value(database, re.sub(r"\?|\$\d+", "1", stamps), [])
        return (version or b"") + b" " + (answer or b"")

    monkeypatch.setattr(Database, "fetch_value", in_two)

    faults: set[str] = set()
    for _ in range(10):  # whether a write falls between the two is chance
        faults |= (await faults_of(fresh_client, fresh, alone=False)).faults
        if "two answers of one version" in faults:
            break

    assert "two answers of one version" in faults
