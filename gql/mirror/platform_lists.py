"""The lists of voice platforms, from which calls are read that no webhook told of.

Each yields payloads in the form that the platform's adapter in `gql/ingest/sources` reads, so a
list says nothing that a webhook could not have said, but for costs that are known later.

| Source | Page | Read on |
| --- | --- | --- |
| Vapi | https://docs.vapi.ai/api-reference/calls/list | 2026-11-28 |
| Retell | https://docs.retellai.com/api-references/list-calls | 2026-11-28 |
| ElevenLabs | https://elevenlabs.io/docs/api-reference/conversations/list | 2026-11-28 |
| Twilio | https://www.twilio.com/docs/voice/api/call-resource | 2026-11-28 |
"""

import base64
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gql.ingest.sources.source import Payload, mapping, objects, text
from gql.mirror.client import SourceClient

PAGE = 100
"""Most objects of a page that all of them give."""


@dataclass(frozen=True)
class PlatformList:
    """How the calls of a platform are read.

    Attributes:
        source: The name of the adapter that reads the payloads.
        url: Of the API.
        headers: The credential, from the key and the account, where the platform names one.
        read: The payloads of the calls since an instant, of an account.
        names_account: Whether addresses name the account.
    """

    source: str
    url: str
    headers: Callable[[str, str], Mapping[str, str]]
    read: Callable[[SourceClient, datetime, str], AsyncIterator[Payload]]
    names_account: bool = False


async def _vapi(client: SourceClient, since: datetime, _account: str) -> AsyncIterator[Payload]:
    """Whole calls, the newest first; the next page is what was made before the last one."""
    before: str | None = None
    while True:
        answer = await client.get(
            "/call", limit=PAGE, updatedAtGe=since.isoformat(), createdAtLt=before
        )
        calls = objects(answer.value if answer else None)
        for call in calls:
            yield _of_vapi(call)
        before = text(calls[-1].get("createdAt")) if calls else None
        if len(calls) < PAGE or before is None:
            return


def _of_vapi(call: Mapping[str, Any]) -> Payload:
    is_ended = call.get("status") == "ended"
    updated = text(call.get("updatedAt"))
    moment = None if updated is None else datetime.fromisoformat(updated).timestamp() * 1_000
    kind = "end-of-call-report" if is_ended else "status-update"
    return {"message": {**call, "type": kind, "timestamp": moment, "call": call}}


async def _retell(client: SourceClient, since: datetime, _account: str) -> AsyncIterator[Payload]:
    """The list has no transcripts, so each call is read by itself."""
    earliest, key = since.timestamp() * 1_000, None
    while True:
        body = {"sort_order": "descending", "limit": PAGE, "pagination_key": key}
        answer = await client.post(
            "/v3/list-calls", {name: value for name, value in body.items() if value is not None}
        )
        page = mapping(answer.value if answer else None)
        for listed in objects(page.get("items")):
            if (listed.get("start_timestamp") or earliest) < earliest:
                return
            call = await client.get(f"/v2/get-call/{listed.get('call_id')}")
            if call is not None:
                yield _of_retell(mapping(call.value))
        key = text(page.get("pagination_key"))
        if not page.get("has_more") or key is None:
            return


def _of_retell(call: Mapping[str, Any]) -> Payload:
    if call.get("call_status") in {"registered", "ongoing"}:
        return {"event": "call_started", "call": call}
    return {"event": "call_analyzed" if call.get("call_analysis") else "call_ended", "call": call}


async def _elevenlabs(
    client: SourceClient, since: datetime, _account: str
) -> AsyncIterator[Payload]:
    cursor: str | None = None
    while True:
        answer = await client.get(
            "/v1/convai/conversations",
            page_size=PAGE,
            call_start_after_unix=int(since.timestamp()),
            cursor=cursor,
        )
        page = mapping(answer.value if answer else None)
        for listed in objects(page.get("conversations")):
            whole = await client.get(f"/v1/convai/conversations/{listed.get('conversation_id')}")
            if whole is not None:
                yield _of_elevenlabs(mapping(whole.value))
        cursor = text(page.get("next_cursor"))
        if not page.get("has_more") or cursor is None:
            return


def _of_elevenlabs(conversation: Mapping[str, Any]) -> Payload:
    metadata = mapping(conversation.get("metadata"))
    started, seconds = metadata.get("start_time_unix_secs"), metadata.get("call_duration_secs")
    ended = started + (seconds or 0) if isinstance(started, int) else None
    return {"type": "post_call_transcription", "event_timestamp": ended, "data": conversation}


_TWILIO = {
    "sid": "CallSid",
    "parent_call_sid": "ParentCallSid",
    "from": "From",
    "to": "To",
    "status": "CallStatus",
    "direction": "Direction",
    "answered_by": "AnsweredBy",
    "duration": "CallDuration",
    "price": "Price",
    "price_unit": "PriceUnit",
}
"""The names of a call's fields in the list, and in the form of a webhook."""


async def _twilio(client: SourceClient, since: datetime, account: str) -> AsyncIterator[Payload]:
    parameters: dict[str, Any] = {
        "StartTime>": since.astimezone(UTC).date().isoformat(),
        "PageSize": PAGE,
    }
    path: str | None = f"/2010-04-01/Accounts/{account}/Calls.json"
    while path is not None:
        answer = await client.get(path, **parameters)
        page = mapping(answer.value if answer else None)
        for call in objects(page.get("calls")):
            yield _of_twilio(call)
        # It has the parameters of the first page in it.
        path, parameters = text(page.get("next_page_uri")), {}


def _of_twilio(call: Mapping[str, Any]) -> Payload:
    moment = text(call.get("end_time")) or text(call.get("start_time"))
    fields = {_TWILIO[name]: value for name, value in call.items() if name in _TWILIO and value}
    # A webhook of the same second comes before: its number is smaller.
    return {**fields, "Timestamp": moment, "SequenceNumber": "9"}


def _basic(account: str, key: str) -> str:
    return "Basic " + base64.b64encode(f"{account}:{key}".encode()).decode()


PLATFORM_LISTS = {
    each.source: each
    for each in (
        PlatformList(
            "vapi",
            "https://api.vapi.ai",
            lambda key, _: {"Authorization": f"Bearer {key}"},
            _vapi,
        ),
        PlatformList(
            "retell",
            "https://api.retellai.com",
            lambda key, _: {"Authorization": f"Bearer {key}"},
            _retell,
        ),
        PlatformList(
            "elevenlabs",
            "https://api.elevenlabs.io",
            lambda key, _: {"xi-api-key": key},
            _elevenlabs,
        ),
        PlatformList(
            "twilio",
            "https://api.twilio.com",
            lambda key, account: {"Authorization": _basic(account, key)},
            _twilio,
            names_account=True,
        ),
    )
}
