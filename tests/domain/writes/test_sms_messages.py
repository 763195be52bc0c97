"""Recording SMS messages: which conversation one belongs to, and when a new one opens."""

import asyncio

import pytest
from sqlalchemy import update

from gql.database import Database
from gql.domain.writes.sms import archive_conversation
from gql.errors import Invalid, NotFound
from gql.models.call import Call
from gql.models.enums import Role
from gql.models.message import ChatMessage
from gql.models.scope import table_of
from gql.query.context import Context
from tests.domain.writes.conftest import all_rows, caller, rows
from tests.domain.writes.record_message import record_message

CUSTOMER, ASSISTANT = "+15559876543", 124


async def say(context: Context, number: str = CUSTOMER, role: Role = Role.USER) -> int:
    return await record_message(context, ASSISTANT, number, role=role, content="Hello")


async def test_a_message_goes_to_the_open_conversation_of_the_pair(
    member: Context, fresh_database: Database
) -> None:
    assert await say(member, "1 (555) 987-6543") == 102

    counted = await rows(fresh_database, Call, "message_count", id=102)
    indexes = await rows(fresh_database, ChatMessage, "message_index", call_id=102)
    assert counted == [(9,)]
    assert [index for (index,) in indexes] == list(range(1, 10))


async def test_another_customer_has_a_conversation_of_their_own(
    member: Context, fresh_database: Database
) -> None:
    opened = await say(member, "+1 999", Role.ASSISTANT)

    names = ("channel", "status", "direction", "call_sid", "customer_phone_digits")
    assert await rows(fresh_database, Call, *names, id=opened) == [
        ("sms", "active", "outbound", f"sms_{opened}", "1999")
    ]


async def test_after_archiving_a_new_one_opens(member: Context) -> None:
    await archive_conversation(member, 102, None)

    opened = await say(member)

    assert opened > 102
    assert await say(member) == opened


async def test_after_the_end_a_new_one_opens(member: Context, fresh_database: Database) -> None:
    call = table_of(Call)
    async with fresh_database.transaction() as connection:
        await connection.execute(update(call).where(call.c.id == 102).values(status="completed"))

    assert await say(member) != 102


async def test_first_messages_at_once_open_one_conversation(fresh_database: Database) -> None:
    contexts = [caller(fresh_database) for _ in range(8)]

    opened = await asyncio.gather(*(say(context, "+1999") for context in contexts))

    assert len(set(opened)) == 1
    indexes = await rows(fresh_database, ChatMessage, "message_index", call_id=opened[0])
    assert [index for (index,) in indexes] == list(range(1, 9))
    for context in contexts:
        await context.close()


async def test_nothing_is_recorded_with_another_organizations_assistant(
    stranger: Context, fresh_database: Database
) -> None:
    before = await all_rows(fresh_database)

    with pytest.raises(NotFound, match="There is no assistant 124 in your organization"):
        await say(stranger)

    assert await all_rows(fresh_database) == before


async def test_text_without_digits_is_no_customer(member: Context) -> None:
    with pytest.raises(Invalid, match="phone_number is 'anna', which has no digits"):
        await say(member, "anna")
