"""Cursors over HTTP: stable while others write, and never more than a clear refusal."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from gql.database import Database
from gql.models.call import Call
from gql.models.scope import table_of
from tests.conftest import GraphQL
from tests.schema.lists import (
    CALLS,
    GRAPHS,
    LISTS,
    Row,
    expected,
    ids_of,
    page_of,
    refusal,
    rows_of,
)

CALL = table_of(Call)
DAMAGED = "The cursor is damaged; use one from `pageInfo` or `edges` as it is."
OTHER = "The cursor belongs to another list or order; start again without it."


@pytest.mark.parametrize("order", sorted(CALLS.orders))
async def test_rows_that_come_and_go_shift_no_page(
    fresh_graphql: GraphQL, fresh_database: Database, order: str
) -> None:
    """New calls between two pages: none of the old ones is skipped or repeated."""
    whole, order_by = await expected(fresh_database, CALLS, order, descending=True)
    collected: list[int] = []
    after = None
    for number in range(8):
        page = await page_of(fresh_graphql, CALLS, first=30, after=after, order=order_by)
        collected.extend(ids_of(page))
        after = page["pageInfo"]["endCursor"]
        await _add_calls(fresh_database, 5, prefix=f"new{number}")

    assert [each for each in collected if each in whole] == whole
    assert len(set(collected)) == len(collected)


async def test_a_cursor_outlives_its_row(fresh_graphql: GraphQL, fresh_database: Database) -> None:
    whole, _ = await expected(fresh_database, CALLS, "STARTED_AT", descending=True)
    page = await page_of(fresh_graphql, CALLS, first=10)
    async with fresh_database.transaction() as connection:
        tenth = CALL.c.id == whole[9]
        await connection.execute(update(CALL).where(tenth).values(channel="sms", is_archived=True))

    rest = await page_of(fresh_graphql, CALLS, first=10, after=page["pageInfo"]["endCursor"])

    assert ids_of(rest) == whole[10:20]


async def test_a_cursor_of_another_order_direction_or_list_is_refused(graphql: GraphQL) -> None:
    query = CALLS.query("totalCount")
    down = (await page_of(graphql, CALLS, first=1))["pageInfo"]["endCursor"]
    orders = (
        {"field": "STARTED_AT", "direction": "ASC"},
        {"field": "DURATION", "direction": "DESC"},
        {"field": "TOTAL_COST", "direction": "DESC"},
    )

    for order in orders:
        for name in ("after", "before"):
            refused = await refusal(graphql, query, {name: down, "order": order})
            assert refused == ("BAD_CURSOR", OTHER)
    for each in LISTS:
        if each is not CALLS:
            refused = await refusal(graphql, each.query("totalCount"), {"after": down})
            assert refused == ("BAD_CURSOR", OTHER)


async def test_a_cursor_of_one_parent_is_only_a_place_under_another(graphql: GraphQL) -> None:
    """It holds a sort key and an id, so it may be used with another graph's list."""
    query = """query($after: String) { graphs { nodes {
        sessions(after: $after) { nodes { startedAt databaseId } } } } }"""
    page = await graphql("{ graph(id: 1) { sessions(first: 1) { pageInfo { endCursor } } } }")
    cursor = page["data"]["graph"]["sessions"]["pageInfo"]["endCursor"]

    answer = await graphql(query, {"after": cursor})

    collected = [
        node for each in answer["data"]["graphs"]["nodes"] for node in each["sessions"]["nodes"]
    ]
    assert all(node["startedAt"] <= "2025-01-19T14:30:00Z" for node in collected)


async def test_another_organizations_cursor_is_only_a_place_in_the_callers_own_list(
    graphql: GraphQL, database: Database, stranger: dict[str, str]
) -> None:
    page = await page_of(graphql, CALLS, first=10)
    (mark,) = [row for row in await rows_of(database, CALLS) if row["id"] == ids_of(page)[-1]]
    position = (mark["started_at"], mark["id"])
    theirs = CALLS.sorted(await rows_of(database, CALLS, 2), "STARTED_AT", descending=True)
    query = CALLS.query("totalCount nodes { databaseId }")

    answer = await graphql(query, {"after": page["pageInfo"]["endCursor"]}, stranger)

    assert (
        ids_of(answer["data"]["list"])
        == [row["id"] for row in theirs if (row["started_at"], row["id"]) < position][:20]
    )
    assert answer["data"]["list"]["totalCount"] == len(theirs)


@settings(max_examples=40)
@given(
    order=st.sampled_from(sorted(CALLS.orders)),
    key=st.text(st.sampled_from("0123456789TZ.-"), max_size=20)
    | st.integers(-(2**63), 2**63).map(str)
    | st.text(max_size=5),
    id=st.integers(-1, 2**63).map(str) | st.text(max_size=5),
    descending=st.booleans(),
)
@example(order="DURATION", key="99999999999", id="1", descending=True)
@example(order="DURATION", key="-9223372036854775807", id="9223372036854775807", descending=False)
@example(order="TOTAL_COST", key="9223372036854775807", id="1", descending=True)
@example(order="STARTED_AT", key="00010101T000000Z", id="1", descending=True)
@example(order="STARTED_AT", key="99991231T235959.999999Z", id="1", descending=False)
async def test_a_forged_cursor_is_a_place_or_is_refused(
    graphql: GraphQL, order: str, key: str, id: str, *, descending: bool
) -> None:
    direction = "desc" if descending else "asc"
    cursor = f"1~call~{order.lower()}~{direction}~{key}~{id}".replace("\0", "")
    order_by = {"field": order, "direction": direction.upper()}
    query = CALLS.query("nodes { databaseId } pageInfo { hasNextPage hasPreviousPage }")

    for name in ("after", "before"):
        answer = await graphql(query, {"first": 5, name: cursor, "order": order_by})

        if "errors" in answer:
            (error,) = answer["errors"]
            code = error["extensions"]["code"]
            assert (code, error["message"]) in {("BAD_CURSOR", DAMAGED), ("BAD_CURSOR", OTHER)}
        else:
            assert len(answer["data"]["list"]["nodes"]) <= 5


@settings(max_examples=40)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40))
async def test_any_text_is_refused_as_a_cursor(graphql: GraphQL, text: str) -> None:
    code, _ = await refusal(graphql, GRAPHS.query("totalCount"), {"after": text})

    assert code == "BAD_CURSOR"


async def test_a_message_index_beyond_its_column_is_a_place(graphql: GraphQL) -> None:
    query = """query($after: String) { call(id: 101) { id }
        smsConversation(id: 102) { messages(after: $after, first: 3,
            orderBy: {field: MESSAGE_INDEX, direction: ASC}) { nodes { id } } } }"""
    wide = "1~message~message_index~asc~99999999999~1"

    answer = await graphql(query, {"after": wide})

    assert answer["data"]["smsConversation"]["messages"]["nodes"] == []


async def _add_calls(database: Database, count: int, *, prefix: str) -> None:
    """Copies of existing calls, some newer, dearer and longer than all others, some like them."""
    async with database.transaction() as connection:
        some = select(CALL).where(CALL.c.channel == "voice").order_by(CALL.c.id).limit(count)
        rows: list[Row] = [dict(row) for row in (await connection.execute(some)).mappings()]
        for number, row in enumerate(rows):
            changes: dict[str, Any] = {"call_sid": f"{prefix}-{number}"}
            if number % 2:
                changes |= {
                    "started_at": datetime.now(UTC) + timedelta(seconds=number),
                    "duration": 100_000 + number,
                    "total_cost": 10**15 + number,
                }
            values = {name: value for name, value in row.items() if name != "id"}
            await connection.execute(CALL.insert().values(values | changes))
