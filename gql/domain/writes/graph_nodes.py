"""Single nodes of a graph: added, changed and removed, while its conversations go on.

The rules are those of replacing the whole structure: at most 500 nodes, one of them the entry; a
node may have no edge. Ids stay, and no session ends but those at a node that is removed.

Every edit locks the graph's row first, so that edits and replacements wait for each other, and
raises its `version`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select

from gql.domain.assistants import ASSISTANTS
from gql.domain.graph_sessions import GRAPH_SESSIONS
from gql.domain.graphs import EDGES, ENTRY_NODES, GRAPHS, NODES
from gql.domain.writes.audit import audit, logged
from gql.domain.writes.columns import check_columns, defaults_of
from gql.domain.writes.graph_edits import (
    audit_update,
    check_count,
    check_not_null,
    check_present,
    lock_with_graph,
)
from gql.domain.writes.graph_sessions import keep_names, rename_speaker
from gql.domain.writes.graph_versions import next_version
from gql.domain.writes.rows import delete_row, delete_rows, insert_row, lock, update_row
from gql.domain.writes.structure import (
    MAX_NODES,
    NODE_CHECKS,
    check_position,
    check_version,
    lock_assistants,
    stored_position,
)
from gql.domain.writes.transaction import WriteContext, transaction
from gql.domain.writes.validation import Path, ProblemList
from gql.errors import Problem
from gql.models.enums import NodeType
from gql.models.graph import GraphNode
from gql.models.scope import owned
from gql.models.types import now
from gql.query.context import Context

_NODES = NODES.table
_EDGES = EDGES.table
_SESSIONS = GRAPH_SESSIONS.table


@dataclass(frozen=True, slots=True)
class RemovedNode:
    """What went with a node.

    Attributes:
        graph_id: Whose node it was.
        edge_ids: Of the edges that left or reached it, ascending.
        cleared_sessions: How many active sessions were at it.
    """

    graph_id: int
    edge_ids: tuple[int, ...]
    cleared_sessions: int


async def add_node(
    context: Context,
    graph_id: int,
    values: Mapping[str, Any],
    *,
    expected_version: int | None = None,
    problems: Sequence[Problem] = (),
) -> int:
    """The id of a new node.

    Args:
        context: Of the caller.
        graph_id: Whose node.
        values: By column; `assistant_id` is required, and `position` is `{"x": ..., "y": ...}`.
        expected_version: Refuse when the graph has another version by now.
        problems: What is wrong with the request itself; reported with the rest.

    Raises:
        NotFound: when the organization has no such graph.
        VersionConflict: when it does not have the expected version.
        Invalid: when the node cannot be added; nothing is written.
    """
    async with transaction(context) as write:
        graph = await lock(write, GRAPHS, graph_id)
        check_version(graph, expected_version)
        collected = ProblemList(problems)
        check_present(collected, "assistant_id", values)
        await _check_node(write, collected, graph_id, values)
        await check_count(write, collected, NODES, graph_id, MAX_NODES)
        collected.raise_if_any()
        instant = now()
        row = {
            **defaults_of(GraphNode, NODE_CHECKS),
            **values,
            "position": stored_position(values.get("position", {})),
            "graph_id": graph_id,
            "created_at": instant,
        }
        version = await next_version(write, graph, instant)
        node_id = await insert_row(write, NODES, row)
        after = {"node_id": node_id, "version": version, **logged(values)}
        await audit(write, "graph.add_node", graph_id, after=after)
        return node_id


async def update_node(
    context: Context,
    node_id: int,
    changes: Mapping[str, Any],
    *,
    expected_version: int | None = None,
    problems: Sequence[Problem] = (),
) -> int:
    """Set columns of a node; its id, its edges and the sessions at it stay. Its graph's id.

    Active sessions at it go on with the assistant that it has then.

    Raises:
        NotFound: when the organization has no such node.
        VersionConflict: when its graph does not have the expected version.
        Invalid: when a value cannot be set; nothing is written.
    """
    async with transaction(context) as write:
        graph, node = await lock_with_graph(write, NODES, node_id, expected_version)
        collected = ProblemList(problems)
        await _check_node(write, collected, graph.id, changes, node_id)
        collected.raise_if_any()
        new = dict(changes)
        if "position" in new:
            new["position"] = stored_position(new["position"])
        changed = {key: value for key, value in new.items() if value != getattr(node, key)}
        if not changed:
            return int(graph.id)
        await next_version(write, graph, now())
        await update_row(write, NODES, node_id, changed)
        if "assistant_id" in changed:
            speaker = await lock(write, ASSISTANTS, changed["assistant_id"])
            await rename_speaker(write, speaker.name, _NODES.c.id == node_id)
        await audit_update(write, NODES, graph, node, changed)
        return int(graph.id)


async def remove_node(
    context: Context, node_id: int, *, expected_version: int | None = None
) -> RemovedNode:
    """Delete a node with its edges, and the active sessions at it; ended ones keep its name.

    Raises:
        NotFound: when the organization has no such node.
        VersionConflict: when its graph does not have the expected version.
    """
    async with transaction(context) as write:
        graph, node = await lock_with_graph(write, NODES, node_id, expected_version)
        await next_version(write, graph, now())
        at_node = _SESSIONS.c.current_node_id == node_id
        await keep_names(write, at_node)
        cleared = await delete_rows(write, _SESSIONS.c.current_node_id, node_id)
        touching = (_EDGES.c.from_node_id == node_id) | (_EDGES.c.to_node_id == node_id)
        own_edges = (_EDGES.c.graph_id == graph.id, touching, owned(_EDGES, write.organization_id))
        deleted = delete(_EDGES).where(*own_edges).returning(_EDGES.c.id)
        edge_ids = tuple(sorted((await write.run(deleted)).scalars()))
        await delete_row(write, NODES, node_id)
        before = {
            "node_id": node_id,
            "version": graph.version,
            "assistant_id": node.assistant_id,
            "edges": len(edge_ids),
            "sessions": cleared,
        }
        await audit(write, "graph.remove_node", graph.id, before=before)
        return RemovedNode(graph.id, edge_ids, cleared)


async def _check_node(
    write: WriteContext,
    problems: ProblemList,
    graph_id: int,
    values: Mapping[str, Any],
    node_id: int | None = None,
) -> None:
    """Note what is wrong with values of a node that there is, or of a new one."""
    check_columns(problems, _CHECKS, values)
    assistant_id = values.get("assistant_id")
    if assistant_id is not None and assistant_id not in await lock_assistants(
        write, {assistant_id}
    ):
        text = f"is {assistant_id}, but your organization has no such assistant"
        problems.add(("assistant_id",), text, "NOT_FOUND")
    if values.get("node_type") != NodeType.ENTRY:
        return
    own = (_NODES.c.graph_id == graph_id, owned(_NODES, write.organization_id))
    entries = select(_NODES.c.id).where(*own, *ENTRY_NODES.visible(_NODES))
    entry_id = (await write.run(entries)).scalars().first()
    if entry_id not in {None, node_id}:
        text = f"is 'entry', but node {entry_id} is the entry node, and a graph has at most one"
        problems.add(("node_type",), text)


def _check_coordinates(problems: ProblemList, path: Path, value: Any) -> None:
    if isinstance(value, Mapping):
        check_position(problems, path, value)
    else:
        problems.add(path, "must have x and y")


_CHECKS = {"assistant_id": check_not_null, **NODE_CHECKS, "position": _check_coordinates}
