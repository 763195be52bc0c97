"""What a carrier tells below an assistant platform: linked at once, or late, and paid once."""

import json
from datetime import timedelta
from typing import Any

from gql.models.call import Call
from gql.models.cost_entry import CostEntry
from gql.models.enums import DeliveryState
from gql.models.recording import Recording
from tests.conftest import bearer
from tests.databases import Copy
from tests.hooks import payloads
from tests.hooks.conftest import Webhooks

LATE = timedelta(hours=3)
COSTS = ("total_cost", "telephony_cost")
OF_CONTROL = {**payloads.VAPI_CALL, "phoneCallProviderId": "control-1"}
REPORT = {"message": {**payloads.VAPI_REPORT["message"], "call": OF_CONTROL}}
"""Costs 50,000 millionths, none of them for telephony; the carrier takes 8,000."""


async def test_an_item_of_any_way_in_has_them_due_at_once(webhooks: Webhooks, fresh: Copy) -> None:
    """Telnyx is named by its control id, which is not the id of the session."""
    carrier = await webhooks.platform("telnyx")
    await carrier.deliver(payloads.TELNYX_COST)
    await webhooks.process()
    await webhooks.process()
    assert await webhooks.inbox("state", "attempts") == [("waiting", 1)]

    named = {"kind": "call", "source": "crm", "externalId": "42", "carrierCallId": "control-1"}
    line = json.dumps({**named, "occurredAt": "2026-09-21T14:20:00Z", "status": "completed"})
    answer = await webhooks.client.post(
        "/api/v1/ingest", content=line.encode(), headers=bearer(fresh.organizations[0])
    )
    assert answer.status_code == 200
    await webhooks.process()

    assert await webhooks.inbox("state") == [(DeliveryState.DONE,)]
    assert await webhooks.rows(Call, *COSTS, source="crm") == [(8_000, 8_000)]


async def test_one_that_became_a_call_moves_to_the_call_that_comes_late(
    webhooks: Webhooks,
) -> None:
    carrier = await webhooks.platform("telnyx", wait_hours=2)
    for payload in (payloads.TELNYX_INITIATED, payloads.TELNYX_HANGUP, payloads.TELNYX_COST):
        await carrier.deliver(payload)
    await webhooks.process(after=LATE)
    assert await webhooks.rows(Call, "external_id", *COSTS, source="telnyx") == [
        ("session-1", 8_000, 8_000)
    ]

    platform = await webhooks.platform("vapi")
    await platform.deliver(REPORT)
    await webhooks.process()

    assert await webhooks.rows(Call, "id", source="telnyx") == []
    assert await webhooks.rows(Call, *COSTS, source="vapi") == [(58_000, 8_000)]
    [(call_id,)] = await webhooks.rows(Call, "id", source="vapi")
    moved = ("call_id", "producer", "amount", "is_superseded")
    expected = [(call_id, "event", 8_000, False)]
    assert await webhooks.rows(CostEntry, *moved, source="telnyx") == expected

    # Neither what comes again, nor what is applied anew, makes a second call or a second bill.
    await carrier.deliver(payloads.TELNYX_COST)
    await platform.deliver(REPORT)
    await webhooks.process(after=LATE)
    assert await webhooks.rows(Call, "id", source="telnyx") == []
    assert await webhooks.rows(Call, *COSTS, source="vapi") == [(58_000, 8_000)]
    assert await webhooks.rows(CostEntry, *moved, source="telnyx") == expected


async def test_what_both_have_stays_once_and_the_platforms_own_bill_counts(
    webhooks: Webhooks,
) -> None:
    """The session's deliveries of costs alone, which name no leg, are linked by those that do."""
    carrier = await webhooks.platform("telnyx", wait_hours=2)
    await carrier.deliver(payloads.TELNYX_COST)
    await webhooks.process(after=LATE)
    platform = await webhooks.platform("vapi")
    transport: list[Any] = [{"type": "transport", "cost": 0.02}]
    message = {**REPORT["message"], "cost": 0.02, "costs": transport}
    await platform.deliver({"message": message})
    await webhooks.process()

    assert await webhooks.rows(Call, "id", source="telnyx") == []
    assert await webhooks.rows(Call, *COSTS, source="vapi") == [(20_000, 20_000)]
    assert await webhooks.rows(CostEntry, "amount", "is_superseded", source="telnyx") == [
        (8_000, True)
    ]


async def test_twilios_recordings_move_too(webhooks: Webhooks) -> None:
    carrier = await webhooks.platform("twilio", wait_hours=2)
    for payload in (payloads.TWILIO_COMPLETED, payloads.TWILIO_RECORDING):
        await carrier.deliver(payload)
    await webhooks.process(after=LATE)
    platform = await webhooks.platform("vapi")
    await platform.deliver(payloads.VAPI_REPORT)
    await webhooks.process()

    [(call_id, has_recording)] = await webhooks.rows(Call, "id", "has_recording", source="vapi")
    assert await webhooks.rows(Recording, "call_id", "external_id", source="twilio") == [
        (call_id, "RE1")
    ]
    assert has_recording
    assert await webhooks.rows(Call, "id", source="twilio") == []


async def test_a_call_that_several_name_stays_by_itself(webhooks: Webhooks) -> None:
    carrier = await webhooks.platform("twilio", wait_hours=2)
    await carrier.deliver(payloads.TWILIO_COMPLETED)
    await webhooks.process(after=LATE)
    platform = await webhooks.platform("vapi")
    await platform.deliver(payloads.VAPI_REPORT)
    call = {**payloads.VAPI_CALL, "id": "vapi-call-2"}
    await platform.deliver({"message": {**payloads.VAPI_REPORT["message"], "call": call}})
    await webhooks.process()

    assert await webhooks.rows(Call, "external_id", source="twilio") == [("CA77",)]


async def test_the_calls_of_a_carrier_that_makes_calls_stay(webhooks: Webhooks) -> None:
    primary = await webhooks.platform("twilio", role="primary")
    await webhooks.platform("twilio", wait_hours=2)
    await primary.deliver(payloads.TWILIO_COMPLETED)
    platform = await webhooks.platform("vapi")
    await platform.deliver(payloads.VAPI_REPORT)
    await webhooks.process()

    assert await webhooks.rows(Call, "external_id", source="twilio") == [("CA77",)]
