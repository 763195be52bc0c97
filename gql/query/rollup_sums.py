"""Sums over the calls of a list from their rollup, for all who add calls up.

Whole months and days come from the rollup. Only the calls of the one or two days that the list's
range of instants cuts are added up themselves.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    case,
    cast,
    func,
    literal,
    type_coerce,
    union_all,
)

from gql.models.rollup import NO_ASSISTANT
from gql.query.record_list import RecordList, RowSource
from gql.query.resource import Expression, RollupTable
from gql.query.rollup import LOWER_BOUNDS, UPPER_BOUNDS, bounds_of, counted_rows
from gql.sql.aggregates import not_by_index
from gql.sql.instants import day_end, day_number, day_start, month_end, month_number, month_start


class JoinedRows(NamedTuple):
    """Rows that those of the rollup are joined with.

    Attributes:
        rows: Such as buckets.
        columns: Names of theirs that the sums then have, too.
        on: Which of them a row of a table of the rollup belongs to, and the number of its day.
    """

    rows: FromClause
    columns: Sequence[str]
    on: Callable[[FromClause, ColumnElement[Any]], ColumnElement[bool]]


@dataclass(frozen=True)
class RollupSums:
    """Which sums over which calls.

    Attributes:
        records: A list that is countable; see `gql.query.rollup`.
        sums: Names in `gql.models.rollup.SUMS`.
        kinds: What rows are told apart by: names in `gql.models.rollup.KINDS`, `channel`, `day`,
            and `assistant_id`, which is `NO_ASSISTANT` where there is none.
        joined: Rows that those of each day are joined with; they then have no day.
        whole_days: Whether the instants are compared with starts of days in UTC alone, by `gte` and
            `lt`, so that no calls have to be read.
        conditions: Further ones, on columns that the rollup has too.
    """

    records: RecordList
    sums: Sequence[str]
    kinds: Sequence[str]
    joined: JoinedRows | None = None
    whole_days: bool = False
    conditions: Sequence[Expression] = ()

    def rows(self, parent: FromClause | None = None) -> FromClause:
        """Rows with the kinds and the sums as columns, to be added up: several may be alike.

        Args:
            parent: The table of the parents, for the list under each of its rows.
        """
        rollup = self.records.resource.rollup
        if rollup is None:
            raise TypeError(f"{self.records.resource.name} has no rollup")
        rolled_up = (self._of_days(rows, day) for rows, day in self._rolled_up(parent))
        return union_all(*rolled_up, *self._of_cut_days(rollup, parent)).subquery()

    def _rolled_up(
        self, parent: FromClause | None
    ) -> Iterator[tuple[RowSource, ColumnElement[Any]]]:
        """The rows of whole days, or of whole months and of the days beside these, and changes."""
        after, before = self._after(), self._before()
        by_day = "day" in self.kinds or self.joined is not None
        (folded, period), (changes, day) = self._counted(parent, months=not by_day)
        changes.conditions += [*(day > each for each in after), *(day < each for each in before)]
        yield changes, day
        within = (lambda each: each) if by_day else month_number
        # Of two ranges SQLite may choose this one, and read it whole for each bucket.
        limited = period if self.joined is None else not_by_index(period)
        folded.conditions += [
            *(limited > within(each) for each in after),
            *(limited < within(each) for each in before),
        ]
        yield folded, period
        if by_day:
            return
        for first in after:
            days, day = self._counted(parent, months=False)[0]
            days.conditions += [day > first, day <= month_end(first)]
            days.conditions += [day < each for each in before]
            yield days, day
        for last in before:
            days, day = self._counted(parent, months=False)[0]
            days.conditions += [day < last, day >= month_start(last)]
            # The days of the month that the range begins in have been counted.
            days.conditions += [month_number(last) != month_number(each) for each in after]
            yield days, day

    def _counted(
        self, parent: FromClause | None, *, months: bool
    ) -> list[tuple[RowSource, ColumnElement[Any]]]:
        rollup = self.records.resource.rollup
        assert rollup is not None  # noqa: S101, `rows` has looked
        every_owner = rollup.owner in self.kinds
        return counted_rows(rollup, self.records, parent, months=months, every_owner=every_owner)

    def _after(self) -> list[ColumnElement[int]]:
        """The number of the last day before whole days begin, if the list has a lower bound."""
        return [day - 1 if self.whole_days else day for day in self._days(LOWER_BOUNDS)]

    def _before(self) -> list[ColumnElement[int]]:
        """The number of the first day after whole days end, if the list has an upper bound."""
        return self._days(UPPER_BOUNDS)

    def _days(self, comparators: frozenset[str]) -> list[ColumnElement[int]]:
        rollup = self.records.resource.rollup
        assert rollup is not None  # noqa: S101, `rows` has looked
        instant = self.records.resource.table.c[rollup.instant]
        bounds = bounds_of(rollup, self.records, comparators)
        return [day_number(type_coerce(each, instant.type)) for each in bounds]

    def _of_cut_days(self, rollup: RollupTable, parent: FromClause | None) -> Iterator[Select[Any]]:
        """The calls of the days that the list's bounds are within."""
        if self.whole_days:
            return
        first_days, last_days = self._after(), self._before()
        for number, day in enumerate((*first_days, *last_days)):
            rows = self.records.rows(parent)
            call, instant = rows.table, rows.table.c[rollup.instant]
            rows.conditions += [instant >= day_start(day), instant <= day_end(day)]
            if number >= len(first_days):
                # Both bounds may be within the same day, whose calls have been read.
                rows.conditions += [instant > day_end(each) for each in first_days]
            kinds = {
                "day": day_number(instant),
                "assistant_id": func.coalesce(
                    call.c.assistant_id, literal(NO_ASSISTANT, BigInteger)
                ),
                "currency": func.coalesce(call.c.cost_currency, ""),
                "has_total": call.c.total_cost.is_not(None),
            }
            yield self._select(rows, kinds, {name: _of_one(call, name) for name in self.sums})

    def _of_days(self, rows: RowSource, day: ColumnElement[Any]) -> Select[Any]:
        """The sums of days or months, which the number is of."""
        if self.joined is None:
            return self._select(rows, {"day": day}, {})
        # Within each SELECT: joined to all of them together, SQLite compares each with each bucket.
        joined, columns, on = self.joined
        rows.from_clause = joined.join(rows.from_clause, on(rows.table, day))
        return self._select(rows, {"day": day}, {}).add_columns(
            *(joined.c[name] for name in columns)
        )

    def _select(
        self,
        rows: RowSource,
        kinds: dict[str, ColumnElement[Any]],
        sums: dict[str, ColumnElement[Any]],
    ) -> Select[Any]:
        """The kinds and the sums of a table's rows, where they are not columns of it."""
        table = rows.table
        return rows.select(
            *(kinds.get(name, table.c.get(name)).label(name) for name in self.kinds),  # type: ignore[union-attr]
            *(sums.get(name, table.c.get(name)).label(name) for name in self.sums),  # type: ignore[union-attr]
        ).where(*(condition(table) for condition in self.conditions))


def summed(rows: FromClause, name: str) -> ColumnElement[int]:
    """The sum of a column other than an amount, as an integer; 0 where there is no row."""
    return cast(func.coalesce(func.sum(rows.c[name]), 0), BigInteger)


def _of_one(call: FromClause, name: str) -> ColumnElement[int]:
    """What one call adds to a sum."""
    if name == "calls":
        return literal(1, BigInteger)
    if name == "timed" or name.endswith("_costed"):
        column = call.c["duration" if name == "timed" else name.removesuffix("ed")]
        return case((column.is_(None), literal(0, BigInteger)), else_=literal(1, BigInteger))
    return func.coalesce(call.c[name], 0)
