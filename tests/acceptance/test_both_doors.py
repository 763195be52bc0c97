"""The same graph, built through REST and through GraphQL, is the same graph."""

import json
from typing import Any

import httpx2

from tests.conftest import GraphQL
from tests.databases import Copy

BODY: dict[str, Any] = {
    "description": "Routes customers to the appropriate department",
    "configuration": {"greeting": "Hello", "retries": 2},
    "nodes": [
        {"assistant_id": 1, "node_type": "entry", "position": {"x": 0, "y": 0}},
        {"assistant_id": 2, "node_type": "standard", "position": {"x": 200, "y": -100.5}},
        {"assistant_id": 3, "node_type": "escalation", "position": {"x": 200, "y": 100}},
    ],
    "edges": [
        {
            "from_node_id": 0,
            "to_node_id": 1,
            "condition_type": "intent",
            "intent_pattern": "sales,purchase,buy",
            "priority": 1,
            "handoff_sentence": "Let me connect you with our sales team.",
        },
        {
            "from_node_id": 1,
            "to_node_id": 2,
            "condition_type": "mathematical",
            "mathematical_expression": "call_duration > 600",
            "condition_logic": "OR",
            "priority": 2,
        },
    ],
}

MUTATION = """mutation($input: CreateGraphInput!) {
    createGraph(input: $input) { graph { databaseId } userErrors { message code path } }
}"""

PASSING = {"id", "graph_id", "created_at", "updated_at", "name"}
"""What two graphs cannot share."""


def as_input(name: str) -> dict[str, Any]:
    """The body in the words of the GraphQL input: client keys instead of indexes."""
    return {
        "name": name,
        "description": BODY["description"],
        "configuration": BODY["configuration"],
        "nodes": [
            {
                "key": str(number),
                "assistantId": node["assistant_id"],
                "nodeType": node["node_type"].upper(),
                "position": node["position"],
            }
            for number, node in enumerate(BODY["nodes"])
        ],
        "edges": [
            {
                "from": str(edge["from_node_id"]),
                "to": str(edge["to_node_id"]),
                "conditionType": edge["condition_type"].upper(),
                "intentPattern": edge.get("intent_pattern"),
                "mathematicalExpression": edge.get("mathematical_expression"),
                "conditionLogic": edge.get("condition_logic", "AND"),
                "priority": edge["priority"],
                "handoffSentence": edge.get("handoff_sentence"),
            }
            for edge in BODY["edges"]
        ],
    }


def comparable(graph: dict[str, Any]) -> dict[str, Any]:
    """A graph without ids and times; edges name the positions of their nodes."""
    positions = {node["id"]: number for number, node in enumerate(graph["nodes"])}
    same = {key: value for key, value in graph.items() if key not in PASSING}
    same["nodes"] = [{k: v for k, v in node.items() if k not in PASSING} for node in graph["nodes"]]
    same["edges"] = [
        {
            k: positions[v] if k.endswith("node_id") else v
            for k, v in edge.items()
            if k not in PASSING
        }
        for edge in graph["edges"]
    ]
    return same


async def test_a_graph_is_the_same_through_both_doors(
    fresh_client: httpx2.AsyncClient, fresh_graphql: GraphQL, fresh: Copy
) -> None:
    headers = {"Authorization": f"Bearer {fresh.organizations[0].api_key}"}
    path = "/api/v1/assistant-graphs"
    created = await fresh_client.post(path, json={**BODY, "name": "By REST"}, headers=headers)
    answer = await fresh_graphql(MUTATION, {"input": as_input("By GraphQL")})

    payload = answer["data"]["createGraph"]
    assert payload["userErrors"] == []
    number = payload["graph"]["databaseId"]
    through_graphql = (await fresh_client.get(f"{path}/{number}", headers=headers)).json()
    assert created.status_code == 201
    assert json.dumps(comparable(through_graphql)) == json.dumps(comparable(created.json()))
