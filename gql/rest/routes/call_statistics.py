"""Figures about voice calls: counts, all-time totals, and the last days in numbers."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, Field

from gql.domain.call_statistics import analyse_calls, total_calls
from gql.domain.calls import CALLS
from gql.engine.fields import ConnectionField
from gql.engine.rest_query import RestArguments
from gql.kinds import Kind, reading
from gql.models.types import now
from gql.query.context import Context
from gql.query.weights import GROUPED_TOTALS, TOTAL
from gql.rest.reads import page_of
from gql.rest.responses import rounded
from gql.rest.route import Answer, route
from gql.rest.routes.calls import TAG, CountFilters


class Count(BaseModel):
    """How many."""

    count: Annotated[int, ConnectionField.TOTAL_COUNT]


class Stats(BaseModel):
    """All-time totals; durations are seconds of completed calls."""

    total_calls: int
    total_duration: int
    average_duration: float = Field(description="0 when no call has a duration.")


class Day(BaseModel):
    """One UTC day."""

    total: int
    completed: int
    failed: int


class TopAssistant(BaseModel):
    """One of the ten busiest assistants."""

    assistant_id: int
    assistant_name: str | None
    calls: int
    duration: int = Field(description="Seconds of all its calls.")


class CallAnalytics(BaseModel):
    """A window of time in numbers."""

    total_calls: int
    completed_calls: int
    failed_calls: int
    ongoing_calls: int
    total_duration: int = Field(description="Seconds of completed calls.")
    avg_duration: float
    success_rate: float = Field(description="Completed calls, in per cent of all.")
    daily_stats: dict[str, Day] = Field(description="By UTC day; days without calls are absent.")
    top_assistants: list[TopAssistant]


class AnalyticsQuery(BaseModel):
    """How far to look back."""

    period: Annotated[str, Field(pattern="^(1d|7d|30d|90d)$")] = "7d"


@route(
    "GET",
    "/api/v1/calls/count",
    tag=TAG,
    kinds=reading(Kind.CALLS),
    summary="Count calls",
    graphql="{ calls(filter: {status: {eq: FAILED}}) { totalCount } }",
    answers={200: Answer("The number.", Count, {"count": 42})},
    reads=page_of(CALLS, Count),
)
def count_calls(query: CountFilters) -> RestArguments:
    """How many voice calls pass the filters."""
    return RestArguments(filter=query.filter())


@route(
    "GET",
    "/api/v1/calls/stats",
    tag=TAG,
    kinds=reading(Kind.CALLS),
    summary="Get all-time totals",
    graphql="{ costs(groupBy: [STATUS]) { groups { status calls duration { sum average } } } }",
    points=TOTAL.points,
    answers={
        200: Answer(
            "The totals.",
            Stats,
            {"total_calls": 500, "total_duration": 150_000, "average_duration": 300},
        )
    },
)
async def get_stats(context: Context) -> dict[str, Any]:
    """All voice calls in numbers; durations are those of completed calls."""
    totals = await total_calls(context)
    return {
        "total_calls": totals.total,
        "total_duration": totals.duration,
        "average_duration": rounded(totals.average_duration),
    }


@route(
    "GET",
    "/api/v1/calls/analytics",
    tag=TAG,
    kinds=reading(Kind.CALLS),
    summary="Get the last days in numbers",
    graphql=(
        '{ costs(groupBy: [DAY, STATUS], filter: {startedAt: {gte: "2020-01-01", lt: "2040-01-01"'
        "}}) { groups { start status calls duration { average } } } }"
    ),
    points=GROUPED_TOTALS,
    answers={
        200: Answer(
            "The figures.",
            CallAnalytics,
            {
                "total_calls": 4,
                "completed_calls": 3,
                "failed_calls": 1,
                "ongoing_calls": 0,
                "total_duration": 540,
                "avg_duration": 180,
                "success_rate": 75,
                "daily_stats": {"2024-01-15": {"total": 4, "completed": 3, "failed": 1}},
                "top_assistants": [
                    {
                        "assistant_id": 123,
                        "assistant_name": "ServiceBot",
                        "calls": 4,
                        "duration": 547,
                    }
                ],
            },
        )
    },
)
async def get_analytics(context: Context, query: AnalyticsQuery) -> dict[str, Any]:
    """The voice calls that started within the last 1, 7, 30 or 90 times 24 hours."""
    since = now() - timedelta(days=int(query.period.removesuffix("d")))
    analytics = await analyse_calls(context, since)
    totals = analytics.total
    return {
        "total_calls": totals.total,
        "completed_calls": totals.completed,
        "failed_calls": totals.failed,
        "ongoing_calls": totals.ongoing,
        "total_duration": totals.duration,
        "avg_duration": rounded(totals.average_duration),
        "success_rate": rounded(totals.success_rate),
        "daily_stats": {
            day: {"total": each.total, "completed": each.completed, "failed": each.failed}
            for day, each in analytics.days.items()
        },
        "top_assistants": [
            {
                "assistant_id": assistant.assistant_id,
                "assistant_name": assistant.name,
                "calls": assistant.calls,
                "duration": assistant.duration,
            }
            for assistant in analytics.assistants
        ],
    }
