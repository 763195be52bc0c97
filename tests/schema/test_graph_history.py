"""The way of each graph session, and what all sessions of a graph did."""

from typing import Any

import pytest

from gql.demo.tenant import NOW
from gql.domain import graph_analytics
from tests.conftest import Counting, GraphQL

PATH = """{ graphSession(callSid: "CA0987654321fedcba") { graphVersion path {
    nodeId node { id } nodeType assistantName enteredAt leftAt edge
    transition { id conditionType matchedCondition triggeredBy handoffSentence } } } }"""
REPLACE = """mutation { replaceGraphStructure(input: {id: 1, nodes: [], edges: []}) {
    userErrors { message } } }"""
ANALYTICS = """{ graph(id: 1) { analytics(days: 365) { days sessions transitions averageSeconds
    mostUsedTransitions { fromName toName count }
    nodes { nodeId node { id } sessionsStarted visits exits averageSeconds } } } }"""

RECEPTION: dict[str, Any] = {
    "nodeId": "node_101",
    "node": {"id": "node_101"},
    "nodeType": "ENTRY",
    "assistantName": "Receptionist",
    "enteredAt": "2025-01-19T13:00:00Z",
    "leftAt": "2025-01-19T13:01:00Z",
    "transition": {
        "id": "transition_1",
        "conditionType": "INTENT",
        "matchedCondition": "Intent matched: help, problem",
        "triggeredBy": "I need help with a problem",
        "handoffSentence": "I will transfer you to our support team.",
    },
    "edge": {
        "id": 202,
        "from_node_id": 101,
        "to_node_id": 103,
        "condition_type": "intent",
        "intent_pattern": "support,help,issue,problem",
        "natural_language_trigger": None,
        "mathematical_expression": None,
        "state_variable_condition": None,
        "condition_logic": "AND",
        "priority": 1,
        "is_active": True,
        "handoff_sentence": "I will transfer you to our support team.",
        "description": None,
    },
}
SUPPORT: dict[str, Any] = {
    "nodeId": "node_103",
    "node": {"id": "node_103"},
    "nodeType": "STANDARD",
    "assistantName": "Support Agent",
    "enteredAt": "2025-01-19T13:01:00Z",
    "leftAt": "2025-01-19T13:15:00Z",
    "transition": None,
    "edge": None,
}


@pytest.fixture(autouse=True)
def day_of_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets analytics look back from the instant at which the demo data stands still."""
    monkeypatch.setattr(graph_analytics, "now", lambda: NOW)


async def test_a_path_stays_when_its_nodes_are_gone(fresh_graphql: GraphQL) -> None:
    before = await fresh_graphql(PATH)
    assert before == {"data": {"graphSession": {"graphVersion": 1, "path": [RECEPTION, SUPPORT]}}}

    await fresh_graphql(REPLACE)

    after = await fresh_graphql(PATH)
    assert after["data"]["graphSession"]["path"] == [
        {**RECEPTION, "node": None},
        {**SUPPORT, "node": None},
    ]


async def test_many_paths_and_analytics_take_few_statements(
    graphql: GraphQL, statements: Counting
) -> None:
    with statements() as ran:
        answer = await graphql(
            "{ graphSessions(first: 50) { nodes { path { nodeId node { id } } } } }"
        )
    sessions = answer["data"]["graphSessions"]["nodes"]
    assert len(sessions) == 50
    assert max(len(each["path"]) for each in sessions) > 1
    # The sessions, their transitions, former structures, and nodes, edges and assistants of the
    # present ones; then the nodes that are gone.
    assert ran.count <= 7

    with statements() as ran:
        answer = await graphql(
            "{ graphs(first: 8) { nodes { analytics { sessions nodes { visits } } } } }"
        )
    assert sum(each["analytics"]["sessions"] for each in answer["data"]["graphs"]["nodes"]) > 0
    assert ran.count == 4


async def test_the_analytics_of_both_doors_agree(
    graphql: GraphQL, client: Any, owner: dict[str, str]
) -> None:
    query = """{ graphs(first: 8) { nodes { id analytics(days: 365) {
        sessions transitions averageSeconds mostUsedTransitions { fromName toName count }
        nodes { nodeId sessionsStarted averageSeconds } } } } }"""
    for graph in (await graphql(query))["data"]["graphs"]["nodes"]:
        number = graph["id"].removeprefix("graph_")
        sent = await client.get(
            f"/api/v1/assistant-graphs/{number}/analytics?days=365", headers=owner
        )
        rest, usage = sent.json(), graph["analytics"]
        assert usage["sessions"] == rest["total_sessions"]
        assert usage["transitions"] == rest["total_transitions"]
        assert usage["averageSeconds"] == rest["avg_session_duration"]
        pairs = [
            (each["from_node"], each["to_node"], each["count"])
            for each in rest["most_used_transitions"]
        ]
        assert [tuple(each.values()) for each in usage["mostUsedTransitions"]] == pairs
        for node in usage["nodes"]:
            other = rest["node_usage_stats"].get(node["nodeId"].removeprefix("node_"))
            if other is not None:
                assert node["sessionsStarted"] == other["sessions_started"]
                assert node["averageSeconds"] == other["avg_time_in_node"]


async def test_days_out_of_range_are_refused(graphql: GraphQL) -> None:
    answer = await graphql("{ graph(id: 1) { analytics(days: 366) { sessions } } }")

    assert answer["errors"][0]["message"] == "`days` is 366, but must be 1 to 365."
