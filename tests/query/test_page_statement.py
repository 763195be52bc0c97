"""The statements of a list say the same of a parent, whether they are of one parent or of many."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Select, func, select

from gql.database import Database
from gql.domain.assistants import ASSISTANTS
from gql.domain.calls import CALLS, OF_ASSISTANT
from gql.models.call import Call
from gql.models.scope import parameters
from gql.query.context import Context
from gql.query.cursor import Cursor
from gql.query.filters import Condition
from gql.query.page_statement import PARENT_KEY, PageStatement, total, totals_by_parent
from gql.query.paging import Paging
from gql.query.record_list import RecordList
from tests.domain.contexts import reader
from tests.schema.lists import Row, read

CONDITIONS = [
    (),
    (Condition("status", "in", ("completed", "failed")),),
    (Condition("status", "in", ("completed", "failed")), Condition("duration", "gte", 60)),
]


@pytest.fixture
async def context(database: Database) -> AsyncIterator[Context]:
    async with reader(database) as context:
        yield context


@pytest.fixture
async def calls(database: Database) -> list[Row]:
    """Calls of assistants, newest first."""
    rows = [
        row
        for row in await read(database, Call)
        if row["channel"] == "voice" and row["assistant_id"]
    ]
    return sorted(rows, key=lambda row: (row["started_at"], row["id"]), reverse=True)


async def rows_of(
    context: Context, statement: Select[Any], keys: Sequence[int] = ()
) -> list[tuple[Any, ...]]:
    values = {**parameters(context.organization_id), "keys": keys}
    return [tuple(row) for row in await context.snapshot.rows(statement, values)]


def passes(row: Row, conditions: tuple[Condition, ...]) -> bool:
    status = len(conditions) < 1 or row["status"] in {"completed", "failed"}
    return status and (len(conditions) < 2 or (row["duration"] or 0) >= 60)


@pytest.mark.parametrize("conditions", CONDITIONS)
async def test_a_list_has_the_rows_that_pass_all_conditions(
    context: Context, calls: list[Row], conditions: tuple[Condition, ...]
) -> None:
    rows = RecordList.filtered(CALLS, conditions).rows()
    has_assistant = rows.table.c.assistant_id.is_not(None)

    ids = await rows_of(context, rows.select(rows.table.c.id).where(has_assistant))

    assert sorted(ids) == sorted((row["id"],) for row in calls if passes(row, conditions))


@pytest.mark.parametrize("conditions", CONDITIONS)
@pytest.mark.parametrize(
    ("position", "backward"),
    [
        *(("start", False), ("after", False), ("before", False), ("offset", False)),
        *(("start", True), ("after", True), ("before", True)),
    ],
)
async def test_a_page_is_the_same_under_one_parent_and_under_many(
    context: Context,
    calls: list[Row],
    conditions: tuple[Condition, ...],
    position: str,
    *,
    backward: bool,
) -> None:
    middle = calls[len(calls) // 2]
    cursor = Cursor(middle["started_at"], middle["id"])
    paging = Paging(
        limit=3,
        order="started_at",
        descending=True,
        offset=2 if position == "offset" else 0,
        backward=backward,
        after=cursor if position == "after" else None,
        before=cursor if position == "before" else None,
    )
    records = RecordList.filtered(CALLS, conditions, OF_ASSISTANT)
    many = PageStatement(records, paging, paging.limit, paging.offset)
    assistants = RecordList(ASSISTANTS).rows()
    one = PageStatement(records, paging, paging.limit, paging.offset, assistants.table)
    page = one.rows()
    ids = one.select(page, page.table.c.id).subquery()
    sums = select(func.coalesce(func.sum(ids.c.id), 0)).correlate(assistants.table)
    statement = assistants.select(
        assistants.table.c.id,
        sums.scalar_subquery(),
        *(one.goes_on(earlier=earlier) for earlier in (True, False)),
    )

    by_parent = await rows_of(context, statement)

    keys = [row[0] for row in by_parent]
    pages: dict[int, int] = dict.fromkeys(keys, 0)
    numbered = many.by_parent()
    for row in await context.snapshot.rows(numbered, {**parameters(1), "keys": keys}):
        pages[getattr(row, PARENT_KEY)] += row.id
    outside = [
        {row[0] for row in await rows_of(context, many.parents_outside(earlier=earlier), keys)}
        for earlier in (True, False)
    ]
    assert by_parent == [(key, pages[key], key in outside[0], key in outside[1]) for key in keys]
    assert any(pages.values())


@pytest.mark.parametrize("conditions", CONDITIONS)
async def test_a_total_is_the_same_under_one_parent_and_under_many(
    context: Context, calls: list[Row], conditions: tuple[Condition, ...]
) -> None:
    records = RecordList.filtered(CALLS, conditions, OF_ASSISTANT)
    assistants = RecordList(ASSISTANTS).rows()
    statement = assistants.select(assistants.table.c.id, total(records, assistants.table))

    totals = dict(await rows_of(context, statement))

    by_parent = dict(await rows_of(context, totals_by_parent(records), list(totals)))
    passing = [row["assistant_id"] for row in calls if passes(row, conditions)]
    assert totals == {key: passing.count(key) for key in totals}
    assert {key: count for key, count in totals.items() if count} == by_parent
