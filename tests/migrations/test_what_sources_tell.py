"""The columns of 0017: made over rows at once and one by one, and written by plain SQL."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from gql.database import Database
from gql.migrations import MigrationRefused, online
from gql.migrations.runner import downgrade, migrate
from tests.databases import Copy, settings_for
from tests.migrations.catalog import catalog

BEFORE = "0016_webhooks"
REVISION = "0017_what_sources_tell"
FORMER_TABLES = ("call", "chat_message", "transcript", "graph_session", "graph_transition")

INSERTS = {
    "call": "(organization_id, call_sid, status) VALUES (1, 'CAnew', 'completed')",
    "chat_message": "(organization_id, call_id, role, content) VALUES (1, :call, 'tool', '')",
    "transcript": "(organization_id, call_id, content, speaker) VALUES (1, :call, '', 'other')",
    "graph_session": "(organization_id, call_sid, graph_name) VALUES (1, 'CAnew', 'Theirs')",
    "graph_transition": (
        "(organization_id, graph_session_id, condition_type) VALUES (1, :graph_session, 'other')"
    ),
    "cost_entry": "(organization_id, call_id, external_id) VALUES (1, :call, 'a')",
    "recording": "(organization_id, call_id, external_id) VALUES (1, :call, 'a')",
    "sms_message_log": (
        "(organization_id, call_id, provider, direction, status, from_number, to_number, body)"
        " VALUES (1, :call, 'telnyx', 'inbound', 'received', '', '', '')"
    ),
}
"""By table, parents first: the least that a writer has to say."""


@pytest.fixture
async def changing(fresh: Copy) -> AsyncIterator[Database]:
    database = Database(settings_for(fresh.url))
    yield database
    await database.close()


@pytest.mark.parametrize("is_large", [False, True])
async def test_columns_come_and_go_over_rows(
    changing: Database, monkeypatch: pytest.MonkeyPatch, *, is_large: bool
) -> None:
    monkeypatch.setattr(online, "SMALL_BYTES", -1 if is_large else 2**40)
    await downgrade(changing.engine, BEFORE)
    old, rows = await catalog(changing), await _rows(changing)

    await migrate(changing.engine, REVISION)
    new = await catalog(changing)
    await _insert_all(changing)
    await downgrade(changing.engine, BEFORE)

    assert await catalog(changing) == old
    left = await _rows(changing)
    # What the former tables have no word for is gone: a tool's message, a session without a graph.
    assert [new_row for new_row in left["call"] if new_row not in rows["call"]]
    assert {table: left[table] for table in FORMER_TABLES[1:]} == {
        table: rows[table] for table in FORMER_TABLES[1:]
    }
    await migrate(changing.engine, REVISION)
    assert await catalog(changing) == new


async def test_plain_sql_need_not_name_what_has_a_default(changing: Database) -> None:
    ids = await _insert_all(changing)

    async with changing.engine.connect() as connection:
        row = text("SELECT * FROM call WHERE organization_id = 1 AND id = :call")
        call: Any = (await connection.execute(row, ids)).mappings().one()
    values = {name: value for name, value in call.items() if value is not None}
    assert values.pop("started_at") == values.pop("last_activity")
    # SQLite has numbers for them.
    values |= {name: bool(values[name]) for name in ("is_archived", "has_recording")}
    assert {**values, "id": 0, "call_meta": ""} == {
        "id": 0,
        "organization_id": 1,
        "call_sid": "CAnew",
        "status": "completed",
        "channel": "voice",
        "direction": "inbound",
        "source": "manual",
        "call_meta": "",
        "to_phone_number": "",
        "customer_phone_number": "",
        "customer_phone_digits": "",
        "message_count": 0,
        "is_archived": False,
        "has_recording": True,
    }


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE call SET ended_reason_kind = 'bored'",
        "UPDATE call SET success = 'yes'",
        "UPDATE chat_message SET role = 'robot'",
        "UPDATE transcript SET speaker = 'robot'",
        "UPDATE graph_transition SET condition_type = 'robot'",
        "UPDATE cost_entry SET service = 'robot'",
        "UPDATE recording SET kind = 'robot'",
        "UPDATE call SET external_id = 'twice'",
        "UPDATE chat_message SET source = 'a', external_id = 'twice'",
        "UPDATE transcript SET source = 'a', external_id = 'twice'",
        "UPDATE graph_session SET source = 'a', external_id = 'twice'",
        "UPDATE graph_transition SET source = 'a', external_id = 'twice'",
        "UPDATE sms_message_log SET provider_message_id = 'twice'",
    ],
)
async def test_the_tables_refuse_other_words_and_doubled_ids(
    changing: Database, change: str
) -> None:
    with pytest.raises(IntegrityError, match=r"(?i)check|unique"):
        async with changing.transaction() as connection:
            await connection.execute(text(f"{change} WHERE organization_id = 1"))


async def test_a_message_that_stands_twice_stops_the_migration(changing: Database) -> None:
    await downgrade(changing.engine, BEFORE)
    async with changing.transaction() as connection:
        await connection.execute(
            text("UPDATE sms_message_log SET provider = 'p', provider_message_id = 'SM1'")
        )

    with pytest.raises(MigrationRefused, match="twice: SM1 of p in organization 1"):
        await migrate(changing.engine)


async def _insert_all(database: Database) -> dict[str, int]:
    ids: dict[str, int] = {}
    async with database.transaction() as connection:
        for table, values in INSERTS.items():
            ids[table] = await connection.scalar(
                text(f"INSERT INTO {table} {values} RETURNING id"), ids
            )
    return ids


async def _rows(database: Database) -> dict[str, list[Any]]:
    async with database.engine.connect() as connection:
        return {
            table: [
                tuple(map(str, row))
                for row in await connection.execute(text(f"SELECT * FROM {table} ORDER BY id"))  # noqa: S608
            ]
            for table in FORMER_TABLES
        }
