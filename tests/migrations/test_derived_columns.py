"""Columns that triggers derive are right whoever writes, and whatever was there before them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import and_, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.database import Database
from gql.database.call_rollup import all_months, compare_month
from gql.migrations import online
from gql.migrations.runner import downgrade, migrate
from gql.models.call import Call, phone_digits
from gql.models.message import ChatMessage
from gql.models.scope import table_of
from tests.databases import Copy, settings_for

BEFORE = "0017_what_sources_tell"
REVISION = "0018_derived_columns"
CALLS, MESSAGES = table_of(Call), table_of(ChatMessage)
DERIVED = ("customer_phone_digits", "is_archived", "message_count", "last_activity")
COUNTED_FROM = ("customer_phone_number", "call_meta", "channel", "started_at")
START = datetime(2026, 3, 1, tzinfo=UTC)

NUMBERS = {
    "+15551234567": "15551234567",
    "1 (555) 123-45.67": "15551234567",
    "+44\u00a020\u20117946 0958": "442079460958",
    "tel:+1-555-123-4567;ext=9": "155512345679",
    "\u0664\u0665 7": "7",
    "sip:5551234@example.com": "",
    "SIPS:1@example.com": "",
    "client:agent7": "",
    "Client:7": "",
    "anonymous": "",
    "": "",
    "whatsapp:+15551234567": "15551234567",
}
METAS: tuple[Any, ...] = (
    *({}, {"sms_deleted": True}, {"sms_deleted": False}, {"sms_deleted": "true"}),
    *({"sms_deleted": 1}, {"sms_deleted": None}, {"a": {"sms_deleted": True}}),
)
ROLES = ("system", "user", "assistant", "tool")


@pytest.fixture
async def changing(fresh: Copy) -> AsyncIterator[Database]:
    database = Database(settings_for(fresh.url))
    yield database
    await database.close()


@pytest.mark.parametrize(("number", "digits"), NUMBERS.items())
async def test_digits_are_the_same_in_python_and_in_the_database(
    changing: Database, number: str, digits: str
) -> None:
    assert phone_digits(number) == digits
    async with changing.transaction() as connection:
        call_id = await _insert_call(connection, customer_phone_number=number)
        inserted = await _derived(connection, call_id)
        await _update_call(connection, call_id, customer_phone_number="+4930123")
        await _update_call(connection, call_id, customer_phone_number=number)
        await _update_call(connection, call_id, customer_phone_digits="666")

        assert inserted["customer_phone_digits"] == digits
        assert (await _derived(connection, call_id))["customer_phone_digits"] == digits


@pytest.mark.parametrize("meta", METAS, ids=str)
async def test_archived_is_what_the_metadata_marks(changing: Database, meta: Any) -> None:
    is_archived = meta.get("sms_deleted") is True
    async with changing.transaction() as connection:
        call_id = await _insert_call(connection, call_meta=meta, is_archived=not is_archived)
        assert (await _derived(connection, call_id))["is_archived"] is is_archived
        await _update_call(connection, call_id, is_archived=not is_archived)
        assert (await _derived(connection, call_id))["is_archived"] is is_archived
        await _update_call(connection, call_id, call_meta={"sms_deleted": not is_archived})
        assert (await _derived(connection, call_id))["is_archived"] is not is_archived


@pytest.mark.parametrize("recursive", [False, True])
@pytest.mark.parametrize("seed", range(3))
async def test_any_writes_leave_what_an_independent_count_says(
    changing: Database, seed: int, *, recursive: bool
) -> None:
    """Also with SQLite's `recursive_triggers`, which a writer may switch on."""
    random = Random(seed)  # noqa: S311 -- the same writes in each run
    async with changing.transaction() as connection:
        if changing.embedded:
            await connection.exec_driver_sql(f"PRAGMA recursive_triggers = {int(recursive)}")
        calls = [
            await _insert_call(connection, started_at=_instant(random), channel=channel)
            for channel in ("sms", "sms", "voice")
        ]
        for _ in range(60):
            await _write(connection, random, calls)
            for call_id in calls:
                assert await _derived(connection, call_id) == await _expected(connection, call_id)
        await connection.execute(delete(CALLS).where(_is(calls[0])))
    await _assert_rollup(changing)


@pytest.mark.parametrize("is_large", [False, True])
async def test_the_migration_corrects_the_rows_that_are_there(
    changing: Database, monkeypatch: pytest.MonkeyPatch, *, is_large: bool
) -> None:
    monkeypatch.setattr(online, "SMALL_BYTES", -1 if is_large else 2**40)
    await downgrade(changing.engine, BEFORE)
    wrong = {"customer_phone_digits": "1", "message_count": 99, "last_activity": START}
    async with changing.transaction() as connection:
        await connection.execute(update(CALLS).where(_is_some()).values(**wrong, is_archived=True))

    await migrate(changing.engine, REVISION)

    async with changing.transaction() as connection:
        ids = (await connection.execute(select(CALLS.c.id).where(_is_some()))).scalars().all()
        assert len(ids) > 20
        for call_id in ids:
            assert await _derived(connection, call_id) == await _expected(connection, call_id)
    await _assert_rollup(changing)


async def test_a_thousand_messages_count_once_each(changing: Database) -> None:
    """In one statement and by another organization's side, which has a call of its own."""
    async with changing.transaction() as connection:
        call_id = await _insert_call(connection, started_at=START, channel="sms")
        rows = [_message(call_id, START + timedelta(seconds=number)) for number in range(1_000)]
        await connection.execute(insert(MESSAGES), rows)

        derived = await _derived(connection, call_id)
        assert derived["message_count"] == 1_000
        assert derived["last_activity"] == START + timedelta(seconds=999)
        await connection.execute(delete(MESSAGES).where(MESSAGES.c.call_id == call_id))
        assert await _derived(connection, call_id) == await _expected(connection, call_id)


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_truncated_messages_are_counted_no_more(changing: Database) -> None:
    async with changing.transaction() as connection:
        await connection.execute(text("TRUNCATE chat_message"))
        assert not await connection.scalar(select(func.sum(CALLS.c.message_count)))


async def _write(connection: AsyncConnection, random: Random, calls: list[int]) -> None:
    """One write of any kind, by hand as well."""
    call_id, other = random.choice(calls), random.choice(calls)
    of_call = and_(MESSAGES.c.organization_id == 1, MESSAGES.c.call_id == call_id)
    one = select(MESSAGES.c.id).where(of_call).order_by(func.random()).limit(1).scalar_subquery()
    some = and_(MESSAGES.c.organization_id == 1, MESSAGES.c.id == one)
    instant, role = _instant(random), random.choice(ROLES)
    match random.randrange(10):
        case 0 | 1 | 2:
            rows = [
                {**_message(random.choice(calls), _instant(random)), "role": random.choice(ROLES)}
                for _ in range(random.randrange(1, 5))
            ]
            await connection.execute(insert(MESSAGES).values(rows))
        case 3:
            await connection.execute(delete(MESSAGES).where(some))
        case 4:
            await connection.execute(update(MESSAGES).where(some).values(timestamp=instant))
        case 5:
            await connection.execute(update(MESSAGES).where(some).values(role=role))
        case 6:
            await connection.execute(update(MESSAGES).where(some).values(call_id=other))
        case 7:
            await _update_call(connection, call_id, started_at=instant)
        case 8:
            count = random.choice((-1, 0, 7, 2**31 - 1))
            await _update_call(connection, call_id, message_count=count, last_activity=instant)
        case 9:
            await _update_call(connection, call_id, channel=random.choice(("sms", "voice")))


def _instant(random: Random) -> datetime:
    return START + timedelta(seconds=random.randrange(20))


def _message(call_id: int, instant: datetime) -> dict[str, Any]:
    columns = {"organization_id": 1, "call_id": call_id, "role": "user", "content": "hello"}
    return {**columns, "message_index": 0, "timestamp": instant}


def _is(call_id: int) -> Any:
    return and_(CALLS.c.organization_id == 1, CALLS.c.id == call_id)


def _is_some() -> Any:
    return and_(CALLS.c.organization_id == 1, CALLS.c.id % 3 == 0)


async def _insert_call(connection: AsyncConnection, **columns: Any) -> int:
    row = {"organization_id": 1, "call_sid": uuid4().hex, "status": "active"}
    statement = insert(CALLS).values(row | columns).returning(CALLS.c.id)
    return int((await connection.execute(statement)).scalar_one())


async def _update_call(connection: AsyncConnection, call_id: int, **columns: Any) -> None:
    await connection.execute(update(CALLS).where(_is(call_id)).values(columns))


async def _derived(connection: AsyncConnection, call_id: int) -> dict[str, Any]:
    columns = [CALLS.c[name] for name in DERIVED]
    return dict((await connection.execute(select(*columns).where(_is(call_id)))).mappings().one())


async def _expected(connection: AsyncConnection, call_id: int) -> dict[str, Any]:
    """The same, counted here from the rows."""
    columns = [CALLS.c[name] for name in COUNTED_FROM]
    call = (await connection.execute(select(*columns).where(_is(call_id)))).mappings().one()
    of_call = and_(MESSAGES.c.organization_id == 1, MESSAGES.c.call_id == call_id)
    written = select(MESSAGES.c.role, MESSAGES.c.timestamp).where(of_call)
    messages = (await connection.execute(written)).mappings().all()
    times = [each["timestamp"] for each in messages if each["role"] in {"user", "assistant"}]
    return {
        "customer_phone_digits": phone_digits(call["customer_phone_number"]),
        "is_archived": call["call_meta"].get("sms_deleted") is True,
        "message_count": len(times),
        "last_activity": max([call["started_at"], *(times if call["channel"] == "sms" else ())]),
    }


async def _assert_rollup(database: Database) -> None:
    for organization_id, month in await all_months(database.engine):
        compared = await compare_month(database.engine, organization_id, month, repair=False)
        assert not compared, (organization_id, month)
