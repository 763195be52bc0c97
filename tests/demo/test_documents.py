"""The examples of the API documents are rows with the same ids, names and values."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import and_

from tests.demo.conftest import Loaded
from tests.demo.stored_rows import TABLE_BY_NAME, documented_rows_of, row_by_id

CREATED = datetime(2025, 1, 19, 10, 0, tzinfo=UTC)


async def test_the_graph_is_the_one_that_the_create_request_answers(loaded: Loaded) -> None:
    assert await row_by_id(loaded.database, "assistant_graph", 1) == {
        "id": 1,
        "organization_id": 1,
        "name": "Customer Service Router",
        "description": "Routes customers to the appropriate department",
        "is_active": True,
        "configuration": {},
        "version": 1,
        "created_at": CREATED,
        "updated_at": CREATED,
    }


async def test_its_nodes_are_101_to_103(loaded: Loaded) -> None:
    node = TABLE_BY_NAME["graph_node"].c
    shared = {"organization_id": 1, "graph_id": 1, "configuration": {}, "created_at": CREATED}

    assert await documented_rows_of(loaded.database, "graph_node", node.graph_id == 1) == [
        shared | {"id": 101, "assistant_id": 1, "node_type": "entry", "position": {"x": 0, "y": 0}},
        shared
        | {
            "id": 102,
            "assistant_id": 2,
            "node_type": "standard",
            "position": {"x": 200, "y": -100},
        },
        shared
        | {"id": 103, "assistant_id": 3, "node_type": "standard", "position": {"x": 200, "y": 100}},
    ]


async def test_its_edges_are_201_and_202(loaded: Loaded) -> None:
    edge = TABLE_BY_NAME["graph_edge"].c
    shared = {
        "organization_id": 1,
        "graph_id": 1,
        "from_node_id": 101,
        "condition_type": "intent",
        "natural_language_trigger": None,
        "mathematical_expression": None,
        "state_variable_condition": None,
        "condition_logic": "AND",
        "priority": 1,
        "is_active": True,
        "description": None,
        "created_at": CREATED,
        "updated_at": CREATED,
    }

    assert await documented_rows_of(loaded.database, "graph_edge", edge.graph_id == 1) == [
        shared
        | {
            "id": 201,
            "to_node_id": 102,
            "intent_pattern": "sales,purchase,buy",
            "handoff_sentence": "Let me connect you with our sales team.",
        },
        shared
        | {
            "id": 202,
            "to_node_id": 103,
            "intent_pattern": "support,help,issue,problem",
            "handoff_sentence": "I will transfer you to our support team.",
        },
    ]


async def test_the_assistants_have_the_documented_names_and_descriptions(loaded: Loaded) -> None:
    assistant = TABLE_BY_NAME["assistant"].c
    documented = and_(assistant.organization_id == 1, assistant.id < 1001)

    rows = await documented_rows_of(loaded.database, "assistant", documented)

    assert [(row["id"], row["name"], row["description"]) for row in rows] == [
        (1, "Receptionist", "Greets callers and routes to departments"),
        (2, "Sales Specialist", "Handles sales inquiries"),
        (3, "Support Agent", "Handles support requests"),
        (4, "Human Agent Router", "Routes to human agents"),
        (123, "ServiceBot", None),
        (124, "Support Bot", None),
    ]
    assert all(row["is_active"] for row in rows)


async def test_the_graph_has_the_two_documented_sessions_and_no_other(loaded: Loaded) -> None:
    session = TABLE_BY_NAME["graph_session"].c
    shared = {
        "organization_id": 1,
        "graph_id": 1,
        "graph_name": "Customer Service Router",
        "graph_version": 1,
    }

    assert await documented_rows_of(loaded.database, "graph_session", session.graph_id == 1) == [
        shared
        | {
            "id": 500,
            "call_sid": "CA0987654321fedcba",
            "current_node_id": 103,
            "current_assistant_name": "Support Agent",
            "conversation_context": {
                "customer_name": "Jane",
                "inquiry_type": "support",
                "issue_resolved": True,
            },
            "is_active": False,
            "started_at": datetime(2025, 1, 19, 13, 0, tzinfo=UTC),
            "ended_at": datetime(2025, 1, 19, 13, 15, tzinfo=UTC),
        },
        shared
        | {
            "id": 501,
            "call_sid": "CA1234567890abcdef",
            "current_node_id": 102,
            "current_assistant_name": "Sales Specialist",
            "conversation_context": {
                "customer_name": "John",
                "inquiry_type": "sales",
                "product_interest": "enterprise plan",
                "transition_count": 1,
                "initial_greeting_complete": True,
            },
            "is_active": True,
            "started_at": datetime(2025, 1, 19, 14, 30, tzinfo=UTC),
            "ended_at": None,
        },
    ]


async def test_the_transition_that_a_context_counts_is_there(loaded: Loaded) -> None:
    transition = TABLE_BY_NAME["graph_transition"].c

    assert await documented_rows_of(
        loaded.database, "graph_transition", transition.graph_session_id == 501
    ) == [
        {
            "id": 2,
            "organization_id": 1,
            "graph_session_id": 501,
            "edge_id": 201,
            "from_node_id": 101,
            "to_node_id": 102,
            "from_assistant_name": "Receptionist",
            "to_assistant_name": "Sales Specialist",
            "condition_type": "intent",
            "matched_condition": "Intent matched: buy",
            "triggered_by": "I want to buy the enterprise plan",
            "handoff_sentence": "Let me connect you with our sales team.",
            "created_at": datetime(2025, 1, 19, 14, 31, tzinfo=UTC),
        }
    ]


async def test_call_101_has_the_documented_costs_and_metadata(loaded: Loaded) -> None:
    started = datetime(2024, 1, 15, 10, 0, tzinfo=UTC)

    assert await row_by_id(loaded.database, "call", 101) == {
        "id": 101,
        "organization_id": 1,
        "channel": "voice",
        "call_sid": "CAxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "assistant_id": 123,
        "assistant_name": "ServiceBot",
        "graph_id": None,
        "graph_name": "Customer Support Flow",
        "direction": "inbound",
        "to_phone_number": "+15551234567",
        "customer_phone_number": "+15559876543",
        "customer_phone_digits": "15559876543",
        "status": "completed",
        "duration": 180,
        "started_at": started,
        "ended_at": started + timedelta(minutes=3),
        "last_activity": started,
        "message_count": 0,
        "call_meta": {"customer_id": "cust_abc123", "campaign": "winter_outreach"},
        "is_archived": False,
        "has_recording": False,
        "total_cost": 50_000,
        "llm_cost": 20_000,
        "tts_cost": 10_000,
        "stt_cost": 10_000,
        "telephony_cost": 10_000,
        "cost_currency": "USD",
    }


async def test_the_sms_conversation_is_102_because_101_is_the_call(loaded: Loaded) -> None:
    started = datetime(2026, 4, 30, 10, 0, tzinfo=UTC)

    assert await row_by_id(loaded.database, "call", 102) == {
        "id": 102,
        "organization_id": 1,
        "channel": "sms",
        "call_sid": "sms_102",
        "assistant_id": 124,
        "assistant_name": "Support Bot",
        "graph_id": None,
        "graph_name": None,
        "direction": "inbound",
        "to_phone_number": "+15551234567",
        "customer_phone_number": "+15559876543",
        "customer_phone_digits": "15559876543",
        "status": "active",
        "duration": None,
        "started_at": started,
        "ended_at": None,
        "last_activity": started + timedelta(minutes=14),
        "message_count": 8,
        "call_meta": {},
        "is_archived": False,
        "has_recording": False,
        "total_cost": None,
        "llm_cost": None,
        "tts_cost": None,
        "stt_cost": None,
        "telephony_cost": None,
        "cost_currency": None,
    }


async def test_its_first_two_messages_are_the_documented_ones_of_eight(loaded: Loaded) -> None:
    message = TABLE_BY_NAME["chat_message"].c
    shared = {
        "organization_id": 1,
        "call_id": 102,
        "prompt_tokens": None,
        "completion_tokens": None,
        "total_tokens": None,
    }

    rows = await documented_rows_of(loaded.database, "chat_message", message.call_id == 102)

    assert rows[:2] == [
        shared
        | {
            "id": 1,
            "role": "user",
            "content": "Can I reschedule?",
            "message_index": 1,
            "timestamp": datetime(2026, 4, 30, 10, 5, tzinfo=UTC),
            "llm_provider": None,
            "llm_model": None,
        },
        shared
        | {
            "id": 2,
            "role": "assistant",
            "content": "Sure. What day works best?",
            "message_index": 2,
            "timestamp": datetime(2026, 4, 30, 10, 5, 5, tzinfo=UTC),
            "llm_provider": "openai",
            "llm_model": "gpt-4o-mini",
        },
    ]
    assert [(row["id"], row["message_index"]) for row in rows] == [(n, n) for n in range(1, 9)]
    assert rows[-1]["timestamp"] == datetime(2026, 4, 30, 10, 14, tzinfo=UTC)


async def test_generated_rows_leave_the_documented_answers_alone(loaded: Loaded) -> None:
    """No other call of the documented assistants, customer or graph changes what they answer."""
    call = TABLE_BY_NAME["call"].c
    documented = (
        call.assistant_id.in_([1, 2, 3, 4, 123, 124])
        | (call.customer_phone_digits == "15559876543")
        | (call.graph_id == 1)
    )

    rows = await documented_rows_of(loaded.database, "call", documented)

    assert [row["id"] for row in rows] == [101, 102]
