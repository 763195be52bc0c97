"""The webhook logs of a call over REST: what came about it, and who sees how much of that."""

import json
from datetime import UTC, datetime

import httpx2

from gql.domain.call_deliveries import LONGEST_PAYLOAD
from gql.models.call import Call
from tests.conftest import bearer
from tests.databases import Copy
from tests.hooks import payloads
from tests.hooks.conftest import Webhooks, webhooks_on
from tests.statements import count

REPORT = payloads.VAPI_REPORT
RETELL_NAMESAKE = {
    **payloads.RETELL_ENDED,
    "call": {**payloads.RETELL_ENDED["call"], "call_id": "vapi-call-1"},
}


async def logs(
    webhooks: Webhooks, call_id: int, headers: dict[str, str], query: str = ""
) -> httpx2.Response:
    path = f"/api/v1/calls/{call_id}/webhook-logs{query}"
    return await webhooks.client.get(path, headers=headers)


async def reader_of(webhooks: Webhooks, owner: dict[str, str]) -> dict[str, str]:
    """The header of a key of the same organization that may read alone."""
    body = {"name": "Reports", "permissions": {"read": True, "write": False}}
    path = "/api/v1/users/me/api-keys"
    created = await webhooks.client.post(path, json=body, headers=owner)
    return {"Authorization": f"Bearer {created.json()['key']}"}


async def test_a_call_has_what_its_platform_and_its_carrier_delivered(fresh: Copy) -> None:
    """Neither another platform's call of the same key, nor another organization's, is among it."""
    owner, stranger = (bearer(each) for each in fresh.organizations[:2])
    async with webhooks_on(fresh) as (webhooks, running):
        vapi, twilio = await webhooks.platform("vapi"), await webhooks.platform("twilio")
        retell = await webhooks.platform("retell")
        foreign = await webhooks.platform("vapi", organization_id=2)
        await twilio.deliver(payloads.TWILIO_RECORDING)
        await webhooks.process()
        await vapi.deliver(REPORT)
        await retell.deliver(RETELL_NAMESAKE)
        await foreign.deliver(REPORT)
        await webhooks.process()
        [(call_id,)] = await webhooks.rows(Call, "id", source="vapi")
        await webhooks.process()
        recording, report, _ = await webhooks.inbox("id", "received_at", "applied_at")
        reader = await reader_of(webhooks, owner)
        await logs(webhooks, call_id, reader)

        with count(running.log) as ran:
            answer = await logs(webhooks, call_id, reader)
        filtered = await logs(webhooks, call_id, reader, "?webhook_type=end-of-call-report")
        refused = await logs(webhooks, call_id, stranger)

    common = {
        "call_id": call_id,
        "assistant_id": None,
        "request_payload": None,
        "response_status_code": 200,
        "response_body": None,
        "response_time_ms": None,
        "success": True,
        "error_message": None,
    }
    state = {"state": "done", "event_id": None, "next_attempt_at": None}
    happened = datetime(2026, 9, 21, 14, 14, 2, tzinfo=UTC)
    assert answer.json() == [
        {
            **common,
            "id": recording[0],
            "webhook_url": "/hooks/twilio",
            "webhook_type": "recording",
            "attempted_at": wire(recording[1]),
            "retry_count": 1,
            "webhook_metadata": {
                **state,
                "source": "twilio",
                "role": "carrier",
                "occurred_at": wire(recording[1]),
                "applied_at": wire(recording[2]),
            },
        },
        {
            **common,
            "id": report[0],
            "webhook_url": "/hooks/vapi",
            "webhook_type": "end-of-call-report",
            "attempted_at": wire(report[1]),
            "retry_count": 0,
            "webhook_metadata": {
                **state,
                "source": "vapi",
                "role": "primary",
                "occurred_at": wire(happened),
                "applied_at": wire(report[2]),
            },
        },
    ]
    assert filtered.json() == answer.json()[1:]
    assert (refused.status_code, ran.count) == (404, 2)


async def test_administrators_see_what_was_sent_and_where(fresh: Copy) -> None:
    """A body of more than 10 KB is cut, and what is read of it does not grow with it."""
    owner = bearer(fresh.organizations[0])
    long = {"message": {**REPORT["message"], "padding": ["ab", "é"] * 4_000}}
    async with webhooks_on(fresh) as (webhooks, _):
        platform = await webhooks.platform("vapi")
        await platform.deliver(REPORT)
        await platform.deliver(long)
        await webhooks.process()
        [(call_id,)] = await webhooks.rows(Call, "id", source="vapi")
        answer = await logs(webhooks, call_id, owner)

    whole, cut = answer.json()
    assert whole["request_payload"] == REPORT
    assert cut["request_payload"] == json.dumps(long)[:LONGEST_PAYLOAD]
    assert [each["webhook_url"] for each in (whole, cut)] == [platform.endpoint.path] * 2


def wire(instant: datetime) -> str:
    """An instant as REST prints it."""
    return instant.isoformat().replace("+00:00", "Z")
