"""Calls as platforms' list APIs answer them, as items: by the adapters of their webhooks."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from gql.ingest.files.rows import CallRows, RowOptions
from gql.ingest.files.values import instant
from gql.ingest.sources import retell, vapi
from gql.ingest.sources.source import ItemFields, objects, text, without_absent

_VAPI_TYPES = {"inboundPhoneCall", "outboundPhoneCall", "webCall", "vapi.websocketCall"}
_RETELL_TYPES = {"phone_call", "web_call"}
_BLAND_SPEAKERS = {"user": "user", "assistant": "assistant"}
_BLAND = CallRows(RowOptions("bland", currency="USD"))


def listed_items(call: Mapping[str, Any]) -> list[ItemFields] | None:
    """The items of a call from Vapi, Retell or Bland; None when it is from none of them."""
    if call.get("type") in _VAPI_TYPES and text(call.get("id")):
        return _from_file(vapi.SOURCE.read(_vapi_delivery(call), _created(call)).items)
    if call.get("call_type") in _RETELL_TYPES and text(call.get("call_id")):
        delivery = {"event": "call_analyzed", "call": call}
        return _from_file(retell.SOURCE.read(delivery, _created(call)).items)
    if text(call.get("call_id")) and "call_length" in call:
        return _bland(call)
    return None


def _from_file(items: Any) -> list[ItemFields]:
    return [{**item, "producer": "file"} for item in items]


def _created(call: Mapping[str, Any]) -> datetime:
    """When a call was last changed, or began; the adapters take it where they find no other."""
    for name in ("updatedAt", "endedAt", "createdAt", "end_timestamp", "start_timestamp"):
        if call.get(name):
            return instant(str(call[name]))
    raise ValueError("the call has no time")


def _vapi_delivery(call: Mapping[str, Any]) -> dict[str, Any]:
    """The report that would have said the same."""
    state = call.get("status")
    kind = "end-of-call-report" if state == "ended" else "status-update"
    return {"message": {**call, "type": kind, "call": call}}


def _bland(call: Mapping[str, Any]) -> list[ItemFields]:
    began = instant(str(call.get("started_at") or call["created_at"]))
    seconds = float(call.get("corrected_duration") or 60 * float(call["call_length"] or 0))
    row = without_absent(
        call_id=call["call_id"],
        direction="inbound" if call.get("inbound") else "outbound",
        status="completed" if call.get("completed") else call.get("status"),
        started_at=began.isoformat(),
        ended_at=(began + timedelta(seconds=seconds)).isoformat(),
        seconds=str(seconds),
        price=call.get("price"),
        **{
            name: text(call.get(name))
            for name in ("from", "to", "summary", "recording_url", "error_message")
        },
    )
    items = _BLAND.items(row)
    common = {name: items[0][name] for name in ("source", "producer", "occurredAt")}
    segments = [
        {
            "key": str(segment.get("id", f"#{position}")),
            "speaker": _BLAND_SPEAKERS.get(str(segment.get("user")), "other"),
            "content": text(segment.get("text")) or "",
        }
        for position, segment in enumerate(objects(call.get("transcripts")))
    ]
    if segments:
        transcript = {"kind": "transcript", "call": call["call_id"], "segments": segments}
        items.append({**common, **transcript})
    return items
