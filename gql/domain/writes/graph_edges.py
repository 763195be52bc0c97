"""Single edges of a graph: added, changed and removed, while its conversations go on.

The rules are those of replacing the whole structure: at most 2,000 edges, and an edge may lead back
to its own node. Ids stay, and no session ends. As with nodes, the graph's row is locked first, and
its `version` is raised.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from gql.domain.graphs import EDGES, NODES
from gql.domain.writes.audit import audit, logged
from gql.domain.writes.columns import check_columns, defaults_of, member_of
from gql.domain.writes.graph_edits import (
    audit_update,
    check_count,
    check_not_null,
    check_present,
    find_graph_of,
    lock_with_graph,
)
from gql.domain.writes.graph_versions import next_version
from gql.domain.writes.rows import delete_row, insert_row, update_row
from gql.domain.writes.structure import EDGE_CHECKS, MAX_EDGES, check_version
from gql.domain.writes.transaction import WriteContext, transaction
from gql.domain.writes.validation import ProblemList
from gql.errors import Invalid, Problem
from gql.models.enums import ConditionType
from gql.models.graph import GraphEdge
from gql.models.scope import owned
from gql.models.types import MAX_ID, now
from gql.query.context import Context

_NODES = NODES.table

_ENDS = ("from_node_id", "to_node_id")

_CHECKS = {
    **dict.fromkeys(_ENDS, check_not_null),
    **EDGE_CHECKS,
    "condition_type": member_of(ConditionType),
}


@dataclass(frozen=True, slots=True)
class AddedEdge:
    """A new edge, and its graph, which follows from its nodes."""

    graph_id: int
    edge_id: int


async def add_edge(
    context: Context,
    values: Mapping[str, Any],
    *,
    expected_version: int | None = None,
    problems: Sequence[Problem] = (),
) -> AddedEdge:
    """A new edge between two nodes of one graph.

    Args:
        context: Of the caller.
        values: By column; `from_node_id`, `to_node_id` and `condition_type` are required.
        expected_version: Refuse when the graph has another version by now.
        problems: What is wrong with the request itself; reported with the rest.

    Raises:
        VersionConflict: when the graph does not have the expected version.
        Invalid: when the edge cannot be added; nothing is written.
    """
    async with transaction(context) as write:
        collected = ProblemList(problems)
        for column in (*_ENDS, "condition_type"):
            check_present(collected, column, values)
        graph = None
        if "from_node_id" in values:
            graph = await find_graph_of(write, NODES, values["from_node_id"])
        if graph is not None:
            check_version(graph, expected_version)
            await check_count(write, collected, EDGES, graph.id, MAX_EDGES)
        await _check_edge(write, collected, graph, values)
        if graph is None:
            raise Invalid(tuple(collected.items))
        collected.raise_if_any()
        instant = now()
        row = {
            **defaults_of(GraphEdge, EDGE_CHECKS),
            **values,
            "graph_id": graph.id,
            "created_at": instant,
            "updated_at": instant,
        }
        version = await next_version(write, graph, instant)
        edge_id = await insert_row(write, EDGES, row)
        after = {"edge_id": edge_id, "version": version, **logged(values)}
        await audit(write, "graph.add_edge", graph.id, after=after)
        return AddedEdge(graph.id, edge_id)


async def update_edge(
    context: Context,
    edge_id: int,
    changes: Mapping[str, Any],
    *,
    expected_version: int | None = None,
    problems: Sequence[Problem] = (),
) -> int:
    """Set columns of an edge, or lead it between other nodes of its graph. Its graph's id.

    Raises:
        NotFound: when the organization has no such edge.
        VersionConflict: when its graph does not have the expected version.
        Invalid: when a value cannot be set; nothing is written.
    """
    async with transaction(context) as write:
        graph, edge = await lock_with_graph(write, EDGES, edge_id, expected_version)
        collected = ProblemList(problems)
        await _check_edge(write, collected, graph, changes)
        collected.raise_if_any()
        changed = {key: value for key, value in changes.items() if value != getattr(edge, key)}
        if not changed:
            return int(graph.id)
        instant = now()
        await next_version(write, graph, instant)
        await update_row(write, EDGES, edge_id, changed | {"updated_at": instant})
        await audit_update(write, EDGES, graph, edge, changed)
        return int(graph.id)


async def remove_edge(
    context: Context, edge_id: int, *, expected_version: int | None = None
) -> int:
    """Delete an edge; transitions that took it stay. Its graph's id.

    Raises:
        NotFound: when the organization has no such edge.
        VersionConflict: when its graph does not have the expected version.
    """
    async with transaction(context) as write:
        graph, edge = await lock_with_graph(write, EDGES, edge_id, expected_version)
        await next_version(write, graph, now())
        await delete_row(write, EDGES, edge_id)
        ends = {"from_node_id": edge.from_node_id, "to_node_id": edge.to_node_id}
        before = {"edge_id": edge_id, "version": graph.version, **ends}
        await audit(write, "graph.remove_edge", graph.id, before=before)
        return int(graph.id)


async def _check_edge(
    write: WriteContext,
    problems: ProblemList,
    graph: Row[Any] | None,
    values: Mapping[str, Any],
) -> None:
    """Note what is wrong with values of an edge; without a graph it starts at no node."""
    check_columns(problems, _CHECKS, values)
    keys = {name: values.get(name) for name in _ENDS}
    ends = {name: key for name, key in keys.items() if key is not None}
    if not ends:
        return
    storable = [key for key in ends.values() if 0 < key <= MAX_ID]
    own = (_NODES.c.id.in_(storable), owned(_NODES, write.organization_id))
    rows = (await write.run(select(_NODES.c.id, _NODES.c.graph_id).where(*own))).all()
    graph_ids = {row.id: row.graph_id for row in rows}
    for name, node_id in ends.items():
        if node_id not in graph_ids:
            text = f"is {node_id}, but your organization has no such node"
            problems.add((name,), text, "NOT_FOUND")
        elif graph is not None and graph_ids[node_id] != graph.id:
            text = f"is {node_id}, a node of graph {graph_ids[node_id]}, but the edge is of graph"
            problems.add((name,), f"{text} {graph.id}")
