"""What calls cost, by service, by period and by provider; amounts are integers of millionths.

Calls are billed in several currencies, which are never added up. A cost that is null is unknown: it
is left out of every sum, and the calls without one are counted.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, FromClause, cast, func, select

from gql.domain.calls import CALLS, calls_since
from gql.models.assistant import Assistant
from gql.models.message import ChatMessage
from gql.models.rollup import SERVICES
from gql.models.scope import owned, parameters, table_of
from gql.money import MICROS_PER_UNIT
from gql.query.context import Context
from gql.query.resource import Expression
from gql.query.rollup_sums import RollupSums, summed
from gql.sql.aggregates import sum_of_micros, sum_of_units
from gql.sql.instants import Period, day_start, utc_period
from gql.sql.text import by_code_point

Amounts = dict[str, int | None]
"""Millionths by service and for `total`; None where every addend is unknown."""


@dataclass(frozen=True)
class CostEntry:
    """One service of one call that cost something.

    Attributes:
        number: From 1, the same for a service in every call.
        provider: The language model's, when it is known.
        model: The language model, when there was only one.
    """

    number: int
    service: str
    provider: str | None = None
    model: str | None = None


@dataclass(frozen=True)
class CostGroup:
    """What a group of calls cost in one currency.

    Attributes:
        name: The period, the service or the provider; None for an unknown provider.
        calls: How many have a total.
    """

    name: str | None
    currency: str | None
    calls: int
    amounts: Amounts


@dataclass(frozen=True)
class CostTotals:
    """What all calls of a window cost, per currency.

    Attributes:
        services: By service, then by currency; `total` is the service's own sum.
        uncosted: Calls without a total.
    """

    currencies: tuple[CostGroup, ...]
    services: tuple[CostGroup, ...]
    uncosted: int


def _minutes(call: FromClause) -> ColumnElement[float]:
    return cast(func.round(call.c.duration / 60, 4), Float)


USUAL_CURRENCY = "USD"
"""What amounts are in where nothing else is stored."""


def _or_else(label: str, default: Any) -> Expression:
    """A column, and a constant where it is NULL."""
    return lambda call: func.coalesce(call.c[label], default)


COSTED_CALLS = replace(CALLS, computed={**CALLS.computed, "duration_minutes": _minutes})
"""Voice calls with their duration in minutes, to four decimals."""

BILLED_CALLS = replace(
    COSTED_CALLS,
    computed={
        **COSTED_CALLS.computed,
        **{f"{name}_cost": _or_else(f"{name}_cost", 0) for name in ("total", *SERVICES)},
        "cost_currency": _or_else("cost_currency", USUAL_CURRENCY),
    },
)
"""The same, where costs that are not known are 0."""


async def list_entries(
    context: Context, call_id: int, services: Collection[str]
) -> tuple[CostEntry, ...]:
    """One entry for each of these services; messages tell which language model the call used."""
    unknown, model = (None, None), await _model(context, call_id)
    return tuple(
        CostEntry(number, service, *(model if service == "llm" else unknown))
        for number, service in enumerate(SERVICES, 1)
        if service in services
    )


async def total_costs(context: Context, since: datetime) -> CostTotals:
    """What the voice calls that started at `since` or later cost together.

    A call without a total may have the cost of a service, which counts for that service.
    """
    rows = _sums_of(since, "currency", "has_total").rows()
    groups = (rows.c.currency, rows.c.has_total)
    statement = select(*groups, *_summed(rows)).group_by(*groups).order_by(*groups)
    by_currency: dict[str, _CostSums] = {}
    uncosted = 0
    for currency, has_total, *sums in await _rows(context, statement):
        group = _CostSums.of(sums)
        if not has_total:
            uncosted += group.calls
            group = replace(group, calls=0)
        by_currency[currency] = by_currency.get(currency, _NOTHING) + group
    ordered = sorted(by_currency.items())
    services = (
        CostGroup(service, currency or None, sums.costed(service), {"total": sums.amount(service)})
        for service in SERVICES
        for currency, sums in ordered
    )
    return CostTotals(
        tuple(sums.group(None, currency) for currency, sums in ordered if sums.calls),
        tuple(group for group in services if group.calls),
        uncosted,
    )


async def costs_by_period(
    context: Context, since: datetime, period: Period
) -> tuple[CostGroup, ...]:
    """Costs per UTC period and currency, oldest first."""
    rows = _sums_of(since, "day", "currency", "has_total").rows()
    return await _grouped(context, rows, rows, utc_period(day_start(rows.c.day), period))


async def costs_by_provider(context: Context, since: datetime) -> tuple[CostGroup, ...]:
    """Costs per provider of the language model and currency.

    The provider is the one that the call's assistant is configured with now; None when that was
    deleted.
    """
    rows = _sums_of(since, "assistant_id", "currency", "has_total").rows()
    assistant = table_of(Assistant).alias()
    source = rows.outerjoin(assistant, (assistant.c.id == rows.c.assistant_id) & owned(assistant))
    return await _grouped(context, rows, source, assistant.c.llm_provider)


@dataclass(frozen=True)
class _CostSums:
    """The sums over some calls in one currency.

    Attributes:
        calls: How many of them have a total.
        sums: By name, as in `gql.models.rollup.SUMS`.
    """

    calls: int
    sums: dict[str, int]

    @classmethod
    def of(cls, row: Sequence[Any]) -> "_CostSums":
        """From what `_summed` selects; a sum of amounts is two numbers."""
        calls, *numbers = map(int, row)
        rest = iter(numbers)
        return cls(
            calls,
            {
                name: next(rest) * MICROS_PER_UNIT + next(rest) if name in _AMOUNTS else next(rest)
                for name in _SUMMED
            },
        )

    def __add__(self, other: "_CostSums") -> "_CostSums":
        sums = {name: self.sums[name] + other.sums[name] for name in _SUMMED}
        return _CostSums(self.calls + other.calls, sums)

    def costed(self, service: str) -> int:
        """How many calls have a cost of a service, or of all."""
        return self.calls if service == "total" else self.sums[f"{service}_costed"]

    def amount(self, service: str) -> int | None:
        """What a service costs, or all; None where that is not known of any call."""
        return self.sums[f"{service}_cost"] if self.costed(service) else None

    def group(self, name: str | None, currency: str) -> CostGroup:
        amounts = {service: self.amount(service) for service in ("total", *SERVICES)}
        return CostGroup(name, currency or None, self.calls, amounts)


_SUMMED = ("total_cost", *(f"{each}_{sum_}" for each in SERVICES for sum_ in ("costed", "cost")))
_AMOUNTS = frozenset(f"{name}_cost" for name in ("total", *SERVICES))
_NOTHING = _CostSums(0, dict.fromkeys(_SUMMED, 0))


def _sums_of(since: datetime, *kinds: str) -> RollupSums:
    return RollupSums(calls_since(since), ("calls", *_SUMMED), kinds)


def _summed(rows: FromClause) -> list[Any]:
    columns: list[Any] = [summed(rows, "calls")]
    for name in _SUMMED:
        if name in _AMOUNTS:
            columns += [sum_of_units(rows.c[name]), sum_of_micros(rows.c[name])]
        else:
            columns.append(summed(rows, name))
    return columns


async def _grouped(
    context: Context, rows: FromClause, source: FromClause, name: ColumnElement[Any]
) -> tuple[CostGroup, ...]:
    """Calls with a total by `name` and currency."""
    statement = (
        select(name, rows.c.currency, *_summed(rows))
        .select_from(source)
        .where(rows.c.has_total)
        .group_by(name, rows.c.currency)
        .having(summed(rows, "calls") > 0)
        .order_by(by_code_point(name).nulls_last(), by_code_point(rows.c.currency))
    )
    groups_read = await _rows(context, statement)
    return tuple(
        _CostSums.of(sums).group(name_, currency) for name_, currency, *sums in groups_read
    )


async def _model(context: Context, call_id: int) -> tuple[str | None, str | None]:
    """The provider and the model of a call's messages, each if they all have the same."""
    message = table_of(ChatMessage).alias()
    statement = (
        select(message.c.llm_provider, message.c.llm_model)
        .where(message.c.call_id == call_id, owned(message), message.c.llm_provider.is_not(None))
        .distinct()
    )
    rows = await _rows(context, statement)
    providers = {row[0] for row in rows}
    models = {row[1] for row in rows}
    if len(providers) != 1:
        return None, None
    return providers.pop(), models.pop() if len(models) == 1 else None


async def _rows(context: Context, statement: Any) -> Sequence[Any]:
    return await context.snapshot.rows(statement, parameters(context.organization_id))
