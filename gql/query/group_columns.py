"""The columns of each group of costs: its keys, its sums as text, and the filter of its calls."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Double,
    FromClause,
    Text,
    case,
    cast,
    func,
    null,
    type_coerce,
)
from sqlmodel.sql.sqltypes import UTCDateTime

from gql.models.rollup import SERVICES
from gql.query.cost_figures import (
    CURRENCY,
    KEYS,
    PARTS,
    PERCENTILES,
    Expression,
    Grouping,
)
from gql.sql.aggregates import (
    amount_text,
)
from gql.sql.instants import trimmed_instant
from gql.sql.json_sql import concatenated, json_integer, json_string, literal_text
from gql.sql.text import uppercase

AMOUNTS = (*PARTS, "unattributed")

_FIGURES = (
    *("calls", "with_cost", "ongoing"),
    *("duration_sum", "duration_average", "duration_p50", "duration_p95"),
    *(f"{name}_cost" for name in AMOUNTS),
)
LABELS = ("bucket_start", "bucket_end", *KEYS, "group_filter", *_FIGURES)
"""What a group has."""

_REPRICED_COUNTS = (
    *("repriced_calls", "single_price_calls"),
    *("other_currency_calls", "unmeasured_calls", "unsplit_calls"),
)
REPRICED_LABELS = (
    *("uncosted_calls", *_REPRICED_COUNTS),
    *(f"{kind}_{name}_cost" for kind in ("paid", "listed", "difference") for name in AMOUNTS),
)
"""What it has beside that where there is a rate card."""


def finished_columns(
    rows: FromClause, grouping: Grouping, filter_start: Expression, filter_end: Expression
) -> Iterator[Expression]:
    """The labels of each group, and `group_key`, which no other group has.

    Args:
        rows: The sums of each group, with its keys.
        grouping: By what they are grouped.
        filter_start: What the JSON of the filter of a group begins with: that of the report.
        filter_end: What it ends with.
    """
    for name in ("bucket_start", "bucket_end"):
        value = rows.c[name] if grouping.has_buckets else cast(null(), UTCDateTime())
        yield value.label(name)
    for name, kind in KEYS.items():
        value = rows.c[name] if name in grouping.keys else cast(null(), kind)
        # An empty bucket has no key, even of a column that is never null in a call.
        yield type_coerce(value, kind).label(name)
    yield _group_filter(rows, grouping, filter_start, filter_end).label("group_filter")
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
    rated = [each.service for each in grouping.rates]
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


def _group_filter(
    rows: FromClause, grouping: Grouping, filter_start: Expression, filter_end: Expression
) -> Expression:
    """The filter that only the calls of a group pass, as JSON.

    A call has no value where it does not pass `notIn: []`, which every value passes. An empty
    currency is none.
    """
    parts: list[Any] = [filter_start]
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
    parts += ['"none":[', func.substr(concatenated(absent), 2), "]", filter_end]
    return concatenated(parts)


def _filter_value(name: str, value: Expression) -> Expression:
    if not isinstance(KEYS[name], Text):
        return concatenated([f'"{name.removesuffix("_id")}_', json_integer(value), '"'])
    return json_string(uppercase(value) if name == "status" else value)
