"""Analytics of a graph, and tests of it without a conversation."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import insert

from gql.database import Database
from gql.models.graph_session import GraphSession, GraphTransition
from gql.models.scope import table_of
from tests.conftest import Counting
from tests.rest.conftest import Rest

GRAPH = "/api/v1/assistant-graphs/1"
ENTRY, SALES, SUPPORT = 101, 102, 103


async def walk(
    database: Database, number: int, ago: timedelta, nodes: list[int], *, ended: bool
) -> None:
    """A graph session that spends a minute in each node."""
    started = datetime.now(UTC).replace(microsecond=0) - ago
    names = {ENTRY: "Receptionist", SALES: "Sales Specialist", SUPPORT: "Support Agent"}
    graph_session = {
        "id": 9_000 + number,
        "organization_id": 1,
        "call_sid": f"CAwalk{number}",
        "graph_id": 1,
        "graph_name": "Customer Service Router",
        "current_node_id": nodes[-1],
        "is_active": not ended,
        "started_at": started,
        "ended_at": started + timedelta(minutes=len(nodes)) if ended else None,
        "conversation_context": {},
    }
    steps = [
        {
            "organization_id": 1,
            "graph_session_id": 9_000 + number,
            "from_node_id": start,
            "to_node_id": end,
            "from_assistant_name": names[start],
            "to_assistant_name": names[end],
            "condition_type": "intent",
            "created_at": started + timedelta(minutes=at),
        }
        for at, (start, end) in enumerate(pairwise(nodes), 1)
    ]
    async with database.transaction() as connection:
        await connection.execute(insert(table_of(GraphSession)), graph_session)
        if steps:
            await connection.execute(insert(table_of(GraphTransition)), steps)


async def test_use_is_counted_in_the_period(fresh_rest: Rest, fresh_database: Database) -> None:
    day = timedelta(days=1)
    await walk(fresh_database, 1, day, [ENTRY, SALES], ended=True)
    await walk(fresh_database, 2, 2 * day, [ENTRY, SALES, SUPPORT], ended=True)
    await walk(fresh_database, 3, 3 * day, [ENTRY, SUPPORT], ended=False)
    await walk(fresh_database, 4, 4 * day, [ENTRY], ended=True)
    await walk(fresh_database, 5, 40 * day, [ENTRY, SUPPORT], ended=True)

    answer = await fresh_rest("GET", f"{GRAPH}/analytics")

    assert answer.status_code == 200
    assert answer.json() == {
        "graph_id": 1,
        "graph_name": "Customer Service Router",
        "period_days": 30,
        "total_sessions": 4,
        "total_transitions": 4,
        "avg_session_duration": 120.0,
        "most_used_transitions": [
            {
                "from_node": "Receptionist",
                "to_node": "Sales Specialist",
                "count": 2,
                "percentage": 50.0,
            },
            {
                "from_node": "Receptionist",
                "to_node": "Support Agent",
                "count": 1,
                "percentage": 25.0,
            },
            {
                "from_node": "Sales Specialist",
                "to_node": "Support Agent",
                "count": 1,
                "percentage": 25.0,
            },
        ],
        "node_usage_stats": {
            "101": {
                "node_name": "Receptionist",
                "sessions_started": 4,
                "avg_time_in_node": 60.0,
                "exit_rate": 0.25,
            },
            "102": {
                "node_name": "Sales Specialist",
                "sessions_started": 0,
                "avg_time_in_node": 60.0,
                "exit_rate": 0.5,
            },
            "103": {
                "node_name": "Support Agent",
                "sessions_started": 0,
                "avg_time_in_node": 60.0,
                "exit_rate": 0.5,
            },
        },
    }
    longer = (await fresh_rest("GET", f"{GRAPH}/analytics/?days=60")).json()
    assert (longer["total_sessions"], longer["period_days"]) == (5, 60)


async def test_without_use_everything_is_zero(rest: Rest, statements: Counting) -> None:
    with statements() as ran:
        analytics = (await rest("GET", f"{GRAPH}/analytics?days=1")).json()

    unused = {"sessions_started": 0, "avg_time_in_node": 0.0, "exit_rate": 0.0}
    assert analytics["total_sessions"] == analytics["total_transitions"] == 0
    assert analytics["most_used_transitions"] == []
    assert analytics["node_usage_stats"]["102"] == {"node_name": "Sales Specialist", **unused}
    assert ran.count <= 6


@pytest.mark.parametrize("days", ["0", "366", "x"])
async def test_a_period_out_of_range_is_refused(rest: Rest, days: str) -> None:
    assert (await rest("GET", f"{GRAPH}/analytics?days={days}")).status_code == 422


async def test_messages_are_walked_through_the_graph(rest: Rest, statements: Counting) -> None:
    messages = ["Hello", "I want to BUY, a purchase!", "buying"]
    with statements() as ran:
        answer = await rest("POST", f"{GRAPH}/test", {"test_messages": messages})

    nothing = "No transition triggered"
    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "graph_id": 1,
        "test_messages": messages,
        "starting_node_id": 101,
        "path_taken": [
            {
                "node_id": 101,
                "node_name": "Receptionist",
                "message_processed": "Hello",
                "transition_reason": nothing,
            },
            {
                "node_id": 101,
                "node_name": "Receptionist",
                "message_processed": "I want to BUY, a purchase!",
                "transition_reason": "Intent matched: purchase, buy",
            },
            {
                "node_id": 102,
                "node_name": "Sales Specialist",
                "message_processed": "buying",
                "transition_reason": nothing,
            },
        ],
        "transitions": [
            {
                "from_node": "Receptionist",
                "to_node": "Sales Specialist",
                "triggered_by_message": "I want to BUY, a purchase!",
                "condition_type": "intent",
                "matched_condition": "purchase, buy",
                "handoff_sentence": "Let me connect you with our sales team.",
            }
        ],
        "summary": {
            "total_messages": 3,
            "total_transitions": 1,
            "final_node": "Sales Specialist",
        },
    }
    assert ran.count == 4


async def test_a_bare_array_of_messages_is_accepted(rest: Rest) -> None:
    bare = await rest("POST", f"{GRAPH}/test", ["I need help"])
    wrapped = await rest("POST", f"{GRAPH}/test", {"test_messages": ["I need help"]})

    assert bare.status_code == 200
    assert bare.json() == wrapped.json()
    assert bare.json()["summary"]["final_node"] == "Support Agent"


async def test_a_test_may_start_at_another_node(rest: Rest) -> None:
    body = {"test_messages": ["buy"], "starting_node_id": 102}
    outcome = (await rest("POST", f"{GRAPH}/test", body)).json()
    foreign = await rest("POST", f"{GRAPH}/test", {**body, "starting_node_id": 9})

    assert (outcome["starting_node_id"], outcome["transitions"]) == (102, [])
    assert foreign.status_code == 400
    assert foreign.json() == {"detail": "starting_node_id is 9, but the graph has no such node."}


async def test_a_graph_without_an_entry_needs_a_start(fresh_rest: Rest) -> None:
    await fresh_rest("PUT", f"{GRAPH}/structure", {"nodes": [{"assistant_id": 1}], "edges": []})

    answer = await fresh_rest("POST", f"{GRAPH}/test", ["Hello"])

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("The graph has no entry node")


def edge(**values: Any) -> dict[str, Any]:
    return {"from_node_id": 0, "to_node_id": 1, **values}


STATE = {"variable": "tier", "operator": "equals", "value": "gold"}


@pytest.mark.parametrize(
    ("edges", "context", "matched"),
    [
        ([edge(condition_type="state_variable", state_variable_condition=STATE)], {}, None),
        (
            [edge(condition_type="state_variable", state_variable_condition=STATE)],
            {"tier": "gold"},
            "tier equals gold",
        ),
        (
            [edge(condition_type="mathematical", mathematical_expression="call_duration > 600")],
            {"call_duration": 601},
            "call_duration > 600",
        ),
        (
            [edge(condition_type="mathematical", mathematical_expression="call_duration > ")],
            {"call_duration": 601},
            None,
        ),
        (
            [edge(condition_type="natural_language", natural_language_trigger="Says hello")],
            {},
            None,
        ),
        (
            [
                edge(
                    condition_type="intent",
                    intent_pattern="hello",
                    mathematical_expression="turn_count > 1",
                )
            ],
            {},
            None,
        ),
        (
            [
                edge(
                    condition_type="intent",
                    intent_pattern="hello",
                    mathematical_expression="turn_count > 1",
                    condition_logic="OR",
                )
            ],
            {},
            "hello",
        ),
        (
            [
                edge(condition_type="intent", intent_pattern="hello", priority=2),
                edge(condition_type="intent", intent_pattern="hello, hi", priority=1),
            ],
            {},
            "hello",
        ),
        ([edge(condition_type="intent", intent_pattern="hello", is_active=False)], {}, None),
    ],
)
async def test_each_kind_of_condition_is_evaluated(
    fresh_rest: Rest, edges: list[dict[str, Any]], context: dict[str, Any], matched: str | None
) -> None:
    nodes = [{"assistant_id": 1, "node_type": "entry"}, {"assistant_id": 2}]
    await fresh_rest("PUT", f"{GRAPH}/structure", {"nodes": nodes, "edges": edges})

    body = {"test_messages": ["Hello"], "context": context}
    outcome = (await fresh_rest("POST", f"{GRAPH}/test", body)).json()

    assert [each["matched_condition"] for each in outcome["transitions"]] == (
        [] if matched is None else [matched]
    )
