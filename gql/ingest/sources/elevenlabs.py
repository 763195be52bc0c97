"""ElevenLabs Agents: a conversation after its end, and calls that could not be begun.

Times are whole seconds. Costs are credits, which are no money: an amount in US dollars is taken
where there is one. A message that only uses a tool has no text. Audio comes as Base64 of a whole
call and is not kept.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from gql.ingest.signatures import ELEVENLABS
from gql.ingest.sources.source import (
    Event,
    ItemFields,
    Payload,
    Source,
    mapping,
    objects,
    of_seconds,
    text,
    without_absent,
)
from gql.models.enums import CallStatus, EndedReasonKind

NAME = "elevenlabs"
_TRANSCRIPTION, _FAILURE = "post_call_transcription", "call_initiation_failure"
_ONGOING = {"initiated", "in-progress"}
_FAILURES = {"busy": EndedReasonKind.BUSY, "no-answer": EndedReasonKind.NO_ANSWER}
_ROLES = {"agent": "assistant", "user": "user"}
_ENDED_BY_TOOL = {
    "end_call": EndedReasonKind.ASSISTANT_HANGUP,
    "transfer_to_number": EndedReasonKind.TRANSFERRED,
    "voicemail_detection": EndedReasonKind.VOICEMAIL,
}


def _read(payload: Payload, received_at: datetime) -> Event:
    """The event of a delivery."""
    kind = text(payload.get("type")) or "unknown"
    data = mapping(payload.get("data"))
    subject = text(data.get("conversation_id"))
    happened = of_seconds(payload.get("event_timestamp")) or received_at
    if subject is None or kind not in {_TRANSCRIPTION, _FAILURE}:
        return Event(kind, subject, [])
    common = {"source": NAME, "producer": "webhook", "occurredAt": happened.isoformat()}
    if kind == _FAILURE:
        return Event(kind, subject, [_failure(data, common, happened)])
    return Event(kind, subject, [_call(data, common), *_of_call(data, subject, common)])


def _failure(data: Mapping[str, Any], common: ItemFields, happened: datetime) -> ItemFields:
    """A call that never began: it has no beginning of its own."""
    reason = text(data.get("failure_reason")) or "unknown"
    provider = mapping(mapping(data.get("metadata")).get("body"))
    return {
        "kind": "call",
        **common,
        "externalId": data["conversation_id"],
        "channel": "voice",
        "status": CallStatus.FAILED,
        "startedAt": happened.isoformat(),
        "endedReason": reason,
        "endedReasonKind": _FAILURES.get(reason, EndedReasonKind.TELEPHONY_ERROR),
        **without_absent(
            carrierCallId=text(provider.get("CallSid")),
            assistant=without_absent(externalId=text(data.get("agent_id"))) or None,
        ),
    }


def _call(data: Mapping[str, Any], common: ItemFields) -> ItemFields:
    metadata, analysis = mapping(data.get("metadata")), mapping(data.get("analysis"))
    phone = mapping(metadata.get("phone_call"))
    started = of_seconds(metadata.get("start_time_unix_secs"))
    seconds = metadata.get("call_duration_secs")
    if not isinstance(seconds, int) or data.get("status") in _ONGOING:
        seconds = None
    ended = None if started is None or seconds is None else started + timedelta(seconds=seconds)
    return {
        "kind": "call",
        **common,
        "externalId": data["conversation_id"],
        "channel": "voice",
        **_life(data, metadata),
        **without_absent(
            carrierCallId=text(phone.get("call_sid")),
            direction=text(phone.get("direction")),
            customerPhoneNumber=text(phone.get("external_number")),
            toPhoneNumber=text(phone.get("agent_number")),
            assistant=without_absent(
                externalId=text(data.get("agent_id")), name=text(data.get("agent_name"))
            )
            or None,
            startedAt=started and started.isoformat(),
            endedAt=ended and ended.isoformat(),
            durationMs=None if seconds is None else seconds * 1000,
            summary=text(analysis.get("transcript_summary")),
            analysis=dict(analysis) or None,
            success=text(analysis.get("call_successful")),
            meta=without_absent(credits=metadata.get("cost")) or None,
        ),
    }


def _life(data: Mapping[str, Any], metadata: Mapping[str, Any]) -> ItemFields:
    state, reason = text(data.get("status")), text(metadata.get("termination_reason"))
    if state in _ONGOING:
        return {"status": CallStatus.ONGOING}
    if state == "failed":
        kind, status = EndedReasonKind.PLATFORM_ERROR, CallStatus.FAILED
    elif state in {"processing", "done"}:
        kind, status = _ended_by(data), CallStatus.COMPLETED
    else:
        return {}
    return without_absent(status=status, endedReason=reason, endedReasonKind=kind)


def _ended_by(data: Mapping[str, Any]) -> EndedReasonKind:
    """By the last tool that ends a conversation; the platform's own reason is free text."""
    names = [
        str(result.get("tool_name"))
        for message in objects(data.get("transcript"))
        for result in objects(message.get("tool_results"))
    ]
    kinds = [_ENDED_BY_TOOL[name] for name in names if name in _ENDED_BY_TOOL]
    return kinds[-1] if kinds else EndedReasonKind.UNKNOWN


def _of_call(data: Mapping[str, Any], subject: str, common: ItemFields) -> Iterator[ItemFields]:
    of_call = {**common, "call": subject}
    metadata = mapping(data.get("metadata"))
    started = of_seconds(metadata.get("start_time_unix_secs"))
    spoken = objects(data.get("transcript"))
    if spoken:
        messages = [
            each
            for position, message in enumerate(spoken)
            for each in _message_with_results(message, position, started)
        ]
        yield {"kind": "messages", **of_call, "messages": messages}
    charging, total = mapping(metadata.get("charging")), metadata.get("cost_fiat")
    entries = [
        {"key": key, "service": service, "provider": NAME, "amount": str(charging[key])}
        for key, service in (("llm_price", "llm"), ("platform_price", "other"))
        if charging.get(key) is not None
    ]
    if entries or total is not None:
        costs = without_absent(total=None if total is None else str(total))
        yield {"kind": "costs", **of_call, "currency": "USD", "entries": entries, **costs}


def _message_with_results(
    message: Mapping[str, Any], position: int, started: datetime | None
) -> Iterator[ItemFields]:
    """A turn, and the results of tools that came with it."""
    offset, key = message.get("time_in_call_secs"), text(message.get("id")) or f"#{position}"
    at = started + timedelta(seconds=offset) if started and isinstance(offset, int) else None
    happened = without_absent(occurredAt=at and at.isoformat())
    calls = [dict(call) for call in objects(message.get("tool_calls"))]
    yield {
        "key": key,
        "role": _ROLES.get(str(message.get("role")), "tool"),
        **happened,
        **without_absent(
            content=text(message.get("message")),
            toolCalls=calls or None,
            interrupted=message.get("interrupted"),
        ),
    }
    for number, result in enumerate(objects(message.get("tool_results"))):
        yield {
            "key": f"{key}/result/{number}",
            "role": "tool",
            **happened,
            **without_absent(
                content=text(result.get("result_value")) or text(result.get("raw_error_message")),
                toolCallId=text(result.get("request_id")),
                name=text(result.get("tool_name")),
            ),
        }


SOURCE = Source(
    name=NAME,
    title="ElevenLabs",
    scheme=ELEVENLABS,
    read=_read,
    page="https://elevenlabs.io/docs/eleven-agents/workflows/post-call-webhooks (2026-11-29)",
    setup="In the settings of Agents, add a post-call webhook with the URL {url}, and enable the"
    " transcript and call initiation failures. The secret is shown once, when it is made.",
    most_bytes=10_000_000,
    dropped=re.compile(rb'\s*\{\s*"type"\s*:\s*"(?:post_call|unredacted)_audio"'),
)
