"""The examples of the API documents, as the OpenAPI document prints them."""

from typing import Any

_CREATED = "2025-01-19T10:00:00Z"

_ASSISTANTS = (
    (1, "Receptionist", "Greets callers and routes to departments"),
    (2, "Sales Specialist", "Handles sales inquiries"),
    (3, "Support Agent", "Handles support requests"),
)
_NODES = (("entry", 0, 0), ("standard", 200, -100), ("standard", 200, 100))
_EDGES = (
    ("sales,purchase,buy", "Let me connect you with our sales team."),
    ("support,help,issue,problem", "I will transfer you to our support team."),
)

GRAPH_IN: dict[str, Any] = {
    "name": "Customer Service Router",
    "description": "Routes customers to the appropriate department",
    "nodes": [
        {"assistant_id": assistant[0], "node_type": kind, "position": {"x": x, "y": y}}
        for assistant, (kind, x, y) in zip(_ASSISTANTS, _NODES, strict=True)
    ],
    "edges": [
        {
            "from_node_id": 0,
            "to_node_id": index,
            "condition_type": "intent",
            "intent_pattern": pattern,
            "priority": 1,
            "handoff_sentence": handoff,
        }
        for index, (pattern, handoff) in enumerate(_EDGES, 1)
    ],
}
"""The request that creates a graph."""

GRAPH: dict[str, Any] = {
    "id": 1,
    "organization_id": 1,
    "name": "Customer Service Router",
    "description": "Routes customers to the appropriate department",
    "is_active": True,
    "configuration": {},
    "nodes": [
        {
            "id": number,
            "graph_id": 1,
            "assistant_id": assistant_id,
            "node_type": kind,
            "position": {"x": x, "y": y},
            "configuration": {},
            "created_at": _CREATED,
            "assistant_name": name,
            "assistant_description": description,
        }
        for number, (assistant_id, name, description), (kind, x, y) in zip(
            (101, 102, 103), _ASSISTANTS, _NODES, strict=True
        )
    ],
    "edges": [
        {
            "id": number,
            "graph_id": 1,
            "from_node_id": 101,
            "to_node_id": to,
            "condition_type": "intent",
            "intent_pattern": pattern,
            "natural_language_trigger": None,
            "mathematical_expression": None,
            "state_variable_condition": None,
            "condition_logic": "AND",
            "priority": 1,
            "is_active": True,
            "handoff_sentence": handoff,
            "description": None,
            "created_at": _CREATED,
            "updated_at": _CREATED,
        }
        for number, to, (pattern, handoff) in zip((201, 202), (102, 103), _EDGES, strict=True)
    ],
    "total_nodes": 3,
    "total_edges": 2,
    "created_at": _CREATED,
    "updated_at": _CREATED,
}
"""A graph, whole."""

GRAPHS: list[dict[str, Any]] = [{**GRAPH, "nodes": [], "edges": []}]
"""A list of graphs: structures are emptied, totals are not."""

STRUCTURE_IN: dict[str, Any] = {
    "nodes": [
        {"assistant_id": 1, "node_type": "entry", "position": {"x": 0, "y": 0}},
        {"assistant_id": 2, "node_type": "standard", "position": {"x": 250, "y": -150}},
        {"assistant_id": 3, "node_type": "standard", "position": {"x": 250, "y": 150}},
        {"assistant_id": 4, "node_type": "escalation", "position": {"x": 500, "y": 0}},
    ],
    "edges": [
        {
            "from_node_id": 0,
            "to_node_id": 1,
            "condition_type": "intent",
            "intent_pattern": "sales,purchase,buy,pricing",
            "priority": 1,
            "handoff_sentence": "Connecting you with our sales team.",
        },
        {
            "from_node_id": 0,
            "to_node_id": 2,
            "condition_type": "intent",
            "intent_pattern": "support,help,issue,problem",
            "priority": 1,
            "handoff_sentence": "Let me transfer you to support.",
        },
        {
            "from_node_id": 1,
            "to_node_id": 3,
            "condition_type": "natural_language",
            "natural_language_trigger": "Customer requests to speak with a human or manager",
            "priority": 1,
            "handoff_sentence": "I will connect you with a human agent.",
        },
        {
            "from_node_id": 2,
            "to_node_id": 3,
            "condition_type": "mathematical",
            "mathematical_expression": "call_duration > 600",
            "priority": 2,
            "handoff_sentence": "Let me get a specialist to help you.",
        },
    ],
}
"""The request that replaces a structure."""

_REPLACED = "2025-01-19T16:00:00Z"
_NAMES = (
    ("Receptionist", "Greets callers"),
    ("Sales Specialist", "Handles sales"),
    ("Support Agent", "Handles support"),
    ("Human Agent Router", "Routes to human agents"),
)

REPLACED: dict[str, Any] = {
    **GRAPH,
    "nodes": [
        {
            "id": number,
            "graph_id": 1,
            **node,
            "configuration": {},
            "created_at": _REPLACED,
            "assistant_name": name,
            "assistant_description": description,
        }
        for number, node, (name, description) in zip(
            range(201, 205), STRUCTURE_IN["nodes"], _NAMES, strict=True
        )
    ],
    "edges": [
        {
            **GRAPH["edges"][0],
            "id": number,
            **edge,
            "from_node_id": 201 + edge["from_node_id"],
            "to_node_id": 201 + edge["to_node_id"],
            "intent_pattern": edge.get("intent_pattern"),
            "created_at": _REPLACED,
            "updated_at": _REPLACED,
        }
        for number, edge in enumerate(STRUCTURE_IN["edges"], 301)
    ],
    "total_nodes": 4,
    "total_edges": 4,
    "updated_at": _REPLACED,
}
"""A graph after its structure was replaced."""

GRAPH_SESSIONS: list[dict[str, Any]] = [
    {
        "id": 501,
        "call_sid": "CA1234567890abcdef",
        "graph_id": 1,
        "current_node_id": 102,
        "context": {
            "customer_name": "John",
            "inquiry_type": "sales",
            "product_interest": "enterprise plan",
        },
        "started_at": "2025-01-19T14:30:00Z",
        "ended_at": None,
        "is_active": True,
        "current_assistant_name": "Sales Specialist",
        "graph_name": "Customer Service Router",
    },
    {
        "id": 500,
        "call_sid": "CA0987654321fedcba",
        "graph_id": 1,
        "current_node_id": 103,
        "context": {"customer_name": "Jane", "inquiry_type": "support", "issue_resolved": True},
        "started_at": "2025-01-19T13:00:00Z",
        "ended_at": "2025-01-19T13:15:00Z",
        "is_active": False,
        "current_assistant_name": "Support Agent",
        "graph_name": "Customer Service Router",
    },
]
"""The graph sessions of a graph."""
