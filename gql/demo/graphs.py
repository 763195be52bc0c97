"""Demo assistant graphs, from an empty draft to one with every kind of condition."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from gql.demo.chance import NOW, every, fraction, pick
from gql.demo.graph_rows import edge_row, graph_row, node_row
from gql.demo.tenant import DemoEdge, DemoGraph, DemoNode, Item, Row, Tenant

_INTENTS = ("sales,purchase,buy", "refund,invoice,bill", "broken,error,help", "cita,reservar")
_TRIGGERS = ("Customer asks for a human", "Customer sounds upset", "顾客想换语言")
_FORMULAS = ("call_duration > 600", "turn_count >= 8", "balance * 1.19 < 100")
_STATES: tuple[Row, ...] = (
    {"variable": "customer_tier", "operator": "equals", "value": "gold"},
    {"variable": "open_tickets", "operator": "greater_than", "value": 3},
    {"variable": "verified", "operator": "equals", "value": False},
    {"variable": "region", "operator": "in", "value": ["EU", "UK", None]},
)
_HANDOFFS = (
    "One moment, I am connecting you.",
    'My colleague will take it from here: "Billing".',
    "Un momento, por favor 🙂",
    None,
)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A graph before it has ids: node types in order, and edges as (from, to, condition)."""

    name: str
    nodes: tuple[str, ...]
    edges: tuple[tuple[int, int, str], ...]
    description: str | None = None
    is_active: bool = True


_I, _N, _M, _S = "intent", "natural_language", "mathematical", "state_variable"

_SHAPES = (
    _Shape(
        "Front Office",
        ("entry", "standard", "standard", "standard", "exit", "escalation"),
        (
            *((0, 1, _I), (0, 2, _N), (0, 3, _S), (1, 4, _I), (2, 5, _M), (3, 5, _N)),
            *((3, 0, _S), (1, 5, _M)),
        ),
        "Uses every kind of condition and escalates to a person",
    ),
    _Shape("Billing and Payments", ("entry", "standard", "exit"), ((0, 1, _I), (1, 2, _M))),
    _Shape(
        "Appointment Booking",
        ("entry", "standard", "standard"),
        ((0, 1, _I), (1, 2, _N), (2, 0, _S)),
    ),
    _Shape(
        "After Hours",
        ("entry", "escalation"),
        ((0, 1, _M),),
        "Switched off while the night desk is",
        is_active=False,
    ),
    _Shape("Draft: spring campaign", (), (), "Nothing here yet"),
    _Shape("Café Reservations ☕", ("entry", "standard"), ((0, 1, _I), (1, 0, _N), (1, 1, _S))),
    _Shape("多语言支持", ("entry", "standard", "standard"), ((0, 1, _N), (0, 2, _I))),
    _Shape("Order Status", ("entry", "exit"), ((0, 1, _S),)),
    _Shape(
        "Technical Triage",
        ("entry", "standard", "standard", "escalation"),
        ((0, 1, _I), (0, 2, _I), (1, 2, _M), (2, 1, _M), (2, 3, _N)),
        'Goes round until it is "fixed"\nor escalates',
    ),
    _Shape("Voicemail", ("entry",), (), "A single node without edges"),
)


def graphs(tenant: Tenant) -> Iterator[Item]:
    """The organization's graphs."""
    for number, shape in enumerate(_SHAPES):
        created = NOW - timedelta(days=400 - number) + fraction(tenant.dice)
        yield from _graph(tenant, shape, created, revised=number % 3 == 1)


def numbered_graphs(tenant: Tenant, count: int) -> Iterator[Item]:
    """`count` further graphs of 10 nodes and 15 edges; from every node there is a way on."""
    conditions = (_I, _N, _M, _S)
    created = NOW - timedelta(days=380)
    for number in range(1, count + 1):
        ring = tuple((at, (at + 1) % 10, conditions[at % 4]) for at in range(10))
        chords = tuple(
            (at, (at + 2 + (at + number) % 7) % 10, pick(tenant.dice, conditions))
            for at in range(5)
        )
        nodes = ("entry", *("standard",) * 8, "escalation")
        shape = _Shape(f"Flow {number:04d}", nodes, ring + chords)
        yield from _graph(tenant, shape, created + timedelta(minutes=number))


def _graph(
    tenant: Tenant, shape: _Shape, created: datetime, *, revised: bool = False
) -> Iterator[Item]:
    """One graph with its nodes and edges; it joins `tenant.graphs` when calls can walk it."""
    take, dice = tenant.ids.take, tenant.dice
    first = dice.randrange(len(tenant.assistants))
    made = DemoGraph(
        take("assistant_graph"),
        shape.name,
        nodes := tuple(
            DemoNode(take("graph_node"), tenant.assistants[(first + at) % len(tenant.assistants)])
            for at in range(len(shape.nodes))
        ),
        tuple(
            _edge(tenant, nodes[start], nodes[end], condition)
            for start, end, condition in shape.edges
        ),
    )
    yield graph_row(
        tenant.organization_id,
        made,
        description=shape.description,
        is_active=shape.is_active,
        configuration={"max_duration": 900, "tags": ["demo", "é"]} if revised else {},
        version=2 if revised else 1,
        created_at=created,
        updated_at=created + timedelta(days=40) if revised else created,
    )
    for at, (node, node_type) in enumerate(zip(made.nodes, shape.nodes, strict=True)):
        yield node_row(
            tenant.organization_id,
            made.id,
            node,
            node_type=node_type,
            position={"x": 200 * at, "y": 12.5 * (at % 3) if revised else -100 + 100 * (at % 3)},
            configuration={"max_session_duration": 15} if at == 1 else {},
            created_at=created,
        )
    for at, edge in enumerate(made.edges):
        yield edge_row(
            tenant.organization_id,
            made.id,
            edge,
            state_variable_condition=(
                pick(dice, _STATES) if edge.condition_type == "state_variable" else None
            ),
            condition_logic="OR" if every(5, at, at=4) else "AND",
            priority=at % 4,
            is_active=not every(7, at, at=6),
            description=None if at % 2 else f"Way {at + 1} of {made.name}",
            created_at=created,
        )
    if made.nodes and shape.is_active:
        tenant.graphs.append(made)


def _edge(tenant: Tenant, start: DemoNode, end: DemoNode, condition: str) -> DemoEdge:
    texts = {_I: _INTENTS, _N: _TRIGGERS, _M: _FORMULAS, _S: ("state matched",)}
    return DemoEdge(
        tenant.ids.take("graph_edge"),
        start,
        end,
        condition,
        pick(tenant.dice, texts[condition]),
        pick(tenant.dice, _HANDOFFS),
    )
