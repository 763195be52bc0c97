"""Sums over the calls of a resource from its rollup: of all time, or since an instant.

Whole months and days come from the rollup. Only the calls of the day that the instant cuts are
added up themselves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    case,
    cast,
    func,
    literal,
    select,
    type_coerce,
    union_all,
)

from gql.models.rollup import NO_ASSISTANT, Grain
from gql.query.resource import Expression, Resource, RollupTable
from gql.sql.instants import day_number

_MIDNIGHT: dict[str, Any] = {"hour": 0, "minute": 0, "second": 0, "microsecond": 0}


@dataclass(frozen=True)
class RollupSums:
    """Which sums over which rows.

    Attributes:
        resource: Whose rows.
        sums: Names in `gql.models.rollup.SUMS`.
        kinds: What rows are told apart by: names in `gql.models.rollup.KINDS`, `day`, and
            `assistant_id`, which is `NO_ASSISTANT` where there is none.
        since: The first instant that is in, aware and in UTC; None for all time.
        conditions: Further ones, on columns that the rollup has too.
    """

    resource: Resource
    sums: Sequence[str]
    kinds: Sequence[str]
    since: datetime | None = None
    conditions: Sequence[Expression] = ()

    def rows(self) -> FromClause:
        """Rows with the kinds and the sums as columns, to be added up: several may be alike."""
        rollup = self.resource.rollup
        if rollup is None:
            raise TypeError(f"{self.resource.name} has no rollup")
        return union_all(*self._folded(rollup), *self._not_folded(rollup)).subquery()

    def _folded(self, rollup: RollupTable) -> Iterator[Select[Any]]:
        """Whole days of the month that `since` is in and whole months after it, or all months."""
        by_day = "day" in self.kinds
        days, months = (
            (Grain.ASSISTANT_DAY, Grain.ASSISTANT_MONTH)
            if "assistant_id" in self.kinds
            else (Grain.DAY, Grain.MONTH)
        )
        if self.since is None:
            yield self._grain(rollup, days if by_day else months)
            return
        first = _day(self.since)
        if by_day:
            yield self._grain(rollup, days, after=first)
            return
        next_month = (self.since.replace(day=1) + timedelta(days=31)).replace(day=1)
        yield self._grain(rollup, days, after=first, before=_day(next_month))
        yield self._grain(rollup, months, after=12 * self.since.year + self.since.month - 1)

    def _grain(
        self, rollup: RollupTable, grain: Grain, after: int | None = None, before: int | None = None
    ) -> Select[Any]:
        table = rollup.table.alias()
        statement = self._select(table, {"day": table.c.period}, {}).where(
            table.c.grain == literal(grain.value, Integer)
        )
        if after is not None:
            statement = statement.where(table.c.period > after)
        return statement if before is None else statement.where(table.c.period < before)

    def _not_folded(self, rollup: RollupTable) -> Iterator[Select[Any]]:
        """Changes since the last fold, and the calls of the day that `since` cuts."""
        changes = rollup.changes.alias()
        every = self._select(changes, {}, {})
        if self.since is None:
            yield every
            return
        yield every.where(changes.c.day > _day(self.since))
        call = self.resource.table.alias()
        instant = call.c[rollup.instant]
        tomorrow = self.since.replace(**_MIDNIGHT) + timedelta(days=1)
        kinds = {
            "day": day_number(instant),
            "assistant_id": func.coalesce(call.c.assistant_id, literal(NO_ASSISTANT, BigInteger)),
            "currency": func.coalesce(call.c.cost_currency, ""),
            "has_total": call.c.total_cost.is_not(None),
        }
        yield self._select(call, kinds, {name: _of_one(call, name) for name in self.sums}).where(
            instant >= self.since, instant < tomorrow
        )

    def _select(
        self,
        table: FromClause,
        kinds: dict[str, ColumnElement[Any]],
        sums: dict[str, ColumnElement[Any]],
    ) -> Select[Any]:
        """The kinds and the sums of a table's rows, where they are not columns of it."""
        return select(
            *(kinds.get(name, table.c.get(name)).label(name) for name in self.kinds),  # type: ignore[union-attr]
            *(sums.get(name, table.c.get(name)).label(name) for name in self.sums),  # type: ignore[union-attr]
        ).where(
            *self.resource.conditions(table),
            *(condition(table) for condition in self.conditions),
        )


def summed(rows: FromClause, name: str) -> ColumnElement[int]:
    """The sum of a column, as an integer; 0 where there is no row.

    Sums of amounts stay what the driver makes of them, as they may not fit in 64 bits.
    """
    total = func.coalesce(func.sum(rows.c[name]), 0)
    return type_coerce(total, BigInteger) if name.endswith("_cost") else cast(total, BigInteger)


def _of_one(call: FromClause, name: str) -> ColumnElement[int]:
    """What one call adds to a sum."""
    if name == "calls":
        return literal(1, BigInteger)
    if name == "timed" or name.endswith("_costed"):
        column = call.c["duration" if name == "timed" else name.removesuffix("ed")]
        return case((column.is_(None), literal(0, BigInteger)), else_=literal(1, BigInteger))
    return func.coalesce(call.c[name], 0)


def _day(instant: datetime) -> int:
    """The number of its day, as in `gql.sql.instants`."""
    return instant.toordinal() - 1
