"""Assistants over REST: listed, read, created, changed and deleted."""

from typing import Any

import pytest

from gql.database import Database
from tests.conftest import Counting
from tests.rest.conftest import Rest
from tests.rest.demo_rows import (
    ASSISTANT_KEYS,
    DOCUMENTED_ASSISTANT_KEYS,
    calls,
    listed,
    one,
)

ASSISTANTS = "/api/v1/assistants"
SERVICE_BOT = 123


def figures(number: int) -> dict[str, Any]:
    """What `include_stats` must add."""
    theirs = [row for row in calls() if row["assistant_id"] == number]
    completed = [row["duration"] for row in theirs if row["status"] == "completed"]
    return {
        "total_calls": len(theirs),
        "avg_call_duration": round(sum(completed) / len(completed), 2) if completed else 0,
        "success_rate": round(100 * len(completed) / len(theirs), 2) if theirs else 0,
    }


def test_what_is_documented_is_answered_in_that_order() -> None:
    documented = [key for key in ASSISTANT_KEYS if key in DOCUMENTED_ASSISTANT_KEYS]

    assert documented == DOCUMENTED_ASSISTANT_KEYS


async def test_the_list_has_every_assistant_by_id(rest: Rest, statements: Counting) -> None:
    await rest("GET", ASSISTANTS)

    with statements() as ran:
        answer = await rest("GET", f"{ASSISTANTS}/")

    assert answer.json() == listed()
    assert [list(each) for each in answer.json()] == [ASSISTANT_KEYS] * len(listed())
    assert ran.count == 1


async def test_the_list_is_paged_and_filtered_by_activity(rest: Rest) -> None:
    page = await rest("GET", f"{ASSISTANTS}?skip=2&limit=3")
    active = await rest("GET", f"{ASSISTANTS}?active_only=true")
    far = await rest("GET", f"{ASSISTANTS}?skip=9223372036854775807")

    assert page.json() == listed()[2:5]
    assert active.json() == listed(active=True)
    assert len(active.json()) < len(listed())
    assert far.json() == []


async def test_figures_are_added_in_one_more_statement(rest: Rest, statements: Counting) -> None:
    await rest("GET", ASSISTANTS)

    with statements() as ran:
        answer = await rest("GET", f"{ASSISTANTS}?include_stats=true")

    assert answer.json() == [{**each, **figures(each["id"])} for each in listed()]
    assert ran.count == 2


async def test_my_assistants_are_those_that_i_made(
    fresh_rest: Rest, fresh_database: Database
) -> None:
    async with fresh_database.transaction() as connection:
        await connection.exec_driver_sql("UPDATE assistant SET user_id = 2 WHERE id <> 123")

    answer = await fresh_rest("GET", f"{ASSISTANTS}?my_assistants_only=true")

    assert answer.json() == [one(SERVICE_BOT)]


async def test_one_is_found_by_id(rest: Rest, statements: Counting) -> None:
    await rest("GET", f"{ASSISTANTS}/{SERVICE_BOT}")

    with statements() as ran:
        answer = await rest("GET", f"{ASSISTANTS}/{SERVICE_BOT}")

    assert answer.json() == one(SERVICE_BOT)
    assert ran.count == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("number", [0, 999, 1012, 2**63])
async def test_what_is_no_assistant_of_ours_is_not_found(
    rest: Rest, method: str, number: int
) -> None:
    body = {"description": "x"} if method in {"PUT", "PATCH"} else None

    answer = await rest(method, f"{ASSISTANTS}/{number}", body)

    detail = f"Assistant with ID {number} not found in your organization"
    assert (answer.status_code, answer.json()) == (404, {"detail": detail})


async def test_a_new_one_needs_only_a_name(fresh_rest: Rest, fresh_statements: Counting) -> None:
    await fresh_rest("GET", ASSISTANTS)

    with fresh_statements() as ran:
        answer = await fresh_rest("POST", ASSISTANTS, {"name": "Night Owl"})

    created = answer.json()
    assert answer.status_code == 201
    assert list(created) == ASSISTANT_KEYS
    assert {key: created[key] for key in DOCUMENTED_ASSISTANT_KEYS} == {
        "id": created["id"],
        "organization_id": 1,
        "user_id": 1,
        "name": "Night Owl",
        "description": None,
        "phone_number": None,
        "llm_provider": "openai",
        "llm_model": "gpt-4o-mini",
        "settings": {},
        "is_active": True,
        "created_at": created["created_at"],
        "updated_at": created["created_at"],
    }
    assert (await fresh_rest("GET", f"{ASSISTANTS}/{created['id']}")).json() == created
    assert ran.count == 3


async def test_a_new_one_takes_every_field(fresh_rest: Rest) -> None:
    sent = {
        "name": "Night Owl",
        "description": "Late calls",
        "phone_number": "+18005550100",
        "llm_provider": "anthropic",
        "llm_model": "claude-haiku",
        "settings": {"voice": {"speed": 1.5}},
        "is_active": False,
    }

    created = (await fresh_rest("POST", ASSISTANTS, sent)).json()

    assert {key: created[key] for key in sent} == sent


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        ({}, 422, "missing"),
        ({"name": 5}, 422, "string_type"),
        ({"name": "x", "settings": []}, 422, "dict_type"),
        ({"name": " "}, 400, "required"),
        ({"name": "x" * 256}, 400, "too_long"),
        ({"name": "x", "phone_number": "5" * 51}, 400, "too_long"),
    ],
)
async def test_a_new_one_that_does_not_fit_is_refused(
    fresh_rest: Rest, body: Any, status: int, problem: str
) -> None:
    answer = await fresh_rest("POST", ASSISTANTS, body)

    details = answer.json()["detail"] if status == 422 else answer.json()["errors"]
    assert answer.status_code == status
    assert [detail["type"] for detail in details] == [problem]
    assert (await fresh_rest("GET", ASSISTANTS)).json() == listed()


async def test_put_sets_only_what_is_given_and_replaces_settings(
    fresh_rest: Rest, fresh_statements: Counting
) -> None:
    path = f"{ASSISTANTS}/{SERVICE_BOT}"
    await fresh_rest("PUT", path, {"settings": {"voice": {"speed": 1}, "language": "en"}})

    with fresh_statements() as ran:
        answer = await fresh_rest("PUT", path, {"name": "Bot", "settings": {"voice": {"pitch": 2}}})

    changed = answer.json()
    assert changed == {
        **one(SERVICE_BOT),
        "name": "Bot",
        "settings": {"voice": {"pitch": 2}},
        "updated_at": changed["updated_at"],
    }
    assert changed["updated_at"] > one(SERVICE_BOT)["updated_at"]
    assert ran.count == 5


async def test_patch_merges_settings_object_by_object(fresh_rest: Rest) -> None:
    path = f"{ASSISTANTS}/{SERVICE_BOT}"
    await fresh_rest("PUT", path, {"settings": {"voice": {"speed": 1, "pitch": 1}, "tags": [1]}})

    answer = await fresh_rest(
        "PATCH", path, {"settings": {"voice": {"pitch": 2, "new": {}}, "tags": [2]}}
    )

    assert answer.json()["settings"] == {
        "voice": {"speed": 1, "pitch": 2, "new": {}},
        "tags": [2],
    }


async def test_null_clears_what_may_be_null_and_leaves_the_rest(fresh_rest: Rest) -> None:
    nulls = dict.fromkeys(("name", "phone_number", "llm_model", "settings", "is_active"))

    changed = (await fresh_rest("PUT", f"{ASSISTANTS}/{SERVICE_BOT}", nulls)).json()

    assert changed == {
        **one(SERVICE_BOT),
        "phone_number": None,
        "updated_at": changed["updated_at"],
    }


@pytest.mark.parametrize("is_active", [False, True])
async def test_one_is_switched_on_and_off(fresh_rest: Rest, is_active: bool) -> None:
    path = f"{ASSISTANTS}/{SERVICE_BOT}/status"
    await fresh_rest("PATCH", f"{path}?is_active={not is_active}")

    answer = await fresh_rest("PATCH", f"{path}?is_active={str(is_active).lower()}")

    assert (answer.status_code, answer.json()["is_active"]) == (200, is_active)


async def test_a_status_must_be_said(rest: Rest) -> None:
    answer = await rest("PATCH", f"{ASSISTANTS}/{SERVICE_BOT}/status")

    assert (answer.status_code, answer.json()) == (
        422,
        {
            "detail": [
                {
                    "type": "missing",
                    "loc": ["query", "is_active"],
                    "msg": "Field required",
                    "input": {},
                }
            ]
        },
    )


async def test_a_deleted_one_lives_on_in_its_calls(fresh_rest: Rest) -> None:
    answer = await fresh_rest("DELETE", f"{ASSISTANTS}/{SERVICE_BOT}")

    assert answer.json() == {
        "success": True,
        "message": "Assistant 'ServiceBot' deleted successfully",
        "data": None,
    }
    assert (await fresh_rest("GET", f"{ASSISTANTS}/{SERVICE_BOT}")).status_code == 404
    call = (await fresh_rest("GET", "/api/v1/calls/101")).json()
    assert (call["assistant_id"], call["assistant_name"]) == (SERVICE_BOT, "ServiceBot")


async def test_one_that_a_graph_has_is_not_deleted(fresh_rest: Rest) -> None:
    answer = await fresh_rest("DELETE", f"{ASSISTANTS}/1")

    assert (answer.status_code, answer.json()) == (
        409,
        {
            "detail": "Assistant 'Receptionist' cannot be deleted while nodes of these graphs have"
            " it: 'Customer Service Router' (1)"
        },
    )


async def test_another_organization_has_its_own(rest: Rest, stranger: dict[str, str]) -> None:
    theirs = await rest("GET", ASSISTANTS, headers=stranger)
    refused = [
        await rest("GET", f"{ASSISTANTS}/{SERVICE_BOT}", headers=stranger),
        await rest("PUT", f"{ASSISTANTS}/{SERVICE_BOT}", {"name": "x"}, headers=stranger),
        await rest("PATCH", f"{ASSISTANTS}/{SERVICE_BOT}", {"name": "x"}, headers=stranger),
        await rest("PATCH", f"{ASSISTANTS}/{SERVICE_BOT}/status?is_active=0", headers=stranger),
        await rest("DELETE", f"{ASSISTANTS}/{SERVICE_BOT}", headers=stranger),
    ]

    assert theirs.json() == listed(2)
    assert [answer.status_code for answer in refused] == [404] * 5


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", ""),
        ("GET", "/123"),
        ("PUT", "/123"),
        ("PATCH", "/123"),
        ("DELETE", "/123"),
        ("PATCH", "/123/status"),
        ("GET", "/count"),
        ("GET", "/export"),
        ("GET", "/by-phone/1"),
        ("GET", "/me/organization"),
    ],
)
async def test_nobody_is_answered_without_a_credential(rest: Rest, method: str, path: str) -> None:
    assert (await rest(method, f"{ASSISTANTS}{path}", headers={})).status_code == 401


DOCUMENTED_SETTINGS: dict[str, Any] = {
    "llm_provider_config": {"model": "gpt-4o-mini", "api_key": None},
    "llm_settings": {"temperature": 0.5, "stop_sequences": ["\u2028", '"']},
    "llm_fallback_providers": {"enabled": False, "fallbacks": []},
    "tts_settings": {"provider": "elevenlabs", "speed": 1.0},
    "stt_settings": {"endpointing": {"silence_threshold": 500}},
    "interruption_settings": {"interruption_cooldown": 2.0},
    "tools_settings": {"enabled_tools": []},
    "rag_settings": {"enabled": False},
    "custom_settings": {},
    "webhook_url": "https://example.com/hook?a=1&b=\u00e9",
    "webhook_headers": {"X-Team": "night"},
    "sms_webhook_url": "https://example.com/sms",
    "messaging_service_sid": "MG0123456789abcdef",
    "end_call_message": "Goodbye",
    "transfer_call_message": "One moment",
    "idle_message": "Are you there?",
    "max_idle_messages": 3,
    "idle_timeout": 10,
    "max_call_length": 0,
    "conversation_continuity_enabled": False,
}
"""A value for each setting of `AssistantCreate` in the vendor's Python SDK, burki 0.1.2."""


async def test_documented_settings_are_kept_and_answered(
    fresh_rest: Rest, fresh_statements: Counting
) -> None:
    sent = {"name": "Bot", "llm_provider": "openai", "is_active": True, **DOCUMENTED_SETTINGS}
    created = await fresh_rest("POST", ASSISTANTS, sent)
    path = f"{ASSISTANTS}/{created.json()['id']}"
    with fresh_statements() as ran:
        read = await fresh_rest("GET", path)
    listed = (await fresh_rest("GET", f"{ASSISTANTS}?limit=1000")).json()

    assert created.status_code == 201
    assert list(created.json()) == ASSISTANT_KEYS + list(DOCUMENTED_SETTINGS)
    assert sent.items() <= created.json().items()
    assert created.json()["settings"] == DOCUMENTED_SETTINGS
    assert read.json() == created.json() == listed[-1]
    assert ran.count == 1


async def test_put_replaces_one_setting_and_patch_merges_it(fresh_rest: Rest) -> None:
    path = f"{ASSISTANTS}/{SERVICE_BOT}"
    tts = {"tts_settings": {"provider": "a", "speed": 1}, "idle_timeout": 5}
    await fresh_rest("PUT", path, {"settings": {"own": 1}, **tts})
    replaced = await fresh_rest("PUT", path, {"tts_settings": {"speed": 2}})
    merged = await fresh_rest("PATCH", path, {"tts_settings": {"voice": "b"}, "idle_timeout": None})
    whole = await fresh_rest("PUT", path, merged.json())

    assert replaced.json()["settings"] == {
        "own": 1,
        "tts_settings": {"speed": 2},
        "idle_timeout": 5,
    }
    settings = {"own": 1, "tts_settings": {"speed": 2, "voice": "b"}}
    assert merged.json()["settings"] == settings
    assert merged.json()["tts_settings"] == settings["tts_settings"]
    assert "idle_timeout" not in merged.json()
    assert whole.json()["settings"] == settings


async def test_what_is_not_kept_is_refused(fresh_rest: Rest) -> None:
    path = f"{ASSISTANTS}/{SERVICE_BOT}"
    unknown = await fresh_rest("PUT", path, {"name": "x", "twilio_auth_token": "secret"})
    secret = await fresh_rest("POST", ASSISTANTS, {
        "name": "x", "llm_provider_config": {"api_key": "sk-1"}
    })  # fmt: skip
    read = await fresh_rest("GET", path)

    assert [(each.status_code, each.json()["detail"][0]["loc"]) for each in (unknown, secret)] == [
        (422, ["body", "twilio_auth_token"]),
        (422, ["body", "llm_provider_config"]),
    ]
    assert read.json()["name"] == "ServiceBot"
