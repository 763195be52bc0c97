"""What Python makes of calls that are grouped: sums of `Decimal`, medians, days by `zoneinfo`."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from gql.schema.scalars import print_instant
from tests.schema.lists import Row

SERVICES = ("llm", "tts", "stt", "telephony")
FIGURES = """calls duration { sum average p50 p95 }
    cost { total llm tts stt telephony unattributed currency }
    coverage { calls withCost ongoing }"""

KEYS: dict[str, tuple[str, Callable[[Row], Any]]] = {
    "ASSISTANT": ("assistant { databaseId }", lambda row: row["assistant_id"]),
    "STATUS": ("status", lambda row: row["status"].upper()),
    "ENDED_REASON": ("endedReason", lambda row: row["ended_reason"]),
    "NUMBER": ("assistantPhoneNumber", lambda row: row["to_phone_number"]),
    "CHANNEL": ("channel", lambda row: row["channel"].upper()),
    "SOURCE": ("source", lambda row: row["source"]),
}
"""What is selected of a key, and its value of a call."""


def day_bounds(zone: ZoneInfo, instant: datetime) -> tuple[datetime, datetime]:
    """The day that an instant is in, where clocks never change at midnight."""
    day = instant.astimezone(zone).date()
    return midnight(zone, day), midnight(zone, day + timedelta(days=1))


def week_bounds(zone: ZoneInfo, instant: datetime) -> tuple[datetime, datetime]:
    """The week that an instant is in."""
    day = instant.astimezone(zone).date()
    monday = day - timedelta(days=day.isoweekday() - 1)
    return midnight(zone, monday), midnight(zone, monday + timedelta(days=7))


def month_bounds(zone: ZoneInfo, instant: datetime) -> tuple[datetime, datetime]:
    """The month that an instant is in."""
    first = instant.astimezone(zone).date().replace(day=1)
    return midnight(zone, first), midnight(zone, (first + timedelta(days=32)).replace(day=1))


def hour_bounds(_zone: ZoneInfo, instant: datetime) -> tuple[datetime, datetime]:
    """The hour that an instant is in, in zones of whole hours."""
    start = instant.replace(minute=0, second=0, microsecond=0)
    return start, start + timedelta(hours=1)


BUCKETS = {"HOUR": hour_bounds, "DAY": day_bounds, "WEEK": week_bounds, "MONTH": month_bounds}


def midnight(zone: ZoneInfo, day: date) -> datetime:
    """Where a day begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


WITHOUT_PERCENTILES = FIGURES.replace("p50 p95", "")


def figures(calls: Sequence[Row], currency: str | None) -> dict[str, Any]:
    """What `FIGURES` selects of a group of calls."""
    durations = sorted(call["duration"] for call in calls if call["duration"] is not None)
    costed = [call for call in calls if call["total_cost"] is not None]
    ongoing = [call for call in calls if call["status"] in {"ongoing", "active"}]
    return {
        "calls": len(calls),
        "duration": {
            "sum": str(sum(durations)),
            "average": sum(durations) / len(durations) if durations else None,
            "p50": percentile(durations, 0.5),
            "p95": percentile(durations, 0.95),
        },
        "cost": {**_amounts(costed), "currency": currency},
        "coverage": {"calls": len(calls), "withCost": len(costed), "ongoing": len(ongoing)},
    }


def _amounts(costed: Sequence[Row]) -> dict[str, str | None]:
    if not costed:
        return dict.fromkeys(("total", *SERVICES, "unattributed"))
    sums = {
        name: sum((Decimal(call[f"{name}_cost"] or 0) for call in costed), Decimal(0))
        for name in ("total", *SERVICES)
    }
    sums["unattributed"] = sums["total"] - sum(sums[name] for name in SERVICES)
    return {name: f"{amount.scaleb(-6):.6f}" for name, amount in sums.items()}


def percentile(values: Sequence[int], share: float) -> float | None:
    """Between the two values that are nearest to a share, as SQL's `percentile_cont`."""
    if not values:
        return None
    at = share * (len(values) - 1)
    low, high = values[math.floor(at)], values[math.ceil(at)]
    return low + (at - math.floor(at)) * (high - low)


def grouped(
    calls: Sequence[Row], dimensions: Sequence[str], zone: ZoneInfo
) -> Iterator[dict[str, Any]]:
    """The groups of calls in the order of their keys, as a selection of all of them answers."""
    groups: defaultdict[Any, list[Row]] = defaultdict(list)
    for call in calls:
        key = tuple(
            BUCKETS[each](zone, call["started_at"]) if each in BUCKETS else KEYS[each][1](call)
            for each in dimensions
        )
        groups[*key, call["cost_currency"]].append(call)
    for key in sorted(groups, key=lambda key: [(each is None, each) for each in key]):
        answer: dict[str, Any] = {}
        for dimension, value in zip(dimensions, key, strict=False):
            if dimension in BUCKETS:
                answer["start"], answer["end"] = map(print_instant, value)
            elif dimension == "ASSISTANT":
                answer["assistant"] = value
            else:
                answer[KEYS[dimension][0]] = value
        yield {**answer, **figures(groups[key], key[-1])}


def selection(dimensions: Sequence[str], of_group: str = FIGURES) -> str:
    """What is selected of a group."""
    keys = ["start end" if each in BUCKETS else KEYS[each][0] for each in dimensions]
    return f"{' '.join(keys)} {of_group}"


def without_percentiles(group: dict[str, Any]) -> dict[str, Any]:
    """A group as `WITHOUT_PERCENTILES` selects it."""
    return {
        **group,
        "duration": {name: group["duration"][name] for name in ("sum", "average")},
    }


def without_deleted(group: dict[str, Any], assistants: set[int]) -> dict[str, Any]:
    """A group with its assistant as the answer has it: null once that was deleted."""
    if "assistant" not in group:
        return group
    number = group["assistant"]
    return {**group, "assistant": {"databaseId": number} if number in assistants else None}
