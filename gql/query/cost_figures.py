"""What is added up of the calls of each group: of the calls themselves, or of their rollup."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Double,
    FromClause,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
)

from gql.models.enums import CallStatus
from gql.models.rollup import NO_ASSISTANT, SERVICES
from gql.query.record_list import RecordList, RowsByParent
from gql.query.repricing import (
    ListedAmount,
    RateCardParameters,
    RatedServices,
    quantity_columns,
)
from gql.query.rollup import is_countable
from gql.query.rollup_sums import JoinedRows, RollupSums
from gql.sql.aggregates import (
    BUCKET,
    adds_up,
    bucket_rows,
    is_day_in_bucket,
    is_in_bucket,
    percentile,
    rank_in_group,
    sum_of_micros,
    sum_of_units,
    values_in_group,
)
from gql.sql.json_sql import literal_text

Expression = ColumnElement[Any]

CURRENCY = "cost_currency"

KEYS: dict[str, Any] = {
    "assistant_id": BigInteger(),
    "graph_id": BigInteger(),
    "status": Text(),
    "ended_reason": Text(),
    "to_phone_number": Text(),
    "channel": Text(),
    "source": Text(),
    CURRENCY: Text(),
}
"""The columns of a call that groups may be alike in."""

PERCENTILES = {"duration_p50": "0.5", "duration_p95": "0.95"}

_ONGOING = (CallStatus.ONGOING, CallStatus.ACTIVE)

ROLLED_UP = frozenset({"assistant_id", "status", "channel", CURRENCY})
"""The keys that the rollup tells apart."""

ROLLUP_KINDS = {CURRENCY: "currency"}
"""What the rollup calls a key, where that is another name."""

PARTS = ("total", *SERVICES)


class GroupOrder(StrEnum):
    """What groups are sorted by."""

    KEY = "key"
    CALLS = "calls"
    DURATION = "duration"
    TOTAL = "total"


@dataclass(frozen=True)
class Grouping:
    """How calls are grouped: all that the SQL depends on beside the filter.

    Attributes:
        keys: The columns that the calls of a group are alike in; the currency always is one.
        has_buckets: Whether they are also of the same hour, day, week or month.
        order: What the groups are sorted by.
        descending: From the highest value; groups without one come last in any case.
        with_empty: Whether there is a group for each bucket without calls.
        is_compared: Whether each group comes with the one of the period before.
        by_day: Whether each bucket is one day.
        fits_rollup: Whether its rollup tells all groups and the filter apart: days of UTC alone.
        rates: What a rate card has prices of, where there is one.
    """

    keys: tuple[str, ...] = (CURRENCY,)
    has_buckets: bool = False
    order: GroupOrder = GroupOrder.KEY
    descending: bool = False
    with_empty: bool = False
    is_compared: bool = False
    by_day: bool = False
    fits_rollup: bool = False
    rates: RatedServices = ()

    @property
    def has_many_groups(self) -> bool:
        """Whether there may be about as many groups as rows of the rollup."""
        return self.by_day and "assistant_id" in self.keys


class Figures:
    """Adds up the calls of each group."""

    def __init__(
        self,
        grouping: Grouping,
        *,
        by_parent: bool,
        percentiles: bool,
        rate_card: RateCardParameters | None = None,
    ) -> None:
        self._grouping = grouping
        self._rate_card = rate_card
        self._by_parent = by_parent
        self._percentiles = percentiles

    def rows(
        self, records: RecordList, bounds: BindParameter[Any], parent: FromClause | None
    ) -> FromClause:
        """A row of keys and sums for each group."""
        calls = self._calls(records, bounds, parent).subquery()
        keys = [calls.c[name] for name in self._names]
        summed = select(*keys, *self._sums(calls)).group_by(*keys)
        having = self._having(calls)
        groups = (summed if having is None else summed.having(having)).subquery()
        if not self._grouping.with_empty:
            return groups
        buckets = bucket_rows(bounds).alias()
        joined = buckets.outerjoin(groups, groups.c.position == buckets.c.position)
        columns = [each for each in groups.c if each.name not in BUCKET]
        return select(*buckets.c, *columns).select_from(joined).subquery()

    @staticmethod
    def _having(_calls: FromClause) -> Expression | None:
        """Which groups count: all that there are."""
        return None

    @property
    def _names(self) -> list[str]:
        """What groups are told apart by."""
        bucket = BUCKET if self._grouping.has_buckets else ()
        return [*(["parent_key"] if self._by_parent else []), *bucket, *self._grouping.keys]

    def _calls(
        self, records: RecordList, bounds: BindParameter[Any], parent: FromClause | None
    ) -> Select[Any]:
        """What is needed of each call."""
        rows = records.rows_by_parent() if self._by_parent else records.rows(parent)
        call = rows.table
        keys: dict[str, Expression] = {}
        if isinstance(rows, RowsByParent):
            keys["parent_key"] = rows.parent_key
        if self._grouping.has_buckets:
            buckets = bucket_rows(bounds).alias()
            is_in = is_in_bucket(call.c.started_at, buckets, bounds)
            rows.from_clause = buckets.join(rows.from_clause, is_in)
            keys |= {name: buckets.c[name] for name in BUCKET}
        for name in self._grouping.keys:
            # The rollup cannot tell an empty currency from none, so nothing does.
            keys[name] = func.nullif(call.c[name], "") if name == CURRENCY else call.c[name]
        columns: list[Any] = [value.label(name) for name, value in keys.items()]
        columns += [call.c[f"{name}_cost"] for name in PARTS]
        columns += [call.c.duration, call.c.status.label("how_far")]
        if self._rate_card is not None:
            columns += quantity_columns(call, self._grouping.rates, self._rate_card)
        if self._percentiles:
            columns.append(rank_in_group(call.c.duration, *keys.values()).label("rank"))
            columns.append(values_in_group(call.c.duration, *keys.values()).label("timed"))
        calls = rows.select(*columns)
        # Each is used a dozen times below: the offset keeps both databases from working it out
        # anew for each of these.
        return calls if self._rate_card is None else calls.offset(literal_column("0"))

    def _sums(self, calls: FromClause) -> Iterator[Expression]:
        duration = calls.c.duration
        ongoing = case((calls.c.how_far.in_([literal_text(each) for each in _ONGOING]), 1))
        yield func.count().label("calls")
        yield func.count(calls.c.total_cost).label("with_cost")
        yield func.count(ongoing).label("ongoing")
        yield func.count(duration).label("timed")
        yield cast(func.sum(duration), BigInteger).label("duration_sum")
        for name, share in PERCENTILES.items():
            value: Expression = cast(null(), Double)
            if self._percentiles:
                constant: Expression = literal_column(share, Double())
                value = percentile(duration, calls.c.rank, calls.c.timed, constant)
            yield value.label(name)
        has_total = calls.c.total_cost.is_not(None)
        for name in PARTS:
            amount = case((has_total, func.coalesce(calls.c[f"{name}_cost"], 0)))
            yield from _summed(amount, name)
        if self._rate_card is not None:
            yield from self._repriced(calls, self._rate_card)

    def _repriced(self, calls: FromClause, rate_card: RateCardParameters) -> Iterator[Expression]:
        """How many calls have a price by the rate card, what was paid for them, and that price."""
        listed = {rated.service: ListedAmount(calls, rated) for rated in self._grouping.rates}
        has_total = calls.c.total_cost.is_not(None)
        in_currency = func.coalesce(calls.c[CURRENCY], "") == rate_card.currency
        is_measured = and_(*(each.amount.is_not(None) for each in listed.values()))
        at_single_price = or_(*(each.at_single_price for each in listed.values()))
        is_refused = or_(*(each.is_refused for each in listed.values()))
        kinds = {
            "repriced_calls": and_(in_currency, is_measured),
            "single_price_calls": and_(in_currency, is_measured, at_single_price),
            "other_currency_calls": not_(in_currency),
            "unmeasured_calls": and_(in_currency, not_(is_measured)),
            "unsplit_calls": and_(in_currency, is_refused),
        }
        for label, condition in kinds.items():
            yield func.count(case((and_(has_total, condition), 1))).label(label)
        is_repriced = and_(has_total, kinds["repriced_calls"])
        for name in PARTS:
            paid = case((is_repriced, func.coalesce(calls.c[f"{name}_cost"], 0)))
            yield from _summed(paid, f"paid_{name}")
        for name, each in listed.items():
            yield from _summed(case((is_repriced, each.amount)), f"listed_{name}")


def _summed(amount: Expression, name: str) -> Iterator[Expression]:
    """A sum of amounts, which is two."""
    yield sum_of_units(amount).label(f"{name}_units")
    yield sum_of_micros(amount).label(f"{name}_micros")


ABSENT = {"assistant_id": literal(NO_ASSISTANT, BigInteger), CURRENCY: literal_text("")}
"""What a row of the rollup has where its calls have no such key."""


class RolledUpFigures(Figures):
    """The same from the rollup, which knows no percentiles."""

    def __init__(self, grouping: Grouping) -> None:
        super().__init__(grouping, by_parent=False, percentiles=False)

    def _calls(
        self, records: RecordList, bounds: BindParameter[Any], parent: FromClause | None
    ) -> Select[Any]:
        """The sums of a day or a month, under the names of what a call has."""
        kinds = {"status", "has_total", *self._kinds}
        sums = ("calls", "timed", "duration", *(f"{name}_cost" for name in PARTS))
        joined = self._joined(bounds)
        rows = RollupSums(records, sums, sorted(kinds), joined=joined, whole_days=True).rows(parent)
        return select(
            *self._of_group(rows, bounds),
            rows.c.status.label("how_far"),
            rows.c.has_total,
            *(rows.c[name] for name in sums),
        )

    @property
    def _kinds(self) -> set[str]:
        """What the rollup tells groups apart by, beside buckets."""
        return {ROLLUP_KINDS.get(name, name) for name in self._grouping.keys}

    def _joined(self, bounds: BindParameter[Any]) -> JoinedRows | None:
        """The buckets."""
        if not self._grouping.has_buckets:
            return None
        buckets = bucket_rows(bounds).alias()
        return JoinedRows(
            buckets, BUCKET, lambda _rollup, day: is_day_in_bucket(day, buckets, bounds)
        )

    def _of_group(self, rows: FromClause, _bounds: BindParameter[Any]) -> Iterator[Expression]:
        """What the groups of the rollup's rows are told apart by: `_names`."""
        if self._grouping.has_buckets:
            yield from (rows.c[name] for name in BUCKET)
        yield from self._keys(rows)

    def _keys(self, rows: FromClause) -> Iterator[Expression]:
        for name in self._grouping.keys:
            key = rows.c[ROLLUP_KINDS.get(name, name)]
            yield (func.nullif(key, ABSENT[name]) if name in ABSENT else key).label(name)

    def _sums(self, calls: FromClause) -> Iterator[Expression]:
        number = calls.c.calls
        ongoing = calls.c.how_far.in_([literal_text(each) for each in _ONGOING])
        yield total_of(number, "calls")
        yield total_of(case((calls.c.has_total, number), else_=0), "with_cost")
        yield total_of(case((ongoing, number), else_=0), "ongoing")
        yield total_of(calls.c.timed, "timed")
        yield duration_sum_of(calls)
        for name in PERCENTILES:
            yield cast(null(), Double).label(name)
        for name in PARTS:
            yield from amount_sums(calls, name)

    @staticmethod
    def _having(calls: FromClause) -> Expression | None:
        """A row of which all calls are gone stays in the rollup."""
        return adds_up(calls.c.calls)


def total_of(value: Expression, label: str) -> Expression:
    return cast(func.sum(value), BigInteger).label(label)


def duration_sum_of(calls: FromClause) -> Expression:
    # Changes that are not folded yet may take away, so that only a sum tells whether a group has
    # any.
    return case((adds_up(calls.c.timed), cast(func.sum(calls.c.duration), BigInteger))).label(
        "duration_sum"
    )


def amount_sums(calls: FromClause, name: str) -> Iterator[Expression]:
    amount, has_total = calls.c[f"{name}_cost"], calls.c.has_total
    has_costed = adds_up(calls.c.calls, has_total)
    yield case((has_costed, sum_of_units(amount, has_total))).label(f"{name}_units")
    yield case((has_costed, sum_of_micros(amount, has_total))).label(f"{name}_micros")


def figures_of(
    records: RecordList,
    grouping: Grouping,
    rate_card: RateCardParameters,
    *,
    by_parent: bool,
    percentiles: bool,
) -> Figures:
    """What adds up the groups of a list: of its rollup, where that has all that is needed."""
    fits = grouping.fits_rollup and not percentiles and not by_parent
    if fits and is_countable(records):
        return RolledUpFigures(grouping)
    return Figures(
        grouping,
        by_parent=by_parent,
        percentiles=percentiles,
        rate_card=rate_card if grouping.rates else None,
    )
