"""A page that is read of several branches has the rows of the plain list, whatever is asked."""

import random
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from gql.database import Database
from gql.domain.call_search import SEARCHED_CALLS
from gql.domain.calls import CALLS
from gql.domain.graph_sessions import GRAPH_SESSIONS
from gql.domain.sms import CALL_RECORDS, SMS_CONVERSATIONS
from gql.models.scope import parameters
from gql.query.branches import branches
from gql.query.context import Context
from gql.query.cursor import Cursor
from gql.query.filters import Condition, Filter
from gql.query.page_statement import PageStatement
from gql.query.paging import Paging, cursor_bounds, ordering
from gql.query.record_list import RecordList
from gql.query.resource import Resource
from tests.domain.contexts import reader

LISTS = 10
"""For each resource at least; of each list six pages are read, and as many pages are parted."""
RESOURCES = {
    "calls": CALLS,
    "searched calls": SEARCHED_CALLS,
    "records": CALL_RECORDS,
    "sms conversations": SMS_CONVERSATIONS,
    "graph sessions": GRAPH_SESSIONS,
}
VALUES: dict[tuple[str, str], list[Any]] = {
    ("status", "eq"): ["completed", "failed", "ongoing", "active"],
    ("status", "ne"): ["completed"],
    ("status", "in"): [("failed", "ongoing"), (), ("completed",)],
    ("status", "not_in"): [("failed",), ()],
    ("direction", "ne"): ["inbound"],
    ("direction", "in"): [("outbound",)],
    ("channel", "eq"): ["sms", "voice"],
    ("channel", "not_in"): [("sms",)],
    ("assistant_id", "eq"): [1, 2],
    ("assistant_id", "in"): [(1, 3), ()],
    ("assistant_name", "eq"): ["Receptionist"],
    ("assistant_name", "contains"): ["e", "support", "nobody"],
    ("assistant_name", "ne"): ["Receptionist"],
    ("customer_phone_number", "contains"): ["555", "no digits"],
    ("anywhere", "contains"): ["a", "555", "nobody at all"],
    ("duration", "gte"): [0, 120],
    ("total_cost", "lt"): [10**6],
    ("is_active", "eq"): [True, False],
    ("ended_at", "is_null"): [True, False],
}
"""By filter and comparator: what is compared with. A comparator is tried on whichever has it."""


@pytest.fixture
async def context(database: Database) -> AsyncIterator[Context]:
    async with reader(database) as context:
        yield context


def random_filter(resource: Resource, choice: random.Random) -> Filter:
    usable = [
        (field, comparator)
        for field, comparator in VALUES
        if field in resource.filters and comparator in resource.filters[field].comparators
    ]
    chosen = choice.sample(usable, choice.choice([0, 1, 1, 2]))
    return tuple(
        Condition(field, comparator, choice.choice(VALUES[field, comparator]))
        for field, comparator in chosen
    )


async def read(context: Context, statement: Any) -> list[tuple[Any, ...]]:
    rows = await context.snapshot.rows(statement, parameters(context.organization_id))
    return [tuple(row) for row in rows]


async def plain(context: Context, records: RecordList, paging: Paging) -> list[tuple[Any, ...]]:
    """Ids and sort keys of the page, by the list's own conditions and its own order."""
    rows = records.rows()
    label = records.resource.orders[paging.order].label
    statement = (
        rows.select(rows.table.c.id, rows.table.c[label])
        .where(*cursor_bounds(records.resource, rows.table, paging))
        .order_by(*ordering(records.resource, rows.table, paging))
        .offset(paging.offset)
        .limit(paging.limit)
    )
    return await read(context, statement)


@pytest.mark.parametrize("name", RESOURCES)
async def test_branches_have_the_rows_of_the_list(context: Context, name: str) -> None:
    resource, seed = RESOURCES[name], secrets.randbits(32)
    print(f"seed {seed}")  # noqa: T201, to try it again
    choice = random.Random(seed)  # noqa: S311 -- to be repeated
    parted = read_rows = lists = 0
    while min(lists, parted, read_rows) < LISTS:
        lists += 1
        records = RecordList.filtered(resource, random_filter(resource, choice))
        order, descending = choice.choice(list(resource.orders)), choice.random() < 0.5
        limit = choice.choice([1, 7, 50])
        start = Paging(limit, order, descending=descending, offset=choice.choice([0, 0, 1, 30]))
        for backward in (False, True):
            paging = Paging(limit, order, descending=descending, backward=backward)
            for page in (start, paging, await _between(context, records, paging, choice)):
                statement = PageStatement(records, page, page.limit, page.offset)
                rows = statement.rows()
                label = resource.orders[order].label
                columns = (rows.table.c.id, rows.table.c[label])
                expected = await plain(context, records, page)

                assert await read(context, statement.select(rows, *columns)) == expected, page
                parted += len(branches(records, page)) > 1
                read_rows += len(expected)


async def _between(
    context: Context, records: RecordList, paging: Paging, choice: random.Random
) -> Paging:
    """The page between two rows of the list, one of which may have no sort key."""
    rows = records.rows()
    label = records.resource.orders[paging.order].label
    ends = [Cursor(None, choice.randrange(1, 400))]
    if not records.resource.orders[paging.order].nullable:
        ends = []
    every = await read(
        context,
        select(rows.table.c[label], rows.table.c.id).where(
            *records.resource.conditions(rows.table)
        ),
    )
    ends += [Cursor(*row) for row in choice.sample(every, min(3, len(every)))]
    after, before = choice.choice([*ends, None]), choice.choice([*ends, None])
    return Paging(
        paging.limit,
        paging.order,
        descending=paging.descending,
        backward=paging.backward,
        after=after,
        before=before,
    )
