"""Paging: which part of a list a page is, as checked arguments and as SQL.

Keyset paging (`after`/`before`) compares the sort key and the id with those of the row that a
cursor names, so page 5,000 costs what page 1 costs and rows that others insert do not shift it.
`offset` is for page numbers and counts rows instead.
"""

from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, FromClause, and_, or_, tuple_
from sqlalchemy.sql.elements import UnaryExpression

from gql.errors import BadInput
from gql.query.cursor import Cursor, read_cursor
from gql.query.resource import Resource
from gql.sql.text import by_code_point

MAX_PAGE = 100
"""Most rows of one page."""


class DefaultSize(int):
    """A size that the schema prints as the default of `first`, and that nobody has chosen."""


DEFAULT_PAGE = DefaultSize(20)
"""Rows of a page that asks for no number."""


class Paging(NamedTuple):
    """The checked paging of one list.

    Attributes:
        limit: Rows of the page.
        offset: Rows to pass over; only without cursors, counted from the start.
        backward: Whether the page is taken from the end of the list.
        after: Only rows that come after this one.
        before: Only rows that come before this one.
        order: A name in the resource's `orders`.
        descending: The direction of the list, whichever end the page is taken from.
    """

    limit: int
    order: str
    descending: bool
    offset: int = 0
    backward: bool = False
    after: Cursor | None = None
    before: Cursor | None = None

    def is_bounded(self, *, earlier: bool) -> bool:
        """Whether a cursor or an offset leaves rows out before the page (`earlier`) or after it."""
        if earlier:
            return self.after is not None or self.offset > 0
        return self.before is not None


def paging(
    resource: Resource,
    order: str,
    *,
    descending: bool,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    offset: int | None = None,
) -> Paging:
    """Check the arguments of a list.

    Raises:
        BadInput: when a number is out of range or arguments contradict each other.
        BadCursor: when a cursor is damaged or of another list.
    """
    if isinstance(first, DefaultSize):
        first = None
    if first is not None and last is not None:
        raise BadInput("Give `first` or `last`, not both.")
    for name, value in (("first", first), ("last", last)):
        if value is not None and not 0 <= value <= MAX_PAGE:
            raise BadInput(f"`{name}` is {value}, but must be between 0 and {MAX_PAGE}.")
    if offset is not None and offset < 0:
        raise BadInput(f"`offset` is {offset}, but must not be negative.")
    if offset is not None and (after is not None or before is not None or last is not None):
        raise BadInput("`offset` counts from the start: give it with `first` alone.")
    limit = last if last is not None else first if first is not None else int(DEFAULT_PAGE)

    def cursor(text: str | None) -> Cursor | None:
        return None if text is None else read_cursor(text, resource, order, descending=descending)

    return Paging(
        limit=limit,
        order=order,
        descending=descending,
        offset=offset or 0,
        backward=last is not None,
        after=cursor(after),
        before=cursor(before),
    )


def ordering(
    resource: Resource, table: FromClause, page: Paging
) -> tuple[UnaryExpression[object], ...]:
    """ORDER BY of the page, from the end that it is taken from; rows without a value come last."""
    return ordering_by(sort_key(resource, table, page.order), table.c.id, resource, page)


def ordering_by(
    key: ColumnElement[Any], row_id: ColumnElement[Any], resource: Resource, page: Paging
) -> tuple[UnaryExpression[object], ...]:
    """The same by a sort key and an id that were worked out before."""
    descending = page.descending != page.backward
    by_key = key.desc() if descending else key.asc()
    by_id = row_id.desc() if descending else row_id.asc()
    order = resource.orders[page.order]
    if order.label == "id":
        return (by_id,)
    if order.nullable:
        by_key = by_key.nulls_first() if page.backward else by_key.nulls_last()
    return (by_key, by_id)


def cursor_bounds(resource: Resource, table: FromClause, page: Paging) -> list[ColumnElement[bool]]:
    """The conditions that the cursors `after` and `before` set."""
    return bounds_among(resource, table, page, None)


def bounds_among(
    resource: Resource, table: FromClause, page: Paging, has_key: bool | None
) -> list[ColumnElement[bool]]:
    """The conditions that the cursors set, of rows with a sort key, of those without, or of all.

    Args:
        resource: Whose rows.
        table: The table or an alias of it.
        page: The page.
        has_key: Which rows the condition is for, and selects; None for all.
    """
    conditions: list[ColumnElement[bool]] = []
    if has_key is not None:
        key = sort_key(resource, table, page.order)
        conditions.append(key.is_not(None) if has_key else key.is_(None))
    for cursor, later in ((page.after, True), (page.before, False)):
        # A cursor with a key has all rows without one behind it, and a cursor without none before.
        if cursor is not None and (has_key is None or has_key == (cursor.key is not None)):
            bound = beyond(resource, table, page, cursor, later=later, has_key=has_key)
            conditions.append(bound)
    return conditions


def beyond(
    resource: Resource,
    table: FromClause,
    page: Paging,
    cursor: Cursor,
    *,
    later: bool,
    has_key: bool | None = None,
) -> ColumnElement[bool]:
    """The rows strictly after the cursor's (`later`), or strictly before it.

    Where `has_key` says that the rows have a sort key as the cursor has, or none like it, they are
    compared as an index does it, without an OR.
    """
    key = sort_key(resource, table, page.order)
    row_id = table.c.id
    order = resource.orders[page.order]
    greater = later != page.descending
    by_id = row_id > cursor.id if greater else row_id < cursor.id
    if order.label == "id" or has_key is False:
        return by_id
    if cursor.key is None:
        same = and_(key.is_(None), by_id)
        return same if later else or_(key.is_not(None), same)
    position = tuple_(key, row_id)
    # Any integer of a cursor must fit, also one that the column it is compared with cannot hold.
    key_type = BigInteger() if order.kind == "integer" else key.type
    bound = tuple_(cursor.key, cursor.id, types=[key_type, row_id.type])
    condition = position > bound if greater else position < bound
    behind_are_null = later and order.nullable and has_key is None
    return or_(condition, key.is_(None)) if behind_are_null else condition


def sort_key(resource: Resource, table: FromClause, order: str) -> ColumnElement[Any]:
    """The expression that is sorted by; text by code points, the one order both databases have."""
    key = resource.expression(resource.orders[order].label, table)
    if resource.orders[order].kind == "text":
        return by_code_point(key)
    return key
