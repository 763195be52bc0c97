"""Telnyx: the legs of a call, its bill, its AI conversation, and messages.

A call is the session of its legs. The bill of each leg (`call.cost`) and the bill of the whole
(`call.analyzed`) are the same money under other names: they are from two producers, of which one
counts. A list that is null could not be read and says nothing; an empty one says there is none.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from gql.ingest.signatures import TELNYX
from gql.ingest.sources.source import (
    Event,
    ItemFields,
    Payload,
    Source,
    mapping,
    objects,
    text,
    without_absent,
)
from gql.ingest.words import TELNYX_REASONS, ended_status
from gql.models.enums import CallStatus, EndedReasonKind

NAME = "telnyx"
_PHASES = {"call.initiated": "ringing", "call.answered": "ongoing", "call.bridged": "ongoing"}
_SERVICES = {
    "inference": "llm",
    "callcontrol-cdrs": "telephony",
    "siptrunking-cdrs": "telephony",
    "recording-cdrs": "telephony",
}
_ROLES = {"user": "user", "assistant": "assistant", "tool": "tool", "developer": "system"}
_Reader = Callable[[Mapping[str, Any], ItemFields, str], Iterator[ItemFields]]


def _read(payload: Payload, received_at: datetime) -> Event:
    """The event of a delivery."""
    data = mapping(payload.get("data"))
    kind, body = text(data.get("event_type")) or "unknown", mapping(data.get("payload"))
    happened = text(data.get("occurred_at")) or received_at.isoformat()
    common = {"source": NAME, "producer": "webhook", "occurredAt": happened}
    if kind.startswith("message."):
        message = text(body.get("id"))
        messages = [] if message is None else [_sms(body, message, common)]
        return Event(kind, message, messages, text(data.get("id")))
    subject = text(body.get("call_session_id")) or text(body.get("conversation_id"))
    reader = _READERS.get(kind)
    items: list[ItemFields] = []
    if subject is not None and reader is not None:
        items = [*reader(body, {**common, "kind": "call"}, subject)]
    ids = (text(body.get(name)) for name in ("call_control_id", "call_leg_id"))
    aliases = [each for each in ids if each is not None]
    return Event(kind, subject, items, text(data.get("id")), aliases)


def _leg(body: Mapping[str, Any], common: ItemFields, subject: str) -> Iterator[ItemFields]:
    yield {**common, **_identity(body, subject), "status": "ongoing"}


def _begun(body: Mapping[str, Any], common: ItemFields, subject: str) -> Iterator[ItemFields]:
    started = without_absent(startedAt=text(body.get("start_time")))
    yield {**common, **_identity(body, subject), "status": "ringing", **started}


def _ended(body: Mapping[str, Any], common: ItemFields, subject: str) -> Iterator[ItemFields]:
    cause, side = text(body.get("hangup_cause")) or "unspecified", body.get("hangup_source")
    kind = TELNYX_REASONS(cause)
    inbound = body.get("direction") != "outgoing"
    if cause == "normal_clearing" and side in {"caller", "callee"}:
        by_customer = (side == "caller") is inbound
        kind = EndedReasonKind.CUSTOMER_HANGUP if by_customer else EndedReasonKind.ASSISTANT_HANGUP
    yield {
        **common,
        **_identity(body, subject),
        "status": ended_status(kind),
        "endedReason": cause,
        "endedReasonKind": kind,
        "endedAt": text(body.get("end_time")) or common["occurredAt"],
        **without_absent(startedAt=text(body.get("start_time"))),
    }


def _identity(body: Mapping[str, Any], subject: str) -> ItemFields:
    inbound = body.get("direction") in {None, "incoming", "inbound"}
    caller, called = text(body.get("from")), text(body.get("to"))
    ids = without_absent(
        call_leg_id=text(body.get("call_leg_id")),
        conversation_id=text(body.get("conversation_id")),
    )
    return {
        "externalId": subject,
        "channel": "voice",
        **without_absent(
            carrierCallId=text(body.get("call_control_id")),
            direction=None
            if body.get("direction") is None
            else ("inbound" if inbound else "outbound"),
            customerPhoneNumber=caller if inbound else called,
            toPhoneNumber=called if inbound else caller,
            sourceIds=ids or None,
        ),
    }


def _bill_of_leg(body: Mapping[str, Any], common: ItemFields, subject: str) -> Iterator[ItemFields]:
    leg = text(body.get("call_leg_id")) or subject
    for part in objects(body.get("cost_parts")):
        name = text(part.get("call_part")) or "unknown"
        yield {
            **common,
            "kind": "cost",
            "producer": "event",
            "call": subject,
            "currency": text(part.get("currency")) or "USD",
            "key": f"{leg}/{name}",
            "service": "telephony",
            "amount": str(part.get("cost", 0)),
        }


def _analyzed(body: Mapping[str, Any], common: ItemFields, subject: str) -> Iterator[ItemFields]:
    insights = body.get("conversation_insights")
    seconds = body.get("duration_sec")
    yield {
        **common,
        **_identity(body, subject),
        "status": CallStatus.COMPLETED,
        **without_absent(
            endedReason=text(body.get("reason")),
            durationMs=int(seconds * 1000) if isinstance(seconds, int | float) else None,
            analysis={"insights": objects(insights)} if isinstance(insights, list) else None,
        ),
    }
    cost = mapping(body.get("cost"))
    entries = [
        {
            "key": str(line.get("product", "unknown")),
            "service": _SERVICES.get(str(line.get("product")), "other"),
            "provider": NAME,
            "amount": str(line.get("cost", 0)),
        }
        for line in objects(cost.get("breakdown"))
    ]
    if cost:
        yield {
            **common,
            "kind": "costs",
            "call": subject,
            "currency": text(cost.get("currency")) or "USD",
            "entries": entries,
            **without_absent(total=None if cost.get("total") is None else str(cost["total"])),
        }


def _recording(body: Mapping[str, Any], common: ItemFields, subject: str) -> Iterator[ItemFields]:
    """Its public address, where it has one, does not expire; the other one does in ten minutes."""
    key = text(body.get("recording_id")) or text(body.get("id"))
    if key is None:
        return
    urls = {**mapping(body.get("recording_urls")), **mapping(body.get("public_recording_urls"))}
    name = next((each for each in ("mp3", "wav") if text(urls.get(each))), None)
    milliseconds = body.get("duration_millis")
    yield {
        **common,
        "kind": "recording",
        "call": subject,
        "key": key,
        **without_absent(
            url=None if name is None else urls[name],
            format=name,
            channels={"single": 1, "dual": 2}.get(str(body.get("channels"))),
            durationMs=milliseconds if isinstance(milliseconds, int) else None,
            status=text(body.get("status")),
            startedAt=text(body.get("recording_started_at")),
        ),
    }


def _conversation(
    body: Mapping[str, Any], common: ItemFields, subject: str
) -> Iterator[ItemFields]:
    """The AI conversation of a call: both of its ids, and its assistant.

    It does not say which way the call went, and so not which of its numbers is the customer's.
    """
    ids = _identity({**body, "from": None, "to": None}, subject)
    assistant = without_absent(externalId=text(body.get("assistant_id"))) or None
    yield {**common, **ids, **without_absent(assistant=assistant)}


def _begun_conversation(
    body: Mapping[str, Any], common: ItemFields, subject: str
) -> Iterator[ItemFields]:
    for item in _conversation(body, common, subject):
        yield {**item, "status": "ongoing"}


def _ended_conversation(
    body: Mapping[str, Any], common: ItemFields, subject: str
) -> Iterator[ItemFields]:
    yield from _conversation(body, common, subject)
    yield from _messages(body, common, subject)


def _insights(body: Mapping[str, Any], common: ItemFields, subject: str) -> Iterator[ItemFields]:
    """What was found out about the conversation, in the form of `call.analyzed`.

    The id that looks like the conversation's is that of a group of insights here.
    """
    results = body.get("results")
    if isinstance(results, list):
        own = {**body, "conversation_id": None, "from": None, "to": None}
        yield {**common, **_identity(own, subject), "analysis": {"insights": objects(results)}}


def _messages(body: Mapping[str, Any], common: ItemFields, subject: str) -> Iterator[ItemFields]:
    spoken = objects(body.get("messages"))
    messages = [
        {
            "key": f"#{position}",
            "role": _ROLES.get(str(message.get("role")), "system"),
            **without_absent(
                content=text(message.get("content")),
                occurredAt=text(message.get("timestamp")),
                toolCalls=[dict(call) for call in objects(message.get("tool_calls"))] or None,
                toolCallId=text(message.get("tool_call_id")),
            ),
        }
        for position, message in enumerate(spoken)
    ]
    if messages:
        yield {**common, "kind": "messages", "call": subject, "messages": messages}


def _sms(body: Mapping[str, Any], message: str, common: ItemFields) -> ItemFields:
    """A status is of each recipient; the first one counts."""
    sender, receivers = mapping(body.get("from")), objects(body.get("to"))
    receiver = receivers[0] if receivers else {}
    errors = objects(body.get("errors"))
    return {
        **common,
        "kind": "sms",
        "messageId": message,
        **without_absent(
            direction=text(body.get("direction")),
            body=body.get("text"),
            media=[url for each in objects(body.get("media")) if (url := text(each.get("url")))]
            or None,
            status=text(receiver.get("status")),
            errorCode=text(errors[0].get("code")) if errors else None,
            segments=body.get("parts"),
            cost=_cost_of_sms(mapping(body.get("cost"))),
            **{"from": text(sender.get("phone_number")), "to": text(receiver.get("phone_number"))},
        ),
    }


def _cost_of_sms(cost: Mapping[str, Any]) -> ItemFields | None:
    """What a message costs, which is null until it was sent."""
    amount, currency = cost.get("amount"), text(cost.get("currency"))
    if amount is None or currency is None:
        return None
    return {"amount": str(amount), "currency": currency.upper()}


_READERS: Mapping[str, _Reader] = {
    "call.initiated": _begun,
    "call.answered": _leg,
    "call.bridged": _leg,
    "call.hangup": _ended,
    "call.cost": _bill_of_leg,
    "call.recording.saved": _recording,
    "call.conversation.created": _begun_conversation,
    "call.conversation.ended": _ended_conversation,
    "call.conversation_insights.generated": _insights,
    "call.analyzed": _analyzed,
}

SOURCE = Source(
    name=NAME,
    title="Telnyx",
    scheme=TELNYX,
    read=_read,
    page="https://developers.telnyx.com/api-reference/callbacks (2026-11-29)",
    is_carrier=True,
    setup="Set {url} as the webhook of the application, the messaging profile and the AI assistant."
    " The secret is the account's public key, under Keys & Credentials.",
)
