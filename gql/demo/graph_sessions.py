"""Demo graph sessions: a call walks its graph, and every step is kept."""

from collections.abc import Iterator
from datetime import datetime

from gql.demo.chance import NOW, odds, pick
from gql.demo.tenant import Customer, DemoEdge, DemoGraph, DemoNode, Item, Row, Tenant

_SAID = (
    "I want to buy a plan",
    "¿Puede ayudarme?",
    'It says "error 42"',
    "我要转人工",
    "Refund me!",
)


def graph_session(
    tenant: Tenant, call: Row, graph: DemoGraph, customer: Customer, *, steps: int
) -> Iterator[Item]:
    """The walk of one call: at most `steps` transitions, fewer when a node has no way on.

    One in five that ended has lost its node, as after a replaced structure; the names stay.
    """
    session_id = tenant.ids.take("graph_session")
    dice = tenant.dice
    walked = _walk(tenant, graph, steps)
    last = walked[-1].end if walked else graph.nodes[0]
    yield session_row(
        tenant.organization_id,
        id=session_id,
        call_sid=call["call_sid"],
        graph=graph,
        node=None if call["ended_at"] and odds(dice, 0.2) else last,
        assistant_name=last.assistant.name,
        context=_context(tenant, customer, walked),
        started_at=call["started_at"],
        ended_at=call["ended_at"],
    )
    ended = call["ended_at"] or NOW
    pause = (ended - call["started_at"]) / (len(walked) + 1)
    for number, edge in enumerate(walked, 1):
        yield transition_row(
            tenant.organization_id,
            id=tenant.ids.take("graph_transition"),
            session_id=session_id,
            edge=edge,
            matched=f"Matched: {edge.matched}" if number % 3 else None,
            triggered_by=pick(dice, _SAID) if number % 4 else None,
            created_at=call["started_at"] + pause * number,
        )


def session_row(
    organization_id: int,
    *,
    id: int,
    call_sid: str,
    graph: DemoGraph,
    node: DemoNode | None,
    assistant_name: str,
    context: Row,
    started_at: datetime,
    ended_at: datetime | None,
) -> Item:
    """One row of `graph_session`; it is active until it has ended."""
    return "graph_session", {
        "id": id,
        "organization_id": organization_id,
        "call_sid": call_sid,
        "graph_id": graph.id,
        "current_node_id": node.id if node else None,
        "current_assistant_name": assistant_name,
        "graph_name": graph.name,
        "conversation_context": context,
        "is_active": ended_at is None,
        "started_at": started_at,
        "ended_at": ended_at,
    }


def transition_row(
    organization_id: int,
    *,
    id: int,
    session_id: int,
    edge: DemoEdge,
    matched: str | None,
    triggered_by: str | None,
    created_at: datetime,
) -> Item:
    """One row of `graph_transition`."""
    return "graph_transition", {
        "id": id,
        "organization_id": organization_id,
        "graph_session_id": session_id,
        "edge_id": edge.id,
        "from_node_id": edge.start.id,
        "to_node_id": edge.end.id,
        "from_assistant_name": edge.start.assistant.name,
        "to_assistant_name": edge.end.assistant.name,
        "condition_type": edge.condition_type,
        "matched_condition": matched,
        "triggered_by": triggered_by,
        "handoff_sentence": edge.handoff_sentence,
        "created_at": created_at,
    }


def _walk(tenant: Tenant, graph: DemoGraph, steps: int) -> list[DemoEdge]:
    walked: list[DemoEdge] = []
    at = graph.nodes[0]
    for _ in range(steps):
        ways = [edge for edge in graph.edges if edge.start is at]
        if not ways:
            break
        walked.append(pick(tenant.dice, ways))
        at = walked[-1].end
    return walked


def _context(tenant: Tenant, customer: Customer, walked: list[DemoEdge]) -> Row:
    """What a conversation remembers: every kind of JSON value, nested."""
    dice = tenant.dice
    return {
        "customer_name": customer.name,
        "account_number": f"{dice.randrange(100_000):05d}",
        "transition_count": len(walked),
        "previous_assistants": [edge.start.assistant.name for edge in walked],
        "sentiment": pick(dice, ("calm", "frustrated", "happy 😀", None)),
        "escalation_requested": odds(dice, 0.1),
        "balance": pick(dice, (0, -12.5, 1499.99, 3_000_000_000)),
        "cart": {
            "items": [{"sku": "É-1", "count": 2}, {"sku": "B\\2", "count": 1}],
            "coupon": None,
        },
        "matrix": [[1, 2], [], [[3]]],
    }
