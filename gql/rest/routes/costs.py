"""What voice calls cost: one, many, and added up."""

import math
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field

from gql.domain import costs
from gql.domain.calls import CALLS
from gql.loaders import record_loaders
from gql.models.types import now
from gql.money import MAX_MICROS, decimal_to_micros
from gql.query.context import Context
from gql.query.filters import Condition
from gql.query.paging import Paging
from gql.rest.parameters import MOST_SMALL_INTEGER, Instant, Paged
from gql.rest.route import Answer, RestRoute, route
from gql.rest.routes.call_filters import CallPath, Filters, get_call
from gql.rest.routes.cost_shapes import (
    CallCosts,
    CostAnalytics,
    CostSummary,
    entry_wire,
    group_wire,
    summary_wire,
)
from gql.sql.instants import Period

TAG = "Costs"

Amount = Annotated[float, Field(allow_inf_nan=False)]


class SummaryQuery(Filters, Paged):
    """Which calls' costs are listed."""

    date_from: Instant | None = Field(None, description="Started then or later.")
    date_to: Instant | None = Field(None, description="Started then or earlier.")
    min_cost: Amount | None = None
    max_cost: Amount | None = None

    def value(self, name: str, value: Any) -> Any:
        """Amounts as the millionths that are still within the bound."""
        if name == "min_cost":
            return math.ceil(_micros(value))
        if name == "max_cost":
            return math.floor(_micros(value))
        return value


class CostAnalyticsQuery(BaseModel):
    """How far to look back, and what to add up."""

    days: Annotated[int, Field(ge=1, le=365)] = 30
    group_by: Annotated[str, Field(pattern="^(day|week|month|service|provider)$")] = "day"


@route(
    "GET",
    "/api/calls/costs/summary",
    tag=TAG,
    summary="List the costs of calls",
    answers={200: Answer("Newest first.", list[CostSummary])},
)
async def list_costs(context: Context, query: SummaryQuery) -> list[dict[str, Any]]:
    """The voice calls of which the cost is known, newest first."""
    offset = min(query.skip, MOST_SMALL_INTEGER)
    newest = Paging(query.limit, "started_at", descending=True, offset=offset)
    known = Condition("total_cost", "is_null", False)
    page = await record_loaders.page(context, CALLS, newest, filter=(known, *query.filter()))
    return [summary_wire(call) for call in page.records]


@route(
    "GET",
    "/api/calls/{call_id}/costs",
    tag=TAG,
    summary="Get the costs of a call",
    answers={200: Answer("The total and its parts.", CallCosts)},
    errors=(404,),
)
async def get_costs(context: Context, path: CallPath) -> dict[str, Any]:
    """What one voice call cost, with one entry per service of which the cost is known.

    Costs are kept per call and service, so an entry's usage is one call at the price it had.
    """
    call = await get_call(context, path.call_id)
    entries = await costs.list_entries(context, call)
    return {
        "call_summary": summary_wire(call),
        "detailed_entries": [entry_wire(call, entry) for entry in entries],
    }


@route(
    "GET",
    "/api/costs/analytics",
    tag=TAG,
    summary="Add costs up",
    answers={200: Answer("Sums per currency and group.", CostAnalytics)},
)
async def analyze_costs(context: Context, query: CostAnalyticsQuery) -> dict[str, Any]:
    """What the voice calls of the last days cost, by UTC day, week or month, service or provider.

    Currencies are never added up. A call whose cost is not known is in no sum, but in
    `uncosted_calls`. A provider is the language model's, as the assistant is configured now; null
    for deleted assistants.
    """
    since = now() - timedelta(days=query.days)
    totals = await costs.totals(context, since)
    return {
        "period_days": query.days,
        "group_by": query.group_by,
        "total_calls": totals.uncosted + sum(each.calls for each in totals.currencies),
        "uncosted_calls": totals.uncosted,
        "totals": [group_wire(group) for group in totals.currencies],
        "groups": await _groups(context, since, query.group_by, totals),
    }


async def _groups(context: Context, since: Any, by: str, totals: costs.CostTotals) -> list[Any]:
    if by == "service":
        groups = totals.services
    elif by == "provider":
        groups = await costs.by_provider(context, since)
    else:
        groups = await costs.by_period(context, since, Period(by))
    return [{"group": group.name, **group_wire(group)} for group in groups]


def _micros(amount: float) -> Decimal:
    """A float counts as the shortest text that gives it; no stored amount is beyond the limits."""
    micros = decimal_to_micros(Decimal(repr(amount)))
    return max(Decimal(-MAX_MICROS), min(micros, Decimal(MAX_MICROS)))


ROUTES: tuple[RestRoute, ...] = (list_costs, get_costs, analyze_costs)
