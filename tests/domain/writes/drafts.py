"""The graphs of the documents, as requests describe them."""

from gql.domain.writes.drafts import EdgeDraft, NodeDraft

ROUTER_NODES = (
    NodeDraft(1, "entry", {"x": 0, "y": 0}),
    NodeDraft(2, "standard", {"x": 200, "y": -100}),
    NodeDraft(3, "standard", {"x": 200, "y": 100}),
)
ROUTER_EDGES = (
    EdgeDraft(
        0,
        1,
        "intent",
        intent_pattern="sales,purchase,buy",
        priority=1,
        handoff_sentence="Let me connect you with our sales team.",
    ),
    EdgeDraft(
        0,
        2,
        "intent",
        intent_pattern="support,help,issue,problem",
        priority=1,
        handoff_sentence="I will transfer you to our support team.",
    ),
)
ROUTER = {
    "name": "Another Router",
    "description": "Routes customers to the appropriate department",
}
"""The columns of the graph that has `ROUTER_NODES` and `ROUTER_EDGES`."""

LARGER_NODES = (*ROUTER_NODES, NodeDraft(4, "escalation", {"x": 400, "y": 0.5}, {"a": 1}))
LARGER_EDGES = (
    *ROUTER_EDGES,
    EdgeDraft(1, 3, natural_language_trigger="The customer asks for a person", priority=1),
    EdgeDraft(2, 3, "mathematical", mathematical_expression="call_duration > 600", priority=2),
)
