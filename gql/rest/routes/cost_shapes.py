"""The shapes of costs, as numbers of whole currency units."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from gql.domain.costs import SERVICES, CostEntry, CostGroup
from gql.money import micros_to_float
from gql.query.resource import Record


class CostSummary(BaseModel):
    """What one call cost; a part is null when it is not known."""

    call_id: int
    call_sid: str
    total_cost: float | None
    llm_cost: float | None
    tts_cost: float | None
    stt_cost: float | None
    telephony_cost: float | None
    currency: str | None
    duration_minutes: float | None
    started_at: datetime | None
    ended_at: datetime | None


class CostEntryOut(BaseModel):
    """What one service of one call cost."""

    id: int = Field(description="From 1 within the call; the same for a service in every call.")
    service_type: Literal["llm", "tts", "stt", "telephony"]
    provider: str | None = Field(description="The language model's, from the messages, if known.")
    model: str | None = Field(description="The language model, when the call used only one.")
    usage_type: Literal["call"]
    usage_amount: int = Field(description="Always one call.")
    unit_cost: float
    total_cost: float
    timestamp: datetime = Field(description="When the call ended, or started if it goes on.")
    metadata: dict[str, Any] | None = Field(description="Always null.")


class CallCosts(BaseModel):
    """What one call cost, and its parts."""

    call_summary: CostSummary
    detailed_entries: list[CostEntryOut]


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


def summary_wire(call: Record) -> dict[str, Any]:
    """What a call cost, as it is answered."""
    return {
        "call_id": call.id,
        "call_sid": call.call_sid,
        "total_cost": micros_to_float(call.total_cost),
        "llm_cost": micros_to_float(call.llm_cost),
        "tts_cost": micros_to_float(call.tts_cost),
        "stt_cost": micros_to_float(call.stt_cost),
        "telephony_cost": micros_to_float(call.telephony_cost),
        "currency": call.cost_currency,
        "duration_minutes": None if call.duration is None else round(call.duration / 60, 4),
        "started_at": call.started_at,
        "ended_at": call.ended_at,
    }


def entry_wire(call: Record, entry: CostEntry) -> dict[str, Any]:
    """What one service of a call cost, as it is answered."""
    cost = micros_to_float(entry.micros)
    return {
        "id": entry.number,
        "service_type": entry.service,
        "provider": entry.provider,
        "model": entry.model,
        "usage_type": "call",
        "usage_amount": 1,
        "unit_cost": cost,
        "total_cost": cost,
        "timestamp": call.ended_at or call.started_at,
        "metadata": None,
    }


def group_wire(group: CostGroup) -> dict[str, Any]:
    """Sums in one currency, as they are answered."""
    sums = {
        f"{of}_cost": micros_to_float(group.amounts[of])
        for of in ("total", *SERVICES)
        if of in group.amounts
    }
    return {"currency": group.currency, "calls": group.calls, **sums}
