"""What became of demo calls: why they ended, what they cost in detail, and their recordings."""

from collections.abc import Iterator
from datetime import timedelta

from gql.demo.tenant import Item, Row, Tenant
from gql.models.cost_entry import CostEntry
from gql.models.enums import CallSuccess, EndedReasonKind
from gql.models.recording import Recording
from gql.models.rollup import SERVICES

_HANGUPS = (
    ("customer-ended-call", EndedReasonKind.CUSTOMER_HANGUP),
    ("assistant-ended-call", EndedReasonKind.ASSISTANT_HANGUP),
    ("silence-timed-out", EndedReasonKind.SILENCE),
)
_FAILURES = {
    "no-answer": EndedReasonKind.NO_ANSWER,
    "busy": EndedReasonKind.BUSY,
    "error": EndedReasonKind.TELEPHONY_ERROR,
}
_USAGE = {"llm": "tokens", "tts": "characters", "stt": "seconds", "telephony": "seconds"}
_PROVIDERS = {"tts": "elevenlabs", "stt": "deepgram", "telephony": "twilio"}


def outcome_columns(status: str, number: int, meta: Row) -> Row:
    """Why a call ended; nothing while it goes on."""
    if status == "failed":
        reason = meta["failure"]
        return {"ended_reason": reason, "ended_reason_kind": _FAILURES[reason]}
    if status == "completed":
        reason, kind = _HANGUPS[number % len(_HANGUPS)]
        return {"ended_reason": reason, "ended_reason_kind": kind}
    return {}


def report_columns(call: Row, number: int) -> Row:
    """What a report at the end of a completed call adds to it."""
    return {
        "answered_at": call["started_at"] + timedelta(seconds=2),
        "duration_ms": 1_000 * call["duration"],
        "summary": f"The customer spoke with {call['assistant_name']} and had no open question.",
        "analysis": {"topic": ("invoice", "appointment")[number % 2], "language": None},
        "success": tuple(CallSuccess)[number % len(CallSuccess)],
        "sentiment": ("positive", "neutral", "negative")[number % 3],
        "latency": {"turn": {"p50": 640 + number, "p95": 1_210 + number}},
        "received_at": call["ended_at"] + timedelta(seconds=3),
        "occurred_at": call["ended_at"],
    }


def details(tenant: Tenant, call: Row) -> Iterator[Item]:
    """The amounts that a completed call's costs are the sums of, and its recordings."""
    for service in SERVICES:
        if call.get(f"{service}_cost") is not None:
            yield _entry(tenant, call, service)
    for kind in ("full", "customer") if call["id"] % 3 == 0 else ("full",):
        yield recording_row(call, tenant.ids.next(Recording), kind)


def recording_row(call: Row, id: int, kind: str = "full") -> Item:
    """A recording, which has no address and no length while the call goes on."""
    address = f"https://recordings.example.com/{call['call_sid']}/{kind}.wav"
    ended = call["duration"] is not None
    return Recording, {
        "id": id,
        "organization_id": call["organization_id"],
        "call_id": call["id"],
        "external_id": kind,
        "url": address if ended else None,
        "duration_ms": 1_000 * call["duration"] if ended else None,
        "format": "wav",
        "kind": kind,
        "channels": 1,
        "status": "completed" if ended else "recording",
        "started_at": call["started_at"],
        "occurred_at": call["ended_at"] or call["started_at"],
    }


def _entry(tenant: Tenant, call: Row, service: str) -> Item:
    return CostEntry, {
        "id": tenant.ids.next(CostEntry),
        "organization_id": tenant.organization_id,
        "call_id": call["id"],
        "external_id": f"{service}/1",
        "service": service,
        "provider": _PROVIDERS.get(service, "openai"),
        "usage_type": _USAGE[service],
        "amount": call[f"{service}_cost"],
        "currency": call["cost_currency"],
        "occurred_at": call["ended_at"],
    }
