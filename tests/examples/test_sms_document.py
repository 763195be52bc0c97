"""The SMS document: each of its requests and each of its JSON examples, over the running app.

The documents give the id 101 to a voice call and to an SMS conversation, and 123 to two assistants.
Here both pairs share a table, so the conversation is 102 and its assistant is 124.
"""

import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx2
import jwt
import pytest

from gql.demo import DemoOrganization
from gql.settings import Settings
from tests.databases import Copy
from tests.redis_server import RedisServer
from tests.rest.sms_app import SmsApp, running_sms_app

CONVERSATIONS = "/api/v1/sms-conversations"
SESSIONS = "/api/v1/sms-sessions"

CONVERSATION = {
    "id": 102,
    "session_id": "sms:+15559876543:+15551234567",
    "assistant_id": 124,
    "assistant_name": "Support Bot",
    "customer_phone_number": "+15559876543",
    "assistant_phone_number": "+15551234567",
    "status": "active",
    "message_count": 8,
    "started_at": "2026-04-30T10:00:00Z",
    "last_activity": "2026-04-30T10:14:00Z",
    "ended_at": None,
    "channel": "sms",
}
MESSAGES = [
    {
        "id": 1,
        "conversation_id": 102,
        "role": "user",
        "content": "Can I reschedule?",
        "timestamp": "2026-04-30T10:05:00Z",
        "message_index": 1,
        "llm_provider": None,
        "llm_model": None,
    },
    {
        "id": 2,
        "conversation_id": 102,
        "role": "assistant",
        "content": "Sure. What day works best?",
        "timestamp": "2026-04-30T10:05:05Z",
        "message_index": 2,
        "llm_provider": "openai",
        "llm_model": "gpt-4o-mini",
    },
]
RELATED = [
    {
        "id": 102,
        "call_sid": "sms_102",
        "channel": "sms",
        "direction": "inbound",
        "status": "active",
        "duration": None,
        "message_count": 8,
        "started_at": "2026-04-30T10:00:00Z",
        "ended_at": None,
        "is_current": True,
    }
]


@pytest.fixture(params=["database", "redis"])
async def sms_app(
    request: pytest.FixtureRequest, fresh: Copy, redis_server: RedisServer
) -> AsyncIterator[SmsApp]:
    async with running_sms_app(
        fresh, redis_server.url if request.param == "redis" else None
    ) as sms_app:
        for number in range(12):
            await sms_app.sms_sessions.start(1, f"+1555000{number:04}", 124, {})
        yield sms_app
        await sms_app.sms_sessions.clear(1)


def same(answer: Any, example: Any) -> bool:
    """Whether values, and the order of keys, are those of the example."""
    if isinstance(answer, dict) and isinstance(example, dict) and list(answer) != list(example):
        return False
    if isinstance(answer, list) and isinstance(example, list):
        pairs = zip(answer, example, strict=True)
        return len(answer) == len(example) and all(same(*pair) for pair in pairs)
    return bool(answer == example)


async def test_list_conversations(client: httpx2.AsyncClient, owner: dict[str, str]) -> None:
    response = await client.get(
        f"{CONVERSATIONS}/?skip=0&limit=100&status=active&assistant_id=124", headers=owner
    )

    assert response.status_code == 200
    assert same(response.json(), [CONVERSATION])


async def test_get_conversation(client: httpx2.AsyncClient, owner: dict[str, str]) -> None:
    response = await client.get(f"{CONVERSATIONS}/102", headers=owner)

    assert response.status_code == 200
    assert same(response.json(), CONVERSATION)


async def test_get_messages(client: httpx2.AsyncClient, owner: dict[str, str]) -> None:
    """The document prints two of the eight that it counts."""
    response = await client.get(f"{CONVERSATIONS}/102/messages", headers=owner)

    assert response.status_code == 200
    assert same(response.json()[:2], MESSAGES)
    assert len(response.json()) == CONVERSATION["message_count"]


async def test_related_conversations(client: httpx2.AsyncClient, owner: dict[str, str]) -> None:
    response = await client.get(f"{CONVERSATIONS}/102/related", headers=owner)

    assert response.status_code == 200
    assert same(response.json(), RELATED)


@pytest.mark.parametrize(
    ("format_", "media_type"),
    [
        ("json", "application/json"),
        ("txt", "text/plain; charset=utf-8"),
        ("csv", "text/csv; charset=utf-8"),
    ],
)
async def test_export_conversation(
    client: httpx2.AsyncClient, owner: dict[str, str], format_: str, media_type: str
) -> None:
    response = await client.get(f"{CONVERSATIONS}/102/export?format={format_}", headers=owner)

    assert response.status_code == 200
    assert response.headers["content-type"] == media_type
    assert response.headers["content-disposition"] == (
        f'attachment; filename="sms_conversation_102.{format_}"'
    )
    assert "Sure. What day works best?" in response.text


async def test_archive_conversation(sms_app: SmsApp) -> None:
    status, body = await sms_app.ask("DELETE", f"{CONVERSATIONS}/102")

    assert status == 200
    assert same(body, {"success": True, "message": "SMS conversation archived successfully"})


async def test_deleted_threads_are_excluded(sms_app: SmsApp) -> None:
    await sms_app.ask("DELETE", f"{CONVERSATIONS}/102")

    assert await sms_app.ask("GET", f"{CONVERSATIONS}/?assistant_id=124") == (200, [])


async def test_active_sessions(sms_app: SmsApp) -> None:
    status, body = await sms_app.ask("GET", f"{SESSIONS}/")

    assert status == 200
    data = {"active_sessions": 12, "ttl_seconds": 86400}
    assert same(body, {"success": True, "data": data})
    assert same(body["data"], data)


async def test_clear_sessions(sms_app: SmsApp) -> None:
    status, body = await sms_app.ask("DELETE", f"{SESSIONS}/")

    assert status == 200
    assert same(body, {"success": True, "message": "SMS sessions cleared", "cleared_count": 12})


async def test_clean_up_sessions(sms_app: SmsApp) -> None:
    status, body = await sms_app.ask("POST", f"{SESSIONS}/cleanup")

    assert status == 200
    message = "Expired SMS sessions cleaned up"
    assert same(body, {"success": True, "message": message, "cleaned_count": 0})


async def test_clear_one_session(sms_app: SmsApp) -> None:
    status, body = await sms_app.ask("DELETE", f"{SESSIONS}/+15550000007/124")

    assert status == 200
    assert same(body, {"success": True, "message": "SMS session cleared"})
    assert (await sms_app.ask("GET", SESSIONS))[1]["data"]["active_sessions"] == 11


async def test_a_key_a_token_and_a_dashboard_login_read_the_same(
    client: httpx2.AsyncClient, demo: Sequence[DemoOrganization], settings: Settings
) -> None:
    assert settings.jwt_secret is not None
    secret = settings.jwt_secret.get_secret_value()
    claims = {"organization_id": 1, "user_id": 1, "exp": int(time.time()) + 600}
    token = jwt.encode(claims, secret, algorithm="HS256")
    path = f"{CONVERSATIONS}/102"

    by_key = await client.get(path, headers={"Authorization": f"Bearer {demo[0].api_key}"})
    by_token = await client.get(path, headers={"Authorization": f"Bearer {token}"})
    await client.post("/auth/login", json={"api_key": demo[0].api_key})
    by_cookie = await client.get(path)

    assert [answer.json() for answer in (by_key, by_token, by_cookie)] == [CONVERSATION] * 3
