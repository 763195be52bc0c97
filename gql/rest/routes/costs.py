"""What voice calls cost: one, many, and added up; amounts are numbers of whole currency units."""

import math
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, BaseModel, Field

from gql.domain.calls import CALLS
from gql.domain.cost_entries import COUNTED_ENTRIES
from gql.domain.costs import (
    BILLED_CALLS,
    COSTED_CALLS,
    USUAL_CURRENCY,
    CostEntry,
    CostGroup,
    CostTotals,
    costs_by_period,
    costs_by_provider,
    list_entries,
    total_costs,
)
from gql.domain.messages import OF_CALL
from gql.engine.fields import ColumnSource, ManySource
from gql.engine.query_runner import QueryRunner
from gql.engine.rest_query import RestArguments
from gql.kinds import Kind, reading
from gql.models.rollup import SERVICES
from gql.models.types import now
from gql.money import MAX_MICROS, decimal_to_micros, micros_to_float
from gql.query.context import Context
from gql.query.filters import Condition
from gql.query.paging import Paging
from gql.query.weights import GROUPED_TOTALS
from gql.rest.filters import FilterBy, Filters
from gql.rest.parameters import MOST_SMALL_INTEGER, Paged
from gql.rest.reads import Money, list_of, lookup
from gql.rest.route import Answer, route
from gql.rest.routes.calls import CallPath, StartedFrom, StartedTo
from gql.sql.instants import Period

TAG = "Costs"


class CostSummary(BaseModel):
    """What one call cost; what is not known is 0 here, and null in the call itself."""

    call_id: Annotated[int, ColumnSource("id")]
    call_sid: str
    total_cost: Money
    llm_cost: Money
    tts_cost: Money
    stt_cost: Money
    telephony_cost: Money
    currency: Annotated[str, ColumnSource("cost_currency")] = Field(
        description="`USD` where none is stored."
    )
    duration_minutes: float | None
    started_at: datetime | None
    ended_at: datetime | None


class CostEntryOut(BaseModel):
    """One line of what a call cost; all of one service where no source gave lines."""

    id: int = Field(description="Of the line; else the number of the service, from 1.")
    service_type: Annotated[
        Literal["llm", "tts", "stt", "telephony", "other"], ColumnSource("service")
    ]
    provider: str | None = Field(description="`unknown` where nobody says.")
    model: str | None = Field(description="The model, when there was only one.")
    usage_type: str | None = Field(description="`call` where nobody says what was counted.")
    usage_amount: float | None = Field(description="1 where nobody counted.")
    unit_cost: Annotated[float | None, ColumnSource("unit_price")]
    total_cost: Annotated[Money | None, ColumnSource("amount", "decimal")]
    timestamp: Annotated[datetime | None, ColumnSource("occurred_at")] = Field(
        description="When it was charged; else when the call ended, or started if it goes on."
    )
    metadata: Annotated[dict[str, Any] | None, ColumnSource("meta")]


class CallCosts(BaseModel):
    """What one call cost, and its parts."""

    call_summary: CostSummary
    detailed_entries: list[CostEntryOut]


class StoredCosts(CostSummary):
    """What is stored of it; null for what is not known."""

    detailed_entries: Annotated[list[CostEntryOut], ManySource(COUNTED_ENTRIES, OF_CALL, usual=10)]


class CostSums(BaseModel):
    """Sums in one currency; null where nothing is known."""

    currency: str | None
    calls: int
    total_cost: float | None
    llm_cost: float | None = None
    tts_cost: float | None = None
    stt_cost: float | None = None
    telephony_cost: float | None = None


class CostGroupOut(CostSums):
    """The sums of one group; those of one service have no parts."""

    group: str | None = Field(description="`2024-01-15`, the week's Monday, `2024-01`, or a name.")


class CostAnalytics(BaseModel):
    """Costs added up."""

    period_days: int
    group_by: str
    total_calls: int
    uncosted_calls: int
    totals: list[CostSums]
    groups: list[CostGroupOut]


def _micros(amount: float) -> Decimal:
    """A float counts as the shortest text that gives it; no stored amount is beyond the limits."""
    micros = decimal_to_micros(Decimal(repr(amount)))
    return max(Decimal(-MAX_MICROS), min(micros, Decimal(MAX_MICROS)))


MinCost = Annotated[
    float,
    Field(allow_inf_nan=False),
    AfterValidator(lambda amount: math.ceil(_micros(amount))),
]
"""The least millionths that are within the bound."""

MaxCost = Annotated[
    float,
    Field(allow_inf_nan=False),
    AfterValidator(lambda amount: math.floor(_micros(amount))),
]
"""The most millionths that are within the bound."""


class SummaryQuery(Filters, Paged):
    """Which calls' costs are listed."""

    resource = CALLS

    date_from: StartedFrom = None
    date_to: StartedTo = None
    min_cost: Annotated[MinCost | None, FilterBy("total_cost", "gte")] = None
    max_cost: Annotated[MaxCost | None, FilterBy("total_cost", "lte")] = None


class CostAnalyticsQuery(BaseModel):
    """How far to look back, and what to add up."""

    days: Annotated[int, Field(ge=1, le=365)] = 30
    group_by: Annotated[str, Field(pattern="^(day|week|month|service|provider)$")] = "day"


COSTS_OF_CALL = lookup(COSTED_CALLS, StoredCosts, noun="call")
"""With null for what is not known, by which the entries are chosen."""

_UNKNOWN = {
    **{f"{name}_cost": 0 for name in ("total", *SERVICES)},
    "currency": USUAL_CURRENCY,
}
"""What is answered in place of null."""


@route(
    "GET",
    "/api/calls/costs/summary",
    tag=TAG,
    kinds=reading(Kind.COSTS, Kind.CALLS, Kind.SMS),
    summary="List the costs of calls",
    graphql=(
        '{ calls(filter: {totalCost: {gte: "0.05"}}) { nodes { callSid cost { total currency '
        "} } } }"
    ),
    answers={200: Answer("Newest first.", list[CostSummary])},
    reads=list_of(BILLED_CALLS, CostSummary),
)
def list_costs(query: SummaryQuery) -> RestArguments:
    """The voice calls of which the cost is known, newest first."""
    offset = min(query.skip, MOST_SMALL_INTEGER)
    newest = Paging(query.limit, "started_at", descending=True, offset=offset)
    has_cost = Condition("total_cost", "is_null", False)
    return RestArguments(paging=newest, filter=(has_cost, *query.filter()))


@route(
    "GET",
    "/api/calls/{call_id}/costs",
    tag=TAG,
    kinds=reading(Kind.COSTS, Kind.CALLS, Kind.SMS),
    summary="Get the costs of a call",
    graphql="{ call(id: 101) { cost { total llm tts stt telephony currency } } }",
    answers={200: Answer("The total and its parts.", CallCosts)},
    errors=(404,),
)
async def get_costs(context: Context, queries: QueryRunner, path: CallPath) -> dict[str, Any]:
    """What one voice call cost, with the lines that its source gave of it.

    Where there are none, each service of which the cost is known is one entry, whose usage is one
    call at the price it had.
    """
    arguments = RestArguments(path.call_id)
    summary = orjson.loads(await queries.fetch(context, COSTS_OF_CALL, arguments))
    stored = summary.pop("detailed_entries")
    entries = [_complete(summary, entry) for entry in stored]
    if not entries:
        priced = {name for name in SERVICES if summary[f"{name}_cost"] is not None}
        services = await list_entries(context, path.call_id, priced)
        entries = [_entry(summary, entry) for entry in services]
    return {
        "call_summary": {
            name: _UNKNOWN.get(name) if value is None else value for name, value in summary.items()
        },
        "detailed_entries": entries,
    }


@route(
    "GET",
    "/api/costs/analytics",
    tag=TAG,
    kinds=reading(Kind.COSTS, Kind.CALLS, Kind.SMS),
    summary="Add costs up",
    graphql=(
        '{ costs(groupBy: [DAY], filter: {startedAt: {gte: "2020-01-01", lt: "2040-01-01"}})'
        " { groups { start cost { total llm tts stt telephony currency } } } }"
    ),
    points=GROUPED_TOTALS,
    answers={200: Answer("Sums per currency and group.", CostAnalytics)},
)
async def analyze_costs(context: Context, query: CostAnalyticsQuery) -> dict[str, Any]:
    """What the voice calls of the last days cost, by UTC day, week or month, service or provider.

    Currencies are never added up. A call whose cost is not known is in no sum, but in
    `uncosted_calls`. A provider is the language model's, as the assistant is configured now; null
    for deleted assistants.
    """
    since = now() - timedelta(days=query.days)
    totals = await total_costs(context, since)
    return {
        "period_days": query.days,
        "group_by": query.group_by,
        "total_calls": totals.uncosted + sum(each.calls for each in totals.currencies),
        "uncosted_calls": totals.uncosted,
        "totals": [_sums(group) for group in totals.currencies],
        "groups": await _groups(context, since, query.group_by, totals),
    }


async def _groups(context: Context, since: Any, by: str, totals: CostTotals) -> list[Any]:
    if by == "service":
        groups = totals.services
    elif by == "provider":
        groups = await costs_by_provider(context, since)
    else:
        groups = await costs_by_period(context, since, Period(by))
    return [{"group": group.name, **_sums(group)} for group in groups]


def _complete(summary: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """A stored line, with something in place of what the documents require and nobody said."""
    if entry["usage_amount"] is None:
        entry |= {"usage_type": "call", "usage_amount": 1, "unit_cost": entry["total_cost"]}
    return {
        **entry,
        "provider": entry["provider"] or "unknown",
        "timestamp": entry["timestamp"] or summary["ended_at"] or summary["started_at"],
    }


def _entry(summary: dict[str, Any], entry: CostEntry) -> dict[str, Any]:
    """What one service of a call cost."""
    cost = summary[f"{entry.service}_cost"]
    return {
        "id": entry.number,
        "service_type": entry.service,
        "provider": entry.provider or "unknown",
        "model": entry.model,
        "usage_type": "call",
        "usage_amount": 1,
        "unit_cost": cost,
        "total_cost": cost,
        "timestamp": summary["ended_at"] or summary["started_at"],
        "metadata": None,
    }


def _sums(group: CostGroup) -> dict[str, Any]:
    """Sums in one currency."""
    sums = {
        f"{service}_cost": micros_to_float(group.amounts[service])
        for service in ("total", *SERVICES)
        if service in group.amounts
    }
    return {"currency": group.currency, "calls": group.calls, **sums}
