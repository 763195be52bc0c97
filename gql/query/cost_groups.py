"""What groups of calls cost and how long they took, as one SELECT that both ways run.

A group is the calls of one currency that are alike in what they are grouped by. Amounts are those
of calls with a total: the services of a call whose total is not known (yet) are left out with it,
so that a total is always the sum of the services and of what belongs to none of them.

On one page, long as it is: every column of the SELECT is made from the same few sources, and the
compiler, the resolvers and REST have to read the same ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    Double,
    FromClause,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    bindparam,
    case,
    cast,
    func,
    null,
    select,
    type_coerce,
)
from sqlmodel.sql.sqltypes import UTCDateTime

from gql.models.rollup import SERVICES
from gql.query.cost_figures import (
    CURRENCY,
    KEYS,
    PARTS,
    PERCENTILES,
    ChosenFigures,
    Expression,
    Grouping,
    GroupOrder,
    RolledUpFigures,
    SortedFigures,
    bucket_of_day,
    figures_of,
)
from gql.query.filters import Filter
from gql.query.record_list import RecordList
from gql.query.repricing import RateCard, RateCardParameters
from gql.query.resource import Resource
from gql.sql.aggregates import (
    InstantList,
    amount_text,
    micros_above,
    whole_units,
)
from gql.sql.instants import trimmed_instant
from gql.sql.json_sql import concatenated, json_integer, json_string, literal_text
from gql.sql.text import by_code_point, uppercase

MAX_GROUPS = 1_000
"""Most groups of one answer."""

AMOUNTS = (*PARTS, "unattributed")

_FIGURES = (
    *("calls", "with_cost", "ongoing"),
    *("duration_sum", "duration_average", "duration_p50", "duration_p95"),
    *(f"{name}_cost" for name in AMOUNTS),
)
LABELS = ("bucket_start", "bucket_end", *KEYS, "group_filter", *_FIGURES)
"""What a group has."""

_REPRICED_COUNTS = ("repriced_calls", "other_currency_calls", "unmeasured_calls")
REPRICED_LABELS = (
    *("uncosted_calls", *_REPRICED_COUNTS),
    *(f"{kind}_{name}_cost" for kind in ("paid", "listed", "difference") for name in AMOUNTS),
)
"""What it has beside that where there is a rate card."""

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
    def summary(cls, records: RecordList) -> "CostGroups":
        """All calls of a list by currency, from the rollup where no instants are compared."""
        rollup = records.resource.rollup
        fits_rollup = rollup is not None and not records.compares(rollup.instant)
        return cls(records, Grouping(fits_rollup=fits_rollup))

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
        groups = _numbered(
            rows, self.grouping, parameters, by_parent=by_parent, with_count=with_count
        ).subquery()
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
        finished = _finished(rows, grouping, parameters)
        return select(*finished, rows.c.row_number, rows.c.group_count).subquery()

    def previous_groups(
        self, parameters: GroupParameters, *, with_percentiles: bool = True
    ) -> FromClause:
        """The groups of the period before, to be joined by `group_key`; they are not repriced."""
        assert self.previous is not None  # noqa: S101, only where the grouping compares
        grouping = replace(self.grouping, rates=())
        figures = figures_of(
            self.previous,
            grouping,
            parameters.rate_card,
            by_parent=False,
            percentiles=with_percentiles,
        )
        rows = figures.rows(self.previous, parameters.previous_bounds, None)
        return select(*_finished(rows, grouping, parameters)).subquery()

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
            columns += [previous.c[label].label(f"previous_{label}") for label in LABELS]
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
        return _record(LABELS, values, None)


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
        *_finished(rows, grouping, parameters),
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


def _finished(
    rows: FromClause, grouping: Grouping, parameters: GroupParameters
) -> Iterator[Expression]:
    """The labels of each group, and `group_key`, which no other group has."""
    for name in ("bucket_start", "bucket_end"):
        value = rows.c[name] if grouping.has_buckets else cast(null(), UTCDateTime())
        yield value.label(name)
    for name, kind in KEYS.items():
        value = rows.c[name] if name in grouping.keys else cast(null(), kind)
        # An empty bucket has no key, even of a column that is never null in a call.
        yield type_coerce(value, kind).label(name)
    yield _group_filter(rows, grouping, parameters).label("group_filter")
    for name in ("calls", "with_cost", "ongoing"):
        yield cast(func.coalesce(rows.c[name], 0), BigInteger).label(name)
    yield func.coalesce(rows.c.duration_sum, 0).label("duration_sum")
    timed = func.nullif(cast(rows.c.timed, Double), 0)
    yield (cast(rows.c.duration_sum, Double) / timed).label("duration_average")
    for name in PERCENTILES:
        yield rows.c[name].label(name)
    for name in PARTS:
        yield amount_text(rows.c[f"{name}_units"], rows.c[f"{name}_micros"]).label(f"{name}_cost")
    yield amount_text(*(_unattributed(rows, part) for part in ("units", "micros"))).label(
        "unattributed_cost"
    )
    if grouping.is_compared:
        yield _group_key(rows, grouping).label("group_key")
    if grouping.rates:
        yield from _repriced(rows, grouping)


def _unattributed(rows: FromClause, part: str, prefix: str = "") -> Expression:
    """What of the total belongs to no service: below zero for a discount."""
    rest: Expression = rows.c[f"{prefix}total_{part}"]
    for service in SERVICES:
        rest = rest - rows.c[f"{prefix}{service}_{part}"]
    return rest


def _repriced(rows: FromClause, grouping: Grouping) -> Iterator[Expression]:
    """What was paid for the calls that the rate card prices, its price, and the difference."""
    for label in _REPRICED_COUNTS:
        yield func.coalesce(rows.c[label], 0).label(label)
    uncosted = func.coalesce(rows.c.calls - rows.c.with_cost, 0)
    yield cast(uncosted, BigInteger).label("uncosted_calls")
    rated = [service for service, _ in grouping.rates]
    for name in AMOUNTS:
        paid = [_paid(rows, name, part) for part in ("units", "micros")]
        listed = [_listed(rows, name, rated, part) for part in ("units", "micros")]
        more = [of_list - of_bill for of_list, of_bill in zip(listed, paid, strict=True)]
        yield amount_text(*paid).label(f"paid_{name}_cost")
        yield amount_text(*listed).label(f"listed_{name}_cost")
        yield amount_text(*more).label(f"difference_{name}_cost")


def _paid(rows: FromClause, name: str, part: str) -> Expression:
    """A sum of the calls that have a price by the rate card, as it was paid."""
    if name == "unattributed":
        return _unattributed(rows, part, "paid_")
    return rows.c[f"paid_{name}_{part}"]


def _listed(rows: FromClause, name: str, rated: Sequence[str], part: str) -> Expression:
    """The same sum by the rate card: what has no rate there is as it was paid."""
    if name in rated:
        return rows.c[f"listed_{name}_{part}"]
    amount = _paid(rows, name, part)
    if name == "total":
        for service in rated:
            amount = amount + rows.c[f"listed_{service}_{part}"] - _paid(rows, service, part)
    return amount


def _group_key(rows: FromClause, grouping: Grouping) -> Expression:
    """One text of all keys."""
    parts: list[Any] = [json_integer(rows.c.position)] if grouping.has_buckets else [""]
    for name in grouping.keys:
        value = rows.c[name]
        text = json_string(value) if isinstance(KEYS[name], Text) else json_integer(value)
        parts += [",", func.coalesce(text, literal_text("null"))]
    return concatenated(parts)


_FILTER_FIELDS = {
    "assistant_id": "assistantId",
    "graph_id": "graphId",
    "status": "status",
    "ended_reason": "endedReason",
    "to_phone_number": "assistantPhoneNumber",
    "source": "source",
    CURRENCY: "currency",
}
"""The field of `CallFilter` for each key; a channel is a list of its own."""


def _group_filter(rows: FromClause, grouping: Grouping, parameters: GroupParameters) -> Expression:
    """The filter that only the calls of a group pass, as JSON.

    A call has no value where it does not pass `notIn: []`, which every value passes. An empty
    currency is none.
    """
    parts: list[Any] = [parameters.filter_start]
    if grouping.has_buckets:
        start, end = trimmed_instant(rows.c.bucket_start), trimmed_instant(rows.c.bucket_end)
        parts += ['"startedAt":{"gte":"', start, '","lt":"', end, '"},']
    absent: list[Any] = []
    is_empty = rows.c.calls.is_(None)
    for name in grouping.keys:
        field_name = _FILTER_FIELDS.get(name)
        if field_name is None:
            continue
        value, without = rows.c[name], '[""]' if name == CURRENCY else "[]"
        printed = concatenated([f'"{field_name}":{{"eq":', _filter_value(name, value), "},"])
        parts.append(case((value.is_not(None), printed), else_=literal_text("")))
        # An empty bucket has no calls of any key, so its filter is that of the bucket alone.
        nothing = case(
            (value.is_not(None), literal_text("")),
            (is_empty, literal_text("")),
            else_=literal_text(f',{{"{field_name}":{{"notIn":{without}}}}}'),
        )
        absent.append(nothing)
    parts += ['"none":[', func.substr(concatenated(absent), 2), "]", parameters.filter_end]
    return concatenated(parts)


def _filter_value(name: str, value: Expression) -> Expression:
    if not isinstance(KEYS[name], Text):
        return concatenated([f'"{name.removesuffix("_id")}_', json_integer(value), '"'])
    return json_string(uppercase(value) if name == "status" else value)
