"""Every organization gets every kind of row that the gateway has to cope with."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from gql.demo.tenant import NOW, YEAR
from gql.models.call import phone_digits
from tests.demo.conftest import Loaded
from tests.demo.stored_rows import TABLE_BY_NAME, Rows, rows_of

FIRST_GENERATED_ID = 1001
COSTS = ("llm_cost", "tts_cost", "stt_cost", "telephony_cost")

pytestmark = pytest.mark.parametrize("organization", [1, 2])


async def _generated(loaded: Loaded, table: str, organization: int) -> Rows:
    columns = TABLE_BY_NAME[table].c
    return await rows_of(
        loaded.database,
        table,
        columns.organization_id == organization,
        columns.id >= FIRST_GENERATED_ID,
    )


async def _calls(loaded: Loaded, organization: int, channel: str) -> Rows:
    rows = await _generated(loaded, "call", organization)
    return [row for row in rows if row["channel"] == channel]


async def _messages(loaded: Loaded, organization: int) -> dict[int, Rows]:
    messages: dict[int, Rows] = {}
    for row in await _generated(loaded, "chat_message", organization):
        messages.setdefault(row["call_id"], []).append(row)
    return messages


async def test_one_assistant_is_inactive_and_one_lives_on_in_calls_alone(
    loaded: Loaded, organization: int
) -> None:
    assistants = await _generated(loaded, "assistant", organization)
    calls = await _generated(loaded, "call", organization)

    names = {row["id"]: row["name"] for row in assistants}
    deleted = {(row["assistant_id"], row["assistant_name"]) for row in calls} - names.items()

    assert [row["name"] for row in assistants if not row["is_active"]] == ["Night Desk"]
    assert len(assistants) == 8
    assert {name for _, name in deleted} == {"Legacy Bot"}
    assert len(deleted) == 1


async def test_graphs_come_in_every_shape(loaded: Loaded, organization: int) -> None:
    graphs = await _generated(loaded, "assistant_graph", organization)
    nodes = await _generated(loaded, "graph_node", organization)
    edges = await _generated(loaded, "graph_edge", organization)
    by_name = {row["name"]: row["id"] for row in graphs}
    types = Counter((row["graph_id"], row["node_type"]) for row in nodes)
    front = [row for row in edges if row["graph_id"] == by_name["Front Office"]]

    assert len(graphs) == 10
    assert [row["name"] for row in graphs if not row["is_active"]] == ["After Hours"]
    assert {row["condition_type"] for row in front} == {
        "intent",
        "natural_language",
        "mathematical",
        "state_variable",
    }
    assert types[by_name["Front Office"], "escalation"] == 1
    assert not [row for row in nodes if row["graph_id"] == by_name["Draft: spring campaign"]]
    filled = {row["graph_id"] for row in nodes}
    assert all(types[graph, "entry"] == 1 for graph in filled)
    assert {row["is_active"] for row in edges} == {True, False}
    assert {row["condition_logic"] for row in edges} == {"AND", "OR"}
    assert {row["version"] for row in graphs} == {1, 2}


async def test_an_edge_fills_the_column_of_its_condition_alone(
    loaded: Loaded, organization: int
) -> None:
    column = {
        "intent": "intent_pattern",
        "natural_language": "natural_language_trigger",
        "mathematical": "mathematical_expression",
        "state_variable": "state_variable_condition",
    }

    for edge in await _generated(loaded, "graph_edge", organization):
        filled = [name for name in column.values() if edge[name] is not None]
        assert filled == [column[edge["condition_type"]]]


async def test_graph_sessions_are_active_and_ended_with_their_history(
    loaded: Loaded, organization: int
) -> None:
    sessions = await _generated(loaded, "graph_session", organization)
    transitions = await _generated(loaded, "graph_transition", organization)
    calls = {row["call_sid"]: row for row in await _calls(loaded, organization, "voice")}
    steps = Counter(row["graph_session_id"] for row in transitions)

    assert {row["is_active"] for row in sessions} == {True, False}
    assert {row["is_active"] == (row["ended_at"] is None) for row in sessions} == {True}
    lost = [row for row in sessions if row["current_node_id"] is None]
    assert lost
    assert all(row["current_assistant_name"] and row["graph_name"] for row in lost)
    assert not any(row["is_active"] for row in lost)
    assert {steps[row["id"]] for row in sessions} >= {0, 1, 2, 3}
    for row in sessions:
        call = calls[row["call_sid"]]
        assert (row["graph_id"], row["graph_name"]) == (call["graph_id"], call["graph_name"])
        assert (row["started_at"], row["ended_at"]) == (call["started_at"], call["ended_at"])
        assert row["conversation_context"]["transition_count"] == steps[row["id"]]


async def test_transitions_follow_edges_from_the_entry(loaded: Loaded, organization: int) -> None:
    edges = {row["id"]: row for row in await _generated(loaded, "graph_edge", organization)}
    at: dict[int, int] = {}

    for step in await _generated(loaded, "graph_transition", organization):
        edge = edges[step["edge_id"]]
        assert (step["from_node_id"], step["to_node_id"], step["condition_type"]) == (
            edge["from_node_id"],
            edge["to_node_id"],
            edge["condition_type"],
        )
        assert at.get(step["graph_session_id"], step["from_node_id"]) == step["from_node_id"]
        at[step["graph_session_id"]] = step["to_node_id"]


async def test_a_context_holds_every_kind_of_json(loaded: Loaded, organization: int) -> None:
    sessions = await _generated(loaded, "graph_session", organization)
    kinds = {type(value) for row in sessions for value in row["conversation_context"].values()}

    assert kinds == {str, int, float, bool, list, dict, type(None)}
    names = {row["conversation_context"]["customer_name"] for row in sessions}
    assert {"José García", "李小龙", "Zoë O'Brien 🎧"} <= names


async def test_voice_calls_have_every_status_over_twelve_months(
    loaded: Loaded, organization: int
) -> None:
    calls = await _calls(loaded, organization, "voice")
    statuses = Counter(row["status"] for row in calls)

    assert len(calls) == 200
    assert statuses["ongoing"] == 12
    assert statuses["completed"] > 100
    assert statuses["failed"] >= 5
    assert {(row["started_at"].year, row["started_at"].month) for row in calls} >= {
        *((2025, month) for month in range(7, 13)),
        *((2026, month) for month in range(1, 7)),
    }
    assert all(NOW - YEAR <= row["started_at"] <= NOW for row in calls)
    assert {row["direction"] for row in calls} == {"inbound", "outbound"}
    assert any(row["started_at"].microsecond for row in calls)
    assert any(not row["started_at"].microsecond for row in calls)
    assert len({row["started_at"] for row in calls}) < len(calls)
    for row in calls:
        assert row["customer_phone_digits"] == phone_digits(row["customer_phone_number"])
        assert (row["ended_at"] is None) == (row["status"] == "ongoing")
        assert row["status"] != "ongoing" or row["duration"] is None


async def test_costs_add_up_and_unknown_is_not_zero(loaded: Loaded, organization: int) -> None:
    calls = await _calls(loaded, organization, "voice")
    priced = [row for row in calls if row["total_cost"] is not None]
    unpriced = [row for row in calls if row["total_cost"] is None]

    assert all(row["total_cost"] == sum(row[part] for part in COSTS) for row in priced)
    assert all(row[part] is None for row in unpriced for part in (*COSTS, "cost_currency"))
    assert {row["status"] for row in unpriced} == {"ongoing", "completed", "failed"}
    assert {row["cost_currency"] for row in priced} == {"USD", "EUR", "INR"}
    assert {0, 1} <= {row["total_cost"] for row in priced}
    assert max(row["total_cost"] for row in priced) > 2**31


async def test_some_calls_went_through_graphs_and_some_of_those_are_gone(
    loaded: Loaded, organization: int
) -> None:
    graphs = await _generated(loaded, "assistant_graph", organization)
    existing = {(row["id"], row["name"]) for row in graphs}
    calls = await _calls(loaded, organization, "voice")
    routed = {(row["graph_id"], row["graph_name"]) for row in calls}

    assert len(routed & existing) >= 7
    assert {name for _, name in routed - existing} == {None, "Retired Flow"}


async def test_a_written_call_begins_with_the_system_prompt(
    loaded: Loaded, organization: int
) -> None:
    calls = await _calls(loaded, organization, "voice")
    messages = await _messages(loaded, organization)
    written = [row for row in calls if row["id"] in messages]

    assert len(written) >= 40
    for call in written:
        rows = messages[call["id"]]
        assert [row["message_index"] for row in rows] == list(range(len(rows)))
        assert [row["role"] for row in rows].count("system") == 1
        assert rows[0]["role"] == "system"
        assert call["message_count"] == _counted(rows)[0]
        for row in rows:
            assert (row["llm_model"] is None) == (row["role"] != "assistant")
            tokens = (row["prompt_tokens"], row["completion_tokens"])
            assert row["total_tokens"] == (None if None in tokens else sum(tokens))


async def test_transcripts_hold_final_and_interim_stretches(
    loaded: Loaded, organization: int
) -> None:
    rows = await _generated(loaded, "transcript", organization)

    assert {row["is_final"] for row in rows} == {True, False}
    assert {row["speaker"] for row in rows} == {"user", "assistant"}
    assert {type(row["stt_timestamps"]) for row in rows} == {dict, type(None)}
    assert {type(row["confidence"]) for row in rows} == {float, type(None)}
    assert all(row["segment_start"] < row["segment_end"] for row in rows)


async def test_sms_conversations_are_active_completed_and_archived(
    loaded: Loaded, organization: int
) -> None:
    conversations = await _calls(loaded, organization, "sms")
    messages = await _messages(loaded, organization)
    kinds = Counter("archived" if row["is_archived"] else row["status"] for row in conversations)

    assert len(conversations) == 40
    assert kinds == {"active": 20, "completed": 15, "archived": 5}
    pairs = Counter(_pair(row) for row in conversations if row["status"] == "active")
    assert set(pairs.values()) == {1}
    archived = [row for row in conversations if row["is_archived"]]
    assert all(_pair(row) in pairs for row in archived)
    for row in conversations:
        assert row["call_sid"] == f"sms_{row['id']}"
        assert row["duration"] is None
        assert (row["call_meta"].get("sms_deleted") is True) == row["is_archived"]
        rows = messages.get(row["id"], [])
        if row["is_archived"]:
            assert (rows, row["message_count"]) == ([], 0)
        else:
            assert 2 <= row["message_count"] <= 60
            assert (row["message_count"], row["last_activity"]) == _counted(rows)
            assert row["started_at"] <= row["last_activity"] <= NOW
            spoken = [each["message_index"] for each in rows if each["role"] != "system"]
            assert spoken == list(range(1, len(spoken) + 1))


async def test_some_sms_conversations_have_logs_and_no_archived_one_does(
    loaded: Loaded, organization: int
) -> None:
    conversations = await _calls(loaded, organization, "sms")
    archived = {row["id"] for row in conversations if row["is_archived"]}
    sent = await _generated(loaded, "sms_message_log", organization)
    events = await _generated(loaded, "sms_audit_log", organization)
    counts = {row["id"]: row["message_count"] for row in conversations}
    logged = Counter(row["call_id"] for row in sent)

    assert len(logged) >= 8
    assert all(counts[call] == count for call, count in logged.items())
    assert logged.keys() == {row["call_id"] for row in events}
    assert not archived & logged.keys()
    assert {row["level"] for row in events} == {"info", "warning"}
    assert {row["status"] for row in sent} == {"received", "delivered", "failed"}


def _pair(row: dict[str, Any]) -> tuple[str, int]:
    return row["customer_phone_number"], row["assistant_id"]


def _counted(rows: Rows) -> tuple[int, Any]:
    """What a conversation's row must say about its messages: how many are spoken, and the last."""
    spoken = [row["timestamp"] for row in rows if row["role"] != "system"]
    assert spoken == sorted(spoken)
    assert all(later - earlier < timedelta(hours=1) for earlier, later in pairwise(spoken))
    return len(spoken), spoken[-1]
