"""Whole lists of records, read page by page in transactions of their own."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, func, select

from gql.models.scope import owner, parameters
from gql.query.context import Context
from gql.query.cursor import Cursor
from gql.query.filters import Filter
from gql.query.page_statement import PageStatement
from gql.query.paging import Paging
from gql.query.record_list import RecordList
from gql.query.resource import Record, Resource

PAGE = 1_000
"""Records of a page: the most in memory at a time."""


async def export(
    context: Context,
    resource: Resource,
    labels: tuple[str, ...],
    order: str,
    *,
    descending: bool,
    filter: Filter = (),
) -> AsyncGenerator[list[Record], None]:
    """The visible records, page by page; nothing of the database is held between two pages.

    A reader may take minutes, and a transaction that waits for one keeps a connection from
    everybody else. So the pages together are not of one instant: a record is as it is when its page
    is read. Records that did not exist at the beginning are left out, by the highest id of then.

    Args:
        context: Whose records, and where they are; its own snapshot is not used.
        resource: The kind of records.
        labels: The columns to read, of the resource's labels; rows have them as attributes. `id`
            and what the order sorts by must be among them.
        order: A name in the resource's `orders`.
        descending: The direction.
        filter: Which records.
    """
    records = RecordList.filtered(resource, filter)
    paging = Paging(PAGE, order, descending=descending)
    sorted_by = resource.orders[order].label
    values = parameters(context.organization_id)
    highest_id: int | None = None
    while True:
        async with context.database.snapshot() as snapshot:
            if highest_id is None:
                highest = await snapshot.rows(highest_id_statement(resource), values)
                if not highest:
                    return
                highest_id = highest[0][0]
            page = page_statement(records, labels, paging, highest_id)
            rows = await snapshot.rows(page, values)
        if rows:
            yield list(rows)
        if len(rows) < PAGE:
            return
        last = rows[-1]
        paging = replace(paging, after=Cursor(getattr(last, sorted_by), last.id))


def page_statement(
    records: RecordList, labels: tuple[str, ...], paging: Paging, highest_id: int
) -> Select[Any]:
    """One page of a list, without the records that are newer than `highest_id`."""
    page = PageStatement(records, paging, paging.limit)
    rows = page.rows()
    rows.conditions.append(rows.table.c.id <= highest_id)
    columns = (records.resource.expression(name, rows.table).label(name) for name in labels)
    return page.select(rows, *columns)


def highest_id_statement(resource: Resource) -> Select[Any]:
    """The highest id of the organization's records; no row when it has none.

    It is grouped, though there is one group: PostgreSQL would look for a bare maximum from the end
    of the primary key, through the rows of all other organizations when this one has none.
    https://www.postgresql.org/docs/current/indexes-ordering.html
    """
    table = resource.table.alias()
    highest = select(func.max(table.c.id)).where(*resource.conditions(table))
    return highest.group_by(owner(table))
