"""Totals and deep offsets of calls, read from the rollup, beside what Python makes of the rows.

The lists of the demo are short, so an offset is called deep early here.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gql.database import Database
from gql.models.enums import CallStatus
from gql.query import rollup
from gql.schema.scalars import print_instant
from tests.conftest import GraphQL
from tests.schema.lists import CALLS, SMS, List, Row, ids_of, page_of, rows_of

Passes = Callable[[Row], bool]
FilterAndChecks = tuple[dict[str, Any], list[Passes]]

bounded = settings(max_examples=12)
lists = st.sampled_from([CALLS, SMS])
parts = st.sets(st.sampled_from(["status", "assistant_id", "lower", "upper"]))
COMPARATORS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda one, other: one > other,
    "gte": lambda one, other: one >= other,
    "lt": lambda one, other: one < other,
    "lte": lambda one, other: one <= other,
}


@pytest.fixture(autouse=True)
def shallow() -> Iterator[None]:
    """Offsets are deep from 3 on."""
    with patch.object(rollup, "SEEK_FROM", 3):
        yield


def countable_filter(rows: Sequence[Row], chosen: set[str], data: st.DataObject) -> FilterAndChecks:
    """A filter that the rollup can count by, and what passes it."""
    filter_: dict[str, Any] = {}
    passes: list[Passes] = []
    if "status" in chosen:
        words = data.draw(st.lists(st.sampled_from(sorted(CallStatus)), min_size=1, max_size=3))
        filter_["status"] = {"in": [word.upper() for word in words]}
        passes.append(lambda row: row["status"] in words)
    if "assistant_id" in chosen:
        assistants = sorted({row["assistant_id"] for row in rows if row["assistant_id"]})
        assistant = data.draw(st.sampled_from([*assistants, 987_654]))
        filter_["assistantId"] = {"eq": str(assistant)}
        passes.append(lambda row: row["assistant_id"] == assistant)
    for side, comparators in (("lower", ["gt", "gte"]), ("upper", ["lt", "lte"])):
        if side in chosen:
            comparator, instant = data.draw(st.sampled_from(comparators)), data.draw(near(rows))
            filter_.setdefault("startedAt", {})[comparator] = print_instant(instant)
            passes.append(
                lambda row, means=COMPARATORS[comparator], instant=instant: means(  # type: ignore[misc]
                    row["started_at"], instant
                )
            )
    return filter_, passes


def near(rows: Sequence[Row]) -> st.SearchStrategy[datetime]:
    """Instants of calls, and those that begin a day, each also a microsecond off."""
    starts = [row["started_at"] for row in rows]
    midnights = [start.replace(hour=0, minute=0, second=0, microsecond=0) for start in starts]
    off = st.sampled_from([-1, 0, 1]).map(lambda number: timedelta(microseconds=number))
    return st.builds(lambda start, by: start + by, st.sampled_from([*starts, *midnights]), off)


@bounded
@given(each=lists, chosen=parts, descending=st.booleans(), data=st.data())
async def test_totals_and_deep_pages_are_those_of_the_list(
    graphql: GraphQL,
    database: Database,
    each: List,
    chosen: set[str],
    descending: bool,
    data: st.DataObject,
) -> None:
    rows = await rows_of(database, each)
    filter_, passes = countable_filter(rows, chosen, data)
    passing = [row for row in rows if all(passed(row) for passed in passes)]
    order = {"field": "STARTED_AT", "direction": "DESC" if descending else "ASC"}
    expected = [row["id"] for row in each.sorted(passing, "STARTED_AT", descending=descending)]
    query = each.query("totalCount")

    answer = await graphql(query, {"first": 0, "filter": filter_})
    assert answer["data"]["list"]["totalCount"] == len(expected), filter_
    for offset in {3, 4, 30, *data.draw(st.lists(st.integers(3, len(expected) + 5), max_size=4))}:
        page = await page_of(graphql, each, first=7, offset=offset, order=order, filter=filter_)
        assert ids_of(page) == expected[offset : offset + 7], (filter_, offset)


async def test_totals_under_each_assistant(graphql: GraphQL, database: Database) -> None:
    """With and without a range, for which the rollup alone does not do."""
    rows = await rows_of(database, CALLS)
    middle = sorted(row["started_at"] for row in rows)[len(rows) // 2]
    answer = await graphql(
        """query($since: DateTime!) { assistants(first: 100) { nodes { databaseId
            calls { totalCount }
            failed: calls(filter: {status: {eq: FAILED}}) { totalCount }
            recent: calls(filter: {startedAt: {gte: $since}}) { totalCount }
        } } }""",
        {"since": print_instant(middle)},
    )
    nodes = answer["data"]["assistants"]["nodes"]
    assert len(nodes) > 5

    for node in nodes:
        own = [row for row in rows if row["assistant_id"] == node["databaseId"]]
        failed = [row for row in own if row["status"] == "failed"]
        recent = [row for row in own if row["started_at"] >= middle]
        totals = [node[name]["totalCount"] for name in ("calls", "failed", "recent")]
        assert totals == [len(own), len(failed), len(recent)]


async def test_an_archived_conversation_is_not_counted_any_more(fresh_graphql: GraphQL) -> None:
    count = "{ smsConversations(first: 1) { totalCount nodes { id } } }"
    before = (await fresh_graphql(count))["data"]["smsConversations"]
    archived = await fresh_graphql(
        """mutation($id: ID!) { archiveSmsConversation(input: {id: $id}) {
            userErrors { message } } }""",
        {"id": before["nodes"][0]["id"]},
    )
    assert archived["data"]["archiveSmsConversation"]["userErrors"] == []

    after = (await fresh_graphql(count))["data"]["smsConversations"]

    assert after["totalCount"] == before["totalCount"] - 1
