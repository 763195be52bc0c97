"""Totals and deep offsets of lists from a rollup table, which has counted the rows beforehand.

A rollup table (see `RollupTable`) keeps how many rows of each kind there are in each week. A list
is *countable* from it when it is filtered only by columns that the rollup tells apart, and by at
most one range of instants. The whole weeks of the range are added up from the rollup; only the
rows of the one or two weeks that the range cuts are counted themselves.

A *seek* begins a page behind a deep offset: the rollup tells in which week the offset ends, so that
the rows of that week are walked and not those of all weeks before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    cast,
    func,
    not_,
    select,
    type_coerce,
    union_all,
)

from gql.query.filters import PreparedAnyOf, PreparedCondition
from gql.query.paging import Paging
from gql.query.record_list import RecordList, RowSource
from gql.query.resource import RollupTable
from gql.sql.instants import week_end, week_number, week_start

Expression = ColumnElement[Any]

SEEK_FROM = 1_000
"""The offset from which on a page is sought; rows before it are walked sooner than weeks added."""

_LOWER_BOUNDS, _UPPER_BOUNDS = frozenset({"gt", "gte"}), frozenset({"lt", "lte"})
_EXACT = frozenset({"eq", "ne", "in", "not_in"})


class Seek(NamedTuple):
    """A deep offset as SQL: rows that fail `condition` are passed over, and `offset` more."""

    condition: Expression
    offset: Expression


def depth(offset: int) -> int:
    """One offset for all that the same SQL serves: none, near, or deep."""
    return SEEK_FROM if offset >= SEEK_FROM else min(offset, 1)


def is_countable(records: RecordList) -> bool:
    """Whether a list is filtered only by what its rollup tells apart, and by one range at most."""
    rollup = records.resource.rollup
    if rollup is None or (records.link is not None and records.link.column != rollup.owner):
        return False
    lower = _bounds(rollup, records, _LOWER_BOUNDS)
    upper = _bounds(rollup, records, _UPPER_BOUNDS)
    others = _others(rollup, records)
    on_instant = len(records.conditions) - len(others)
    one_range = len(lower) <= 1 and len(upper) <= 1 and on_instant == len(lower) + len(upper)
    return one_range and _is_exact(rollup, others)


def rolled_up_total(records: RecordList, parent: FromClause | None = None) -> Expression | None:
    """How many records a list has, as a scalar; None when it is not countable.

    Args:
        records: The list.
        parent: The table of the parents, for the list under each of its rows.
    """
    parts = _parts(records, parent)
    return reduce(add, (part.total() for part in parts)) if parts else None


def rolled_up_totals(records: RecordList) -> Select[Any] | None:
    """The number of records of each parent that has any; None when they are not countable."""
    rollup = records.resource.rollup
    if (
        rollup is None
        or records.link is None
        or records.link.column != rollup.owner
        or not _is_exact(rollup, records.conditions)
    ):
        return None
    counts = _rollup_rows(rollup, records, None)
    parent_key = counts.table.c[rollup.owner]
    return counts.select(parent_key, func.sum(counts.table.c.calls)).group_by(parent_key)


def seek(records: RecordList, table: FromClause, paging: Paging, offset: Any) -> Seek | None:
    """How a page behind a deep offset begins; None when the rows before it have to be walked.

    Args:
        records: A list that is not under a parent.
        table: The alias that the page's rows are read from.
        paging: The page; its own offset tells only whether it is deep.
        offset: The offset: a number, or a parameter.
    """
    rollup = records.resource.rollup
    if (
        rollup is None
        or paging.offset < SEEK_FROM
        or records.resource.orders[paging.order].label != rollup.instant
    ):
        return None
    parts = _parts(records, None)
    if not parts:
        return None
    weeks = union_all(*(part.by_week() for part in parts)).subquery()
    in_order = weeks.c.week.desc() if paging.descending else weeks.c.week
    running_total = cast(func.sum(weeks.c.calls).over(order_by=in_order), BigInteger)
    totals = select(weeks, running_total.label("upto")).subquery()
    edge = week_end(totals.c.week) if paging.descending else week_start(totals.c.week)
    # The first week that reaches beyond the offset, and how far into it the page begins.
    start = (
        select(edge.label("edge"), (totals.c.calls - totals.c.upto + offset).label("rest"))
        .where(totals.c.upto > offset)
        .order_by(totals.c.upto, totals.c.calls.desc())
        .limit(1)
        .cte()
    )
    bound = select(start.c.edge).scalar_subquery()
    instant = table.c[rollup.instant]
    return Seek(
        instant <= bound if paging.descending else instant >= bound,
        func.coalesce(select(start.c.rest).scalar_subquery(), 0),
    )


@dataclass(frozen=True)
class _Part:
    """Some of a list's rows, which are in no other part: those of whole weeks, or of one cut week.

    Attributes:
        rows: The rows of the rollup, or the list's own.
        week: The week that a row of the rollup counts, or the cut week.
        count: How many rows of the list all of these are.
        many_weeks: Whether `rows` may be of several weeks.
    """

    rows: RowSource
    week: Expression
    count: Expression
    many_weeks: bool = False

    def total(self) -> Expression:
        return self.rows.select(func.coalesce(self.count, 0)).scalar_subquery()

    def by_week(self) -> Select[Any]:
        """Each week and its count."""
        weeks = self.rows.select(self.week.label("week"), cast(self.count, Integer).label("calls"))
        return weeks.group_by(self.week) if self.many_weeks else weeks


def _parts(records: RecordList, parent: FromClause | None) -> list[_Part]:
    """The parts of a list, which together are the list; empty when it is not countable."""
    rollup = records.resource.rollup
    if rollup is None or not is_countable(records):
        return []
    counts, rows = _rollup_rows(rollup, records, parent), records.rows(parent)
    instant = rows.table.c[rollup.instant]
    cut_weeks: list[_Part] = []

    def cut(week: Expression, in_week: Expression) -> None:
        conditions = [*rows.conditions, in_week]
        only = RowSource(rows.resource, rows.table, rows.from_clause, conditions, parent)
        cut_weeks.append(_Part(only, week, func.count()))

    for bound in _bounds(rollup, records, _LOWER_BOUNDS):
        first = week_number(type_coerce(bound, instant.type))
        counts.conditions.append(counts.table.c.week > first)
        cut(first, instant <= week_end(first))
        # Both bounds may cut the same week, whose rows are counted already.
        rows.conditions.append(instant > week_end(first))
    for bound in _bounds(rollup, records, _UPPER_BOUNDS):
        last = week_number(type_coerce(bound, instant.type))
        counts.conditions.append(counts.table.c.week < last)
        cut(last, instant >= week_start(last))
    calls = func.sum(counts.table.c.calls)
    return [_Part(counts, counts.table.c.week, calls, many_weeks=True), *cut_weeks]


def _others(rollup: RollupTable, records: RecordList) -> list[PreparedCondition | PreparedAnyOf]:
    """The list's conditions that are not on its instant alone."""
    return [
        each
        for each in records.conditions
        if isinstance(each, PreparedAnyOf) or each.field != rollup.instant
    ]


def _is_exact(rollup: RollupTable, conditions: Sequence[PreparedCondition | PreparedAnyOf]) -> bool:
    """Whether a row of the rollup passes the conditions with all the rows that it counts."""
    return all(
        isinstance(condition, PreparedCondition)
        and condition.field in {rollup.owner, *rollup.columns}
        and condition.comparator in _EXACT
        and condition.values is not None
        for condition in conditions
    )


def _bounds(rollup: RollupTable, records: RecordList, comparators: frozenset[str]) -> list[Any]:
    """The values that the list's instants are compared with by these comparators."""
    return [
        value
        for condition in records.conditions
        if isinstance(condition, PreparedCondition)
        and condition.field == rollup.instant
        and condition.comparator in comparators
        for value in condition.values or ()
    ]


def _rollup_rows(rollup: RollupTable, records: RecordList, parent: FromClause | None) -> RowSource:
    """The rows of the rollup that count the list's: those by owner where the list names owners."""
    table, link = rollup.table.alias(), records.link
    conditions = _others(rollup, records)
    by_owner = link is not None or any(
        isinstance(each, PreparedCondition) and each.field == rollup.owner for each in conditions
    )
    under = [] if link is None or parent is None else [table.c[rollup.owner] == parent.c.id]
    return RowSource(
        records.resource,
        table,
        table,
        [
            *records.resource.conditions(table),
            table.c.by_assistant if by_owner else not_(table.c.by_assistant),
            *(condition.sql(records.resource.filters, table) for condition in conditions),
            *under,
        ],
        parent,
    )
