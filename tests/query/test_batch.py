"""Batching: what is asked for in one turn leaves together, and nobody's failure is another's."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from gql.query.batch import BATCH_SIZE, Loaders
from tests.conftest import GraphQL, asker, connect, start
from tests.databases import Copy, settings_for

OPERATIONS = 20


class Recorded:
    """A batch function that keeps the keys of every call; odd keys below zero fail."""

    def __init__(self, *, delay: float = 0) -> None:
        self.calls: list[list[Any]] = []
        self._delay = delay

    async def __call__(self, keys: list[Any]) -> list[Any]:
        self.calls.append(keys)
        await asyncio.sleep(self._delay)
        if "fail" in keys:
            raise LookupError("no such key")
        return [f"value of {key}" for key in keys]


async def test_keys_of_one_turn_leave_together() -> None:
    loaders, batch = Loaders(), Recorded()

    found = await asyncio.gather(*(loaders.load("it", batch, key) for key in (3, 1, 2)))

    assert found == ["value of 3", "value of 1", "value of 2"]
    assert batch.calls == [[3, 1, 2]]


async def test_equal_keys_are_asked_for_once() -> None:
    loaders, batch = Loaders(), Recorded()

    first = await asyncio.gather(*(loaders.load("it", batch, key) for key in (1, 2, 1)))
    later = await loaders.load("it", batch, 2)

    assert (first, later) == (["value of 1", "value of 2", "value of 1"], "value of 2")
    assert batch.calls == [[1, 2]]


async def test_keys_of_a_later_turn_leave_later() -> None:
    loaders, batch = Loaders(), Recorded()

    async def second() -> None:
        await loaders.load("it", batch, "after " + await loaders.load("it", batch, 1))

    await asyncio.gather(second(), loaders.load("it", batch, 2))

    assert batch.calls == [[1, 2], ["after value of 1"]]


async def test_loaders_of_different_names_do_not_mix() -> None:
    loaders, one, other = Loaders(), Recorded(), Recorded()

    await asyncio.gather(loaders.load("one", one, 1), loaders.load("other", other, 1))

    assert (one.calls, other.calls) == ([[1]], [[1]])


async def test_more_than_a_thousand_keys_leave_in_parts() -> None:
    loaders, batch = Loaders(), Recorded()
    keys = range(2 * BATCH_SIZE + 1)

    found = await asyncio.gather(*(loaders.load("it", batch, key) for key in keys))

    assert found == [f"value of {key}" for key in keys]
    assert [len(call) for call in batch.calls] == [1_000, 1_000, 1]


async def test_a_cancelled_waiter_leaves_the_others_waiting() -> None:
    """A failing field cancels its siblings; another branch may wait for the same key."""
    loaders, batch = Loaders(), Recorded(delay=0.01)
    sibling = asyncio.create_task(loaders.load("it", batch, 1))
    unrelated = asyncio.create_task(loaders.load("it", batch, 1))
    await asyncio.sleep(0)

    sibling.cancel()

    assert await unrelated == "value of 1"
    assert sibling.cancelled()
    assert batch.calls == [[1]]


async def test_a_cancelled_waiter_does_not_spoil_the_key_for_later() -> None:
    loaders, batch = Loaders(), Recorded(delay=0.01)
    only = asyncio.create_task(loaders.load("it", batch, 1))
    await asyncio.sleep(0)
    only.cancel()

    assert await loaders.load("it", batch, 1) == "value of 1"
    assert batch.calls == [[1]]


async def test_a_failed_batch_fails_its_keys_and_no_others() -> None:
    loaders, batch = Loaders(), Recorded()

    failed = await asyncio.gather(
        loaders.load("it", batch, "fail"), loaders.load("it", batch, 1), return_exceptions=True
    )

    assert [type(each) for each in failed] == [LookupError, LookupError]
    assert await loaders.load("it", batch, 2) == "value of 2"


async def test_what_is_remembered_costs_nothing() -> None:
    loaders, batch = Loaders(), Recorded()
    loaders.remember("it", {1: "brought along", 2: None})

    found = [await loaders.load("it", batch, key) for key in (1, 2, 3)]

    assert found == ["brought along", None, "value of 3"]
    assert batch.calls == [[3]]


async def test_operations_share_nothing() -> None:
    batch = Recorded()
    for loaders in (Loaders(), Loaders()):
        assert await loaders.load("it", batch, 1) == "value of 1"

    assert batch.calls == [[1], [1]]


@pytest.fixture(scope="module")
async def narrow(shared: Copy) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an application with one connection and little patience."""
    settings = settings_for(shared.url, pool_size=1, pool_timeout=5)
    async with start(shared, settings) as running, connect(running.app) as client:
        yield client


@pytest.fixture
def ask(narrow: httpx2.AsyncClient, owner: dict[str, str]) -> GraphQL:
    """Asks through the one connection."""
    return asker(narrow, owner)


NESTED = """{ graphs(first: 20) { totalCount nodes {
    nodes { assistant { calls(first: 2) { totalCount nodes { session { graph { name } } } } } }
    edges { from { assistant { name } } to { id } }
    sessions(first: 3) { pageInfo { hasNextPage } nodes { currentNode { id } transitions { nodes {
        fromNode { id } } } call { messages(last: 2) { nodes { content } } } } }
} } }"""


async def test_twenty_nested_operations_at_once_need_one_connection(
    ask: GraphQL, stranger: dict[str, str]
) -> None:
    """None waits for a second connection while it holds one, so the pool cannot deadlock."""
    own, foreign = await ask(NESTED), await ask(NESTED, headers=stranger)

    answers = await asyncio.gather(
        *(ask(NESTED, headers=stranger if number % 2 else None) for number in range(OPERATIONS))
    )

    assert "errors" not in own
    assert own != foreign
    assert answers == [own, foreign] * (OPERATIONS // 2)


async def test_a_failing_field_takes_no_unrelated_field_along(ask: GraphQL) -> None:
    """The branch `bad` is cancelled while both branches wait for the same assistants."""
    good = "nodes { id assistant { name } }"
    bad = "nodes { assistant { name calls(first: 101) { totalCount } } }"
    query = "{ %s bad: graph(id: 1) { %s sessions(first: 1) { nodes { id } } } %s }"

    alone = await ask(f"{{ good: graph(id: 1) {{ {good} }} }}")
    before = await ask(query % (f"good: graph(id: 1) {{ {good} }}", bad, ""))
    after = await ask(query % ("", bad, f"good: graph(id: 1) {{ {good} }}"))

    for answer in (before, after):
        assert answer["data"] == {"bad": None, **alone["data"]}
        assert {error["message"] for error in answer["errors"]} == {
            "`first` is 101, but must be between 0 and 100."
        }
    assert "errors" not in await ask(NESTED)


async def test_nothing_is_left_over_when_one_of_many_ids_is_bad(
    ask: GraphQL, caplog: pytest.LogCaptureFixture
) -> None:
    ids = [*(f"call_{number}" for number in range(1, 50)), "bad", *("graph_1", "node_101")]

    answer = await ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids})
    again = await ask('{ nodes(ids: ["graph_1", "node_101"]) { id } }')

    assert answer["data"] is None
    assert again["data"]["nodes"] == [{"id": "graph_1"}, {"id": "node_101"}]
    assert caplog.messages == []
