"""What makes an event, whoever writes, and how long it stays."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text

from gql.database import Database
from gql.events.numbering import number_events
from gql.events.retention import DELETED_AT_ONCE, prune_events
from gql.models.enums import EventKind
from gql.models.event import EventHead, NumberedEvent
from gql.models.scope import table_of
from gql.models.types import now
from tests.conftest import GraphQL, Running
from tests.databases import Copy, settings_for

_EVENTS = text(
    "SELECT seq, kind, object_id, parent_id FROM event WHERE organization_id = 1 ORDER BY seq"
)


@pytest.fixture
async def written(fresh: Copy) -> AsyncIterator[Database]:
    """A database without a gateway."""
    database = Database(settings_for(fresh.url))
    yield database
    await database.close()


async def test_a_mutation_is_an_event_of_its_organization(
    fresh_running_app: Running, fresh_graphql: GraphQL
) -> None:
    answer = await fresh_graphql(
        """mutation {
            createGraph(input: {name: "New"}) { graph { id } }
            again: updateGraph(input: {id: "1", name: "Renamed"}) { graph { id name } }
        }"""
    )
    graph_id = int(answer["data"]["createGraph"]["graph"]["id"].removeprefix("graph_"))

    events = await _events(fresh_running_app.app.state.database)

    assert [(kind, key) for _, kind, key, _ in events if kind.startswith("graph_")][:1] == [
        ("graph_created", graph_id)
    ]
    assert ("graph_updated", 1) in [(kind, key) for _, kind, key, _ in events]
    assert [seq for seq, *_ in events] == list(range(1, len(events) + 1))


MESSAGE = """
    INSERT INTO chat_message
        (organization_id, call_id, role, content, message_index, "timestamp", interrupted)
    SELECT 1, min(id), 'user', 'x', 0, '2027-01-01 00:00:00.000000', false FROM call
    WHERE organization_id = 1 AND channel = '{channel}'
"""
_DELIVERY = """
    UPDATE chat_message SET delivery_status = 'delivered' WHERE organization_id = 1 AND id = (
        SELECT min(chat_message.id) FROM chat_message JOIN call ON call.id = call_id
        WHERE channel = 'sms' AND call.organization_id = 1 AND chat_message.organization_id = 1)
"""
_RECORDING = """
    INSERT INTO recording (organization_id, call_id, source, external_id, kind)
    VALUES (1, 101, 'x', 'y', 'full')
"""
_TRANSITION = """
    INSERT INTO graph_transition (organization_id, graph_session_id, condition_type)
    VALUES (1, 500, 'intent')
"""
_CALL = "UPDATE call SET status = {status} WHERE organization_id = 1 AND id = 101"
_END = "UPDATE graph_session SET graph_name = 'x' WHERE organization_id = 1 AND id = 500"
_BUDGET = """
    INSERT INTO cost_budget_passing
        (organization_id, budget_id, month, percent, amount, passed_at)
    VALUES (1, 1001, '1999-12', 100, 1, '2027-01-01 00:00:00.000000')
"""
_DELETE = "DELETE FROM graph_session WHERE organization_id = 1 AND id = 500"

TRANSCRIPT = """
    INSERT INTO transcript
        (organization_id, call_id, content, speaker, is_final, created_at, position)
    VALUES (1, 101, 'x', 'user', false, '2027-01-01 00:00:00.000000', 0),
        (1, 101, 'y', 'user', false, '2027-01-01 00:00:00.000000', 1)
"""
_FINAL = "UPDATE transcript SET is_final = {final} WHERE organization_id = 1 AND content = 'x'"

WRITES: dict[str, tuple[str, list[str]]] = {
    "a call": (_CALL.format(status="'failed'"), ["call_updated"]),
    "a write that changes nothing": (_CALL.format(status="status"), []),
    "a message of an SMS conversation": (
        MESSAGE.format(channel="sms"),
        ["sms_message_created", "sms_conversation_updated"],
    ),
    "a message of a call": (MESSAGE.format(channel="voice"), ["call_updated"]),
    "the delivery of a message": (_DELIVERY, ["sms_message_updated"]),
    "a recording": (_RECORDING, ["call_updated"]),
    "a transcript": (TRANSCRIPT, ["transcript_created", "transcript_created"]),
    "a segment that is final": (_FINAL.format(final="true"), ["transcript_updated"]),
    "a segment that is final already": (_FINAL.format(final="is_final"), []),
    "a session": (_END, ["graph_session_updated"]),
    "a transition": (_TRANSITION, ["graph_session_updated"]),
    "a budget that is spent": (_BUDGET, ["cost_budget_passed"]),
    "a session that is deleted": (_DELETE, ["graph_session_deleted"]),
}
"""Statements, and the kinds of their events."""


async def test_each_write_makes_its_events_also_one_past_the_gateway(written: Database) -> None:
    kinds: dict[str, list[str]] = {}
    for name, (statement, _) in WRITES.items():
        before = len(await _events(written))
        async with written.transaction() as connection:
            await connection.execute(text(statement))
        kinds[name] = [kind for _, kind, _, _ in (await _events(written))[before:]]

    assert kinds == {name: expected for name, (_, expected) in WRITES.items()}
    assert {kind for each in kinds.values() for kind in each} <= set(EventKind)
    sessions = {parent for _, kind, _, parent in await _events(written) if "session" in kind}
    assert sessions == {1}


async def test_demo_data_is_no_news(written: Database) -> None:
    assert await _events(written) == []


async def test_old_events_go_and_it_is_published_which(written: Database) -> None:
    number = 2 * DELETED_AT_ONCE + 500
    event: dict[str, Any] = {
        "organization_id": 1,
        "tag": 7,
        "kind": EventKind.CALL_UPDATED.value,
        "object_id": 101,
    }
    event["at"] = now() - timedelta(days=9)
    async with written.transaction() as connection:
        await connection.execute(
            insert(table_of(NumberedEvent)), [{**event, "seq": seq} for seq in range(1, number + 1)]
        )
        head = {"organization_id": 1, "last": number, "pruned": 0}
        await connection.execute(insert(table_of(EventHead)), [head])

    nothing = await prune_events(written, before=now() - timedelta(days=10), most=number)
    too_many = await prune_events(written, before=now() - timedelta(days=10), most=1_500)
    too_old = await prune_events(written, before=now(), most=number)

    assert (nothing, too_many, too_old) == (0, DELETED_AT_ONCE, DELETED_AT_ONCE)
    assert [seq for seq, *_ in await _events(written)] == list(range(2001, number + 1))
    async with written.engine.connect() as connection:
        stored = (await connection.execute(text("SELECT last, pruned FROM event_head"))).one()
    assert tuple(stored) == (number, 2 * DELETED_AT_ONCE)


async def _events(database: Database) -> list[Any]:
    """Every event of the first organization, numbered."""
    if not database.embedded:
        await number_events(database.engine)
    async with database.engine.connect() as connection:
        return [tuple(row) for row in (await connection.execute(_EVENTS)).all()]
