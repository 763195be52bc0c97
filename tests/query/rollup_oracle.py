"""What the sums over calls are, and what they should be: computed by Python from the calls."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.models.call import Call
from gql.models.rollup import (
    NO_ASSISTANT,
    SERVICES,
    SUMS,
    CallRollup,
    CallRollupChange,
    Grain,
)
from gql.models.scope import table_of

CALL, ROLLUP, CHANGE = table_of(Call), table_of(CallRollup), table_of(CallRollupChange)

KEY = tuple(column.name for column in ROLLUP.primary_key)

Sums = dict[tuple[Any, ...], tuple[int, ...]]
"""The values of `SUMS` by those of `KEY`; keys of which all are 0 are left out."""


async def stored_sums(connection: AsyncConnection) -> Sums:
    """Rows of the rollup, and changes that are not folded yet."""
    sums = _Adding()
    for row in (await connection.execute(select(ROLLUP))).mappings():
        sums.add(tuple(row[name] for name in KEY), row)
    for row in (await connection.execute(select(CHANGE))).mappings():
        sums.add_to_each_grain(row, date.fromordinal(row["day"] + 1), row)
    return sums.by_key()


async def recomputed_sums(connection: AsyncConnection) -> Sums:
    """From the calls."""
    sums = _Adding()
    for call in (await connection.execute(select(CALL))).mappings():
        costs = {f"{name}_cost": call[f"{name}_cost"] or 0 for name in ("total", *SERVICES)}
        costed = {f"{name}_costed": int(call[f"{name}_cost"] is not None) for name in SERVICES}
        timed = int(call["duration"] is not None)
        one = {"calls": 1, "timed": timed, "duration": call["duration"] or 0, **costs, **costed}
        kinds = {
            **call,
            "assistant_id": NO_ASSISTANT if call["assistant_id"] is None else call["assistant_id"],
            "currency": call["cost_currency"] or "",
            "has_total": call["total_cost"] is not None,
        }
        started: datetime = call["started_at"]
        sums.add_to_each_grain(kinds, started.astimezone(UTC).date(), one)
    return sums.by_key()


class _Adding:
    """Sums by key, as they are added up."""

    def __init__(self) -> None:
        self._sums: defaultdict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)

    def add(self, key: tuple[Any, ...], sums: Mapping[Any, Any]) -> None:
        for name in SUMS:
            self._sums[key][name] += int(sums[name])

    def add_to_each_grain(
        self, kinds: Mapping[Any, Any], day: date, sums: Mapping[Any, Any]
    ) -> None:
        in_month = 12 * day.year + day.month - 1
        on_day, own = day.toordinal() - 1, kinds["assistant_id"]
        grains = {
            Grain.DAY: (on_day, 0),
            Grain.MONTH: (in_month, 0),
            Grain.ASSISTANT_DAY: (on_day, own),
            Grain.ASSISTANT_MONTH: (in_month, own),
        }
        for grain, (period, assistant) in grains.items():
            values = {**kinds, "grain": grain, "period": period, "assistant_id": assistant}
            self.add(tuple(values[name] for name in KEY), sums)

    def by_key(self) -> Sums:
        return {
            key: tuple(sums[name] for name in SUMS)
            for key, sums in self._sums.items()
            if any(sums.values())
        }
