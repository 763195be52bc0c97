"""The SQL of a list: its page, its length, and whether it goes on outside the page.

Loaders and compiled plans read lists by these statements: loaders select the columns of records, a
plan selects the JSON that it prints of them.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    FromClause,
    Select,
    cast,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    union,
)

from gql.query import rollup
from gql.query.branches import Branch, branches, split_by_owner
from gql.query.filters import OwnerCondition
from gql.query.paging import Paging, beyond, cursor_bounds, ordering
from gql.query.record_list import RecordList, RowSource
from gql.query.resource import UnionList
from gql.sql.aliases import alias_of
from gql.sql.keys import is_selected

Number = int | BindParameter[int]

PARENT_KEY = "parent_key"
POSITION = "row_position"


@dataclass(frozen=True)
class PageStatement:
    """The statements of one page.

    Attributes:
        records: The list.
        paging: Which part of it. Whether it has an offset, and which cursors, decides which SQL is
            written; the cursors may hold parameters.
        limit: Most rows to read: one more than the page has tells whether the list goes on.
        offset: Rows to pass over, where the paging has an offset.
        parent: The table of the parents, where the page is a subquery under each of its rows.
    """

    records: RecordList
    paging: Paging
    limit: Number
    offset: Number = 0
    parent: FromClause | None = None

    def rows(self) -> RowSource:
        """The rows that `select` reads; what is selected may add joins to them first."""
        if self._whole is None or self.paging.offset:
            return self._picked()
        return self._whole.rows(self.parent)

    def select(self, rows: RowSource, *columns: ColumnElement[Any]) -> Select[Any]:
        """Columns of the page's rows, beginning at the end of the list that the page is at."""
        statement = rows.select(*columns).order_by(*self._ordering(rows))
        is_picked = self._whole is None or self.paging.offset
        return statement if is_picked else statement.limit(self.limit)

    def ids(self) -> Select[Any]:
        """The ids of the page's rows.

        Whoever needs no more than these reads them so, and not by `rows`: how deep SQLite lets a
        statement be nested is bounded.
        """
        whole, seek = self._whole, None
        rows = self.records.rows(self.parent) if whole is None else whole.rows(self.parent)
        # Under a parent the rows are walked: OFFSET cannot name the parent's columns on SQLite.
        if self.parent is None:
            seek = rollup.seek(self.records, rows.table, self.paging, self.offset)
        if whole is None and seek is None:
            return self._merged_ids()
        ids = rows.select(rows.table.c.id).order_by(*self._ordering(rows)).limit(self.limit)
        if seek is None:
            return ids.offset(self.offset) if self.paging.offset else ids
        return ids.where(seek.condition).offset(seek.offset)

    def by_parent(self) -> Select[Any]:
        """The page under each of the `keys`: records, then the parent's key and the position.

        Numbering the rows under each parent pages all parents in one statement.
        """
        rows, resource = self.records.rows_by_parent(), self.records.resource
        position = func.row_number().over(
            partition_by=rows.parent_key, order_by=self._ordering(rows)
        )
        numbered = (
            rows.select(
                *resource.columns(rows.table),
                rows.parent_key.label(PARENT_KEY),
                position.label(POSITION),
            )
            .where(*cursor_bounds(resource, rows.table, self.paging))
            .subquery()
        )
        number = numbered.c[POSITION]
        return (
            select(numbered)
            .where(number > self.offset, number <= self.offset + self.limit)
            .order_by(numbered.c[PARENT_KEY], number)
        )

    def goes_on(self, *, earlier: bool) -> ColumnElement[bool]:
        """Whether the list has rows before the page's bounds (`earlier`), or after them.

        Before: at or before the `after` cursor, or any at all when an offset passes some over.
        After: at or after the `before` cursor. See `Paging.is_bounded`. The nearest row is looked
        for, as a page that ends at the cursor, so that an index is entered there.
        """
        cursor = self.paging.after if earlier else self.paging.before
        after, before = (None, cursor) if earlier else (cursor, None)
        nearest = self.paging._replace(offset=0, backward=earlier, after=after, before=before)
        # Not EXISTS: PostgreSQL drops the order in there, and then scans for any row.
        nearest_id = replace(self, paging=nearest, limit=1, offset=0).ids().scalar_subquery()
        past = nearest_id.is_not(None)
        if cursor is None:
            return past
        rows = self.records.rows(self.parent)
        return or_(past, exists(rows.select(rows.table.c.id).where(rows.table.c.id == cursor.id)))

    def parents_outside(self, *, earlier: bool) -> Select[Any]:
        """Those of the `keys` whose list has such rows."""
        rows = self.records.rows_by_parent()
        return rows.select(rows.parent_key).where(*self._outside(rows, earlier=earlier)).distinct()

    def _ordering(self, rows: RowSource) -> tuple[Any, ...]:
        return ordering(self.records.resource, rows.table, self.paging)

    @cached_property
    def _branches(self) -> list[Branch]:
        return branches(self.records, self.paging)

    @property
    def _whole(self) -> Branch | None:
        """The one branch, where an index gives all rows in the order of the list."""
        first, *others = self._branches
        return first if not others and first.in_index_order else None

    def _picked(self) -> RowSource:
        """The rows of a page of several branches or behind an offset, picked by id alone.

        A database works out every selected column of a row before OFFSET drops the row: passing
        over 900 graphs would print 900 graphs with all that is in them, and finding an assistant's
        name for 400,000 calls took PostgreSQL 10 s. Ids are read from an index, and most not even
        from there where a rollup tells how many there are.
        """
        resource = self.records.resource
        table = alias_of(resource.table)
        conditions = [*resource.conditions(table), is_selected(table.c.id, self.ids())]
        return RowSource(resource, table, table, conditions, self.parent)

    def _merged_ids(self) -> Select[Any]:
        """The ids of the first rows of all branches, of which each gives as many as may be."""
        resource = self.records.resource
        most: Any = self.limit + self.offset if self.paging.offset else self.limit
        firsts = [branch.first_ids(self.parent, most).subquery() for branch in self._branches]
        # A row may pass a filter both by itself and by its owner.
        merged = union(*map(select, firsts)).subquery() if len(firsts) > 1 else firsts[0]
        ids = select(merged.c.id).where(merged.c.id.is_not(None))
        ids = ids.order_by(*ordering(resource, merged, self.paging)).limit(self.limit)
        return ids.offset(self.offset) if self.paging.offset else ids

    def _outside(self, rows: RowSource, *, earlier: bool) -> list[ColumnElement[bool]]:
        cursor = self.paging.after if earlier else self.paging.before
        if cursor is None:
            return []
        past = beyond(self.records.resource, rows.table, self.paging, cursor, later=not earlier)
        return [or_(past, rows.table.c.id == cursor.id)]


def union_page(union: UnionList, parent: FromClause | None = None) -> PageStatement:
    """The page that a list of several kinds is."""
    newest = Paging(limit=union.limit, order=union.order, descending=True)
    records = RecordList(union.resource, link=union.link)
    return PageStatement(records, newest, union.limit, parent=parent)


def total(records: RecordList, parent: FromClause | None = None) -> ColumnElement[int]:
    """How many records a list has, or the list under each row of `parent`."""
    from_rollup = rollup.rolled_up_total(records, parent)
    if from_rollup is not None:
        return from_rollup
    parts = split_by_owner(records)
    if parts is not None:
        return _total_by_owner(*parts, parent)
    return records.rows(parent).select(func.count()).scalar_subquery()


def _total_by_owner(
    own: RecordList, others: RecordList, by_owner: OwnerCondition, parent: FromClause | None
) -> ColumnElement[int]:
    """The rows of owners that pass, owner by owner, and the rows of others that pass themselves.

    PostgreSQL takes any list of owners for ten, which are most of the rows where there are few
    owners: by one condition with OR it would read all rows, though no owner passes.
    """
    owners, of_owner, rest = by_owner.owners, others.rows(parent), own.rows(parent)
    of_owner.conditions.append(of_owner.table.c[by_owner.column] == owners.c.id)
    of_one = of_owner.select(func.count()).correlate(owners).scalar_subquery()
    of_owners = select(cast(func.coalesce(func.sum(of_one), 0), BigInteger))
    ids = select(owners.c.id).where(*by_owner.conditions)
    has_owner = is_selected(rest.table.c[by_owner.column], ids)
    rest.conditions.append(not_(func.coalesce(has_owner, false())))
    return (
        of_owners.select_from(owners).where(*by_owner.conditions).scalar_subquery()
        + rest.select(func.count()).scalar_subquery()
    )


def totals_by_parent(records: RecordList) -> Select[Any]:
    """The `keys` and how many records their lists have; those without records are left out."""
    from_rollup = rollup.rolled_up_totals(records)
    if from_rollup is not None:
        return from_rollup
    rows = records.rows_by_parent()
    return rows.select(rows.parent_key, func.count()).group_by(rows.parent_key)
