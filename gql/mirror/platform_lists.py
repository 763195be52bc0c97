"""The lists of voice platforms, from which calls are read that no webhook told of.

Each yields payloads in the form that the platform's adapter in `gql/ingest/sources` reads, so a
list says nothing that a webhook could not have said, but for costs that are known later.

| Source | Page | Read on |
| --- | --- | --- |
| Vapi | https://docs.vapi.ai/api-reference/calls/list | 2026-11-28 |
| Retell | https://docs.retellai.com/api-references/list-calls | 2026-11-28 |
| ElevenLabs | https://elevenlabs.io/docs/api-reference/conversations/list | 2026-11-28 |
| Twilio | https://www.twilio.com/docs/voice/api/call-resource | 2026-11-28 |
| Twilio | https://www.twilio.com/docs/messaging/api/message-resource | 2026-11-28 |
| Twilio | https://www.twilio.com/docs/voice/api/recording | 2026-11-28 |
| Telnyx | https://developers.telnyx.com/api/detail-records/search-detail-records | 2026-11-28 |
| Telnyx | https://developers.telnyx.com/api-reference/call-recordings/list-all-call-recordings | \
2026-11-28 |

Telnyx' list of AI conversations is not read: it names no session, by which webhooks name calls.
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
    """How the calls and messages of a platform are read.

    Attributes:
        source: The name of the adapter that reads the payloads.
        url: Of the API.
        headers: The credential, from the key and the account, where the platform names one.
        read: The payloads of what was since an instant, of an account.
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

_TWILIO_MESSAGE = {
    "sid": "MessageSid",
    "from": "From",
    "to": "To",
    "body": "Body",
    "status": "MessageStatus",
    "direction": "Direction",
    "num_segments": "NumSegments",
    "error_code": "ErrorCode",
    "price": "Price",
    "price_unit": "PriceUnit",
}
"""The same of a message."""

_TWILIO_RECORDING = {
    "sid": "RecordingSid",
    "call_sid": "CallSid",
    "status": "RecordingStatus",
    "duration": "RecordingDuration",
    "channels": "RecordingChannels",
    "media_url": "RecordingUrl",
    "price": "Price",
    "price_unit": "PriceUnit",
}
"""The same of a recording."""


async def _twilio(client: SourceClient, since: datetime, account: str) -> AsyncIterator[Payload]:
    """Calls, recordings and messages, which are lists of their own."""
    day, base = since.astimezone(UTC).date().isoformat(), f"/2010-04-01/Accounts/{account}"
    async for call in _twilio_pages(client, f"{base}/Calls.json", "calls", {"StartTime>": day}):
        ended = text(call.get("end_time")) or text(call.get("start_time"))
        yield _of_twilio(call, _TWILIO, ended)
    pages = _twilio_pages(client, f"{base}/Recordings.json", "recordings", {"DateCreated>": day})
    async for recording in pages:
        yield _of_twilio(recording, _TWILIO_RECORDING, text(recording.get("date_created")))
    pages = _twilio_pages(client, f"{base}/Messages.json", "messages", {"DateSent>": day})
    async for message in pages:
        sent = text(message.get("date_sent")) or text(message.get("date_created"))
        yield _of_twilio(message, _TWILIO_MESSAGE, sent)


async def _twilio_pages(
    client: SourceClient, first: str, name: str, since: Mapping[str, str]
) -> AsyncIterator[Mapping[str, Any]]:
    """The objects of one list of Twilio's."""
    path: str | None = first
    parameters: dict[str, Any] = {**since, "PageSize": PAGE}
    while path is not None:
        answer = await client.get(path, **parameters)
        page = mapping(answer.value if answer else None)
        for each in objects(page.get(name)):
            yield each
        # It has the parameters of the first page in it.
        path, parameters = text(page.get("next_page_uri")), {}


def _of_twilio(listed: Mapping[str, Any], names: Mapping[str, str], moment: str | None) -> Payload:
    """An object of a list as a webhook has it, where every value is text."""
    fields = {names[name]: str(value) for name, value in listed.items() if name in names and value}
    # A webhook of the same second comes before: its number is smaller.
    return {**fields, "Timestamp": moment, "SequenceNumber": "9"}


async def _telnyx(client: SourceClient, since: datetime, _account: str) -> AsyncIterator[Payload]:
    """Recordings, and what messages cost, in the form of the events of webhooks."""
    instant = since.astimezone(UTC)
    created = {"filter[created_at][gte]": instant.isoformat(timespec="seconds")}
    async for recording in _telnyx_pages(client, "/v2/recordings", created):
        payload = {**recording, "recording_id": recording.get("id")}
        payload["recording_urls"] = recording.get("download_urls")
        yield _of_telnyx("call.recording.saved", recording, payload)
    sent = {"filter[record_type]": "messaging", "filter[created_at][gte]": f"{instant:%Y-%m-%d}"}
    async for record in _telnyx_pages(client, "/v2/detail_records", sent):
        receiver = {"phone_number": record.get("cld"), "status": record.get("status")}
        payload = {
            "id": record.get("uuid"),
            "direction": record.get("direction"),
            "from": {"phone_number": record.get("cli")},
            "to": [receiver],
            "parts": record.get("parts"),
            "cost": {"amount": record.get("cost"), "currency": record.get("currency")},
        }
        yield _of_telnyx("message.finalized", record, payload)


async def _telnyx_pages(
    client: SourceClient, path: str, parameters: Mapping[str, str]
) -> AsyncIterator[Mapping[str, Any]]:
    """The objects of one list of Telnyx'; pages are numbered from 1."""
    number = 1
    while True:
        pages = {"page[number]": number, "page[size]": PAGE}
        answer = await client.get(path, **parameters, **pages)
        page = mapping(answer.value if answer else None)
        listed = objects(page.get("data"))
        for each in listed:
            yield each
        total = mapping(page.get("meta")).get("total_pages")
        if not listed or not isinstance(total, int) or number >= total:
            return
        number += 1


def _of_telnyx(kind: str, listed: Mapping[str, Any], payload: Mapping[str, Any]) -> Payload:
    names = ("updated_at", "completed_at", "created_at")
    moment = next((at for name in names if (at := text(listed.get(name)))), None)
    return {"data": {"event_type": kind, "occurred_at": moment, "payload": payload}}


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
        PlatformList(
            "telnyx",
            "https://api.telnyx.com",
            lambda key, _: {"Authorization": f"Bearer {key}"},
            _telnyx,
        ),
    )
}
