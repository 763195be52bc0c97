"""Twilio: the status of a voice call, a recording, an incoming message and a message's status.

Every delivery is a form; an incoming message has no time of its own. A leg that `<Dial>` opens has
an id of its own and names its parent: it is no second call. The price comes only by `pull`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from gql.ingest.signatures import TWILIO
from gql.ingest.sources.source import (
    Event,
    ItemFields,
    Payload,
    Reply,
    Source,
    text,
    without_absent,
)
from gql.ingest.words import TWILIO_REASONS, ended_status
from gql.models.enums import EndedReasonKind

NAME = "twilio"
_STATES = {
    "queued": "queued",
    "initiated": "queued",
    "ringing": "ringing",
    "in-progress": "ongoing",
}
_ENDS = {"completed", "busy", "failed", "no-answer", "canceled"}
_MOST_RANK = 9


def _read(payload: Payload, received_at: datetime) -> Event:
    """The event of a delivery, told apart by the parameters that it has."""
    message = text(payload.get("MessageSid")) or text(payload.get("SmsSid"))
    if message is not None:
        kind = "message-status" if "MessageStatus" in payload else "incoming-message"
        return Event(kind, message, [_sms(payload, message, received_at)])
    call = text(payload.get("ParentCallSid")) or text(payload.get("CallSid"))
    if text(payload.get("RecordingSid")) and call is not None:
        recording = [_recording(payload, call, received_at)]
        return Event("recording", call, [*recording, *_price(payload, call, received_at)])
    if call is None or "CallStatus" not in payload:
        return Event("unknown", call, [])
    # The leg's own end says nothing of its parent's.
    is_leg = text(payload.get("ParentCallSid")) is not None
    items = [] if is_leg else [_call(payload, call, received_at)]
    return Event("call-status", call, [*items, *_price(payload, call, received_at)])


def _common(payload: Mapping[str, Any], received_at: datetime) -> ItemFields:
    stamp, number = text(payload.get("Timestamp")), str(payload.get("SequenceNumber", ""))
    try:
        happened = parsedate_to_datetime(stamp) if stamp else received_at
    except ValueError:
        happened = received_at
    rank = min(int(number), _MOST_RANK) if number.isdecimal() else 0
    return {
        "source": NAME,
        "producer": "webhook",
        "occurredAt": happened.isoformat(),
        "rank": rank,
    }


def _call(payload: Mapping[str, Any], call: str, received_at: datetime) -> ItemFields:
    inbound = payload.get("Direction") == "inbound"
    caller, called = text(payload.get("From")), text(payload.get("To"))
    return {
        "kind": "call",
        **_common(payload, received_at),
        "externalId": call,
        "channel": "voice",
        "direction": "inbound" if inbound else "outbound",
        **_life(payload),
        **without_absent(
            customerPhoneNumber=caller if inbound else called,
            toPhoneNumber=called if inbound else caller,
        ),
    }


def _money(payload: Mapping[str, Any]) -> ItemFields | None:
    """What something costs, which is written as a negative number; only lists have it."""
    price, currency = text(payload.get("Price")), text(payload.get("PriceUnit"))
    if price is None or currency is None:
        return None
    return {"amount": price.removeprefix("-"), "currency": currency.upper()}


def _price(payload: Mapping[str, Any], call: str, received_at: datetime) -> Iterator[ItemFields]:
    """What a leg costs, or a recording."""
    money = _money(payload)
    if money is not None:
        yield {
            "kind": "cost",
            **_common(payload, received_at),
            "call": call,
            "key": text(payload.get("RecordingSid")) or payload["CallSid"],
            "service": "telephony",
            "provider": NAME,
            **money,
        }


def _life(payload: Mapping[str, Any]) -> ItemFields:
    word, seconds = str(payload["CallStatus"]), str(payload.get("CallDuration", ""))
    if word not in _ENDS:
        return without_absent(status=_STATES.get(word))
    by_machine = str(payload.get("AnsweredBy", "")).startswith("machine")
    kind = EndedReasonKind.VOICEMAIL if by_machine else TWILIO_REASONS(word)
    return {
        "status": ended_status(kind),
        "endedReason": word,
        "endedReasonKind": kind,
        **without_absent(durationMs=int(seconds) * 1000 if seconds.isdecimal() else None),
    }


def _recording(payload: Mapping[str, Any], call: str, received_at: datetime) -> ItemFields:
    seconds = str(payload.get("RecordingDuration", ""))
    channels = str(payload.get("RecordingChannels", ""))
    return {
        "kind": "recording",
        **_common(payload, received_at),
        "call": call,
        "key": payload["RecordingSid"],
        **without_absent(
            url=text(payload.get("RecordingUrl")),
            status=text(payload.get("RecordingStatus")),
            durationMs=int(seconds) * 1000 if seconds.isdecimal() else None,
            channels=int(channels) if channels.isdecimal() else None,
        ),
    }


def _sms(payload: Mapping[str, Any], message: str, received_at: datetime) -> ItemFields:
    status = text(payload.get("MessageStatus"))
    number = str(payload.get("NumMedia", ""))
    media = [
        url
        for position in range(min(int(number), 10) if number.isdecimal() else 0)
        if (url := text(payload.get(f"MediaUrl{position}")))
    ]
    segments = str(payload.get("NumSegments", ""))
    return {
        "kind": "sms",
        **_common(payload, received_at),
        "messageId": message,
        "status": status or "received",
        **without_absent(
            direction=_direction_of_sms(payload),
            body=payload.get("Body"),
            media=media or None,
            errorCode=text(payload.get("ErrorCode")),
            segments=int(segments) if segments.isdecimal() else None,
            cost=_money(payload),
            **{"from": text(payload.get("From")), "to": text(payload.get("To"))},
        ),
    }


def _direction_of_sms(payload: Mapping[str, Any]) -> str | None:
    """Only lists name it; a webhook that has no status is an incoming message's."""
    named = text(payload.get("Direction"))
    if named is not None:
        return "inbound" if named == "inbound" else "outbound"
    return None if text(payload.get("MessageStatus")) else "inbound"


SOURCE = Source(
    name=NAME,
    title="Twilio",
    scheme=TWILIO,
    read=_read,
    page="https://www.twilio.com/docs/usage/webhooks (2026-11-28)",
    is_carrier=True,
    setup="Set {url} as the status callback of your numbers, calls and recordings, and as what is"
    " called for incoming messages. The secret is the account's auth token. GQL_PUBLIC_URL has to"
    " be the address that Twilio calls, since that is signed.",
    reply=Reply(b"<Response/>", "text/xml"),
)
