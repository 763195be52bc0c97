"""Groups by day, of which there are many: sorted by one sum first, the first ones added up then."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    BindParameter,
    FromClause,
    Select,
    and_,
    func,
    select,
)

from gql.query.cost_figures import (
    ABSENT,
    ROLLUP_KINDS,
    Expression,
    Grouping,
    GroupOrder,
    RolledUpFigures,
    amount_sums,
    duration_sum_of,
    total_of,
)
from gql.query.record_list import RecordList
from gql.query.rollup_sums import JoinedRows, RollupSums
from gql.sql.aggregates import (
    BUCKET,
    bucket_rows,
)
from gql.sql.instants import day_number, day_start


class SortedFigures(RolledUpFigures):
    """Only what groups by day are sorted by: their keys, `position` among them, and one sum."""

    @property
    def _names(self) -> list[str]:
        return ["position", *self._grouping.keys]

    def _calls(
        self, records: RecordList, bounds: BindParameter[Any], parent: FromClause | None
    ) -> Select[Any]:
        """No more columns than are needed, as SQLite reads them all."""
        kinds, sums = _SORTED_BY[self._grouping.order]
        every_kind = sorted({"day", *kinds, *self._kinds})
        rows = RollupSums(records, ("calls", *sums), every_kind, whole_days=True).rows(parent)
        # The number of a day tells its bucket, which PostgreSQL would look up for longer than it
        # adds up.
        return select(
            (rows.c.day - _day_before(bounds)).label("position"),
            *self._keys(rows),
            *(rows.c[name] for name in ("calls", *kinds, *sums)),
        )

    def _sums(self, calls: FromClause) -> Iterator[Expression]:
        match self._grouping.order:
            case GroupOrder.CALLS:
                yield total_of(calls.c.calls, "calls")
            case GroupOrder.DURATION:
                yield duration_sum_of(calls)
            case GroupOrder.TOTAL:
                yield from amount_sums(calls, "total")


_SORTED_BY: dict[GroupOrder, tuple[Sequence[str], Sequence[str]]] = {
    GroupOrder.KEY: ((), ()),
    GroupOrder.CALLS: ((), ()),
    GroupOrder.DURATION: ((), ("timed", "duration")),
    GroupOrder.TOTAL: (("has_total",), ("total_cost",)),
}
"""Which kinds and sums of the rollup an order needs, beside the number of calls."""


def _day_before(bounds: BindParameter[Any]) -> Expression:
    """The number of the day before the first bucket."""
    buckets = bucket_rows(bounds).alias()
    return select(func.min(day_number(buckets.c.bucket_start)) - 1).scalar_subquery()


def bucket_of_day(position: Expression, bounds: BindParameter[Any]) -> list[Expression]:
    """The columns of a bucket of a day, by its position."""
    day = position + _day_before(bounds)
    columns = (day_start(day), day_start(day + 1), position)
    return [column.label(name) for column, name in zip(columns, BUCKET, strict=True)]


class ChosenFigures(RolledUpFigures):
    """The columns and all sums of some groups by day, of those that have calls.

    Args:
        chosen: The groups: rows with the columns of a bucket, the keys, and maybe others.
    """

    def __init__(self, grouping: Grouping, chosen: FromClause) -> None:
        super().__init__(replace(grouping, with_empty=False))
        self._chosen = chosen

    @property
    def _names(self) -> list[str]:
        return list(self._chosen.c.keys())

    @property
    def _beside_keys(self) -> list[str]:
        return [name for name in self._names if name not in self._grouping.keys]

    def _joined(self, _bounds: BindParameter[Any]) -> JoinedRows:
        """The groups: each is looked up in the rollup."""
        return JoinedRows(self._chosen, self._beside_keys, self._is_of_group)

    def _is_of_group(self, rollup: FromClause, day: Expression) -> Expression:
        conditions = [day == day_number(self._chosen.c.bucket_start)]
        for name in self._grouping.keys:
            key = self._chosen.c[name]
            value = func.coalesce(key, ABSENT[name]) if name in ABSENT else key
            conditions.append(rollup.c[ROLLUP_KINDS.get(name, name)] == value)
        return and_(*conditions)

    def _of_group(self, rows: FromClause, _bounds: BindParameter[Any]) -> Iterator[Expression]:
        yield from (rows.c[name] for name in self._beside_keys)
        yield from self._keys(rows)
