"""The vendor of the API documents: `status-update`, `end-of-call-report` and `sms_received`.

Nothing is signed. The report on a call's end has no id and no time: whose it is has to be found out
by the two numbers (see `Event.subject`), unless a newer server names the call. Its `endedReason` is
one constant, which means nothing. Only incoming messages are reported; times without zone are UTC.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from gql.ingest.sources.source import (
    Event,
    ItemFields,
    Payload,
    Source,
    UnnamedCall,
    aware_instant,
    mapping,
    objects,
    text,
    without_absent,
)
from gql.models.enums import CallStatus, EndedReasonKind

NAME = "burki"
_STATES = {"in-progress": "ongoing", "completed": "completed", "failed": "failed"}
_ROLES = {"bot": "assistant", "human": "user", "assistant": "assistant", "user": "user"}


def _read(payload: Payload, received_at: datetime) -> Event:
    """The event of a delivery."""
    common = {"source": NAME, "producer": "webhook", "occurredAt": received_at.isoformat()}
    if payload.get("type") == "sms_received":
        return _sms(payload, common)
    message = mapping(payload.get("message"))
    kind = text(message.get("type")) or text(payload.get("type")) or "unknown"
    subject = text(mapping(message.get("call")).get("id"))
    if kind == "status-update" and subject is not None:
        return Event(kind, subject, [_status(message, subject, common)])
    if kind == "end-of-call-report":
        # Without an id the items wait until the call of these two numbers is known.
        items = [] if subject is None else [*_report(message, subject, common)]
        return Event(kind, subject, items)
    return Event(kind, subject, [])


def _numbers(message: Mapping[str, Any]) -> ItemFields:
    customer = mapping(message.get("customer")) or mapping(
        mapping(message.get("call")).get("customer")
    )
    return without_absent(
        customerPhoneNumber=text(customer.get("number")),
        toPhoneNumber=text(mapping(message.get("phoneNumber")).get("number")),
    )


def _status(message: Mapping[str, Any], subject: str, common: ItemFields) -> ItemFields:
    return {
        "kind": "call",
        **common,
        "externalId": subject,
        "callSid": subject,
        "channel": "voice",
        **_numbers(message),
        **without_absent(status=_STATES.get(str(message.get("status")))),
    }


def _report(message: Mapping[str, Any], subject: str, common: ItemFields) -> Iterator[ItemFields]:
    analysis, seconds = mapping(message.get("analysis")), message.get("durationSeconds")
    yield {
        "kind": "call",
        **common,
        "rank": 1,
        "externalId": subject,
        "callSid": subject,
        "channel": "voice",
        "status": CallStatus.COMPLETED,
        "endedReasonKind": EndedReasonKind.UNKNOWN,
        **_numbers(message),
        **without_absent(
            endedReason=text(message.get("endedReason")),
            durationMs=int(seconds * 1000) if isinstance(seconds, int | float) else None,
            summary=text(message.get("summary")),
            analysis=dict(analysis) or None,
        ),
    }
    spoken = objects(message.get("messages"))
    if spoken:
        messages = [
            {
                "key": f"#{position}",
                "role": _ROLES.get(str(message.get("role")), "system"),
                **without_absent(content=text(message.get("content"))),
            }
            for position, message in enumerate(spoken)
        ]
        yield {"kind": "messages", **common, "call": subject, "messages": messages}
    url = text(message.get("recordingUrl"))
    if url is not None:
        yield {"kind": "recording", **common, "call": subject, "key": "recording", "url": url}


def _unnamed_call(payload: Payload) -> UnnamedCall | None:
    message = mapping(payload.get("message"))
    if message.get("type") != "end-of-call-report" or mapping(message.get("call")).get("id"):
        return None
    numbers, seconds = _numbers(message), message.get("durationSeconds")
    if len(numbers) < len(("customer", "called")):
        return None
    return UnnamedCall(
        customer=numbers["customerPhoneNumber"],
        called=numbers["toPhoneNumber"],
        seconds=float(seconds) if isinstance(seconds, int | float) else None,
    )


def _with_call_key(payload: Payload, key: str) -> Payload:
    message = mapping(payload.get("message"))
    return {**payload, "message": {**message, "call": {**mapping(message.get("call")), "id": key}}}


def _sms(payload: Payload, common: ItemFields) -> Event:
    data = mapping(payload.get("data"))
    message, written = text(data.get("message_id")), text(payload.get("timestamp"))
    if message is None:
        return Event("sms_received", None, [])
    media = [url for url in data.get("media_urls") or [] if isinstance(url, str)]
    item = {
        "kind": "sms",
        **common,
        **without_absent(occurredAt=_aware(written)),
        "messageId": message,
        "direction": "inbound",
        "status": "received",
        **without_absent(
            body=data.get("body"),
            media=media or None,
            **{"from": text(data.get("from")), "to": text(data.get("to"))},
        ),
    }
    return Event("sms_received", message, [item])


def _aware(written: str | None) -> str | None:
    instant = aware_instant(written)
    return None if instant is None else instant.isoformat()


SOURCE = Source(
    name=NAME,
    title="the platform of the API documents",
    scheme=None,
    read=_read,
    page="webhooks of the API documents (2026-11-28)",
    issuer="nobody",
    setup="Set {url} as the webhook of the assistant and of its SMS. Nothing is signed: whoever"
    " knows the address can send, so keep it like a key.",
    unnamed_call=_unnamed_call,
    with_call_key=_with_call_key,
)
