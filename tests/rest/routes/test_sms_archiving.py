"""Archiving an SMS conversation through REST, with live sessions in the database and in Redis."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import func, select

from gql.domain.sms_sessions import sms_sessions_of
from gql.domain.writes.sms import archive_conversation
from gql.domain.writes.transaction import transaction
from gql.identity import Identity, Method, Permission
from gql.models.call import Call
from gql.models.enums import Role
from gql.models.message import ChatMessage
from gql.models.scope import table_of
from gql.models.sms_log import SmsAuditLog, SmsMessageLog
from gql.query.context import Context
from tests.databases import Copy
from tests.domain.writes.record_message import record_message
from tests.redis_server import RedisServer, unused_url
from tests.rest.sms_app import ASSISTANT, CUSTOMER, SmsApp, running_sms_app
from tests.statements import count

PATH = "/api/v1/sms-conversations/102"
DONE = {"success": True, "message": "SMS conversation archived successfully"}
NOT_FOUND = {"detail": "There is no sms conversation 102 in your organization."}
CALL = table_of(Call)
CHILDREN = (ChatMessage, SmsAuditLog, SmsMessageLog)


@pytest.fixture(params=["database", "redis"])
async def sms_app(
    request: pytest.FixtureRequest, fresh: Copy, redis_server: RedisServer
) -> AsyncIterator[SmsApp]:
    url = redis_server.url if request.param == "redis" else None
    async with running_sms_app(fresh, url) as sms_app:
        yield sms_app
        await sms_app.sms_sessions.clear(1)
        await sms_app.sms_sessions.clear(2)


async def left(sms_app: SmsApp) -> list[int]:
    """How many messages and logs the conversation has."""
    async with sms_app.database.engine.connect() as connection:
        return [
            (
                await connection.execute(
                    select(func.count()).where(table_of(model).c.call_id == 102)
                )
            ).scalar_one()
            for model in CHILDREN
        ]


async def say(sms_app: SmsApp, content: str, role: Role = Role.USER) -> int:
    """Record a message of the documented pair, as the runtime does."""
    identity = Identity(1, Method.API_KEY, frozenset(Permission))
    context = Context(identity, sms_app.database, "r", sms_app.sms_sessions)
    try:
        return await record_message(context, ASSISTANT, CUSTOMER, role=role, content=content)
    finally:
        await context.close()


async def test_messages_logs_and_the_live_session_go(sms_app: SmsApp) -> None:
    await sms_app.sms_sessions.start(1, CUSTOMER, ASSISTANT, {"turn_count": 4})
    await sms_app.sms_sessions.start(1, CUSTOMER, 123, {"another": "assistant"})
    await sms_app.sms_sessions.start(2, CUSTOMER, ASSISTANT, {"another": "organization"})
    assert (await left(sms_app))[0] == 8

    assert await sms_app.ask("DELETE", PATH) == (200, DONE)

    assert await left(sms_app) == [0, 0, 0]
    assert await sms_app.sms_sessions.find(1, CUSTOMER, ASSISTANT) is None
    assert await sms_app.sms_sessions.find(1, CUSTOMER, 123) == {"another": "assistant"}
    assert await sms_app.sms_sessions.find(2, CUSTOMER, ASSISTANT) == {"another": "organization"}


async def test_it_is_not_there_any_more_and_its_record_is_kept_marked(sms_app: SmsApp) -> None:
    assert await sms_app.ask("DELETE", f"{PATH}/") == (200, DONE)

    for rest in ("", "/messages", "/related", "/export"):
        assert await sms_app.ask("GET", PATH + rest) == (404, NOT_FOUND)
    assert await sms_app.ask("DELETE", PATH) == (404, NOT_FOUND)
    listed = (await sms_app.ask("GET", "/api/v1/sms-conversations?assistant_id=124"))[1]
    assert listed == []
    async with sms_app.database.engine.connect() as connection:
        stored = (
            await connection.execute(
                select(CALL.c.call_meta, CALL.c.is_archived).where(CALL.c.id == 102)
            )
        ).one()
    assert tuple(stored) == ({"sms_deleted": True}, True)


async def test_a_stranger_archives_nothing(sms_app: SmsApp) -> None:
    await sms_app.sms_sessions.start(1, CUSTOMER, ASSISTANT, {})

    assert await sms_app.ask("DELETE", PATH, headers=sms_app.stranger) == (404, NOT_FOUND)

    assert (await sms_app.ask("GET", PATH))[0] == 200
    assert await sms_app.sms_sessions.count(1) == 1


async def test_the_next_message_of_the_pair_opens_a_new_conversation(sms_app: SmsApp) -> None:
    assert await say(sms_app, "One more thing") == 102
    assert (await sms_app.ask("GET", PATH))[1]["message_count"] == 9

    await sms_app.ask("DELETE", PATH)
    opened = await say(sms_app, "Hello again")

    assert opened != 102
    assert await say(sms_app, "Hello!", Role.ASSISTANT) == opened
    conversation: dict[str, Any] = (await sms_app.ask("GET", PATH.replace("102", str(opened))))[1]
    times = conversation.pop("started_at"), conversation.pop("last_activity")
    assert times[0] < times[1]
    assert conversation == {
        "id": opened,
        "session_id": "sms:+15559876543:+15551234567",
        "assistant_id": 124,
        "assistant_name": "Support Bot",
        "customer_phone_number": CUSTOMER,
        "assistant_phone_number": "+15551234567",
        "status": "active",
        "message_count": 2,
        "ended_at": None,
        "channel": "sms",
    }
    messages = (await sms_app.ask("GET", PATH.replace("102", f"{opened}/messages")))[1]
    assert [(each["role"], each["content"], each["message_index"]) for each in messages] == [
        ("user", "Hello again", 1),
        ("assistant", "Hello!", 2),
    ]
    (related,) = (await sms_app.ask("GET", PATH.replace("102", f"{opened}/related")))[1]
    assert (related["id"], related["call_sid"]) == (opened, f"sms_{opened}")


async def test_graphql_archives_the_same(sms_app: SmsApp) -> None:
    await sms_app.sms_sessions.start(1, CUSTOMER, ASSISTANT, {})

    answer = await sms_app.graphql(
        'mutation { archiveSmsConversation(input: {id: "102"}) { archivedId userErrors { code } } }'
    )

    assert answer == {
        "data": {"archiveSmsConversation": {"archivedId": "sms_conversation_102", "userErrors": []}}
    }
    assert await sms_app.ask("GET", PATH) == (404, NOT_FOUND)
    assert await sms_app.sms_sessions.count(1) == 0


async def test_archiving_takes_a_fixed_number_of_statements(sms_app: SmsApp) -> None:
    with count(sms_app.running.log) as ran:
        assert await sms_app.ask("DELETE", PATH) == (200, DONE)

    joins = sms_app.sms_sessions.joins_transactions
    assert ran.count == (7 if joins else 6), ran.texts


async def test_a_session_in_the_database_is_part_of_the_transaction(fresh: Copy) -> None:
    """All of it or none: what fails after the session has ended gives the session back."""
    async with running_sms_app(fresh) as sms_app:
        await sms_app.sms_sessions.start(1, CUSTOMER, ASSISTANT, {"turn_count": 4})
        identity = Identity(1, Method.API_KEY, frozenset(Permission))
        context = Context(identity, sms_app.database, "r", sms_app.sms_sessions)

        async def fail() -> None:
            async with transaction(context) as write:
                await archive_conversation(write, 102, write.sms_sessions)
                assert await sms_sessions_of(write).count(1) == 0
                raise RuntimeError

        with pytest.raises(RuntimeError):
            await fail()

        await context.close()
        assert await sms_app.sms_sessions.find(1, CUSTOMER, ASSISTANT) == {"turn_count": 4}
        assert (await left(sms_app))[0] == 8


async def test_a_retried_archiving_is_answered_as_the_first_time(sms_app: SmsApp) -> None:
    retried = {"Idempotency-Key": "archive-102"}

    assert await sms_app.ask("DELETE", PATH, headers=retried) == (200, DONE)
    assert await sms_app.ask("DELETE", PATH, headers=retried) == (200, DONE)
    assert await sms_app.ask("DELETE", PATH) == (404, NOT_FOUND)


async def test_a_redis_that_is_down_does_not_stop_it(
    fresh: Copy, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_sms_app(fresh, unused_url()) as sms_app:
        with caplog.at_level(logging.WARNING):
            assert await sms_app.ask("DELETE", PATH) == (200, DONE)

        assert await left(sms_app) == [0, 0, 0]
        assert await sms_app.ask("GET", PATH) == (404, NOT_FOUND)
    (logged,) = [text for text in caplog.messages if "102" in text]
    assert logged == (
        "SMS conversation 102 is archived, but its live state could not be ended; it runs out by"
        " itself"
    )
