"""Figures about voice calls, added up by the database: all-time totals, days, busiest assistants.

Durations are those of completed calls alone, since a failed call may have rung for a while; only
an assistant's own total takes every call that has one.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
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

TOP = 10
"""How many of the busiest assistants are listed."""


@dataclass(frozen=True)
class Figures:
    """Calls counted by status, and how long the completed ones took.

    Attributes:
        timed: Completed calls with a duration.
        duration: Seconds of those together.
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
        """Completed calls in per cent of all; 0 when there are none."""
        return 100 * self.completed / self.total if self.total else 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(one + two for one, two in zip(_values(self), _values(other), strict=True)))


@dataclass(frozen=True)
class BusyAssistant:
    """An assistant and its calls; `duration` in seconds, whether they were completed or not."""

    assistant_id: int
    name: str | None
    calls: int
    duration: int


@dataclass(frozen=True)
class CallAnalytics:
    """Figures of a window of time.

    Attributes:
        days: By UTC day, `2025-01-19`, in order; days without calls are left out.
        assistants: The busiest ten, most calls first, and by id among equals.
    """

    days: dict[str, Figures]
    assistants: tuple[BusyAssistant, ...]

    @property
    def total(self) -> Figures:
        """All days together."""
        return sum(self.days.values(), Figures())


async def all_time_figures(context: Context) -> Figures:
    """Figures of all voice calls of the organization."""
    call = CALLS.table.alias()
    figures = await _figures(context, select(), call)
    return figures.get(None, Figures())


async def analytics(context: Context, since: datetime) -> CallAnalytics:
    """Figures of the voice calls that started at `since` or later."""
    call = CALLS.table.alias()
    day = utc_period(call.c.started_at, Period.DAY)
    recent = select(day).where(call.c.started_at >= since).group_by(day)
    days = await _figures(context, recent, call)
    ordered = dict(sorted(days.items()))
    return CallAnalytics(ordered, await _busiest(context, since) if ordered else ())


async def by_assistant(context: Context, assistant_ids: list[int]) -> dict[int, Figures]:
    """Figures of the voice calls of each of these assistants, all-time."""
    call = CALLS.table.alias()
    statement = (
        select(call.c.assistant_id)
        .where(is_among(call.c.assistant_id, "keys"))
        .group_by(call.c.assistant_id)
    )
    figures = await _figures(context, statement, call, keys=assistant_ids)
    return {key: figures.get(key, Figures()) for key in assistant_ids}


async def _busiest(context: Context, since: datetime) -> tuple[BusyAssistant, ...]:
    """One row per assistant; a deleted one is called what its calls say."""
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
        .limit(TOP)
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


async def _figures(
    context: Context, groups: Select[Any], call: FromClause, **values: Any
) -> dict[Any, Figures]:
    """Figures by the one column of `groups`, or by None when it has none.

    Grouped by status as well, they are read along an index; counted by CASE they took SQLite eight
    times as long.
    """
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
    figures: defaultdict[Any, Figures] = defaultdict(Figures)
    for *group, status, count, timed, duration in rows:
        figures[group[0] if group else None] += _of_status(status, count, timed, int(duration))
    return figures


def _of_status(status: str, count: int, timed: int, duration: int) -> Figures:
    if status == CallStatus.COMPLETED:
        return Figures(count, completed=count, timed=timed, duration=duration)
    if status == CallStatus.FAILED:
        return Figures(count, failed=count)
    return Figures(count, ongoing=count)


def _values(figures: Figures) -> tuple[int, ...]:
    return (
        figures.total,
        figures.completed,
        figures.failed,
        figures.ongoing,
        figures.timed,
        figures.duration,
    )
