"""Demo graphs, from an empty draft to every kind of condition, and the calls that walk them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from gql.demo.graph_rows import (
    CONDITION_COLUMNS,
    edge_row,
    graph_row,
    node_row,
    session_row,
    transition_row,
)
from gql.demo.tenant import (
    NOW,
    Customer,
    DemoEdge,
    DemoGraph,
    DemoNode,
    Item,
    Row,
    Tenant,
    every,
    fraction,
    odds,
    pick,
)
from gql.models.graph import AssistantGraph, GraphEdge, GraphNode
from gql.models.graph_session import GraphSession, GraphTransition
from gql.models.graph_version import EDGE_COLUMNS, NODE_COLUMNS, GraphVersion

_INTENT, _LANGUAGE, _FORMULA, _STATE = (
    "intent",
    "natural_language",
    "mathematical",
    "state_variable",
)
_CONDITIONS = {
    _INTENT: ("sales,purchase,buy", "refund,invoice,bill", "broken,error,help", "cita,reservar"),
    _LANGUAGE: ("Customer asks for a human", "Customer sounds upset", "顾客想换语言"),
    _FORMULA: ("call_duration > 600", "turn_count >= 8", "balance * 1.19 < 100"),
    _STATE: ("state matched",),
}
_STATES: tuple[Row, ...] = (
    {"variable": "customer_tier", "operator": "equals", "value": "gold"},
    {"variable": "open_tickets", "operator": "greater_than", "value": 3},
    {"variable": "verified", "operator": "equals", "value": False},
    {"variable": "region", "operator": "in", "value": ["EU", "UK", None]},
)
_UNSET: Row = dict.fromkeys(
    (*CONDITION_COLUMNS.values(), "key", "state_variable_condition", "description")
)
"""Columns that a row of a structure leaves out where they are null."""

REVISED_AFTER = timedelta(days=40)
"""How long after its creation a graph was changed."""

_HANDOFFS = (
    "One moment, I am connecting you.",
    'My colleague will take it from here: "Billing".',
    "Un momento, por favor 🙂",
    None,
)
_TRIGGERED_BY = (
    "I want to buy a plan",
    "¿Puede ayudarme?",
    'It says "error 42"',
    "我要转人工",
    "Refund me!",
)


@dataclass(frozen=True, slots=True)
class _Outline:
    """A graph before it has ids: node types in order, and edges as (from, to, condition type)."""

    name: str
    nodes: tuple[str, ...]
    edges: tuple[tuple[int, int, str], ...]
    description: str | None = None
    is_active: bool = True


_OUTLINES = (
    _Outline(
        "Front Office",
        ("entry", "standard", "standard", "standard", "exit", "escalation"),
        (
            *((0, 1, _INTENT), (0, 2, _LANGUAGE), (0, 3, _STATE), (1, 4, _INTENT)),
            *((2, 5, _FORMULA), (3, 5, _LANGUAGE), (3, 0, _STATE), (1, 5, _FORMULA)),
        ),
        "Uses every kind of condition and escalates to a person",
    ),
    _Outline(
        "Billing and Payments",
        ("entry", "standard", "exit"),
        ((0, 1, _INTENT), (1, 2, _FORMULA)),
    ),
    _Outline(
        "Appointment Booking",
        ("entry", "standard", "standard"),
        ((0, 1, _INTENT), (1, 2, _LANGUAGE), (2, 0, _STATE)),
    ),
    _Outline(
        "After Hours",
        ("entry", "escalation"),
        ((0, 1, _FORMULA),),
        "Switched off while the night desk is",
        is_active=False,
    ),
    _Outline("Draft: spring campaign", (), (), "Nothing here yet"),
    _Outline(
        "Café Reservations ☕",
        ("entry", "standard"),
        ((0, 1, _INTENT), (1, 0, _LANGUAGE), (1, 1, _STATE)),
    ),
    _Outline("多语言支持", ("entry", "standard", "standard"), ((0, 1, _LANGUAGE), (0, 2, _INTENT))),
    _Outline("Order Status", ("entry", "exit"), ((0, 1, _STATE),)),
    _Outline(
        "Technical Triage",
        ("entry", "standard", "standard", "escalation"),
        (
            *((0, 1, _INTENT), (0, 2, _INTENT), (1, 2, _FORMULA), (2, 1, _FORMULA)),
            (2, 3, _LANGUAGE),
        ),
        'Goes round until it is "fixed"\nor escalates',
    ),
    _Outline("Voicemail", ("entry",), (), "A single node without edges"),
)


def graphs(tenant: Tenant) -> Iterator[Item]:
    """The organization's graphs."""
    for number, outline in enumerate(_OUTLINES):
        created = NOW - timedelta(days=400 - number) + fraction(tenant.random)
        yield from _graph(tenant, outline, created, is_revised=number % 3 == 1)


def numbered_graphs(tenant: Tenant, count: int) -> Iterator[Item]:
    """`count` further graphs of 10 nodes and 15 edges; no node is a dead end."""
    conditions = (_INTENT, _LANGUAGE, _FORMULA, _STATE)
    created = NOW - timedelta(days=380)
    for number in range(1, count + 1):
        ring = tuple((at, (at + 1) % 10, conditions[at % 4]) for at in range(10))
        chords = tuple(
            (at, (at + 2 + (at + number) % 7) % 10, pick(tenant.random, conditions))
            for at in range(5)
        )
        nodes = ("entry", *("standard",) * 8, "escalation")
        outline = _Outline(f"Flow {number:04d}", nodes, ring + chords)
        yield from _graph(tenant, outline, created + timedelta(minutes=number))


def graph_session(
    tenant: Tenant, call: Row, graph: DemoGraph, customer: Customer, *, steps: int
) -> Iterator[Item]:
    """The walk of one call: at most `steps` transitions, fewer when a node has no edge.

    One in five that ended has lost its node, as after a replaced structure; the names stay.
    """
    session_id = tenant.ids.next(GraphSession)
    walked = _walk(tenant, graph, steps)
    last = walked[-1].end if walked else graph.nodes[0]
    has_lost_node = call["ended_at"] and odds(tenant.random, 0.2)
    yield session_row(
        tenant.organization_id,
        graph,
        id=session_id,
        call_sid=call["call_sid"],
        current_node_id=None if has_lost_node else last.id,
        current_assistant_name=last.assistant.name,
        conversation_context=_context(tenant, customer, walked),
        started_at=call["started_at"],
        ended_at=call["ended_at"],
    )
    ended = call["ended_at"] or NOW
    pause = (ended - call["started_at"]) / (len(walked) + 1)
    for number, edge in enumerate(walked, 1):
        yield transition_row(
            tenant.organization_id,
            edge,
            id=tenant.ids.next(GraphTransition),
            graph_session_id=session_id,
            matched_condition=f"Matched: {edge.condition}" if number % 3 else None,
            triggered_by=pick(tenant.random, _TRIGGERED_BY) if number % 4 else None,
            created_at=call["started_at"] + pause * number,
        )


def _graph(
    tenant: Tenant, outline: _Outline, created: datetime, *, is_revised: bool = False
) -> Iterator[Item]:
    """One graph with its nodes and edges; it joins `tenant.graphs` when calls can walk it."""
    graph = _with_ids(tenant, outline, version=2 if is_revised else 1)
    yield graph_row(
        tenant.organization_id,
        graph,
        description=outline.description,
        is_active=outline.is_active,
        created_at=created,
        **_revision(created) if is_revised else {},
    )
    rows = list(_structure(tenant, graph, outline, created, is_revised=is_revised))
    yield from rows
    if is_revised:
        yield _former_version(tenant, graph, rows, created + REVISED_AFTER)
    if graph.nodes and outline.is_active:
        tenant.graphs.append(graph)


def _structure(
    tenant: Tenant, graph: DemoGraph, outline: _Outline, created: datetime, *, is_revised: bool
) -> Iterator[Item]:
    """The rows of nodes and edges."""
    for at, (node, node_type) in enumerate(zip(graph.nodes, outline.nodes, strict=True)):
        yield node_row(
            tenant.organization_id,
            graph,
            node,
            node_type=node_type,
            position={"x": 200 * at, "y": 12.5 * (at % 3) if is_revised else -100 + 100 * (at % 3)},
            configuration={"max_session_duration": 15} if at == 1 else {},
            created_at=created,
        )
    for at, edge in enumerate(graph.edges):
        is_state = edge.condition_type == _STATE
        yield edge_row(
            tenant.organization_id,
            graph,
            edge,
            state_variable_condition=pick(tenant.random, _STATES) if is_state else None,
            condition_logic="OR" if every(5, at, at=4) else "AND",
            priority=at % 4,
            is_active=not every(7, at, at=6),
            description=None if at % 2 else f"Way {at + 1} of {graph.name}",
            created_at=created,
        )


def _former_version(
    tenant: Tenant, graph: DemoGraph, rows: list[Item], replaced_at: datetime
) -> Item:
    """The structure before the revision: in one line, and with one edge less."""
    names = {node.id: node.assistant.name for node in graph.nodes}
    columns = {GraphNode: NODE_COLUMNS, GraphEdge: EDGE_COLUMNS}
    nodes, edges = (
        [
            {column: {**_UNSET, **row}[column] for column in columns[model]}
            for model, row in rows
            if model is kind
        ]
        for kind in columns
    )
    for node in nodes:
        node |= {"position": {**node["position"], "y": 0}, "assistant_name": names[node["id"]]}
    return GraphVersion, {
        "id": tenant.ids.next(GraphVersion),
        "organization_id": tenant.organization_id,
        "graph_id": graph.id,
        "version": graph.version - 1,
        "structure": {"nodes": nodes, "edges": edges[:-1]},
        "replaced_at": replaced_at,
        "user_id": None,
        "api_key_id": None,
    }


def _with_ids(tenant: Tenant, outline: _Outline, *, version: int) -> DemoGraph:
    """The assistants speak by turns, beginning with any of them."""
    speakers = tenant.assistants
    first = tenant.random.randrange(len(speakers))
    graph_id = tenant.ids.next(AssistantGraph)
    nodes = tuple(
        DemoNode(tenant.ids.next(GraphNode), speakers[(first + at) % len(speakers)])
        for at in range(len(outline.nodes))
    )
    edges = tuple(
        DemoEdge(
            tenant.ids.next(GraphEdge),
            nodes[start],
            nodes[end],
            condition_type,
            pick(tenant.random, _CONDITIONS[condition_type]),
            pick(tenant.random, _HANDOFFS),
        )
        for start, end, condition_type in outline.edges
    )
    return DemoGraph(graph_id, outline.name, nodes, edges, version)


def _revision(created: datetime) -> Row:
    """Columns of a graph that was changed once."""
    return {
        "configuration": {"max_duration": 900, "tags": ["demo", "é"]},
        "version": 2,
        "updated_at": created + REVISED_AFTER,
    }


def _walk(tenant: Tenant, graph: DemoGraph, steps: int) -> list[DemoEdge]:
    walked: list[DemoEdge] = []
    node = graph.nodes[0]
    for _ in range(steps):
        edges = [edge for edge in graph.edges if edge.start is node]
        if not edges:
            break
        walked.append(pick(tenant.random, edges))
        node = walked[-1].end
    return walked


def _context(tenant: Tenant, customer: Customer, walked: list[DemoEdge]) -> Row:
    """A conversation's variables: every kind of JSON value, nested."""
    random = tenant.random
    return {
        "customer_name": customer.name,
        "account_number": f"{random.randrange(100_000):05d}",
        "transition_count": len(walked),
        "previous_assistants": [edge.start.assistant.name for edge in walked],
        "sentiment": pick(random, ("calm", "frustrated", "happy 😀", None)),
        "escalation_requested": odds(random, 0.1),
        "balance": pick(random, (0, -12.5, 1499.99, 3_000_000_000)),
        "cart": {
            "items": [{"sku": "É-1", "count": 2}, {"sku": "B\\2", "count": 1}],
            "coupon": None,
        },
        "matrix": [[1, 2], [], [[3]]],
    }
