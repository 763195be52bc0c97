"""Totals of voice calls, computed by the database: of all time, by day and by assistant.

Durations are those of completed calls alone, since a failed call may have rung for a while; only
the total of a busy assistant takes every call that has one.
"""

import operator
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import FromClause, Select, func, select

from gql.domain.calls import CALLS
from gql.models.assistant import Assistant
from gql.models.enums import CallStatus
from gql.models.scope import owned, parameters, table_of
from gql.query.context import Context
from gql.sql.instants import Period, utc_period
from gql.sql.keys import is_among
from gql.sql.text import by_code_point

MOST_ASSISTANTS = 10
"""How many of the busiest assistants are listed."""


@dataclass(frozen=True)
class CallTotals:
    """Numbers of calls by status, and the duration of the completed ones.

    Attributes:
        timed: Completed calls with a duration.
        duration: The sum of those, in seconds.
    """

    total: int = 0
    completed: int = 0
    failed: int = 0
    ongoing: int = 0
    timed: int = 0
    duration: int = 0

    @property
    def average_duration(self) -> float:
        """Seconds; 0 when no completed call has a duration."""
        return self.duration / self.timed if self.timed else 0

    @property
    def success_rate(self) -> float:
        """Percentage of completed calls, 0 to 100; 0 without any call."""
        return 100 * self.completed / self.total if self.total else 0

    def __add__(self, other: "CallTotals") -> "CallTotals":
        return CallTotals(*map(operator.add, astuple(self), astuple(other)))


@dataclass(frozen=True)
class BusyAssistant:
    """An assistant, and the number and total duration in seconds of its calls of every status."""

    assistant_id: int
    name: str | None
    calls: int
    duration: int


@dataclass(frozen=True)
class CallAnalytics:
    """Totals of a window of time.

    Attributes:
        days: By UTC day, `2025-01-19`, in order; days without calls are left out.
        assistants: The busiest ten, those with most calls first, by id among equals.
    """

    days: dict[str, CallTotals]
    assistants: tuple[BusyAssistant, ...]

    @property
    def total(self) -> CallTotals:
        """The sum of all days."""
        return sum(self.days.values(), CallTotals())


async def total_calls(context: Context) -> CallTotals:
    """Totals of all voice calls of the organization."""
    call = CALLS.table.alias()
    totals = await _totals(context, select(), call)
    return totals.get(None, CallTotals())


async def analyse_calls(context: Context, since: datetime) -> CallAnalytics:
    """Totals of the voice calls that started at `since` or later."""
    call = CALLS.table.alias()
    day = utc_period(call.c.started_at, Period.DAY)
    recent = select(day).where(call.c.started_at >= since).group_by(day)
    days = await _totals(context, recent, call)
    ordered = dict(sorted(days.items()))
    return CallAnalytics(ordered, await _busiest(context, since) if ordered else ())


async def totals_by_assistant(context: Context, assistant_ids: list[int]) -> dict[int, CallTotals]:
    """Totals of all voice calls of each of these assistants."""
    call = CALLS.table.alias()
    statement = (
        select(call.c.assistant_id)
        .where(is_among(call.c.assistant_id, "keys"))
        .group_by(call.c.assistant_id)
    )
    totals = await _totals(context, statement, call, keys=assistant_ids)
    return {key: totals.get(key, CallTotals()) for key in assistant_ids}


async def _busiest(context: Context, since: datetime) -> tuple[BusyAssistant, ...]:
    """One row per assistant; a deleted one has the name that its calls keep."""
    call = CALLS.table.alias()
    assistant = table_of(Assistant).alias()
    busy = (
        select(
            call.c.assistant_id,
            func.max(by_code_point(call.c.assistant_name)).label("name"),
            func.count().label("calls"),
            func.coalesce(func.sum(call.c.duration), 0).label("duration"),
        )
        .where(
            *CALLS.conditions(call),
            call.c.started_at >= since,
            call.c.assistant_id.is_not(None),
        )
        .group_by(call.c.assistant_id)
        .order_by(func.count().desc(), call.c.assistant_id)
        .limit(MOST_ASSISTANTS)
        .subquery()
    )
    statement = (
        select(
            busy.c.assistant_id,
            func.coalesce(assistant.c.name, busy.c.name),
            busy.c.calls,
            busy.c.duration,
        )
        .outerjoin_from(busy, assistant, (assistant.c.id == busy.c.assistant_id) & owned(assistant))
        .order_by(busy.c.calls.desc(), busy.c.assistant_id)
    )
    rows: Sequence[Any] = await context.snapshot.rows(
        statement, parameters(context.organization_id)
    )
    return tuple(BusyAssistant(row[0], row[1], row[2], int(row[3])) for row in rows)


async def _totals(
    context: Context, groups: Select[Any], call: FromClause, **values: Any
) -> dict[Any, CallTotals]:
    """Totals by the only column of `groups`, or by None when it has none."""
    # Grouped by status they are read from an index alone. Counted by CASE in one group instead, as
    # one would write it first, they took SQLite eight times as long.
    statement = (
        groups.add_columns(
            call.c.status,
            func.count(),
            func.count(call.c.duration),
            func.coalesce(func.sum(call.c.duration), 0),
        )
        .where(*CALLS.conditions(call))
        .group_by(call.c.status)
    )
    rows: Sequence[Any] = await context.snapshot.rows(
        statement, {**parameters(context.organization_id), **values}
    )
    totals: defaultdict[Any, CallTotals] = defaultdict(CallTotals)
    for *group, status, count, timed, duration in rows:
        totals[group[0] if group else None] += _of_status(status, count, timed, int(duration))
    return totals


def _of_status(status: str, count: int, timed: int, duration: int) -> CallTotals:
    if status == CallStatus.COMPLETED:
        return CallTotals(count, completed=count, timed=timed, duration=duration)
    if status == CallStatus.FAILED:
        return CallTotals(count, failed=count)
    return CallTotals(count, ongoing=count)
