"""The lists of platforms, read from servers that answer as documented, pages and refusals too."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gql.mirror import platform_lists
from gql.mirror.client import SourceClient
from gql.mirror.platform_lists import PLATFORM_LISTS
from gql.mirror.pull import PullCounts, pull
from gql.models.call import Call
from gql.models.cost_entry import CostEntry
from gql.models.message import ChatMessage
from gql.models.recording import Recording
from tests.hooks import payloads
from tests.hooks.conftest import Webhooks

SINCE = datetime(2026, 9, 1, tzinfo=UTC)
KEY, ACCOUNT = "key_of_a_test", "AC1"

VAPI = [
    {
        **payloads.VAPI_CALL,
        "id": f"call-{number}",
        "phoneCallProviderId": f"CA{number}",
        "status": "ended",
        "createdAt": f"2026-09-21T14:1{number}:00.000Z",
        "updatedAt": "2026-09-21T15:00:00.000Z",
        "startedAt": f"2026-09-21T14:1{number}:00.000Z",
        "endedAt": f"2026-09-21T14:1{number}:30.000Z",
        "endedReason": "customer-ended-call",
        "cost": 0.05,
        "costs": [{"type": "model", "model": {"model": "gpt-4o"}, "cost": 0.05}],
    }
    for number in (3, 2, 1)
]
RETELL = {
    f"retell-{number}": {**payloads.RETELL_ANALYZED["call"], "call_id": f"retell-{number}"}
    for number in (1, 2, 3)
}
ELEVENLABS = {
    f"conv-{number}": {**payloads.ELEVENLABS_DONE["data"], "conversation_id": f"conv-{number}"}
    for number in (1, 2, 3)
}
TWILIO = [
    {
        "sid": f"CA{number}",
        "parent_call_sid": "CA1" if number == 3 else None,
        "from": payloads.CUSTOMER,
        "to": payloads.CALLED,
        "status": "completed",
        "direction": "inbound",
        "start_time": "Mon, 21 Sep 2026 14:13:20 +0000",
        "end_time": "Mon, 21 Sep 2026 14:14:02 +0000",
        "duration": "42",
        "price": None if number == 2 else "-0.00850",
        "price_unit": "USD",
    }
    for number in (1, 2, 3)
]
TWILIO_RECORDINGS = [
    {
        "sid": "RE1",
        "call_sid": "CA1",
        "status": "completed",
        "duration": "40",
        "channels": 2,
        "media_url": "https://api.example.com/Recordings/RE1",
        "price": "-0.00050",
        "price_unit": "USD",
        "date_created": "Mon, 21 Sep 2026 14:14:05 +0000",
    }
]
TWILIO_MESSAGES = [
    {
        "sid": f"SM{number}",
        "from": (payloads.CUSTOMER, payloads.CALLED)[number],
        "to": (payloads.CALLED, payloads.CUSTOMER)[number],
        "body": ("Hello", "Hi")[number],
        "status": ("received", "delivered")[number],
        "direction": ("inbound", "outbound-reply")[number],
        "num_segments": "1",
        "error_code": None,
        "price": (None, "-0.00790")[number],
        "price_unit": "usd",
        "date_sent": f"Mon, 21 Sep 2026 14:20:0{number} +0000",
    }
    for number in (0, 1)
]
TELNYX_RECORDINGS = [
    {
        "id": f"recording-{number}",
        "call_control_id": f"control-{number}",
        "call_leg_id": f"leg-{number}",
        "call_session_id": f"session-{number}",
        "channels": "dual",
        "created_at": "2026-09-21T14:14:05.000Z",
        "download_urls": {"mp3": f"https://r.example.com/{number}.mp3"},
        "duration_millis": 40_000,
        "recording_started_at": "2026-09-21T14:13:21.000Z",
        "status": "completed",
        "updated_at": "2026-09-21T14:14:06.000Z",
    }
    for number in (1, 2, 3)
]
TELNYX_RECORD = {
    "record_type": "message_detail_record",
    "uuid": "telnyx-message-1",
    "cli": payloads.CUSTOMER,
    "cld": payloads.CALLED,
    "direction": "inbound",
    "status": "received",
    "parts": 1,
    "cost": "0.0040",
    "currency": "USD",
    "created_at": "2026-09-21T14:13:20Z",
}


def of_twilio(name: str, since: str, listed: list[Any]) -> Callable[[Request, Any], Any]:
    """A list of Twilio's on one page."""

    def answer(request: Request, _: Any) -> Any:
        assert request.query_params[since] == "2026-09-01"
        return {name: listed, "next_page_uri": None}

    return answer


def of_telnyx(listed: list[Any], since: str) -> Callable[[Request, Any], Any]:
    """A list of Telnyx' on numbered pages."""

    def answer(request: Request, _: Any) -> Any:
        assert request.query_params["filter[created_at][gte]"] == since
        size = int(request.query_params["page[size]"])
        number = int(request.query_params["page[number]"])
        meta = {"total_pages": -(-len(listed) // size), "page_number": number}
        return {"data": listed[(number - 1) * size : number * size], "meta": meta}

    return answer


def platform_server() -> Starlette:
    """All platforms at once: a page has two objects, and the first request of all is refused."""
    requests: list[str] = []

    def guarded(answer: Callable[[Request, Any], Any]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            requests.append(request.url.path)
            if len(requests) == 1:
                return Response(status_code=429, headers={"Retry-After": "7"})
            sent = {request.headers.get(name) for name in ("authorization", "xi-api-key")}
            if not sent & {KEY, f"Bearer {KEY}", "Basic QUMxOmtleV9vZl9hX3Rlc3Q="}:
                return JSONResponse({}, status_code=401)
            body = await request.json() if request.method == "POST" else None
            return JSONResponse(answer(request, body))

        return endpoint

    def vapi(request: Request, _: Any) -> Any:
        before = request.query_params.get("createdAtLt", "9999")
        assert request.query_params["updatedAtGe"] == SINCE.isoformat()
        return [call for call in VAPI if call["createdAt"] < before][:2]

    def retell(_: Request, body: Any) -> Any:
        assert body["sort_order"] == "descending"
        names = sorted(RETELL)
        page = names[2:] if body.get("pagination_key") else names[:2]
        items = [{"call_id": name, "start_timestamp": payloads.START * 1_000} for name in page]
        return {"items": items, "has_more": len(page) == 2, "pagination_key": page[-1]}

    def elevenlabs(request: Request, _: Any) -> Any:
        assert request.query_params["call_start_after_unix"] == str(int(SINCE.timestamp()))
        names = sorted(ELEVENLABS)
        page = names[2:] if "cursor" in request.query_params else names[:2]
        listed = [{"conversation_id": name} for name in page]
        return {"conversations": listed, "has_more": len(page) == 2, "next_cursor": page[-1]}

    def twilio(request: Request, _: Any) -> Any:
        if "Page" in request.query_params:
            return {"calls": TWILIO[2:], "next_page_uri": None}
        assert request.query_params["StartTime>"] == "2026-09-01"
        return {"calls": TWILIO[:2], "next_page_uri": f"{request.url.path}?Page=1&PageToken=x"}

    return Starlette(
        routes=[
            Route("/v2/recordings", guarded(of_telnyx(TELNYX_RECORDINGS, SINCE.isoformat()))),
            Route("/v2/detail_records", guarded(of_telnyx([TELNYX_RECORD], "2026-09-01"))),
            Route(
                "/2010-04-01/Accounts/AC1/Recordings.json",
                guarded(of_twilio("recordings", "DateCreated>", TWILIO_RECORDINGS)),
            ),
            Route(
                "/2010-04-01/Accounts/AC1/Messages.json",
                guarded(of_twilio("messages", "DateSent>", TWILIO_MESSAGES)),
            ),
            Route("/call", guarded(vapi)),
            Route("/v3/list-calls", guarded(retell), methods=["POST"]),
            Route("/v2/get-call/{id}", guarded(lambda r, _: RETELL[r.path_params["id"]])),
            Route("/v1/convai/conversations", guarded(elevenlabs)),
            Route(
                "/v1/convai/conversations/{id}",
                guarded(lambda r, _: ELEVENLABS[r.path_params["id"]]),
            ),
            Route("/2010-04-01/Accounts/AC1/Calls.json", guarded(twilio)),
        ]
    )


async def pulled(webhooks: Webhooks, platform: Any, waits: list[float]) -> PullCounts:
    """Read a platform's list into the inbox, noting how long the platform made it wait."""
    of_platform = PLATFORM_LISTS[platform.endpoint.source]
    transport = httpx2.ASGITransport(platform_server())
    headers = dict(of_platform.headers(KEY, ACCOUNT))

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async with httpx2.AsyncClient(
        transport=transport, base_url=of_platform.url, headers=headers
    ) as http:
        client = SourceClient(http, sleep=sleep)
        shown: list[int] = []
        counts = await pull(
            *(webhooks.database, platform.endpoint, of_platform, client, SINCE, ACCOUNT),
            lambda so_far: shown.append(so_far.read),
        )
    assert shown == [*range(1, counts.read + 1)]
    return counts


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        (
            "vapi",
            [
                (f"call-{number}", "completed", "customer-ended-call", 50_000)
                for number in (1, 2, 3)
            ],
        ),
        (
            "retell",
            [(f"retell-{number}", "completed", "agent_hangup", 75_000) for number in (1, 2, 3)],
        ),
        (
            "elevenlabs",
            [
                (f"conv-{number}", "completed", "client ended the call", 60_000)
                for number in (1, 2, 3)
            ],
        ),
        (
            "twilio",
            [
                ("CA1", "completed", "completed", 17_500),
                ("CA2", "completed", "completed", None),
                (f"sms:{payloads.CUSTOMER[1:]}:{payloads.CALLED[1:]}:1", "active", None, 7_900),
            ],
        ),
    ],
)
async def test_a_list_is_read_whole_and_again_without_effect(
    webhooks: Webhooks,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    calls: list[tuple[Any, ...]],
) -> None:
    monkeypatch.setattr(platform_lists, "PAGE", 2)
    platform = await webhooks.platform(source, role="primary")
    waits: list[float] = []

    first = await pulled(webhooks, platform, waits)
    await webhooks.process()
    again = await pulled(webhooks, platform, waits)
    await webhooks.process()

    objects = 6 if source == "twilio" else 3
    assert (first, again) == (PullCounts(objects, objects), PullCounts(objects, 0))
    assert waits == [7, 7]
    columns = ("external_id", "status", "ended_reason", "total_cost")
    assert sorted(await webhooks.rows(Call, *columns, source=source)) == calls
    assert await webhooks.inbox("state", "method") == [("done", "PULL")] * objects


async def test_the_lists_of_twilio_have_recordings_and_texts(webhooks: Webhooks) -> None:
    """The same message by webhook, which has no time of its own, is the same one."""
    platform = await webhooks.platform("twilio", role="primary")
    await pulled(webhooks, platform, [])
    await webhooks.process()
    again = {"MessageSid": "SM0", "From": payloads.CUSTOMER, "To": payloads.CALLED, "Body": "Hello"}
    await platform.deliver(again)
    await webhooks.process()

    shown = ("external_id", "url", "duration_ms", "channels")
    assert await webhooks.rows(Recording, *shown, source="twilio") == [
        ("RE1", "https://api.example.com/Recordings/RE1", 40_000, 2)
    ]
    written = ("external_id", "role", "content", "delivery_status")
    assert sorted(await webhooks.rows(ChatMessage, *written, source="twilio")) == [
        ("SM0", "user", "Hello", "received"),
        ("SM1", "assistant", "Hi", "delivered"),
    ]


async def test_telnyx_lists_recordings_and_what_messages_cost(
    webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text of a message comes by webhook alone; the list has its price."""
    monkeypatch.setattr(platform_lists, "PAGE", 2)
    platform = await webhooks.platform("telnyx", role="primary")
    await platform.deliver(payloads.TELNYX_MESSAGE)
    first, again = [await pulled(webhooks, platform, []) for _ in range(2)]
    await webhooks.process()

    assert (first, again) == (PullCounts(4, 4), PullCounts(4, 0))
    shown = ("external_id", "url", "duration_ms", "channels", "format")
    assert await webhooks.rows(Recording, *shown, source="telnyx") == [
        (f"recording-{number}", f"https://r.example.com/{number}.mp3", 40_000, 2, "mp3")
        for number in (1, 2, 3)
    ]
    costs = await webhooks.rows(CostEntry, "external_id", "amount", source="telnyx")
    assert costs == [("telnyx-message-1", 4_000)]
    texts = await webhooks.rows(ChatMessage, "external_id", "content", source="telnyx")
    assert texts == [("telnyx-message-1", "Hello")]


async def test_what_a_list_says_of_a_bill_counts_and_not_twice(webhooks: Webhooks) -> None:
    """The report at the call's end is kept beside it."""
    platform = await webhooks.platform("retell")
    cheaper = {"combined_cost": 5, "product_costs": [{"product": "gpt_4o", "cost": 5}]}
    call = {**RETELL["retell-1"], "call_cost": cheaper}
    await platform.deliver({"event": "call_analyzed", "call": call})
    await webhooks.process()
    before = await webhooks.rows(Call, "total_cost", source="retell")
    await pulled(webhooks, platform, [])
    await webhooks.process()

    assert before == [(50_000,)]
    costs = await webhooks.rows(Call, "external_id", "total_cost", source="retell")
    assert sorted(costs) == [(f"retell-{number}", 75_000) for number in (1, 2, 3)]
    producers = await webhooks.rows(CostEntry, "producer", "is_superseded", source="retell")
    assert set(producers) == {("webhook", True), ("pull", False)}
