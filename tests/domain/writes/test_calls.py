"""The free-form data of a call."""

import asyncio

import pytest

from gql.database import Database
from gql.domain.writes.calls import merge_call_meta
from gql.errors import Invalid, NotFound
from gql.models.audit_log import AuditLog
from gql.models.call import Call
from gql.query.context import Context
from tests.domain.writes.conftest import all_rows, caller, rows


async def test_keys_are_set_and_removed_and_all_others_stay(
    member: Context, fresh_database: Database
) -> None:
    await merge_call_meta(member, 101, {"campaign": None, "score": 5, "gone": None})

    assert await rows(fresh_database, Call, "call_meta", id=101) == [
        ({"customer_id": "cust_abc123", "score": 5},)
    ]
    names = "action", "object_type", "object_id", "before", "after"
    assert await rows(fresh_database, AuditLog, *names, organization_id=1) == [
        ("call.update_meta", "call", 101, {"campaign": "winter_outreach"}, {"score": 5})
    ]


async def test_a_value_is_replaced_as_a_whole(member: Context, fresh_database: Database) -> None:
    await merge_call_meta(member, 101, {"customer_id": {"a": 1}})
    await merge_call_meta(member, 101, {"customer_id": {"b": None}})

    [(meta,)] = await rows(fresh_database, Call, "call_meta", id=101)
    assert meta["customer_id"] == {"b": None}


async def test_two_at_once_lose_nothing(fresh_database: Database) -> None:
    await asyncio.gather(
        *(merge_call_meta(caller(fresh_database), 101, {f"key{n}": n}) for n in range(5))
    )

    [(meta,)] = await rows(fresh_database, Call, "call_meta", id=101)
    assert {f"key{n}": n for n in range(5)}.items() <= meta.items()


async def test_a_change_of_nothing_leaves_nothing(
    member: Context, fresh_database: Database
) -> None:
    before = await all_rows(fresh_database)

    await merge_call_meta(member, 101, {"campaign": "winter_outreach", "absent": None})

    assert await all_rows(fresh_database) == before


async def test_long_values_are_not_kept_in_the_log(
    member: Context, fresh_database: Database
) -> None:
    await merge_call_meta(member, 101, {"note": "x" * 2_000})

    assert await rows(fresh_database, AuditLog, "after", organization_id=1) == [
        ({"note": "(2,002 characters)"},)
    ]


async def test_what_cannot_be_kept(member: Context, fresh_database: Database) -> None:
    before = await all_rows(fresh_database)

    with pytest.raises(Invalid, match=r"^metadata has a NUL character at /a$"):
        await merge_call_meta(member, 101, {"a": "\0"})

    assert await all_rows(fresh_database) == before


async def test_an_sms_conversation_is_not_a_call(member: Context) -> None:
    with pytest.raises(NotFound, match=r"^There is no call 102 in your organization\.$"):
        await merge_call_meta(member, 102, {"a": 1})


async def test_a_stranger_changes_nothing(stranger: Context, fresh_database: Database) -> None:
    before = await all_rows(fresh_database)

    with pytest.raises(NotFound):
        await merge_call_meta(stranger, 101, {"a": 1})

    assert await all_rows(fresh_database) == before
