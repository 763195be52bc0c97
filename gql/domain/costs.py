"""What calls cost, by service, by period and by provider; amounts are integers of millionths.

Calls are billed in several currencies, which are never added up. A cost that is null is unknown: it
is left out of every sum, and the calls without one are counted.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, FromClause, cast, func, select

from gql.domain.calls import CALLS
from gql.models.assistant import Assistant
from gql.models.message import ChatMessage
from gql.models.scope import owned, parameters, table_of
from gql.query.context import Context
from gql.query.resource import Expression
from gql.sql.instants import Period, utc_period
from gql.sql.text import by_code_point

SERVICES = ("llm", "tts", "stt", "telephony")
"""The parts of a call's cost; the column of each is `<service>_cost`."""

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
    """What the voice calls that started at `since` or later cost together."""
    call = CALLS.table.alias()
    statement = (
        select(
            call.c.cost_currency,
            *_sums(call),
            func.count() - func.count(call.c.total_cost),
            *(func.count(call.c[f"{service}_cost"]) for service in SERVICES),
        )
        .where(*CALLS.conditions(call), call.c.started_at >= since)
        .group_by(call.c.cost_currency)
    )
    rows = sorted(await _rows(context, statement), key=lambda row: row[0] or "")
    services = (_service(service, row) for service in SERVICES for row in rows)
    return CostTotals(
        tuple(_group(None, row[:_GROUP_WIDTH]) for row in rows if row[1]),
        tuple(group for group in services if group.calls),
        sum(row[_GROUP_WIDTH] for row in rows),
    )


async def costs_by_period(
    context: Context, since: datetime, period: Period
) -> tuple[CostGroup, ...]:
    """Costs per UTC period and currency, oldest first."""
    call = CALLS.table.alias()
    return await _grouped(context, since, call, call, utc_period(call.c.started_at, period))


async def costs_by_provider(context: Context, since: datetime) -> tuple[CostGroup, ...]:
    """Costs per provider of the language model and currency.

    The provider is the one that the call's assistant is configured with now; None when that was
    deleted.
    """
    call = CALLS.table.alias()
    assistant = table_of(Assistant).alias()
    source = call.outerjoin(assistant, (assistant.c.id == call.c.assistant_id) & owned(assistant))
    return await _grouped(context, since, call, source, assistant.c.llm_provider)


async def _grouped(
    context: Context,
    since: datetime,
    call: FromClause,
    source: FromClause,
    name: ColumnElement[Any],
) -> tuple[CostGroup, ...]:
    statement = (
        select(name, call.c.cost_currency, *_sums(call))
        .select_from(source)
        .where(*CALLS.conditions(call), call.c.started_at >= since, call.c.total_cost.is_not(None))
        .group_by(name, call.c.cost_currency)
        .order_by(by_code_point(name).nulls_last(), by_code_point(call.c.cost_currency))
    )
    return tuple(_group(row[0], row[1:]) for row in await _rows(context, statement))


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


_SUMMED = ("total", *SERVICES)
_GROUP_WIDTH = 2 + len(_SUMMED)
"""How many columns a group has: its currency, its number of calls, and the sums."""


def _sums(call: FromClause) -> list[Any]:
    """The number of calls that have a total, and the sums."""
    return [
        func.count(call.c.total_cost),
        *(func.sum(call.c[f"{name}_cost"]) for name in _SUMMED),
    ]


def _group(name: str | None, row: Sequence[Any]) -> CostGroup:
    currency, calls, *sums = row
    # PostgreSQL's sum of integers is a decimal.
    amounts = {
        service: None if amount is None else int(amount)
        for service, amount in zip(_SUMMED, sums, strict=True)
    }
    return CostGroup(name, currency, calls, amounts)


def _service(service: str, row: Sequence[Any]) -> CostGroup:
    """The part of one service in the row of a currency; see the statement in `total_costs`."""
    index = SERVICES.index(service)
    amount = row[_GROUP_WIDTH - len(SERVICES) + index]
    amounts = {"total": None if amount is None else int(amount)}
    return CostGroup(service, row[0], row[_GROUP_WIDTH + 1 + index], amounts)


async def _rows(context: Context, statement: Any) -> Sequence[Any]:
    return await context.snapshot.rows(statement, parameters(context.organization_id))
