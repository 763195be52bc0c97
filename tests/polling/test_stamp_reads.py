"""Polls that come together share one statement, which none of them came too late for."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

import httpx2
import pytest

from gql.database import Database
from gql.engine.stamp_reads import StampReads
from gql.errors import RateLimited
from gql.single_flight import SingleFlight
from tests.databases import Copy
from tests.polling.reads import ask, run

RENAME = "UPDATE assistant_graph SET name = 'New' WHERE organization_id = 1 AND id = 1"
POLLS = 9
Read = Callable[[], Awaitable[bytes | None]]


class Gate:
    """Reads by number, each of which ends when it is let through.

    Attributes:
        begun: How many have begun.
    """

    def __init__(self) -> None:
        self.begun = 0
        self._open = asyncio.Event()

    async def read(self) -> bytes | None:
        self.begun += 1
        number = b"%d" % self.begun
        await self._open.wait()
        return number

    def open(self) -> None:
        self._open.set()


async def settle() -> None:
    """Let all tasks go on as far as they can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_who_comes_while_a_read_runs_shares_the_next_one() -> None:
    gate, reads = Gate(), StampReads()
    tasks = [asyncio.create_task(reads.run("key", gate.read)) for _ in range(4)]
    other = asyncio.create_task(reads.run("another", gate.read))
    await settle()
    gate.open()

    assert await asyncio.gather(*tasks) == [b"1", b"3", b"3", b"3"]
    assert await other == b"2"
    assert await reads.run("key", gate.read) == b"4"


async def test_one_that_is_cancelled_takes_nobody_with_it() -> None:
    gate, reads = Gate(), StampReads()
    first, second, third = (asyncio.create_task(reads.run("key", gate.read)) for _ in range(3))
    await settle()
    first.cancel()
    second.cancel()
    await settle()
    fourth = asyncio.create_task(reads.run("key", gate.read))
    await settle()
    gate.open()

    assert (await third, await fourth) == (b"2", b"3")
    assert first.cancelled()
    assert second.cancelled()


async def test_a_failure_is_told_to_all_who_share_it() -> None:
    reads = StampReads()

    async def refuse() -> bytes | None:
        await asyncio.sleep(0)
        raise RateLimited("Too many.", 1)

    answers = await asyncio.gather(
        *(reads.run("key", refuse) for _ in range(3)), return_exceptions=True
    )

    assert [type(each) for each in answers] == [RateLimited] * 3


class Joining(StampReads):
    """As one must not do it: whoever comes shares the read that runs."""

    def __init__(self) -> None:
        super().__init__()
        self._flights: SingleFlight[Hashable, bytes | None] = SingleFlight(cancel_abandoned=True)

    async def run(self, key: Hashable, read: Read) -> bytes | None:
        async def work() -> bytes | None:
            return await read()

        return await self._flights.run(key, work)


@pytest.mark.parametrize("kind_of_reads", [StampReads, Joining])
async def test_a_poll_does_not_share_what_was_read_before_it_came(
    fresh_client: httpx2.AsyncClient,
    fresh: Copy,
    monkeypatch: pytest.MonkeyPatch,
    kind_of_reads: type[StampReads],
) -> None:
    """A write is committed while the stamps of one poll are on their way, and others come then."""
    answer = await ask(fresh_client, fresh, "GET")
    tag = answer.headers["etag"]
    has_read, may_return = asyncio.Event(), asyncio.Event()
    texts: list[str] = []
    came = 0
    fetch_value, come = Database.fetch_value, kind_of_reads.run
    reads = kind_of_reads()

    async def late(database: Database, sql: str, values: Any, **more: Any) -> bytes | None:
        texts.append(sql)
        value = await fetch_value(database, sql, values, **more)
        has_read.set()
        await may_return.wait()
        return value

    async def counting(_self: StampReads, key: Hashable, read: Read) -> bytes | None:
        nonlocal came
        came += 1
        return await come(reads, key, read)

    monkeypatch.setattr(Database, "fetch_value", late)
    monkeypatch.setattr(StampReads, "run", counting)
    early = asyncio.create_task(ask(fresh_client, fresh, "GET", If_None_Match=tag))
    await has_read.wait()
    await run(fresh, RENAME)
    late_polls = [
        asyncio.create_task(ask(fresh_client, fresh, "GET", If_None_Match=tag))
        for _ in range(POLLS)
    ]
    while came < 1 + POLLS:  # noqa: ASYNC110 -- they come by steps of this loop
        await asyncio.sleep(0)
    may_return.set()
    answers = await asyncio.gather(*late_polls)

    assert (await early).status_code == 304
    if kind_of_reads is Joining:
        assert {each.status_code for each in answers} == {304}  # which hides the write
    else:
        assert {each.status_code for each in answers} == {200}
        assert {each.json()["data"]["graph"]["name"] for each in answers} == {"New"}
        assert len(texts) == 2 + POLLS  # the early one's, one for all others, and their answers
