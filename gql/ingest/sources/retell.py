"""Retell: `call_started`, `call_ended` and `call_analyzed`, each with the whole call.

The body has no time of the event: the call's own times are taken, and the order of the three
events is their rank. Costs are in US cents. Segments and the turns of tools have no ids: their
position in the transcript is their key, so they come only as whole sets.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from gql.ingest.signatures import RETELL
from gql.ingest.sources.source import (
    Event,
    ItemFields,
    Payload,
    Source,
    mapping,
    objects,
    of_milliseconds,
    text,
    without_absent,
)
from gql.ingest.words import RETELL_REASONS, ended_status
from gql.models.enums import CallStatus

NAME = "retell"
_RANKS = {"call_started": 0, "call_ended": 1, "call_analyzed": 2}
_CENTS = Decimal(100)
_SPEAKERS = {"agent": "assistant", "user": "user"}
_TOOL_ROLES = {"tool_call_invocation", "tool_call_result"}
_SUCCESS = {True: "success", False: "failure"}
_NEVER_CONNECTED = {"not_connected", "error"}

# The names of Retell's products are not listed anywhere; what no word matches is `other`.
_SERVICES = (
    ("llm", ("llm", "gpt", "claude", "gemini")),
    ("tts", ("tts", "elevenlabs", "cartesia", "openai_tts", "playht", "minimax")),
    ("stt", ("asr", "stt", "deepgram")),
    ("telephony", ("telephony", "twilio", "telnyx", "sip")),
)


def _read(payload: Payload, received_at: datetime) -> Event:
    """The event of a delivery."""
    kind = text(payload.get("event")) or "unknown"
    call = mapping(payload.get("call"))
    subject = text(call.get("call_id"))
    if subject is None or kind not in _RANKS:
        return Event(kind, subject, [])
    happened = of_milliseconds(call.get("end_timestamp")) or of_milliseconds(
        call.get("start_timestamp")
    )
    common = {
        "source": NAME,
        "producer": "webhook",
        "occurredAt": (happened or received_at).isoformat(),
        "rank": _RANKS[kind],
    }
    return Event(kind, subject, [_call(call, common), *_of_call(call, subject, common)])


def _call(call: Mapping[str, Any], common: ItemFields) -> ItemFields:
    analysis = mapping(call.get("call_analysis"))
    started = of_milliseconds(call.get("start_timestamp"))
    ended = of_milliseconds(call.get("end_timestamp"))
    return {
        "kind": "call",
        **common,
        "externalId": call["call_id"],
        "channel": "voice",
        **_parties(call),
        **_life(call),
        **without_absent(
            carrierCallId=text(mapping(call.get("telephony_identifier")).get("twilio_call_sid")),
            assistant=_assistant(call),
            startedAt=started and started.isoformat(),
            endedAt=ended and ended.isoformat(),
            summary=text(analysis.get("call_summary")),
            analysis=dict(analysis) or None,
            success=_SUCCESS.get(analysis.get("call_successful")),  # type: ignore[arg-type]
            sentiment=text(analysis.get("user_sentiment")),
            latency=dict(mapping(call.get("latency"))) or None,
            meta=dict(mapping(call.get("metadata"))) or None,
        ),
    }


def _parties(call: Mapping[str, Any]) -> ItemFields:
    """The numbers; a call from a web page has none."""
    direction = text(call.get("direction"))
    caller, called = text(call.get("from_number")), text(call.get("to_number"))
    inbound = direction != "outbound"
    return without_absent(
        direction=direction,
        customerPhoneNumber=caller if inbound else called,
        toPhoneNumber=called if inbound else caller,
    )


def _life(call: Mapping[str, Any]) -> ItemFields:
    reason, state = text(call.get("disconnection_reason")), text(call.get("call_status"))
    kind = RETELL_REASONS(reason) if reason else None
    status: CallStatus | None
    if state in _NEVER_CONNECTED:
        status = CallStatus.FAILED
    elif state == "ended":
        status = ended_status(kind) if kind else CallStatus.COMPLETED
    else:
        status = CallStatus.ONGOING if state in {"registered", "ongoing"} else None
    milliseconds = call.get("duration_ms")
    return without_absent(
        status=status,
        endedReason=reason,
        endedReasonKind=kind,
        durationMs=milliseconds if isinstance(milliseconds, int) else None,
    )


def _assistant(call: Mapping[str, Any]) -> ItemFields | None:
    agent = without_absent(externalId=text(call.get("agent_id")), name=text(call.get("agent_name")))
    return agent or None


def _of_call(call: Mapping[str, Any], subject: str, common: ItemFields) -> Iterator[ItemFields]:
    of_call = {**common, "call": subject}
    segments = objects(call.get("transcript_object"))
    if segments:
        yield {"kind": "transcript", **of_call, "segments": [*_segments(segments)]}
    tool_uses = [*_tool_uses(call)]
    if tool_uses:
        yield {"kind": "messages", **of_call, "messages": tool_uses}
    costs = mapping(call.get("call_cost"))
    if costs:
        yield {"kind": "costs", **of_call, **_costs(costs)}
    for key, channels in (("recording_url", 1), ("recording_multi_channel_url", 2)):
        url = text(call.get(key))
        if url is not None:
            recording = {"key": key, "url": url, "of": "full", "channels": channels}
            yield {"kind": "recording", **of_call, **recording}


def _segments(segments: list[Mapping[str, Any]]) -> Iterator[ItemFields]:
    for position, segment in enumerate(segments):
        words = objects(segment.get("words"))
        role = text(segment.get("role"))
        yield {
            "key": f"#{position}",
            "speaker": _SPEAKERS.get(role or "", "other"),
            "content": text(segment.get("content")) or "",
            **without_absent(
                speakerLabel=None if role in _SPEAKERS else role,
                start=words[0].get("start") if words else None,
                end=words[-1].get("end") if words else None,
                words=[dict(word) for word in words] or None,
            ),
        }


def _tool_uses(call: Mapping[str, Any]) -> Iterator[ItemFields]:
    """The calls of tools and their results, which stand between what was said."""
    started = of_milliseconds(call.get("start_timestamp"))
    names: dict[str | None, str | None] = {}
    for position, entry in enumerate(objects(call.get("transcript_with_tool_calls"))):
        role, tool_call = entry.get("role"), text(entry.get("tool_call_id"))
        if role not in _TOOL_ROLES:
            continue
        seconds, name = entry.get("time_sec"), text(entry.get("name")) or names.get(tool_call)
        names[tool_call] = name
        at = (
            started + timedelta(seconds=seconds)
            if started and isinstance(seconds, int | float)
            else None
        )
        common = without_absent(name=name, occurredAt=at and at.isoformat())
        if role == "tool_call_invocation":
            calls = [without_absent(id=tool_call, name=name, arguments=entry.get("arguments"))]
            yield {"key": f"#{position}", "role": "tool", "toolCalls": calls, **common}
        else:
            result = without_absent(content=text(entry.get("content")), toolCallId=tool_call)
            yield {"key": f"#{position}", "role": "tool", **result, **common}


def _costs(costs: Mapping[str, Any]) -> ItemFields:
    """Entries need not add up to the total, which has discounts in it."""
    seen: dict[str, int] = {}
    entries = []
    for product in objects(costs.get("product_costs")):
        name = text(product.get("product")) or "unknown"
        number = seen.get(name, 0)
        seen[name] = number + 1
        entries.append(
            {
                "key": f"{name}/{number}",
                "service": _service(name),
                "provider": name,
                "amount": _of_cents(product.get("cost")),
            }
        )
    total = costs.get("combined_cost")
    return {
        "currency": "USD",
        "entries": entries,
        **without_absent(total=None if total is None else _of_cents(total)),
    }


def _of_cents(cents: Any) -> str:
    return str(Decimal(str(cents or 0)) / _CENTS)


def _service(product: str) -> str:
    lower = product.lower()
    return next(
        (service for service, words in _SERVICES if any(word in lower for word in words)), "other"
    )


SOURCE = Source(
    name=NAME,
    title="Retell",
    scheme=RETELL,
    read=_read,
    page="https://docs.retellai.com/features/webhook-overview (2026-11-29)",
    setup="In the dashboard, under Webhooks, set the URL to {url}. The secret is the API key that"
    " has the webhook badge.",
    most_bytes=10_000_000,
)
