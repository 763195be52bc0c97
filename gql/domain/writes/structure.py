"""The nodes and edges of a graph: what may be written, and writing them in few statements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from gql.domain.writes.drafts import EdgeDraft, NodeDraft
from gql.domain.writes.transaction import WriteContext
from gql.domain.writes.validation import Errors
from gql.models.assistant import Assistant
from gql.models.enums import ConditionLogic, ConditionType, NodeType
from gql.models.graph import GraphEdge, GraphNode
from gql.models.scope import owned, table_of
from gql.query.cursor import MAX_ID
from gql.sql.keys import is_among
from gql.sql.writes import insert_for_ids

MAX_NODES = 500
"""Most nodes of a graph."""

MAX_EDGES = 2_000
"""Most edges of a graph."""

_ASSISTANTS = table_of(Assistant)
_NODES = table_of(GraphNode)
_EDGES = table_of(GraphEdge)

_TEXTS = (
    "intent_pattern",
    "natural_language_trigger",
    "mathematical_expression",
    "handoff_sentence",
    "description",
)
_WHOLE = 2**53


async def check_structure(
    write: WriteContext,
    problems: Errors,
    nodes: Sequence[NodeDraft],
    edges: Sequence[EdgeDraft],
    *,
    condition_required: bool,
) -> None:
    """Note everything that is wrong with a structure; one statement finds unknown assistants.

    The assistants are locked until the transaction ends, so that none can be deleted between this
    look and the node that refers to it.
    """
    for name, given, most in (("nodes", nodes, MAX_NODES), ("edges", edges, MAX_EDGES)):
        if len(given) > most:
            said = f"has {len(given):,} entries, but a graph may have at most {most:,}"
            problems.add((name,), said, "TOO_MANY")
    if len(nodes) > MAX_NODES or len(edges) > MAX_EDGES:
        return
    known = await _lock_assistants(write, nodes)
    for index, node in enumerate(nodes):
        _check_node(problems, index, node, known)
    entries = [index for index, node in enumerate(nodes) if node.node_type == NodeType.ENTRY]
    for index in entries[1:]:
        problems.add(
            ("nodes", index, "node_type"),
            f"is 'entry', but nodes[{entries[0]}] is the entry node, and a graph has at most one",
        )
    for index, edge in enumerate(edges):
        _check_edge(problems, index, edge, len(nodes), condition_required=condition_required)


async def insert_structure(
    write: WriteContext,
    graph_id: int,
    nodes: Sequence[NodeDraft],
    edges: Sequence[EdgeDraft],
    instant: datetime,
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Insert a checked structure; the ids of its nodes and edges, ascending, in request order."""
    both = {"organization_id": write.organization_id, "graph_id": graph_id, "created_at": instant}
    node_ids = await _insert(write, _NODES, [{**both, **_node_row(node)} for node in nodes])
    both["updated_at"] = instant
    edge_rows = [{**both, **_edge_row(edge, node_ids)} for edge in edges]
    return node_ids, await _insert(write, _EDGES, edge_rows)


async def _lock_assistants(write: WriteContext, nodes: Sequence[NodeDraft]) -> set[int]:
    given = {node.assistant_id for node in nodes if node.assistant_id is not None}
    wanted = sorted(key for key in given if 0 < key <= MAX_ID)
    if not wanted:
        return set()
    statement = (
        select(_ASSISTANTS.c.id)
        .where(is_among(_ASSISTANTS.c.id), owned(_ASSISTANTS, write.organization_id))
        .with_for_update(read=True, key_share=True)
    )
    return set((await write.run(statement, {"keys": wanted})).scalars())


def _check_node(problems: Errors, index: int, node: NodeDraft, known: set[int]) -> None:
    here = ("nodes", index)
    if node.assistant_id is not None and node.assistant_id not in known:
        said = f"is {node.assistant_id}, but your organization has no such assistant"
        problems.add((*here, "assistant_id"), said, "NOT_FOUND")
    problems.word((*here, "node_type"), node.node_type, NodeType)
    problems.optional_json_object((*here, "configuration"), node.configuration)
    if node.position is not None:
        for axis in ("x", "y"):
            if axis in node.position:
                problems.number((*here, "position", axis), node.position[axis])
            else:
                problems.add((*here, "position", axis), "is required", "REQUIRED")


def _check_edge(
    problems: Errors, index: int, edge: EdgeDraft, count: int, *, condition_required: bool
) -> None:
    here = ("edges", index)
    has = f"{count} nodes (0-{count - 1})" if count > 1 else ("1 node (0)" if count else "no nodes")
    for field, node in (("from_node_id", edge.from_index), ("to_node_id", edge.to_index)):
        if node is not None and (isinstance(node, bool) or not 0 <= node < count):
            said = f"is {str(node).lower()}, but the request has {has}"
            problems.add((*here, field), said, "OUT_OF_RANGE")
    if edge.condition_type is not None:
        problems.word((*here, "condition_type"), edge.condition_type, ConditionType)
    elif condition_required:
        problems.add((*here, "condition_type"), "is required", "REQUIRED")
    problems.word((*here, "condition_logic"), edge.condition_logic, ConditionLogic)
    problems.int32((*here, "priority"), edge.priority)
    problems.flag((*here, "is_active"), edge.is_active)
    for field in _TEXTS:
        problems.optional_text((*here, field), getattr(edge, field))
    field = "state_variable_condition"
    problems.optional_json_object((*here, field), edge.state_variable_condition)


def _node_row(node: NodeDraft) -> dict[str, Any]:
    place = node.position or {}
    return {
        "assistant_id": node.assistant_id,
        "node_type": str(node.node_type),
        "position": {axis: _as_sent(place.get(axis, 0)) for axis in ("x", "y")},
        "configuration": dict(node.configuration or {}),
    }


def _edge_row(edge: EdgeDraft, node_ids: Sequence[int]) -> dict[str, Any]:
    return {
        "from_node_id": node_ids[edge.from_index or 0],
        "to_node_id": node_ids[edge.to_index or 0],
        "condition_type": str(edge.condition_type or ConditionType.NATURAL_LANGUAGE),
        "condition_logic": str(edge.condition_logic),
        "state_variable_condition": edge.state_variable_condition,
        "priority": edge.priority,
        "is_active": edge.is_active,
        **{field: getattr(edge, field) for field in _TEXTS},
    }


async def _insert(write: WriteContext, table: Any, rows: list[dict[str, Any]]) -> tuple[int, ...]:
    """Insert rows, a thousand to a statement; their ids, ascending in the order of the rows."""
    if not rows:
        return ()
    statement = insert_for_ids(write.connection.dialect, table)
    return tuple(sorted((await write.run(statement, rows)).scalars()))


def _as_sent(number: float) -> float:
    """GraphQL makes every number of a position a float: 200 is stored as 200, not as 200.0."""
    exact = -_WHOLE < number < _WHOLE
    return int(number) if exact and float(number).is_integer() else number
