"""Whole lists of records, read page by page in transactions of their own."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, select

from gql.database import read_again_on_primary
from gql.models.scope import owner, parameters
from gql.query.context import Context
from gql.query.cursor import Cursor
from gql.query.filters import Filter
from gql.query.page_statement import PageStatement
from gql.query.paging import Paging
from gql.query.record_list import RecordList, RowSource
from gql.query.resource import Record, Resource
from gql.query.rows_read import keyed_values, read_by_page
from gql.query.weights import KEY, LEAF, LIST, OBJECT

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

    Raises:
        RateLimited: before the first page, when the caller has not enough points left for it.
    """
    records = RecordList.filtered(resource, filter)
    paging = Paging(PAGE, order, descending=descending)
    price = page_points(records, labels, order)
    context.identity.allowance.use_points(price.first)
    sorted_by = resource.orders[order].label
    values = parameters(context.organization_id)
    highest_id: int | None = None

    async def rows_of(statement: Select[Any]) -> Sequence[Record]:
        # Each in a snapshot of its own: only the first statement of one is tried again when a table
        # was altered since it was prepared.
        async with context.database.snapshot() as snapshot:
            return await snapshot.rows(statement, values)

    async def read() -> tuple[int, Sequence[Record]] | None:
        highest = highest_id
        if highest is None:
            newest = await rows_of(highest_id_statement(resource))
            if not newest:
                return None
            highest = newest[0][0]
        return highest, await rows_of(page_statement(records, labels, paging, highest))

    while True:
        # Each page has the slot of the first: any of them may be the one that looks at all rows.
        async with context.slot(price.first, has_begun=highest_id is not None):
            page = await read_again_on_primary(context.database, read)
        if page is None:
            return
        highest_id, rows = page
        if rows:
            yield list(rows)
        if len(rows) < PAGE:
            return
        last = rows[-1]
        paging = paging._replace(after=Cursor(getattr(last, sorted_by), last.id))
        context.identity.allowance.count_points(price.next)


class PagePoints(NamedTuple):
    """What the pages of an export cost, taken to be full.

    Attributes:
        first: The first one, with all rows that the export looks at: together no page looks at a
            row twice.
        next: Each further one.
    """

    first: int
    next: int


def page_points(records: RecordList, labels: tuple[str, ...], order: str) -> PagePoints:
    """What the pages of an export cost."""
    resource, conditions = records.resource, records.conditions
    rows = read_by_page(resource, None, conditions, resource.usual, order=order).points
    keys = KEY.points * keyed_values(resource, conditions)
    page = LIST.points + PAGE * (OBJECT.points + LEAF.points * len(labels))
    return PagePoints(page + rows + keys, page)


def page_statement(
    records: RecordList, labels: tuple[str, ...], paging: Paging, highest_id: int
) -> Select[Any]:
    """One page of a list, without the records that are newer than `highest_id`."""
    page = PageStatement(records, paging, paging.limit)
    rows = page.rows()
    rows.conditions.append(rows.table.c.id <= highest_id)
    columns = [_column(rows, name).label(name) for name in labels]
    return page.select(rows, *columns)


def _column(rows: RowSource, label: str) -> ColumnElement[Any]:
    """A label of the rows, read through a join where that is possible."""
    joined = rows.resource.joined.get(label)
    if joined is None:
        return rows.resource.expression(label, rows.table)
    other = RecordList(joined.resource).rows()
    on_key = and_(other.table.c.id == rows.table.c[joined.key], *other.conditions)
    rows.from_clause = rows.from_clause.outerjoin(other.from_clause, on_key)
    return func.coalesce(other.table.c[joined.label], rows.table.c[label])


def highest_id_statement(resource: Resource) -> Select[Any]:
    """The highest id of the organization's records; no row when it has none.

    It is grouped, though there is one group: PostgreSQL would look for a bare maximum from the end
    of the primary key, through the rows of all other organizations when this one has none.
    https://www.postgresql.org/docs/current/indexes-ordering.html
    """
    table = resource.table.alias()
    highest = select(func.max(table.c.id)).where(*resource.conditions(table))
    return highest.group_by(owner(table))
