"""Totals of voice calls from their rollup: of all time, by day and by assistant.

Durations are those of completed calls alone, since a failed call may have rung for a while; only
the total of a busy assistant takes every call that has one.
"""

import operator
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, func, literal, select

from gql.domain.calls import CALLS, calls_since
from gql.models.assistant import Assistant
from gql.models.enums import CallStatus
from gql.models.rollup import NO_ASSISTANT
from gql.models.scope import owned, parameters, table_of
from gql.query.context import Context
from gql.query.record_list import RecordList
from gql.query.rollup_sums import RollupSums, summed
from gql.sql.keys import is_among

_COUNTED = ("calls", "timed", "duration")
_EVERY_CALL = RecordList(CALLS)

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
    totals = await _totals(context, RollupSums(_EVERY_CALL, _COUNTED, ("status",)))
    return totals.get(None, CallTotals())


async def analyse_calls(context: Context, since: datetime) -> CallAnalytics:
    """Totals of the voice calls that started at `since` or later."""
    recent = RollupSums(calls_since(since), _COUNTED, ("day", "status"))
    days = await _totals(context, recent, "day")
    ordered = {
        date.fromordinal(day + 1).isoformat(): totals for day, totals in sorted(days.items())
    }
    return CallAnalytics(ordered, await _busiest(context, since) if ordered else ())


async def totals_by_assistant(context: Context, assistant_ids: list[int]) -> dict[int, CallTotals]:
    """Totals of all voice calls of each of these assistants."""
    theirs = RollupSums(
        _EVERY_CALL,
        _COUNTED,
        ("assistant_id", "status"),
        conditions=(lambda table: is_among(table.c.assistant_id, "keys"),),
    )
    totals = await _totals(context, theirs, "assistant_id", keys=assistant_ids)
    return {key: totals.get(key, CallTotals()) for key in assistant_ids}


async def _busiest(context: Context, since: datetime) -> tuple[BusyAssistant, ...]:
    """One row per assistant; a deleted one has the name that its calls keep."""
    rows = RollupSums(
        calls_since(since),
        ("calls", "duration"),
        ("assistant_id",),
        conditions=(lambda table: table.c.assistant_id != literal(NO_ASSISTANT, BigInteger),),
    ).rows()
    number = summed(rows, "calls")
    busy = (
        select(
            rows.c.assistant_id, number.label("calls"), summed(rows, "duration").label("duration")
        )
        .group_by(rows.c.assistant_id)
        .having(number > 0)
        .order_by(number.desc(), rows.c.assistant_id)
        .limit(MOST_ASSISTANTS)
        .subquery()
    )
    assistant = table_of(Assistant).alias()
    statement = (
        select(
            busy.c.assistant_id,
            func.coalesce(assistant.c.name, _name_in_calls(busy.c.assistant_id, since)),
            busy.c.calls,
            busy.c.duration,
        )
        .outerjoin_from(busy, assistant, (assistant.c.id == busy.c.assistant_id) & owned(assistant))
        .order_by(busy.c.calls.desc(), busy.c.assistant_id)
    )
    groups_read: Sequence[Any] = await context.snapshot.rows(
        statement, parameters(context.organization_id)
    )
    return tuple(BusyAssistant(row[0], row[1], row[2], int(row[3])) for row in groups_read)


def _name_in_calls(assistant_id: ColumnElement[int], since: datetime) -> ColumnElement[str | None]:
    """A deleted assistant's name in its newest call that has one.

    A database looks only where there is none in `assistant`.
    """
    call = CALLS.table.alias()
    return (
        select(call.c.assistant_name)
        .where(
            *CALLS.conditions(call),
            call.c.assistant_id == assistant_id,
            call.c.started_at >= since,
            call.c.assistant_name.is_not(None),
        )
        .order_by(call.c.started_at.desc(), call.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )


async def _totals(
    context: Context, sums: RollupSums, by: str | None = None, **values: Any
) -> dict[Any, CallTotals]:
    """Totals by one of the kinds, or by None; what has no calls any more is left out."""
    rows = sums.rows()
    groups = [rows.c[name] for name in (by, "status") if name is not None]
    number = summed(rows, "calls")
    statement = (
        select(*groups, number, summed(rows, "timed"), summed(rows, "duration"))
        .group_by(*groups)
        .having(number > 0)
    )
    groups_read: Sequence[Any] = await context.snapshot.rows(
        statement, {**parameters(context.organization_id), **values}
    )
    totals: defaultdict[Any, CallTotals] = defaultdict(CallTotals)
    for *group, status, count, timed, duration in groups_read:
        totals[group[0] if group else None] += _of_status(status, count, timed, int(duration))
    return totals


def _of_status(status: str, count: int, timed: int, duration: int) -> CallTotals:
    if status == CallStatus.COMPLETED:
        return CallTotals(count, completed=count, timed=timed, duration=duration)
    if status == CallStatus.FAILED:
        return CallTotals(count, failed=count)
    return CallTotals(count, ongoing=count)
