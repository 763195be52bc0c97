"""Whole lists of records, read page by page in transactions of their own."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    select,
)

from gql.database import read_again
from gql.models.scope import owned, parameters
from gql.query.context import Context
from gql.query.cursor import Cursor
from gql.query.filters import Filter
from gql.query.page_statement import PageStatement
from gql.query.paging import Paging, sort_key
from gql.query.record_list import RecordList, RowSource
from gql.query.resource import Record, Resource
from gql.query.rows_read import lookup_points, read_by_page
from gql.query.weights import LEAF, LIST, OBJECT
from gql.sql.json_sql import literal_text, text_of_rows
from gql.sql.keys import no_higher_id

PAGE = 1_000
"""Records of a page; at most two are in memory at a time."""


@dataclass(frozen=True)
class PrintedLine:
    """What the database prints of a record.

    Attributes:
        labels: The columns that it is printed from, of the resource's labels.
        printed: From the columns, by label, to a text that is never NULL.
        separator: What is printed between two of them.
    """

    labels: tuple[str, ...]
    printed: Callable[[Mapping[str, ColumnElement[Any]]], ColumnElement[str]]
    separator: str = ""


async def export(
    context: Context,
    resource: Resource,
    labels: tuple[str, ...],
    order: str,
    *,
    descending: bool,
    filter: Filter = (),
) -> AsyncGenerator[list[Record], None]:
    """The visible records, page by page; nothing of the database is held while the reader waits.

    A reader may take minutes, and a transaction that waits for one keeps a connection from
    everybody else. So the pages together are not of one instant: a record is as it is when its page
    is read. Records that did not exist at the beginning are left out, by the highest id of then.

    Args:
        context: Whose records, and where they are; its own snapshot is not used.
        resource: The kind of records.
        labels: The columns to read, of the resource's labels; rows have them as attributes. `id`
            must be among them.
        order: A name in the resource's `orders`, of one that all records have a value for.
        descending: The direction.
        filter: Which records.

    Raises:
        RateLimited: before the first page, when the caller has not enough points left for it.
    """
    records = RecordList.filtered(resource, filter)
    paging = Paging(PAGE, order, descending=descending)
    async with aclosing(_pages(context, records, paging, labels)) as pages:
        async for rows in pages:
            yield list(rows)


async def printed_export(
    context: Context,
    resource: Resource,
    line: PrintedLine,
    order: str,
    *,
    descending: bool,
    filter: Filter = (),
) -> AsyncGenerator[str, None]:
    """As `export`, a text for each page, which the database prints: Python has no work per record.

    Between two pages there is no separator.
    """
    records = RecordList.filtered(resource, filter)
    paging = Paging(PAGE, order, descending=descending)
    async with aclosing(_pages(context, records, paging, line)) as pages:
        async for rows in pages:
            yield rows[0].lines


async def _pages(
    context: Context, records: RecordList, paging: Paging, columns: tuple[str, ...] | PrintedLine
) -> AsyncGenerator[Sequence[Row[Any]], None]:
    """The rows of each page; of lines one row, which has them all.

    While a page is sent, the next one is read: but not behind the first, which is all that HEAD
    wants, and that many a reader does.
    """
    reader = _PageReader(context, records, paging, columns)
    ahead: asyncio.Task[Sequence[Row[Any]] | None] | None = None
    try:
        while (rows := await (reader.next() if ahead is None else ahead)) is not None:
            is_first, ahead = reader.pages == 1, None
            if reader.has_more and not is_first:
                ahead = asyncio.create_task(reader.next())
            yield rows
    finally:
        # Cancelling a statement would close its connection.
        if ahead is not None:
            await asyncio.gather(ahead, return_exceptions=True)


class _PageReader:
    """Reads one page after another, each in a snapshot of its own.

    Attributes:
        pages: How many have been read.
        has_more: Whether there may be another one.
    """

    def __init__(
        self,
        context: Context,
        records: RecordList,
        paging: Paging,
        columns: tuple[str, ...] | PrintedLine,
    ) -> None:
        self._context, self._records, self._paging = context, records, paging
        self._columns = columns
        labels = columns.labels if isinstance(columns, PrintedLine) else columns
        self._price = page_points(records, labels, paging.order)
        context.identity.allowance.use_points(self._price.first)
        self._statement = _statement(records, columns, paging)
        self._values: dict[str, Any] = dict(parameters(context.organization_id))
        self._highest_id: int | None = None
        self.pages, self.has_more = 0, True

    async def next(self) -> Sequence[Row[Any]] | None:
        """The rows of the next page; None behind the last one."""
        if not self.has_more:
            return None
        if self.pages:
            self._context.identity.allowance.count_points(self._price.next)
        # Each page has the slot of the first: any of them may be the one that looks at all rows.
        async with self._context.slot(self._price.first, has_begun=self.pages > 0):
            rows = await read_again(self._context.database, self._read)
        length = rows[0].length if rows and isinstance(self._columns, PrintedLine) else len(rows)
        self.pages += 1
        self.has_more = length == PAGE
        if not length:
            return None
        self._values |= {_AFTER_KEY: rows[-1].sorted_by, _AFTER_ID: rows[-1].id}
        if self._paging.after is None:
            # One statement for all further pages: SQLAlchemy takes some milliseconds to make it.
            after = _after(self._records.resource, self._paging.order)
            self._paging = self._paging._replace(after=after)
            self._statement = _statement(self._records, self._columns, self._paging)
        return rows

    async def _read(self) -> Sequence[Row[Any]]:
        """The rows of the page, none where there are no records at all."""
        highest_id = self._highest_id
        if highest_id is None:
            ((highest_id,),) = await self._rows(highest_id_statement(self._records.resource))
            if highest_id is None:
                return []
        rows = await self._rows(self._statement, highest_id)
        self._highest_id = highest_id
        return rows

    async def _rows(
        self, statement: Select[Any], highest_id: int | None = None
    ) -> Sequence[Row[Any]]:
        # Each in a snapshot of its own: only the first statement of one is tried again when a table
        # was altered since it was prepared.
        async with self._context.database.snapshot() as snapshot:
            return await snapshot.rows(statement, {**self._values, _HIGHEST.key: highest_id})


_HIGHEST = bindparam("highest_id", type_=BigInteger())
_AFTER_KEY, _AFTER_ID = "after_key", "after_id"


def _after(resource: Resource, order: str) -> Cursor:
    """The position behind the last row of a page, as parameters."""
    key = sort_key(resource, resource.table, order)
    key_parameter: Any = bindparam(_AFTER_KEY, type_=key.type)
    row_id: Any = bindparam(_AFTER_ID, type_=BigInteger())
    return Cursor(key_parameter, row_id)


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
    lookups = lookup_points(resource, conditions)
    page = LIST.points + PAGE * (OBJECT.points + LEAF.points * len(labels))
    return PagePoints(page + rows + lookups, page)


def _statement(
    records: RecordList, columns: tuple[str, ...] | PrintedLine, paging: Paging
) -> Select[Any]:
    if isinstance(columns, PrintedLine):
        return _printed_page(records, columns, paging)
    return page_statement(records, columns, paging, _HIGHEST)


def page_statement(
    records: RecordList,
    labels: tuple[str, ...],
    paging: Paging,
    highest_id: int | BindParameter[int],
    line: PrintedLine | None = None,
) -> Select[Any]:
    """One page of a list, without the records that are newer than `highest_id`.

    Its columns are the labels, or the `line`, and those of the row's cursor: `id` and `sorted_by`.
    """
    page = PageStatement(records, paging, paging.limit)
    rows = page.rows()
    rows.conditions.append(rows.table.c.id <= highest_id)
    columns = {label: _column(rows, label) for label in labels}
    if line is not None:
        columns = {"line": line.printed(columns)}
    columns["sorted_by"] = _column(rows, records.resource.orders[paging.order].label)
    columns["id"] = rows.table.c.id
    return page.select(rows, *(column.label(label) for label, column in columns.items()))


def _printed_page(records: RecordList, line: PrintedLine, paging: Paging) -> Select[Any]:
    """One row for a page: its `lines`, its `length`, and the cursor of its last record."""
    page = page_statement(records, line.labels, paging, _HIGHEST, line).cte("page")
    whole = select(
        text_of_rows(page.c.line, literal_text(line.separator)).label("lines"),
        func.count().label("length"),
    ).subquery()
    cursor = (page.c.sorted_by, page.c.id)
    last_first = [each.asc() if paging.descending else each.desc() for each in cursor]
    last = select(*cursor).order_by(*last_first).limit(1).subquery()
    return select(whole, last).select_from(whole.outerjoin(last, literal_column("true")))


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
    """One id that no record of the organization is above; NULL where there can be none."""
    table = resource.table.alias()
    highest = select(table.c.id).where(owned(table)).order_by(table.c.id.desc()).limit(1)
    return select(no_higher_id(literal_text(resource.table.name), highest.scalar_subquery()))
