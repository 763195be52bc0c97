"""What deliveries become: rows, in any order and once; what waits, what is kept, what is dead."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from gql.app import inbox_worker
from gql.errors import BadInput, DatabaseUnavailable
from gql.ingest import processing
from gql.ingest.apply import ItemOutcome, ItemStatus, apply_items
from gql.ingest.deliveries import decoded
from gql.ingest.inbox import INBOX
from gql.ingest.sources import SOURCE_BY_NAME
from gql.models.call import Call
from gql.models.cost_entry import CostEntry
from gql.models.message import ChatMessage, Transcript
from gql.models.recording import Recording
from gql.models.scope import owned, table_of
from gql.models.sms_log import SmsMessageLog
from gql.models.types import now
from tests.databases import Copy
from tests.hooks import payloads
from tests.hooks.conftest import Webhooks, webhooks_on
from tests.hooks.payloads import Payload
from tests.statements import count

CALL = ("external_id", "status", "direction", "customer_phone_number", "duration", "ended_reason")
FURTHER = ("ended_reason_kind", "carrier_call_id", "summary", "success", "total_cost", "llm_cost")
CUSTOMER, CALLED = payloads.CUSTOMER, payloads.CALLED
STARTED = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)

CALLS: dict[str, tuple[list[Payload], list[tuple[Any, ...]], list[tuple[Any, ...]]]] = {
    "vapi": (
        [payloads.VAPI_STATUS, payloads.VAPI_REPORT],
        [("vapi-call-1", "completed", "inbound", CUSTOMER, 42, "customer-ended-call")],
        [("customer_hangup", "CA77", "A booking.", "success", 50_000, 20_000)],
    ),
    "retell": (
        [payloads.RETELL_STARTED, payloads.RETELL_ENDED, payloads.RETELL_ANALYZED],
        [("retell-call-1", "completed", "outbound", CUSTOMER, 42, "agent_hangup")],
        [("assistant_hangup", None, "A greeting.", "success", 75_000, 50_000)],
    ),
    "elevenlabs": (
        [payloads.ELEVENLABS_DONE, payloads.ELEVENLABS_FAILURE],
        [
            ("conv_1", "completed", "inbound", CUSTOMER, 42, "client ended the call"),
            ("conv_2", "failed", "inbound", "", None, "busy"),
        ],
        [
            ("unknown", "CA88", "A farewell.", "success", 60_000, 10_000),
            ("busy", "CA89", None, None, None, None),
        ],
    ),
    "twilio": (
        [payloads.TWILIO_STARTED, payloads.TWILIO_COMPLETED, payloads.TWILIO_RECORDING],
        [("CA77", "completed", "inbound", CUSTOMER, 42, "completed")],
        [("completed", None, None, None, None, None)],
    ),
    "telnyx": (
        [
            *(payloads.TELNYX_INITIATED, payloads.TELNYX_ANSWERED),
            *(payloads.TELNYX_HANGUP, payloads.TELNYX_COST),
        ],
        [("session-1", "completed", "inbound", CUSTOMER, 42, "normal_clearing")],
        [("customer_hangup", "control-1", None, None, 8_000, None)],
    ),
    "generic": (
        [payloads.GENERIC],
        [("pbx-1", "completed", "inbound", CUSTOMER, 42, None)],
        [(None, None, None, None, None, None)],
    ),
}
"""By source: deliveries, and what the calls of these columns are then."""


@pytest.mark.parametrize("source", CALLS)
@pytest.mark.parametrize("is_reversed", [False, True])
async def test_deliveries_become_calls_in_any_order_and_once(
    webhooks: Webhooks, source: str, *, is_reversed: bool
) -> None:
    deliveries, calls, further = CALLS[source]
    platform = await webhooks.platform(source, role="primary")
    name = "exchange" if source == "generic" else source
    for payload in [*(reversed(deliveries) if is_reversed else deliveries), *deliveries]:
        response = await platform.deliver(payload)
        assert response.status_code == 200

    await webhooks.process()

    rows = sorted(await webhooks.rows(Call, *CALL, source=name))
    assert rows == calls
    assert sorted(await webhooks.rows(Call, "external_id", *FURTHER, source=name)) == [
        (row[0], *more) for row, more in zip(calls, further, strict=True)
    ]
    states = await webhooks.inbox("state", "attempts", "error")
    assert states == [("done", 1, None)] * 2 * len(deliveries)


async def test_a_report_has_messages_costs_and_recordings(webhooks: Webhooks) -> None:
    platform = await webhooks.platform("vapi")
    await platform.deliver(payloads.VAPI_REPORT)

    await webhooks.process()

    messages = await webhooks.rows(ChatMessage, "role", "content", "timestamp", source="vapi")
    assert messages == [
        ("assistant", "Hello", STARTED),
        ("user", "A table for two", STARTED + timedelta(seconds=3)),
    ]
    columns = ("external_id", "service", "model", "usage_type", "usage_amount", "amount")
    assert await webhooks.rows(CostEntry, *columns, source="vapi") == [
        ("model/0", "llm", "gpt-4o-mini", "tokens", 1_000, 20_000),
        ("voice/0", "tts", None, "characters", 300, 10_000),
        ("vapi/normal/0", "other", None, "minutes", Decimal("0.7"), 20_000),
    ]
    recordings = await webhooks.rows(Recording, "external_id", "url", "kind", source="vapi")
    assert recordings == [("mono", "https://recordings.example.com/mono.wav", "full")]


async def test_retell_has_a_transcript(webhooks: Webhooks) -> None:
    platform = await webhooks.platform("retell")
    await platform.deliver(payloads.RETELL_ANALYZED)

    await webhooks.process()

    segments = await webhooks.rows(Transcript, "speaker", "content", source="retell")
    assert segments == [("assistant", "Hello"), ("user", "Hi")]


@pytest.mark.parametrize("source", CALLS)
async def test_what_has_no_place_here_is_kept(webhooks: Webhooks, source: str) -> None:
    platform = await webhooks.platform(source)
    await platform.deliver({"event": "tomorrow", "type": "tomorrow", "more": "x"})
    await platform.deliver({})

    await webhooks.process()

    rows = await webhooks.inbox("state", "attempts")
    assert rows == [("unknown", 1), ("unknown", 1)]


async def test_a_body_that_is_nothing_is_kept(webhooks: Webhooks) -> None:
    platform = await webhooks.platform("burki")
    for body in (b"\xff", b"{", b"7", b"[" * 100_000):
        await platform.send(body)

    await webhooks.process()

    assert await webhooks.inbox("state", "error") == [
        ("unknown", "The body is not UTF-8."),
        ("unknown", "The body is neither JSON nor a form."),
        ("unknown", "The body is JSON, but no object."),
        ("unknown", "The body is nested too deeply."),
    ]


async def test_an_item_that_is_refused_is_dead_and_the_others_count(webhooks: Webhooks) -> None:
    platform = await webhooks.platform("generic")
    good, bad = dict(payloads.GENERIC["data"]), {"kind": "call", "externalId": ""}
    await platform.deliver({"items": [good, bad]})

    await webhooks.process()

    [(state, error)] = await webhooks.inbox("state", "error")
    assert state == "dead"
    assert error == "call: externalId: String should have at least 1 character"
    assert len(await webhooks.rows(Call, "id", source="exchange")) == 1


def test_several_items_may_come_in_lines() -> None:
    assert decoded(b'{"a": 1}\n\n{"a": 2}\n', "application/x-ndjson") == {
        "items": [{"a": 1}, {"a": 2}]
    }


TEXTS: dict[str, tuple[list[Payload], list[tuple[Any, ...]], list[tuple[Any, ...]]]] = {
    "burki": (
        [payloads.BURKI_SMS],
        [("SM9", "inbound", "received", "Hello")],
        [("SM9", "user", "Hello", "received")],
    ),
    "twilio": (
        [payloads.TWILIO_MESSAGE, payloads.TWILIO_DELIVERED],
        [("SM1", "inbound", "received", "Is it open?"), ("SM2", "outbound", "delivered", "")],
        [("SM1", "user", "Is it open?", "received")],
    ),
    "telnyx": (
        [payloads.TELNYX_MESSAGE],
        [("telnyx-message-1", "inbound", "received", "Hello")],
        [("telnyx-message-1", "user", "Hello", "received")],
    ),
}
"""By source: deliveries, what is logged, and the messages."""


@pytest.mark.parametrize("source", TEXTS)
async def test_sms_become_messages_of_one_conversation(webhooks: Webhooks, source: str) -> None:
    deliveries, logged, messages = TEXTS[source]
    platform = await webhooks.platform(source)
    for payload in [*reversed(deliveries), *deliveries]:
        assert (await platform.deliver(payload)).status_code == 200

    await webhooks.process()

    names = ("channel", "customer_phone_number", "to_phone_number", "message_count")
    assert await webhooks.rows(Call, *names, source=source) == [("sms", CUSTOMER, CALLED, 1)]
    names = ("external_id", "role", "content", "delivery_status")
    assert await webhooks.rows(ChatMessage, *names, source=source) == messages
    names = ("provider_message_id", "direction", "status", "body")
    # Ids of the demo data begin with SM0000, or are absent.
    rows = await webhooks.rows(SmsMessageLog, *names, source=source, column="provider")
    assert sorted(row for row in rows if not (row[0] or "SM0000").startswith("SM0000")) == logged
    assert await webhooks.inbox("state", "error") == [("done", None)] * 2 * len(deliveries)


# -- calls that a report does not name -------------------------------------------------------------


async def test_a_report_without_a_call_is_that_of_the_only_one(webhooks: Webhooks) -> None:
    platform = await webhooks.platform("burki")
    for payload in (payloads.of_burki_status("in-progress"), payloads.BURKI_REPORT):
        await platform.deliver(payload)
    await webhooks.process()
    await platform.deliver(payloads.BURKI_REPORT)
    await webhooks.process()

    calls = await webhooks.rows(Call, *CALL, source="burki")
    assert calls == [("CA1", "completed", "inbound", CUSTOMER, 42, "customer-ended-call")]
    assert await webhooks.inbox("state", "subject") == [("done", "CA1")] * 3
    assert len(await webhooks.rows(ChatMessage, "id", source="burki")) == 2


async def test_a_report_that_two_calls_can_be_meant_by_waits(webhooks: Webhooks) -> None:
    platform = await webhooks.platform("burki")
    await platform.deliver(payloads.BURKI_REPORT)
    await webhooks.process()
    for call in ("CA1", "CA2"):
        await platform.deliver(payloads.of_burki_status("in-progress", call))
    await webhooks.process(after=timedelta(minutes=5))

    assert await webhooks.inbox("state", "subject", "attempts", "error") == [
        ("waiting", None, 2, "It does not name its call, and 2 calls can be meant."),
        ("done", "CA1", 1, None),
        ("done", "CA2", 1, None),
    ]
    await webhooks.process(after=timedelta(hours=25))
    [first, *_] = await webhooks.inbox("state", "error")
    assert first[0] == "dead"
    assert await webhooks.rows(Call, "status", source="burki") == [("ongoing",), ("ongoing",)]


async def test_a_report_is_of_no_call_that_began_long_before_it_lasted(
    webhooks: Webhooks,
) -> None:
    """Of two calls one after the other, the first may have lost its report."""
    platform = await webhooks.platform("burki")
    for call in ("CA1", "CA2"):
        await platform.deliver(payloads.of_burki_status("in-progress", call))
    await webhooks.process()
    calls = table_of(Call)
    async with webhooks.database.transaction() as connection:
        began_at = now() - timedelta(hours=1)
        first = (owned(calls, 1), calls.c.external_id == "CA1")
        await connection.execute(update(calls).where(*first).values(started_at=began_at))
    await platform.deliver(payloads.BURKI_REPORT)
    await webhooks.process()

    assert await webhooks.rows(Call, "external_id", "status", source="burki") == [
        ("CA1", "ongoing"),
        ("CA2", "completed"),
    ]


async def test_a_status_that_is_sent_again_is_no_news(webhooks: Webhooks) -> None:
    """It has no time: the one of its first receipt counts."""
    platform = await webhooks.platform("burki")
    first, second = (payloads.of_burki_status(word) for word in ("in-progress", "completed"))
    for payload in (first, second, first):
        await platform.deliver(payload)
        await webhooks.process()

    received = await webhooks.inbox("received_at", "occurred_at")
    assert received[2][1] == received[0][1] == received[0][0]
    assert await webhooks.rows(Call, "status", source="burki") == [("completed",)]


async def test_each_leg_of_a_session_is_charged_once(webhooks: Webhooks) -> None:
    part = {"call_part": "sip-trunking", "cost": "0.0030", "currency": "USD"}
    other = payloads.of_telnyx("call.cost", 66, call_leg_id="leg-2", cost_parts=[part])
    platform = await webhooks.platform("telnyx", role="primary")
    for payload in (payloads.TELNYX_INITIATED, payloads.TELNYX_COST, other, payloads.TELNYX_COST):
        await platform.deliver(payload)
    await webhooks.process()

    assert await webhooks.rows(Call, "external_id", "telephony_cost", source="telnyx") == [
        ("session-1", 11_000)
    ]
    assert sorted(await webhooks.rows(CostEntry, "external_id", "amount", source="telnyx")) == [
        ("leg-1/sip-trunking", 8_000),
        ("leg-2/sip-trunking", 3_000),
    ]


# -- carriers --------------------------------------------------------------------------------------


async def test_a_carriers_delivery_waits_for_the_call_that_names_it(webhooks: Webhooks) -> None:
    carrier, platform = await webhooks.platform("twilio"), await webhooks.platform("vapi")
    for payload in (payloads.TWILIO_COMPLETED, payloads.TWILIO_RECORDING):
        await carrier.deliver(payload)
    await webhooks.process()
    waiting = await webhooks.inbox("state", "error")
    await platform.deliver(payloads.VAPI_REPORT)
    await webhooks.process()
    await webhooks.process()

    assert waiting == [("waiting", "No call names it as its carrier's.")] * 2
    assert await webhooks.inbox("state") == [("done",)] * 3
    assert await webhooks.rows(Call, "id", source="twilio") == []
    [(call_id,)] = await webhooks.rows(Call, "id", source="vapi")
    recordings = await webhooks.rows(Recording, "call_id", "external_id", source="twilio")
    assert recordings == [(call_id, "RE1")]


async def test_a_carriers_cost_is_added_to_the_platforms(webhooks: Webhooks) -> None:
    """Telnyx is named by its control id, which is not the id of the session."""
    carrier, platform = await webhooks.platform("telnyx"), await webhooks.platform("vapi")
    call = {**payloads.VAPI_CALL, "phoneCallProviderId": "control-1"}
    report = {"message": {**payloads.VAPI_REPORT["message"], "call": call}}
    await carrier.deliver(payloads.TELNYX_COST)
    await platform.deliver(report)
    await webhooks.process()

    assert await webhooks.inbox("state") == [("done",), ("done",)]
    costs = await webhooks.rows(Call, "total_cost", "telephony_cost", source="vapi")
    assert costs == [(58_000, 8_000)]


@pytest.mark.parametrize("unlinked", ["call", "dead"])
async def test_a_carriers_delivery_waits_until_its_deadline(
    webhooks: Webhooks, unlinked: Any
) -> None:
    carrier = await webhooks.platform("twilio", wait_hours=2, unlinked=unlinked)
    await carrier.deliver(payloads.TWILIO_COMPLETED)
    await webhooks.process(after=timedelta(hours=1))
    before = await webhooks.inbox("state")
    await webhooks.process(after=timedelta(hours=3))

    assert before == [("waiting",)]
    calls = await webhooks.rows(Call, "external_id", source="twilio")
    if unlinked == "call":
        assert await webhooks.inbox("state") == [("done",)]
        assert calls == [("CA77",)]
    else:
        assert await webhooks.inbox("state") == [("dead",)]
        assert calls == []


# -- failures --------------------------------------------------------------------------------------


async def test_one_that_fails_is_tried_again_and_takes_no_other_along(
    webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = await webhooks.platform("retell")
    await platform.deliver(payloads.RETELL_STARTED)
    await platform.deliver(payloads.RETELL_ENDED)

    async def failing(context: Any, items: Any) -> Any:
        outcomes = await apply_items(context, items)
        if any(item.kind == "call" and item.status == "completed" for item in items):
            raise ArithmeticError("broken")
        return outcomes

    with monkeypatch.context() as patch:
        patch.setattr(processing, "apply_items", failing)
        await webhooks.process()
        after_one = await webhooks.inbox("state", "attempts", "error")
        ongoing = await webhooks.rows(Call, "status", source="retell")
        for _ in range(processing.MOST_ATTEMPTS):
            await webhooks.process(after=timedelta(days=1))
    dead = await webhooks.inbox("state", "attempts")

    assert after_one == [("done", 1, None), ("new", 1, "ArithmeticError: broken")]
    assert ongoing == [("ongoing",)]
    assert dead == [("done", 1), ("dead", processing.MOST_ATTEMPTS)]


async def test_an_adapter_that_fails_keeps_the_delivery_for_a_better_one(
    webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = await webhooks.platform("retell")
    await platform.deliver(payloads.RETELL_ENDED)

    def failing(_payload: Any, _received_at: Any) -> Any:
        raise KeyError("call")

    broken = replace(SOURCE_BY_NAME["retell"], read=failing)
    with monkeypatch.context() as patch:
        patch.setitem(SOURCE_BY_NAME, "retell", broken)
        await webhooks.process()
    rows = await webhooks.inbox("state", "attempts", "error")
    await webhooks.process(after=timedelta(minutes=1))

    assert rows == [("new", 1, "The adapter failed: KeyError: 'call'")]
    assert await webhooks.inbox("state", "error") == [("done", None)]


async def test_what_was_stored_before_a_crash_is_applied_by_the_next_process(
    webhooks: Webhooks,
) -> None:
    """The process that stored it never told its worker."""
    platform = await webhooks.platform("retell")
    await platform.deliver(payloads.RETELL_ENDED)
    worker = webhooks.app.state.inbox
    worker._with_work.clear()  # noqa: SLF001 -- as a new process

    await worker.sweep()

    assert await webhooks.inbox("state") == [("done",)]
    assert len(await webhooks.rows(Call, "id", source="retell")) == 1


async def test_two_processes_apply_each_delivery_once(webhooks: Webhooks) -> None:
    platform = await webhooks.platform("retell")
    for number in range(5):
        call = {**payloads.RETELL_ENDED["call"], "call_id": f"call-{number}"}
        await platform.deliver({"event": "call_ended", "call": call})

    await asyncio.gather(*(webhooks.process() for _ in range(3)))

    assert await webhooks.inbox("state", "attempts") == [("done", 1)] * 5
    assert len(await webhooks.rows(Call, "id", source="retell")) == 5


async def test_statements_do_not_grow_with_the_deliveries(fresh: Copy) -> None:
    """Reads alike, and one write for many rows of a table, which the log shows once for each."""
    numbers = []
    async with webhooks_on(fresh) as (webhooks, running):
        platform = await webhooks.platform("retell")
        for size in (1, 20):
            for number in range(size):
                call = {**payloads.RETELL_ANALYZED["call"], "call_id": f"call-{size}-{number}"}
                await platform.deliver({"event": "call_analyzed", "call": call})
            with count(running.log) as ran:
                await webhooks.process()
            reads = [text for text in ran.texts if text.startswith("SELECT")]
            numbers.append((len(reads), len({text[:20] for text in ran.texts})))

    assert numbers[0] == numbers[1]


async def test_what_rests_is_deleted_after_its_days(webhooks: Webhooks) -> None:
    platform = await webhooks.platform("burki")
    for body in (b"7", b'{"message": {"type": "status-update"}}'):
        await platform.send(body)
    await webhooks.process()
    await platform.deliver(payloads.BURKI_REPORT)
    await webhooks.process()
    await platform.send(b"8")
    old = update(INBOX).where(owned(INBOX, 1)).values(received_at=now() - timedelta(days=31))
    async with webhooks.database.transaction() as connection:
        await connection.execute(old)

    await webhooks.app.state.inbox.clean()

    assert await webhooks.inbox("state") == [("waiting",), ("new",)]


async def test_what_the_ingest_does_not_take_yet_waits(
    webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no delivery that was applied; the next version may take it."""
    platform = await webhooks.platform("retell")
    await platform.deliver(payloads.RETELL_ENDED)

    async def waiting(_context: Any, items: Any) -> Any:
        return [ItemOutcome(ItemStatus.WAITING, item.kind, "x", error="Not yet.") for item in items]

    with monkeypatch.context() as patch:
        patch.setattr(processing, "apply_items", waiting)
        await webhooks.process()
    rows = await webhooks.inbox("state", "error", "applied_at")
    await webhooks.process(after=timedelta(minutes=1))

    assert rows == [("waiting", "Not yet.", None)]
    assert await webhooks.inbox("state", "error") == [("done", None)]


async def test_the_background_applies_what_was_stored_and_survives_failures(
    webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = await webhooks.platform("retell")
    worker = webhooks.app.state.inbox
    await platform.deliver(payloads.RETELL_ENDED)

    async def failing(_context: Any) -> int:
        raise DatabaseUnavailable("It restarts.")

    with monkeypatch.context() as patch:
        patch.setattr(inbox_worker, "process_due", failing)
        waits = [await worker._work() for _ in range(7)]  # noqa: SLF001 -- rounds of the task
    rows = await webhooks.inbox("state", "attempts")
    wait = await worker._work()  # noqa: SLF001 -- the same

    assert waits == [1, 2, 4, 8, 16, 30, 30]
    assert wait == inbox_worker.INTERVAL
    assert rows == [("new", 0)]
    assert await webhooks.inbox("state", "attempts") == [("done", 1)]


async def test_an_endpoint_says_which_country_numbers_are_of(webhooks: Webhooks) -> None:
    """Also those by which a report without an id finds its call."""
    platform = await webhooks.platform("burki", region="gb")
    assert platform.endpoint.settings["region"] == "GB"
    local = {"number": "020 7946 0018"}
    call = {"id": "CA-GB", "phoneCallProviderId": "CA-GB", "customer": local}
    about = {"phoneNumber": {"number": "020 7946 0999"}, "customer": local}
    status = {"type": "status-update", "status": "in-progress", "call": call, **about}
    report = {"type": "end-of-call-report", "durationSeconds": 2, "summary": "Said.", **about}
    for message in (status, report):
        await platform.deliver({"message": message})
    await webhooks.process()
    names = ("to_phone_number", "customer_phone_number", "summary")
    assert await webhooks.rows(Call, *names, source="burki") == [
        ("+442079460999", "+442079460018", "Said.")
    ]
    with pytest.raises(BadInput, match="no country"):
        await webhooks.platform("burki", region="UK")
