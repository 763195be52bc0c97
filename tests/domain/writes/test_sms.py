"""Archiving SMS conversations."""

import itertools
import logging
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import insert

from gql.database import Database, Snapshot
from gql.domain.writes.sms import archive_conversation
from gql.domain.writes.transaction import WriteContext, transaction
from gql.errors import NotFound
from gql.models.audit_log import AuditLog
from gql.models.call import Call
from gql.models.message import ChatMessage
from gql.models.scope import table_of
from gql.models.sms_log import SmsAuditLog, SmsMessageLog
from gql.models.types import now
from gql.query.context import Context
from gql.stores.database import DatabaseSmsSessions
from tests.conftest import Counting
from tests.domain.writes.conftest import all_rows, caller, rows
from tests.domain.writes.executed_sql import verbs_and_tables


@dataclass
class Sessions:
    """A store of live sessions that records which ones were ended."""

    ended: list[tuple[int, str, int]] = field(default_factory=list)
    broken: bool = False
    joins_transactions: bool = False
    ttl: int = 60

    def within(self, _database: Database, _snapshot: Snapshot) -> "Sessions":
        return self

    async def end(self, organization_id: int, phone_number: str, assistant_id: int) -> bool:
        self.ended.append((organization_id, phone_number, assistant_id))
        if self.broken:
            raise ConnectionError
        return True


async def test_messages_and_logs_go_and_the_row_stays_marked(
    member: Context, fresh_database: Database
) -> None:
    sessions: Any = Sessions()
    await _give_logs(fresh_database, 102)
    unchanged = (
        "call_sid",
        "assistant_id",
        "assistant_name",
        "status",
        "started_at",
    )
    before = await rows(fresh_database, Call, *unchanged, id=102)
    counts = [len(await rows(fresh_database, model, "id", call_id=102)) for model in CHILDREN]

    await archive_conversation(member, 102, sessions)

    marks = "is_archived", "call_meta", "message_count"
    assert await rows(fresh_database, Call, *marks, id=102) == [(True, {"sms_deleted": True}, 0)]
    assert await rows(fresh_database, Call, *unchanged, id=102) == before
    for model in CHILDREN:
        assert await rows(fresh_database, model, "id", call_id=102) == []
    assert sessions.ended == [(1, "+15559876543", 124)]
    names = "action", "object_type", "object_id", "before", "after"
    assert await rows(fresh_database, AuditLog, *names, organization_id=1) == [
        (
            *("sms_conversation.archive", "sms_conversation", 102),
            dict(zip(("messages", "audit_logs", "message_logs"), counts, strict=True)),
            {"sms_deleted": True},
        )
    ]
    assert counts[0] == 8


async def test_it_takes_six_statements(member: Context, fresh_statements: Counting) -> None:
    with fresh_statements() as ran:
        sessions: Any = Sessions()
        await archive_conversation(member, 102, sessions)

    assert verbs_and_tables(ran.texts) == [
        "SELECT call",
        "UPDATE call",
        "DELETE chat_message",
        "DELETE sms_audit_log",
        "DELETE sms_message_log",
        "INSERT audit_log",
    ]


async def test_a_store_that_fails_does_not_undo_it(
    member: Context, fresh_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    sessions: Any = Sessions(broken=True)
    with caplog.at_level(logging.WARNING):
        await archive_conversation(member, 102, sessions)

    assert await rows(fresh_database, Call, "is_archived", id=102) == [(True,)]
    [message] = caplog.messages
    assert message.startswith("SMS conversation 102 is archived, but its live state could not")


async def test_the_store_is_told_only_after_the_commit(member: Context) -> None:
    sessions: Any = Sessions()
    async with transaction(member) as write:
        await archive_conversation(write, 102, sessions)
        assert sessions.ended == []
    assert len(sessions.ended) == 1


async def test_the_store_is_not_told_of_what_is_not_committed(member: Context) -> None:
    sessions: Any = Sessions()

    async def archive_and_fail() -> None:
        async with transaction(member) as write:
            await archive_conversation(write, 102, sessions)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await archive_and_fail()

    assert sessions.ended == []


async def test_a_store_in_the_database_is_part_of_the_transaction(
    member: Context, fresh_database: Database
) -> None:
    sessions = DatabaseSmsSessions(fresh_database, 60)
    await sessions.start(1, "+15559876543", 124, {"step": 1})
    await sessions.start(2, "+15559876543", 124, {"step": 2})
    before = await all_rows(fresh_database)

    async def archive_and_fail() -> None:
        async with transaction(member) as write:
            await archive_conversation(write, 102, sessions)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await archive_and_fail()
    assert await all_rows(fresh_database) == before

    await archive_conversation(member, 102, sessions)
    assert await sessions.find(1, "+15559876543", 124) is None
    assert await sessions.find(2, "+15559876543", 124) == {"step": 2}


async def test_without_a_store_nothing_is_missing(
    member: Context, fresh_database: Database
) -> None:
    await archive_conversation(member, 102, None)

    assert await rows(fresh_database, Call, "is_archived", id=102) == [(True,)]


async def test_whichever_statement_fails_nothing_is_changed(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await all_rows(fresh_database)
    run = WriteContext.run
    sessions: Any = Sessions()
    for count in itertools.count():
        left = itertools.count(count, -1)

        async def failing(self: WriteContext, *arguments: Any, left: Any = left) -> Any:
            if next(left) == 0:
                raise ConnectionError
            return await run(self, *arguments)

        monkeypatch.setattr(WriteContext, "run", failing)
        try:
            await archive_conversation(caller(fresh_database), 102, sessions)
        except ConnectionError:
            assert await all_rows(fresh_database) == before
            assert sessions.ended == []
        else:
            break

    assert count == 6


async def test_an_archived_one_is_not_there_any_more(member: Context) -> None:
    await archive_conversation(member, 102, None)

    with pytest.raises(
        NotFound, match=r"^There is no sms conversation 102 in your organization\.$"
    ):
        await archive_conversation(member, 102, None)


async def test_a_voice_call_is_not_a_conversation(member: Context) -> None:
    with pytest.raises(NotFound):
        await archive_conversation(member, 101, None)


async def test_a_stranger_changes_nothing(stranger: Context, fresh_database: Database) -> None:
    before = await all_rows(fresh_database)
    sessions: Any = Sessions()

    with pytest.raises(NotFound):
        await archive_conversation(stranger, 102, sessions)

    assert await all_rows(fresh_database) == before
    assert sessions.ended == []


CHILDREN = (ChatMessage, SmsAuditLog, SmsMessageLog)


async def _give_logs(database: Database, call_id: int) -> None:
    """The documented conversation has messages, but the documents show no logs of it."""
    both: dict[str, Any] = {"organization_id": 1, "call_id": call_id, "created_at": now()}
    event = {"event_type": "received", "level": "info", "message": "one"}
    fields = ("provider", "direction", "status", "from_number", "to_number", "body")
    async with database.transaction() as connection:
        await connection.execute(insert(table_of(SmsAuditLog)).values(both | event))
        delivery = both | dict.fromkeys(fields, "x")
        await connection.execute(insert(table_of(SmsMessageLog)).values(delivery))
