"""Batching: keys loaded together leave together, and nobody's failure is another's."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from gql.database import Database
from gql.errors import Unauthenticated
from gql.loaders.loader import BATCH_SIZE, Loader, OneByOneLoader, loader_of
from gql.query.context import Context
from tests.conftest import GraphQL, asker, connect, start
from tests.databases import Copy, settings_for

OPERATIONS = 20


class Recorder(Loader[Any, str]):
    """Keeps the keys of every batch; the key `fail` fails its batch."""

    def __init__(self, context: Context, delay: float = 0) -> None:
        super().__init__(context)
        self.batches: list[list[Any]] = []
        self._delay = delay

    async def read_many(self, keys: list[Any]) -> list[str]:
        self.batches.append(keys)
        await asyncio.sleep(self._delay)
        if "fail" in keys:
            raise LookupError("no such key")
        return [f"value of {key}" for key in keys]


class OneByOne(OneByOneLoader[Any, str]):
    """The same, but that a key fails by itself."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.keys: list[Any] = []

    async def read(self, key: Any) -> str:
        self.keys.append(key)
        if key == "fail":
            raise LookupError("no such key")
        return f"value of {key}"


@pytest.fixture
def context(database: Database) -> Context:
    """Loaders here read nothing, so it does not matter whose it is."""
    return Context(Unauthenticated("Nobody."), database)


async def test_keys_loaded_together_leave_together(context: Context) -> None:
    loader = Recorder(context)

    values = await loader.load_many([3, 1, 2])

    assert values == ["value of 3", "value of 1", "value of 2"]
    assert loader.batches == [[3, 1, 2]]


async def test_equal_keys_are_read_once(context: Context) -> None:
    loader = Recorder(context)

    first = await loader.load_many([1, 2, 1])
    later = await loader.load(2)

    assert (first, later) == (["value of 1", "value of 2", "value of 1"], "value of 2")
    assert loader.batches == [[1, 2]]


async def test_keys_loaded_later_leave_later(context: Context) -> None:
    loader = Recorder(context)

    async def nested() -> None:
        await loader.load("after " + await loader.load(1))

    await asyncio.gather(nested(), loader.load(2))

    assert loader.batches == [[1, 2], ["after value of 1"]]


async def test_more_than_a_thousand_keys_leave_in_parts(context: Context) -> None:
    loader = Recorder(context)
    keys = range(2 * BATCH_SIZE + 1)

    values = await loader.load_many(keys)

    assert values == [f"value of {key}" for key in keys]
    assert [len(batch) for batch in loader.batches] == [1_000, 1_000, 1]


async def test_a_cancelled_waiter_leaves_the_others_waiting(context: Context) -> None:
    """A failing field cancels its siblings; another branch may wait for the same key."""
    loader = Recorder(context, delay=0.01)
    sibling = asyncio.create_task(loader.load(1))
    unrelated = asyncio.create_task(loader.load(1))
    await asyncio.sleep(0)

    sibling.cancel()

    assert await unrelated == "value of 1"
    assert sibling.cancelled()
    assert loader.batches == [[1]]


async def test_a_cancelled_waiter_does_not_spoil_the_key_for_later(context: Context) -> None:
    loader = Recorder(context, delay=0.01)
    only = asyncio.create_task(loader.load(1))
    await asyncio.sleep(0)
    only.cancel()

    assert await loader.load(1) == "value of 1"
    assert loader.batches == [[1]]


async def test_a_failed_batch_fails_its_keys_and_no_others(context: Context) -> None:
    loader = Recorder(context)

    failed = await asyncio.gather(loader.load("fail"), loader.load(1), return_exceptions=True)

    assert [type(each) for each in failed] == [LookupError, LookupError]
    assert await loader.load(2) == "value of 2"


async def test_keys_read_one_by_one_fail_by_themselves(context: Context) -> None:
    loader = OneByOne(context)

    values = await asyncio.gather(
        *(loader.load(key) for key in ("fail", 1, 1)), return_exceptions=True
    )

    assert [type(values[0]), *values[1:]] == [LookupError, "value of 1", "value of 1"]
    assert loader.keys == ["fail", 1]


async def test_primed_values_are_not_read(context: Context) -> None:
    loader = Recorder(context)
    loader.prime_many({1: "brought along", 2: ""})

    values = await loader.load_many([1, 2, 3])

    assert values == ["brought along", "", "value of 3"]
    assert loader.batches == [[3]]


async def test_one_operation_has_one_loader_of_a_kind_with_the_same_arguments(
    context: Context, database: Database
) -> None:
    loader = loader_of(context, Recorder, 1.0)

    assert loader_of(context, Recorder, 1.0) is loader
    assert loader_of(context, Recorder, 2.0) is not loader
    assert isinstance(loader_of(context, OneByOne), OneByOne)
    assert loader_of(Context(context.caller, database), Recorder, 1.0) is not loader


@pytest.fixture(scope="module")
async def narrow(shared: Copy) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an application with one connection."""
    settings = settings_for(shared.url, pool_size=1, pool_timeout=60)
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
    """It fails while both branches wait for the same assistants."""
    good = "nodes { id assistant { name } }"
    bad = "nodes { assistant { name calls(first: 101) { totalCount } } }"
    query = "{ %s bad: graph(id: 1) { %s sessions(first: 1) { nodes { id } } } %s }"

    alone = await ask(f"{{ good: graph(id: 1) {{ {good} }} }}")
    named = [
        {"assistant": {"name": node["assistant"]["name"], "calls": None}}
        for node in alone["data"]["good"]["nodes"]
    ]
    before = await ask(query % (f"good: graph(id: 1) {{ {good} }}", bad, ""))
    after = await ask(query % ("", bad, f"good: graph(id: 1) {{ {good} }}"))

    for answer in (before, after):
        sessions = answer["data"]["bad"].pop("sessions")
        assert len(sessions["nodes"]) == 1
        assert answer["data"] == {"bad": {"nodes": named}, **alone["data"]}
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

    assert answer["data"] == {"nodes": None}
    assert again["data"]["nodes"] == [{"id": "graph_1"}, {"id": "node_101"}]
    assert caplog.messages == []
