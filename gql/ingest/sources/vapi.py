"""Vapi: `status-update` and `end-of-call-report`.

Addresses of recordings that expire are new in each delivery, and so are left out: the stable ones
are kept. A squad has several costs of one type: their number is in the key. Vapi also asks
questions by the same road (`assistant-request`, `tool-calls`), which have to go elsewhere: they
have no items here.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from gql.ingest.signatures import STANDARD, VAPI, VAPI_SECRET
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
from gql.ingest.words import VAPI_REASONS, ended_status

NAME = "vapi"
_RANKS = {"status-update": 0, "end-of-call-report": 1}
_STATES = {
    "scheduled": "queued",
    "queued": "queued",
    "ringing": "ringing",
    "in-progress": "ongoing",
    "forwarding": "ongoing",
}
_DIRECTIONS = {"inboundPhoneCall": "inbound", "outboundPhoneCall": "outbound", "webCall": "inbound"}
_SERVICES = {"model": "llm", "voice": "tts", "transcriber": "stt", "transport": "telephony"}
_ROLES = {
    "user": "user",
    "bot": "assistant",
    "assistant": "assistant",
    "system": "system",
    "tool_calls": "tool",
    "tool_call_result": "tool",
}
_SUCCESS = {"true": "success", "false": "failure"}


def _read(payload: Payload, received_at: datetime) -> Event:
    """The event of a delivery."""
    message = mapping(payload.get("message"))
    kind = text(message.get("type")) or "unknown"
    call = mapping(message.get("call"))
    subject = text(call.get("id"))
    if subject is None or kind not in _RANKS:
        return Event(kind, subject, [])
    happened = of_milliseconds(message.get("timestamp")) or received_at
    common = {
        "source": NAME,
        "producer": "webhook",
        "occurredAt": happened.isoformat(),
        "rank": _RANKS[kind],
    }
    items = [_call(message, call, kind, common), *_of_call(message, subject, common)]
    return Event(kind, subject, items)


def _call(
    message: Mapping[str, Any], call: Mapping[str, Any], kind: str, common: ItemFields
) -> ItemFields:
    analysis, artifact = mapping(message.get("analysis")), mapping(message.get("artifact"))
    customer = mapping(message.get("customer")) or mapping(call.get("customer"))
    own = mapping(message.get("phoneNumber")) or mapping(call.get("phoneNumber"))
    verdict = str(analysis.get("successEvaluation", "")).lower()
    return {
        "kind": "call",
        **common,
        "externalId": call["id"],
        "channel": "voice",
        **_life(message, call, kind),
        **without_absent(
            carrierCallId=text(call.get("phoneCallProviderId")),
            direction=_DIRECTIONS.get(str(call.get("type"))),
            customerPhoneNumber=text(customer.get("number")) or text(customer.get("sipUri")),
            toPhoneNumber=text(own.get("number")),
            assistant=_assistant(message, call),
            summary=text(analysis.get("summary")) or text(message.get("summary")),
            analysis=dict(analysis) or None,
            success=_SUCCESS.get(verdict),
            latency=dict(mapping(artifact.get("performanceMetrics"))) or None,
            meta=without_absent(transfers=[*_transfers(message, artifact)] or None) or None,
        ),
    }


def _transfers(
    message: Mapping[str, Any], artifact: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """Where the call was passed on, in order; the report's own `destination` is the last one."""
    attempts = objects(artifact.get("transfers"))
    for each in attempts:
        target = _target(mapping(each.get("destination")))
        if target is not None:
            words = without_absent(mode=text(each.get("mode")), status=text(each.get("status")))
            yield {"to": target, **words}
    target = _target(mapping(message.get("destination")))
    if target is not None and not attempts:
        yield {"to": target}


def _target(destination: Mapping[str, Any]) -> str | None:
    """A number with its extension, a SIP address, or the name of an assistant."""
    number = text(destination.get("number")) or text(destination.get("phoneNumber"))
    extension = text(destination.get("extension"))
    if number is not None and extension is not None:
        return f"{number};ext={extension}"
    names = ("sipUri", "assistantName", "assistantId", "squadId")
    return number or next(
        (text(destination[name]) for name in names if destination.get(name)), None
    )


def _life(message: Mapping[str, Any], call: Mapping[str, Any], kind: str) -> ItemFields:
    reason = text(message.get("endedReason"))
    state = "ended" if kind == "end-of-call-report" else text(message.get("status"))
    begun = text(message.get("startedAt")) or text(call.get("startedAt"))
    times = without_absent(startedAt=begun, endedAt=text(message.get("endedAt")))
    if state == "ended":
        meaning = VAPI_REASONS(reason or "")
        ending = without_absent(endedReason=reason, endedMessage=text(call.get("endedMessage")))
        return {**times, "status": ended_status(meaning), "endedReasonKind": meaning, **ending}
    return {**times, **without_absent(status=_STATES.get(state or ""))}


def _assistant(message: Mapping[str, Any], call: Mapping[str, Any]) -> ItemFields | None:
    """An assistant that was made for one call has a name, and no id."""
    assistant = mapping(message.get("assistant"))
    external_id = text(call.get("assistantId")) or text(assistant.get("id"))
    return without_absent(externalId=external_id, name=text(assistant.get("name"))) or None


def _of_call(message: Mapping[str, Any], subject: str, common: ItemFields) -> Iterator[ItemFields]:
    of_call = {**common, "call": subject}
    artifact = mapping(message.get("artifact"))
    spoken = objects(artifact.get("messages"))
    if spoken:
        messages = [_message(message, position) for position, message in enumerate(spoken)]
        yield {"kind": "messages", **of_call, "messages": messages}
    if message.get("costs") is not None or message.get("cost") is not None:
        yield {"kind": "costs", **of_call, **_costs(message)}
    recording = mapping(artifact.get("recording"))
    mono = mapping(recording.get("mono"))
    for key, url, kind in (
        ("mono", mono.get("combinedUrl") or artifact.get("recordingUrl"), "full"),
        ("assistant", mono.get("assistantUrl"), "assistant"),
        ("customer", mono.get("customerUrl"), "customer"),
        ("stereo", recording.get("stereoUrl") or artifact.get("stereoRecordingUrl"), "full"),
        ("video", artifact.get("videoRecordingUrl"), "video"),
    ):
        if text(url) is not None:
            channels = {"channels": 2} if key == "stereo" else {}
            yield {"kind": "recording", **of_call, "key": key, "url": url, "of": kind, **channels}


def _message(message: Mapping[str, Any], position: int) -> ItemFields:
    at = of_milliseconds(message.get("time"))
    calls = [dict(call) for call in objects(message.get("toolCalls"))]
    return {
        "key": f"#{position}",
        "role": _ROLES.get(str(message.get("role")), "system"),
        **without_absent(
            content=text(message.get("message")) or text(message.get("result")),
            occurredAt=at and at.isoformat(),
            toolCalls=calls or None,
            toolCallId=text(message.get("toolCallId")),
            name=text(message.get("name")),
        ),
    }


def _costs(message: Mapping[str, Any]) -> ItemFields:
    numbers: Counter[str] = Counter()
    entries = []
    for cost in objects(message.get("costs")):
        kind = text(cost.get("type")) or "unknown"
        detail = text(cost.get("subType")) or text(cost.get("analysisType"))
        name = f"{kind}/{detail}" if detail else kind
        entries.append(
            {
                "key": f"{name}/{numbers[name]}",
                "service": _SERVICES.get(kind, "other"),
                "amount": str(cost.get("cost") or 0),
                **_usage(cost),
            }
        )
        numbers[name] += 1
    total = message.get("cost")
    return {
        "currency": "USD",
        "entries": entries,
        **without_absent(total=None if total is None else str(total)),
    }


def _usage(cost: Mapping[str, Any]) -> ItemFields:
    """What was used, and how much of it, in the one unit that a kind of cost has."""
    named = mapping(cost.get("model") or cost.get("voice") or cost.get("transcriber"))
    usage: ItemFields = without_absent(
        provider=text(named.get("provider")) or text(cost.get("provider")),
        model=text(named.get("model")),
    )
    if cost.get("promptTokens") is not None:
        tokens = cost["promptTokens"] + (cost.get("completionTokens") or 0)
        return {**usage, "usageType": "tokens", "usageAmount": str(tokens)}
    for unit in ("minutes", "characters"):
        if cost.get(unit) is not None:
            return {**usage, "usageType": unit, "usageAmount": str(cost[unit])}
    return usage


SOURCE = Source(
    name=NAME,
    title="Vapi",
    scheme=VAPI,
    read=_read,
    page="https://docs.vapi.ai/server-url/events (2026-11-29)",
    other_schemes={
        "webhook-signature": STANDARD,
        "svix-signature": STANDARD,
        "x-vapi-secret": VAPI_SECRET,
        "authorization": VAPI_SECRET,
    },
    issuer="gateway",
    setup="In the dashboard, set the server URL of the organization (or of an assistant) to {url},"
    " and give it a credential with the secret: as bearer token, as the header X-Vapi-Secret, or"
    " for HMAC with SHA-256. Send `status-update` and `end-of-call-report`; set a backoff plan,"
    " since without one a delivery that fails is never sent again.",
    most_bytes=10_000_000,
)
