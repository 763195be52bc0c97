"""SMS that come in start live sessions, in the database and in Redis, and have them live longer."""

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from gql.models.types import now
from tests.databases import Copy
from tests.redis_server import RedisServer, unused_url
from tests.rest.sms_app import CONVERSATION, CUSTOMER, SmsApp, running_sms_app

OWN = "+15551234567"
OF_NUMBER = 123
"""The assistant that a new conversation with the number gets; the demo's 102 has another one."""

ARCHIVE = f"/api/v1/sms-conversations/{CONVERSATION}"
RECORD = """mutation ($messages: [SmsInput!]!) {
  recordSms(input: {source: "lines", messages: $messages}) { results { status } }
}"""


@pytest.fixture(params=["database", "redis"])
async def sms_app(
    request: pytest.FixtureRequest, fresh: Copy, redis_server: RedisServer
) -> AsyncIterator[SmsApp]:
    url = redis_server.url if request.param == "redis" else None
    async with running_sms_app(fresh, url) as sms_app:
        await sms_app.sms_sessions.clear(1)
        yield sms_app
        await sms_app.sms_sessions.clear(1)


def sms(key: str, at: datetime, **fields: Any) -> dict[str, Any]:
    numbers = {"from": CUSTOMER, "to": OWN, "direction": "inbound"}
    occurred = {"occurredAt": at.isoformat(), "body": "Hello"}
    return {"kind": "sms", "source": "lines", "messageId": key, **numbers, **occurred, **fields}


async def send(sms_app: SmsApp, *items: dict[str, Any]) -> list[str]:
    """The statuses of items that are sent as lines; the last line of an answer sums up."""
    content = b"".join(json.dumps(item).encode() + b"\n" for item in items)
    answer = await sms_app.client.post("/api/v1/ingest", content=content, headers=sms_app.owner)
    return [json.loads(line)["status"] for line in answer.text.splitlines()[:-1]]


async def test_an_sms_starts_the_session_of_its_conversation(sms_app: SmsApp) -> None:
    """After an archive the conversation is another one, and so is the session."""
    await send(sms_app, sms("m1", now()))
    assert await sms_app.sms_sessions.find(1, CUSTOMER, 124) == {"conversation_id": CONVERSATION}
    status, answer = await sms_app.ask("GET", "/api/v1/sms-sessions")
    assert (status, answer["data"]["active_sessions"]) == (200, 1)

    assert (await sms_app.ask("DELETE", ARCHIVE))[0] == 200
    assert await sms_app.sms_sessions.count(1) == 0
    assert await send(sms_app, sms("m1", now() - timedelta(minutes=1))) == ["unchanged"]
    assert await sms_app.sms_sessions.count(1) == 0

    text = {"messageId": "m2", "occurredAt": now().isoformat(), "body": "Anybody there?"}
    numbers = {"fromNumber": CUSTOMER, "toNumber": OWN, "direction": "INBOUND"}
    answer = await sms_app.graphql(RECORD, messages=[{**text, **numbers}])
    assert answer == {"data": {"recordSms": {"results": [{"status": "CREATED"}]}}}
    state = await sms_app.sms_sessions.find(1, CUSTOMER, OF_NUMBER)
    assert state is not None
    assert state["conversation_id"] != CONVERSATION
    assert await sms_app.sms_sessions.count(2) == 0


async def test_what_is_no_new_message_starts_none(sms_app: SmsApp) -> None:
    """A message that comes late or again, one of last week, and a report of delivery."""
    first, report = sms("m1", now()), sms("m1", now() + timedelta(seconds=9), status="delivered")
    await send(sms_app, first)
    assert await sms_app.sms_sessions.clear(1) == 1

    late = sms("m0", now() - timedelta(minutes=5))
    assert await send(sms_app, late, first, report) == ["created", "unchanged", "updated"]
    other = {"from": "+15550100077"}
    assert await send(sms_app, sms("m3", now() - timedelta(days=7), **other)) == ["created"]
    assert await sms_app.sms_sessions.count(1) == 0

    assert await send(sms_app, sms("m4", now() + timedelta(seconds=20))) == ["created"]
    assert await sms_app.sms_sessions.count(1) == 1


async def test_the_messages_are_kept_without_redis(fresh: Copy) -> None:
    async with running_sms_app(fresh, unused_url()) as sms_app:
        assert await send(sms_app, sms("m1", now())) == ["created"]
