"""The nodes and edges of a graph: what may be written, and writing them in few statements."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from gql.domain.assistants import ASSISTANTS
from gql.domain.graphs import EDGES, NODES
from gql.domain.writes.columns import column_checks, member_of, nullable
from gql.domain.writes.drafts import EdgeDraft, NodeDraft
from gql.domain.writes.transaction import WriteContext
from gql.domain.writes.validation import Path, ProblemList
from gql.errors import VersionConflict
from gql.models.enums import ConditionLogic, ConditionType, NodeType
from gql.models.graph import GraphEdge, GraphNode
from gql.models.scope import owned
from gql.models.types import MAX_ID
from gql.sql.keys import is_among
from gql.sql.writes import insert_for_ids

MAX_NODES = 500
"""Most nodes of a graph."""

MAX_EDGES = 2_000
"""Most edges of a graph."""

_ASSISTANTS = ASSISTANTS.table

NODE_CHECKS = column_checks(
    GraphNode,
    not_written=("graph_id", "assistant_id", "position"),
    node_type=member_of(NodeType),
)
EDGE_CHECKS = column_checks(
    GraphEdge,
    not_written=("graph_id", "from_node_id", "to_node_id"),
    condition_type=nullable(member_of(ConditionType)),
    condition_logic=member_of(ConditionLogic),
)

_EXACT_INTEGERS = 2**53
"""Below this every whole number is a float too."""


async def check_structure(
    write: WriteContext,
    problems: ProblemList,
    nodes: Sequence[NodeDraft],
    edges: Sequence[EdgeDraft],
    *,
    condition_required: bool,
) -> None:
    """Note everything that is wrong with a structure; one statement finds missing assistants.

    The assistants are locked, so that none can be deleted between this check and the insertion of
    the node that refers to it.
    """
    for name, drafts, most in (("nodes", nodes, MAX_NODES), ("edges", edges, MAX_EDGES)):
        if len(drafts) > most:
            text = f"has {len(drafts):,} entries, but a graph may have at most {most:,}"
            problems.add((name,), text, "TOO_MANY")
    if len(nodes) > MAX_NODES or len(edges) > MAX_EDGES:
        return
    ids = {node.assistant_id for node in nodes if node.assistant_id is not None}
    assistant_ids = await lock_assistants(write, ids)
    for index, node in enumerate(nodes):
        _check_node(problems, index, node, assistant_ids)
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
    common = {"organization_id": write.organization_id, "graph_id": graph_id, "created_at": instant}
    node_rows = [{**common, **_node_row(node)} for node in nodes]
    node_ids = await _insert(write, NODES.table, node_rows)
    common["updated_at"] = instant
    edge_rows = [{**common, **_edge_row(edge, node_ids)} for edge in edges]
    return node_ids, await _insert(write, EDGES.table, edge_rows)


def check_version(graph: Row[Any], expected: int | None) -> None:
    """Check that a locked graph has the version that a caller expects.

    Raises:
        VersionConflict: when it has another one.
    """
    if expected not in {None, graph.version}:
        raise VersionConflict(
            f"The graph has version {graph.version} now, and you expect {expected}:"
            " somebody changed its structure since you read it."
        )


async def lock_assistants(write: WriteContext, ids: Collection[int]) -> set[int]:
    """Those of the ids that are assistants of the organization, none of which can be deleted now.

    They are locked until the transaction ends.
    """
    keys = sorted(key for key in ids if 0 < key <= MAX_ID)
    if not keys:
        return set()
    statement = (
        select(_ASSISTANTS.c.id)
        .where(is_among(_ASSISTANTS.c.id), owned(_ASSISTANTS, write.organization_id))
        .with_for_update(read=True, key_share=True)
    )
    return set((await write.run(statement, {"keys": keys})).scalars())


def _check_node(
    problems: ProblemList, index: int, node: NodeDraft, assistant_ids: set[int]
) -> None:
    path = ("nodes", index)
    if node.assistant_id is not None and node.assistant_id not in assistant_ids:
        text = f"is {node.assistant_id}, but your organization has no such assistant"
        problems.add((*path, "assistant_id"), text, "NOT_FOUND")
    for column, check in NODE_CHECKS.items():
        check(problems, (*path, column), getattr(node, column))
    if node.position is not None:
        check_position(problems, (*path, "position"), node.position)


def check_position(problems: ProblemList, path: Path, position: Mapping[str, Any]) -> None:
    """Note what is wrong with `{"x": number, "y": number}`."""
    for axis in ("x", "y"):
        if axis in position:
            problems.check_number((*path, axis), position[axis])
        else:
            problems.add((*path, axis), "is required", "REQUIRED")


def _check_edge(
    problems: ProblemList, index: int, edge: EdgeDraft, count: int, *, condition_required: bool
) -> None:
    path = ("edges", index)
    available = {0: "no nodes", 1: "1 node (0)"}.get(count, f"{count} nodes (0-{count - 1})")
    for field, node in (("from_node_id", edge.from_index), ("to_node_id", edge.to_index)):
        if node is not None and (isinstance(node, bool) or not 0 <= node < count):
            text = f"is {str(node).lower()}, but the request has {available}"
            problems.add((*path, field), text, "OUT_OF_RANGE")
    if condition_required and edge.condition_type is None:
        problems.add((*path, "condition_type"), "is required", "REQUIRED")
    for column, check in EDGE_CHECKS.items():
        check(problems, (*path, column), getattr(edge, column))


def _node_row(node: NodeDraft) -> dict[str, Any]:
    return {
        **{column: getattr(node, column) for column in NODE_CHECKS},
        "assistant_id": node.assistant_id,
        "position": stored_position(node.position or {}),
    }


def stored_position(position: Mapping[str, Any]) -> dict[str, Any]:
    """A position as it is stored; what is missing is 0."""
    return {axis: _whole_if_exact(position.get(axis, 0)) for axis in ("x", "y")}


def _edge_row(edge: EdgeDraft, node_ids: Sequence[int]) -> dict[str, Any]:
    return {
        **{column: getattr(edge, column) for column in EDGE_CHECKS},
        "from_node_id": node_ids[edge.from_index or 0],
        "to_node_id": node_ids[edge.to_index or 0],
        "condition_type": edge.condition_type or ConditionType.NATURAL_LANGUAGE,
    }


async def _insert(write: WriteContext, table: Any, rows: list[dict[str, Any]]) -> tuple[int, ...]:
    """Insert rows, a thousand to a statement; their ids, ascending in the order of the rows."""
    if not rows:
        return ()
    statement = insert_for_ids(write.connection.dialect, table)
    return tuple(sorted((await write.run(statement, rows)).scalars()))


def _whole_if_exact(number: float) -> float:
    """GraphQL makes every number of a position a float: 200 is stored as 200, not as 200.0."""
    exact = -_EXACT_INTEGERS < number < _EXACT_INTEGERS
    return int(number) if exact and float(number).is_integer() else number
