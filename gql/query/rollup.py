"""Totals and deep offsets of lists from a rollup, which has counted the rows beforehand.

A rollup (see `RollupTable`) keeps how many rows of each kind there are in each month and on each
day, in two tables that are added up. A list is *countable* from it when it is filtered only by
columns that the rollup tells apart, and by at most one range of instants. Without a range months
are added up, else the whole days of the range; only the rows of the one or two days that the range
cuts are counted themselves.

A *seek* begins a page behind a deep offset: the rollup tells on which day the offset ends, so that
the rows of that day are walked and not those of all days before it.

Each table is read by a SELECT of its own, with all conditions in it. A view over both, with
constants where one lacks a column, would lose the organization's condition in a branch that the
constants rule out, and a distributed PostgreSQL would ask all machines for it.
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
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)

from gql.models.enums import Channel
from gql.models.rollup import NO_ASSISTANT, Grain
from gql.query.filters import PreparedAnyOf, PreparedCondition
from gql.query.paging import Paging
from gql.query.record_list import RecordList, RowSource
from gql.query.resource import RollupTable
from gql.sql.aliases import alias_of
from gql.sql.instants import day_end, day_number, day_start
from gql.sql.keys import is_among

Expression = ColumnElement[Any]

SEEK_FROM = 1_000
"""The offset from which on a page is sought; rows before it are walked sooner than days added."""

LOWER_BOUNDS, UPPER_BOUNDS = frozenset({"gt", "gte"}), frozenset({"lt", "lte"})
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
    lower = bounds_of(rollup, records, LOWER_BOUNDS)
    upper = bounds_of(rollup, records, UPPER_BOUNDS)
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
    """The number of records of each of the `keys` that has any; None when it is not countable."""
    rollup = records.resource.rollup
    if (
        rollup is None
        or records.link is None
        or records.link.column != rollup.owner
        or not _is_exact(rollup, records.conditions)
    ):
        return None
    both = counted_rows(rollup, records, None, months=True)
    counts = union_all(
        *(
            rows.select(owner := rows.table.c[rollup.owner], rows.table.c.calls).where(
                is_among(owner, "keys")
            )
            for rows, _ in both
        )
    ).subquery()
    owner, calls = counts.c
    total = cast(func.sum(calls), BigInteger)
    return select(owner, total).group_by(owner)


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
    parts = _parts(records, None, by_day=True)
    if not parts:
        return None
    counted = union_all(*(part.by_day() for part in parts)).subquery()
    calls = cast(func.sum(counted.c.calls), BigInteger).label("calls")
    days = select(counted.c.day, calls).group_by(counted.c.day).subquery()
    in_order = days.c.day.desc() if paging.descending else days.c.day
    running_total = cast(func.sum(days.c.calls).over(order_by=in_order), BigInteger)
    totals = select(days, running_total.label("upto")).subquery()
    edge = day_end(totals.c.day) if paging.descending else day_start(totals.c.day)
    # The first day that reaches beyond the offset, and how far into it the page begins.
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
    """Some of a list's rows, which are in no other part: those of whole days, or of one cut day.

    Attributes:
        rows: The rows of a table of the rollup, or the list's own.
        day: The day that a row of the rollup counts, or the cut day.
        count: How many rows of the list all of these are.
        many_days: Whether `rows` may be of several days.
    """

    rows: RowSource
    day: Expression
    count: Expression
    many_days: bool = False

    def total(self) -> Expression:
        total = cast(func.coalesce(self.count, 0), BigInteger)
        return self.rows.select(total).scalar_subquery()

    def by_day(self) -> Select[Any]:
        """Each day and its count."""
        count = cast(self.count, BigInteger).label("calls")
        days = self.rows.select(self.day.label("day"), count)
        return days.group_by(self.day) if self.many_days else days


def _parts(records: RecordList, parent: FromClause | None, *, by_day: bool = False) -> list[_Part]:
    """The parts of a list, which together are the list; empty when it is not countable.

    Args:
        records: The list.
        parent: The table of the parents, for the list under each of its rows.
        by_day: Whether days have to be told apart.
    """
    rollup = records.resource.rollup
    if rollup is None or not is_countable(records):
        return []
    lower = bounds_of(rollup, records, LOWER_BOUNDS)
    upper = bounds_of(rollup, records, UPPER_BOUNDS)
    counted = counted_rows(rollup, records, parent, months=not (by_day or lower or upper))
    rows = records.rows(parent)
    instant = rows.table.c[rollup.instant]
    cut_days: list[_Part] = []

    def cut(day: Expression, on_day: Expression) -> None:
        # First: of two lower or upper bounds SQLite looks for the first one alone in an index.
        conditions = [on_day, *rows.conditions]
        only = RowSource(rows.resource, rows.table, rows.from_clause, conditions, parent)
        cut_days.append(_Part(only, day, func.count()))

    for bound in lower:
        first = day_number(type_coerce(bound, instant.type))
        for source, day in counted:
            source.conditions.append(day > first)
        cut(first, instant <= day_end(first))
        # Both bounds may cut the same day, whose rows are counted already.
        rows.conditions.append(instant > day_end(first))
    for bound in upper:
        last = day_number(type_coerce(bound, instant.type))
        for source, day in counted:
            source.conditions.append(day < last)
        cut(last, instant >= day_start(last))
    whole_days = [
        _Part(source, day, func.sum(source.table.c.calls), many_days=True)
        for source, day in counted
    ]
    return [*whole_days, *cut_days]


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


def bounds_of(rollup: RollupTable, records: RecordList, comparators: frozenset[str]) -> list[Any]:
    """The values that the list's instants are compared with by these comparators."""
    return [
        value
        for condition in records.conditions
        if isinstance(condition, PreparedCondition)
        and condition.field == rollup.instant
        and condition.comparator in comparators
        for value in condition.values or ()
    ]


def counted_rows(
    rollup: RollupTable,
    records: RecordList,
    parent: FromClause | None,
    *,
    months: bool,
    every_owner: bool = False,
) -> list[tuple[RowSource, Expression]]:
    """The rows of both tables of the rollup that count the list's, and the period of each.

    They are those by owner where the list names owners, or every owner is told apart.

    Args:
        rollup: The resource's.
        records: The list, of which the conditions on its instant are left out.
        parent: The table of the parents, for the list under each of its rows.
        months: Whether the rollup's rows are those of months; changes are of days in any case.
        every_owner: Whether owners are told apart although the list names none.
    """
    names_owners = records.link is not None or any(
        isinstance(each, PreparedCondition) and each.field == rollup.owner
        for each in records.conditions
    )
    by_owner = names_owners or every_owner
    grains = (Grain.MONTH, Grain.ASSISTANT_MONTH) if months else (Grain.DAY, Grain.ASSISTANT_DAY)
    folded, changes = alias_of(rollup.table), alias_of(rollup.changes)
    in_grain = folded.c.grain == literal(grains[by_owner].value, Integer)

    def rows(table: FromClause, *conditions: Expression) -> RowSource:
        every = [
            *records.resource.conditions(table),
            *conditions,
            *_each_channel(rollup, table),
            *(each.sql(records.resource.filters, table) for each in _others(rollup, records)),
        ]
        if names_owners:
            every.append(table.c[rollup.owner] > literal(NO_ASSISTANT, BigInteger))
        if records.link is not None and parent is not None:
            every.append(table.c[rollup.owner] == parent.c.id)
        return RowSource(records.resource, table, table, every, parent)

    return [(rows(folded, in_grain), folded.c.period), (rows(changes), changes.c.day)]


def _each_channel(rollup: RollupTable, table: FromClause) -> list[Expression]:
    """Where a list may be of several channels: all of them, as indexes begin with the channel."""
    if "channel" not in rollup.columns:
        return []
    return [or_(*(table.c.channel == channel for channel in Channel))]
