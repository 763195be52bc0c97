"""What groups of calls cost and how long they took, as one SELECT that both ways run.

A group is the calls of one currency that are alike in what they are grouped by. Amounts are those
of calls with a total: the services of a call whose total is not known (yet) are left out with it,
so that a total is always the sum of the services and of what belongs to none of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    FromClause,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    func,
    null,
    select,
)

from gql.query.cost_figures import (
    KEYS,
    Expression,
    Grouping,
    GroupOrder,
    RolledUpFigures,
    figures_of,
)
from gql.query.day_figures import ChosenFigures, SortedFigures, bucket_of_day
from gql.query.filters import Filter
from gql.query.group_columns import LABELS, REPRICED_LABELS, finished_columns
from gql.query.record_list import RecordList
from gql.query.repricing import RateCard, RateCardParameters, RatedServices
from gql.query.resource import Resource
from gql.sql.aggregates import (
    InstantList,
    micros_above,
    whole_units,
)
from gql.sql.text import by_code_point

MAX_GROUPS = 1_000
"""Most groups of one answer."""

COST_GROUPS = Resource(
    "cost_group",
    Table(
        "cost_group",
        MetaData(),
        *(Column(label, KEYS.get(label)) for label in (*LABELS, *REPRICED_LABELS)),
    ),
)
"""What is printed of a group, as of a record; `CostGroups` makes the rows of what is no table."""


MOST_CURRENCIES = 100
"""Most currencies of a summary."""


@dataclass(frozen=True)
class GroupParameters:
    """The parameters of the SELECT, with values or still to be filled.

    Attributes:
        limit: Most groups.
        bounds: Of the buckets, and `previous_bounds` of those that they are compared with.
        filter_start: JSON of the filter before what a group adds to it, and `filter_end` behind.
        rate_card: Prices.
    """

    limit: BindParameter[int]
    bounds: BindParameter[Any]
    previous_bounds: BindParameter[Any]
    filter_start: BindParameter[str]
    filter_end: BindParameter[str]
    rate_card: RateCardParameters

    @classmethod
    def named(cls, prefix: str) -> "GroupParameters":
        """Parameters to be filled, whose names begin with `prefix`."""
        return cls(
            bindparam(f"{prefix}_limit", type_=Integer()),
            bindparam(f"{prefix}_bounds", type_=InstantList()),
            bindparam(f"{prefix}_previous_bounds", type_=InstantList()),
            bindparam(f"{prefix}_filter_start", type_=Text()),
            bindparam(f"{prefix}_filter_end", type_=Text()),
            RateCardParameters.named(prefix),
        )


@dataclass(frozen=True)
class GroupValues:
    """The values of `GroupParameters`."""

    limit: int = MOST_CURRENCIES
    bounds: tuple[datetime, ...] = ()
    previous_bounds: tuple[datetime, ...] = ()
    filter_start: str = "{"
    filter_end: str = "}"
    rate_card: RateCard | None = None

    def by_name(self) -> dict[str, Any]:
        """By the names of the parameters to be filled, without their prefix."""
        values = dict(vars(self))
        card = values.pop("rate_card")
        return values if card is None else values | card.values()

    def parameters(self) -> GroupParameters:
        """Parameters that have these values."""
        return GroupParameters(
            bindparam(None, self.limit, type_=Integer()),
            bindparam(None, self.bounds, type_=InstantList()),
            bindparam(None, self.previous_bounds, type_=InstantList()),
            bindparam(None, self.filter_start, type_=Text()),
            bindparam(None, self.filter_end, type_=Text()),
            RateCardParameters.of(self.rate_card),
        )


@dataclass(frozen=True)
class CostRequest:
    """What is grouped, as a request says it.

    Attributes:
        resource: The name of the resource whose records are grouped.
        filter: Which of them.
        grouping: How.
        values: Of the parameters.
        previous: Which records the period before has, where it is compared.
    """

    resource: str
    filter: Filter
    grouping: Grouping
    values: GroupValues
    previous: Filter | None = None

    def groups(self, resources: Mapping[str, Resource]) -> "CostGroups":
        """The groups, with the values of the filter."""
        resource, previous = resources[self.resource], None
        if self.previous is not None:
            previous = RecordList.filtered(resource, self.previous)
        return CostGroups(RecordList.filtered(resource, self.filter), self.grouping, previous)


@dataclass(frozen=True)
class CostGroups:
    """The groups of some lists of calls.

    Attributes:
        records: The calls.
        grouping: How they are grouped.
        previous: The calls of the period before, where it is compared.
    """

    records: RecordList
    grouping: Grouping = field(default_factory=Grouping)
    previous: RecordList | None = None

    @classmethod
    def summary(cls, records: RecordList, rates: RatedServices = ()) -> "CostGroups":
        """All calls of a list by currency, from the rollup where that has all that is needed."""
        rollup = records.resource.rollup
        fits_rollup = rollup is not None and not records.compares(rollup.instant) and not rates
        return cls(records, Grouping(fits_rollup=fits_rollup, rates=rates))

    @property
    def labels(self) -> tuple[str, ...]:
        """What each group has."""
        return (*LABELS, *REPRICED_LABELS) if self.grouping.rates else LABELS

    def groups(
        self,
        parameters: GroupParameters,
        parent: FromClause | None = None,
        *,
        by_parent: bool = False,
        with_percentiles: bool = True,
        with_count: bool = True,
    ) -> FromClause:
        """The groups as rows with `labels`, `row_number` (from 1) and `group_count`.

        Args:
            parameters: Where limits, bounds and filters are.
            parent: The table of the parents, for the groups of the list under each of its rows.
            by_parent: Whether `parent_key` tells the lists under the parents in `keys` apart.
            with_percentiles: Whether percentiles are worked out, or NULL.
            with_count: Whether all groups are counted, or NULL.
        """
        figures = figures_of(
            self.records,
            self.grouping,
            parameters.rate_card,
            by_parent=by_parent,
            percentiles=with_percentiles,
        )
        if isinstance(figures, RolledUpFigures) and self.grouping.has_many_groups:
            return self._chosen_groups(parameters, with_count=with_count)
        rows = figures.rows(self.records, parameters.bounds, parent)
        numbered = _numbered(
            rows, self.grouping, parameters, by_parent=by_parent, with_count=with_count
        )
        if not by_parent:
            return (
                numbered.order_by(*_order(rows, self.grouping)).limit(parameters.limit).subquery()
            )
        groups = numbered.subquery()
        return select(*groups.c).where(groups.c.row_number <= parameters.limit).subquery()

    def _chosen_groups(self, parameters: GroupParameters, *, with_count: bool) -> FromClause:
        """The same in two steps: the groups within the limit are chosen, and then added up.

        A year by day and assistant may have 200 times as many groups as are answered, and most of
        the work would be sums of the others.
        """
        grouping, bounds = self.grouping, parameters.bounds
        every = select(*SortedFigures(grouping).rows(self.records, bounds, None).c)
        ranked = every.cte() if with_count else every.subquery()
        first = (
            select(*ranked.c).order_by(*_order(ranked, grouping)).limit(parameters.limit).subquery()
        )
        count = select(func.count()).select_from(ranked).scalar_subquery()
        chosen = select(
            *bucket_of_day(first.c.position, bounds),
            *(first.c[name] for name in grouping.keys),
            func.row_number().over(order_by=list(_order(first, grouping))).label("row_number"),
            (count if with_count else _NOT_COUNTED).label("group_count"),
        ).cte()
        rows = ChosenFigures(grouping, chosen).rows(self.records, bounds, None)
        if grouping.with_empty:
            sums = [each for each in rows.c if each.name not in chosen.c]
            joined = chosen.outerjoin(rows, rows.c.row_number == chosen.c.row_number)
            rows = select(*chosen.c, *sums).select_from(joined).subquery()
        finished = finished_columns(rows, grouping, parameters.filter_start, parameters.filter_end)
        return select(*finished, rows.c.row_number, rows.c.group_count).subquery()

    def previous_groups(
        self, parameters: GroupParameters, *, with_percentiles: bool = True
    ) -> FromClause:
        """The groups of the period before, to be joined by `group_key`."""
        assert self.previous is not None  # noqa: S101, only where the grouping compares
        figures = figures_of(
            self.previous,
            self.grouping,
            parameters.rate_card,
            by_parent=False,
            percentiles=with_percentiles,
        )
        rows = figures.rows(self.previous, parameters.previous_bounds, None)
        return select(
            *finished_columns(rows, self.grouping, parameters.filter_start, parameters.filter_end)
        ).subquery()

    def statement(
        self,
        values: GroupValues,
        *,
        by_parent: bool = False,
        with_percentiles: bool = True,
        with_count: bool = True,
    ) -> Select[Any]:
        """Everything of every group, in order, for `group_records`."""
        parameters = values.parameters()
        groups = self.groups(
            parameters,
            by_parent=by_parent,
            with_percentiles=with_percentiles,
            with_count=with_count,
        )
        columns: list[Any] = [groups.c[label] for label in self.labels]
        source = groups
        if self.grouping.is_compared:
            previous = self.previous_groups(parameters, with_percentiles=with_percentiles)
            source = groups.outerjoin(previous, previous.c.group_key == groups.c.group_key)
            columns += [previous.c[label].label(f"previous_{label}") for label in self.labels]
        columns.append(groups.c["parent_key" if by_parent else "group_count"])
        order = [groups.c.parent_key] if by_parent else []
        return select(*columns).select_from(source).order_by(*order, groups.c.row_number)

    def records_of(self, rows: Sequence[Any]) -> list[Any]:
        """Rows of `statement` as records with `labels` and `previous`."""
        width = len(self.labels)
        return [
            _record(self.labels, row[:width], self._previous(row[width:-1]))  # the rest is a count
            for row in rows
        ]

    def _previous(self, values: Sequence[Any]) -> Any:
        if not self.grouping.is_compared or values[LABELS.index("calls")] is None:
            return None
        return _record(self.labels, values, None)


def _record(labels: Sequence[str], values: Sequence[Any], previous: Any) -> Any:
    record = {"repriced_calls": None, **dict(zip(labels, values, strict=True))}
    record["group_filter"] = orjson.loads(record["group_filter"])
    return SimpleNamespace(**record, previous=previous)


_NOT_COUNTED = cast(null(), BigInteger)


def _numbered(
    rows: FromClause,
    grouping: Grouping,
    parameters: GroupParameters,
    *,
    by_parent: bool,
    with_count: bool,
) -> Select[Any]:
    """The groups, each with its number in their order, and how many there are."""
    under = [rows.c.parent_key] if by_parent else None
    row_number = func.row_number().over(partition_by=under, order_by=list(_order(rows, grouping)))
    return select(
        *finished_columns(rows, grouping, parameters.filter_start, parameters.filter_end),
        *(under or ()),
        row_number.label("row_number"),
        (func.count().over(partition_by=under) if with_count else _NOT_COUNTED).label(
            "group_count"
        ),
    )


def _order(rows: FromClause, grouping: Grouping) -> Iterator[Expression]:
    def directed(value: Expression) -> Expression:
        return (value.desc() if grouping.descending else value.asc()).nulls_last()

    ties_descend = grouping.descending and grouping.order == GroupOrder.KEY
    match grouping.order:
        case GroupOrder.CALLS:
            yield directed(func.coalesce(rows.c.calls, 0))
        case GroupOrder.DURATION:
            yield directed(rows.c.duration_sum)
        case GroupOrder.TOTAL:
            for sort_key in (whole_units, micros_above):
                yield directed(sort_key(rows.c.total_units, rows.c.total_micros))
    names = ["position"] if grouping.has_buckets else []
    for name in (*names, *grouping.keys):
        value = rows.c[name]
        key = by_code_point(value) if isinstance(KEYS.get(name), Text) else value
        yield (key.desc() if ties_descend else key.asc()).nulls_last()
