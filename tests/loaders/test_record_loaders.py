"""Each loader of records: what it gives for many keys, and that it costs one statement."""

from collections.abc import AsyncIterator

import pytest

from gql.database import Database
from gql.domain.calls import CALLS, OF_ASSISTANT
from gql.domain.graphs import GRAPHS, NODES, OF_GRAPH
from gql.domain.sms import RELATED
from gql.loaders.record_loaders import (
    AnyOutsideByParentLoader,
    AnyOutsideLoader,
    ChildrenByParentLoader,
    CountByParentLoader,
    CountLoader,
    Page,
    PageByParentLoader,
    PageLoader,
    RecordByKeyLoader,
    UnionByParentLoader,
)
from gql.models.call import Call
from gql.models.graph import GraphNode
from gql.query.context import Context
from gql.query.cursor import Cursor
from gql.query.filters import Condition
from gql.query.paging import Paging
from gql.query.record_list import RecordList
from gql.query.resource import Record
from tests.conftest import Counting
from tests.domain.contexts import reader
from tests.schema.lists import Row, read

NOWHERE = 987_654_321
FAILED = RecordList.filtered(CALLS, (Condition("status", "eq", "failed"),))
CALLS_OF_ASSISTANT = RecordList(CALLS, link=OF_ASSISTANT)
NODES_OF_GRAPH = RecordList(NODES, link=OF_GRAPH)
NEWEST = Paging(limit=3, order="started_at", descending=True)


@pytest.fixture
async def context(database: Database) -> AsyncIterator[Context]:
    async with reader(database) as context:
        yield context


@pytest.fixture
async def calls(database: Database) -> list[Row]:
    """The voice calls of the organization, newest first."""
    rows = [row for row in await read(database, Call) if row["channel"] == "voice"]
    return sorted(rows, key=lambda row: (row["started_at"], row["id"]), reverse=True)


@pytest.fixture
def assistants(calls: list[Row]) -> list[int]:
    """The ids of all assistants with calls, and one without."""
    return [*sorted({row["assistant_id"] for row in calls if row["assistant_id"]}), NOWHERE]


def ids(records: list[Record]) -> list[int]:
    return [record.id for record in records]


async def test_records_by_key(context: Context, calls: list[Row], statements: Counting) -> None:
    loader = RecordByKeyLoader.of(context, CALLS)
    keys = [row["id"] for row in calls]

    with statements() as ran:
        records = await loader.load_many([*keys, NOWHERE])
        again = await RecordByKeyLoader.of(context, CALLS).load(keys[0])

    assert [record and record.id for record in records] == [*keys, None]
    assert again is records[0]
    assert again is not None
    assert again.resource is CALLS
    assert ran.count == 1


async def test_records_by_another_column(
    context: Context, calls: list[Row], statements: Counting
) -> None:
    loader = RecordByKeyLoader.of(context, CALLS, "call_sid")

    with statements() as ran:
        records = await loader.load_many([calls[0]["call_sid"], "no such SID"])

    assert [record and record.id for record in records] == [calls[0]["id"], None]
    assert ran.count == 1


async def test_children_by_parent(
    context: Context, database: Database, statements: Counting
) -> None:
    """In the order of their ids; each is then also there by its own key."""
    nodes = await read(database, GraphNode)
    graphs = [*sorted({row["graph_id"] for row in nodes}), NOWHERE]

    with statements() as ran:
        children = await ChildrenByParentLoader.of(context, NODES_OF_GRAPH).load_many(graphs)
        node = await RecordByKeyLoader.of(context, NODES).load(nodes[0]["id"])

    assert [ids(each) for each in children] == [
        [row["id"] for row in nodes if row["graph_id"] == graph] for graph in graphs
    ]
    assert node in children[0]
    assert ran.count == 1


async def test_children_by_parent_in_another_order(
    context: Context, database: Database, statements: Counting
) -> None:
    nodes = await read(database, GraphNode)
    graph = nodes[0]["graph_id"]
    loader = ChildrenByParentLoader.of(context, NODES_OF_GRAPH, ("node_type", "id"))

    with statements() as ran:
        children = await loader.load(graph)

    own = [row for row in nodes if row["graph_id"] == graph]
    own.sort(key=lambda row: (row["node_type"], row["id"]))
    assert ids(children) == [row["id"] for row in own]
    assert ran.count == 1


async def test_pages(context: Context, calls: list[Row], statements: Counting) -> None:
    """One statement for each; what they bring is then also there by its key."""
    oldest = Paging(limit=3, order="started_at", descending=True, backward=True)
    skipping = Paging(limit=3, order="started_at", descending=True, offset=len(calls) - 2)
    loader, all_calls = PageLoader.of(context), RecordList(CALLS)

    with statements() as ran:
        pages = await loader.load_many(
            [(all_calls, NEWEST), (all_calls, oldest), (all_calls, skipping), (all_calls, NEWEST)]
        )
        call = await RecordByKeyLoader.of(context, CALLS).load(calls[0]["id"])

    expected = [row["id"] for row in calls]
    assert [(ids(page.records), page.has_more) for page in pages] == [
        (expected[:3], True),
        (expected[-3:], True),
        (expected[-2:], False),
        (expected[:3], True),
    ]
    assert call is pages[0].records[0]
    assert ran.count == 3


@pytest.mark.parametrize(("offset", "backward"), [(0, False), (2, False), (0, True)])
async def test_pages_by_parent(
    context: Context,
    calls: list[Row],
    assistants: list[int],
    statements: Counting,
    *,
    offset: int,
    backward: bool,
) -> None:
    paging = Paging(3, "started_at", descending=True, offset=offset, backward=backward)
    loader = PageByParentLoader.of(context, CALLS_OF_ASSISTANT, paging)

    with statements() as ran:
        pages = await loader.load_many(assistants)
        (first, *_) = (record for page in pages for record in page.records)
        call = await RecordByKeyLoader.of(context, CALLS).load(first.id)

    for assistant, page in zip(assistants, pages, strict=True):
        own = [row["id"] for row in calls if row["assistant_id"] == assistant]
        assert ids(page.records) == (own[-3:] if backward else own[offset : offset + 3])
        assert page.has_more == (len(own) > offset + 3)
    assert pages[-1] == Page([], has_more=False)
    assert call is first
    assert ran.count == 1


async def test_unions_by_parent(context: Context, database: Database, statements: Counting) -> None:
    """Calls and conversations with the same customer and assistant, each of its own kind."""
    rows = await read(database, Call)
    conversations = [row for row in rows if row["channel"] == "sms" and not row["is_archived"]]
    keys = [*(row["id"] for row in conversations), NOWHERE]

    with statements() as ran:
        lists = await UnionByParentLoader.of(context, RELATED).load_many(keys)

    for conversation, records in zip(conversations, lists, strict=False):
        related = [
            row
            for row in rows
            if row["customer_phone_number"] == conversation["customer_phone_number"]
            and row["assistant_id"] == conversation["assistant_id"] is not None
            and not row["is_archived"]
        ]
        related.sort(key=lambda row: (row["started_at"], row["id"]), reverse=True)
        assert [(record.id, record.resource.name) for record in records] == [
            (row["id"], "call" if row["channel"] == "voice" else "sms_conversation")
            for row in related[: RELATED.limit]
        ]
    assert lists[-1] == []
    assert {record.resource.name for each in lists for record in each} == {
        "call",
        "sms_conversation",
    }
    assert ran.count == 1


async def test_counts(context: Context, calls: list[Row], statements: Counting) -> None:
    loader = CountLoader.of(context)

    with statements() as ran:
        counts = await loader.load_many([RecordList(CALLS), FAILED, RecordList(CALLS)])

    failed = [row for row in calls if row["status"] == "failed"]
    assert counts == [len(calls), len(failed), len(calls)]
    assert ran.count == 2


@pytest.mark.parametrize("condition", [None, ("status", "eq", "failed"), ("duration", "gte", 60)])
async def test_counts_by_parent(
    context: Context,
    calls: list[Row],
    assistants: list[int],
    statements: Counting,
    condition: tuple[str, str, object] | None,
) -> None:
    """From the rollup, with and without a condition that it knows; and counted."""
    conditions = () if condition is None else (Condition(*condition),)
    records = RecordList.filtered(CALLS, conditions, OF_ASSISTANT)

    with statements() as ran:
        counts = await CountByParentLoader.of(context, records).load_many(assistants)

    def passes(row: Row) -> bool:
        if condition is None:
            return True
        if condition[0] == "status":
            return bool(row["status"] == "failed")
        return row["duration"] is not None and row["duration"] >= 60

    assert counts == [
        sum(row["assistant_id"] == assistant and passes(row) for row in calls)
        for assistant in assistants
    ]
    assert counts[-1] == 0
    assert ran.count == 1


async def test_any_outside(context: Context, calls: list[Row], statements: Counting) -> None:
    """A cursor's own row is outside; each side of each page is a key."""
    first, last = (Cursor(row["started_at"], row["id"]) for row in (calls[0], calls[-1]))
    beyond = Cursor(last.key, last.id - 1)
    all_calls = RecordList(CALLS)
    keys = [
        (all_calls, Paging(3, "started_at", descending=True, after=first), True),
        (all_calls, Paging(3, "started_at", descending=True, before=last), False),
        (all_calls, Paging(3, "started_at", descending=True, before=beyond), False),
        (all_calls, Paging(3, "started_at", descending=True, offset=1), True),
    ]

    with statements() as ran:
        outside = await AnyOutsideLoader.of(context).load_many(keys)

    assert outside == [True, True, False, True]
    assert ran.count == 4


async def test_any_outside_by_parent(
    context: Context, calls: list[Row], assistants: list[int], statements: Counting
) -> None:
    middle = calls[len(calls) // 2]
    cursor = Cursor(middle["started_at"], middle["id"])
    paging = Paging(3, "started_at", descending=True, after=cursor, before=cursor)

    with statements() as ran:
        earlier, later = [
            await AnyOutsideByParentLoader.of(
                context, CALLS_OF_ASSISTANT, paging, earlier=earlier
            ).load_many(assistants)
            for earlier in (True, False)
        ]

    at = calls.index(middle)
    assert earlier == [
        any(row["assistant_id"] == assistant for row in calls[: at + 1]) for assistant in assistants
    ]
    assert later == [
        any(row["assistant_id"] == assistant for row in calls[at:]) for assistant in assistants
    ]
    assert (earlier[-1], later[-1]) == (False, False)
    assert ran.count == 2


async def test_nobody_elses_records_are_loaded(context: Context, database: Database) -> None:
    """The keys of another organization find nothing."""
    async with reader(database, 2) as other:
        first = (RecordList(GRAPHS), Paging(1, "id", descending=False))
        (graph,) = (await PageLoader.of(other).load(first)).records

    assert await RecordByKeyLoader.of(context, GRAPHS).load(graph.id) is None
    assert await ChildrenByParentLoader.of(context, NODES_OF_GRAPH).load(graph.id) == []
    assert await CountByParentLoader.of(context, NODES_OF_GRAPH).load(graph.id) == 0
