"""Replacing the structure of a graph: other nodes, other edges, no active graph sessions."""

from collections.abc import Sequence

from gql.domain.graph_sessions import GRAPH_SESSIONS
from gql.domain.graphs import EDGES, GRAPHS, NODES
from gql.domain.writes.audit import audit
from gql.domain.writes.drafts import EdgeDraft, NodeDraft, ReplacedStructure
from gql.domain.writes.graph_sessions import keep_names
from gql.domain.writes.rows import delete_rows, lock
from gql.domain.writes.structure import (
    check_structure,
    check_version,
    insert_structure,
    raise_version,
)
from gql.domain.writes.transaction import transaction
from gql.domain.writes.validation import ProblemList
from gql.errors import Problem
from gql.models.types import now
from gql.query.context import Context

_NODES = NODES.table
_EDGES = EDGES.table
_SESSIONS = GRAPH_SESSIONS.table


async def replace_structure(
    context: Context,
    graph_id: int,
    nodes: Sequence[NodeDraft],
    edges: Sequence[EdgeDraft],
    *,
    expected_version: int | None = None,
    problems: Sequence[Problem] = (),
) -> ReplacedStructure:
    """Give a graph other nodes and edges, all of them new, and clear its active graph sessions.

    The graph's row is locked first: of two replacements at once the second waits, then replaces
    what the first has inserted. Ended graph sessions stay, under the names they ended with.

    Args:
        context: Of the caller.
        graph_id: Whose structure.
        nodes: In the order that edges count them in.
        edges: An edge without a type of condition has one in natural language.
        expected_version: Refuse when the graph has another version by now.
        problems: What is wrong with the request itself; reported with the rest.

    Raises:
        NotFound: when the organization has no such graph.
        VersionConflict: when it does not have the expected version.
        Invalid: when the structure is not valid; nothing is written.
    """
    async with transaction(context) as write:
        graph = await lock(write, GRAPHS, graph_id)
        check_version(graph, expected_version)
        collected = ProblemList(problems)
        await check_structure(write, collected, nodes, edges, condition_required=False)
        collected.raise_if_any()
        instant = now()
        await keep_names(write, _SESSIONS.c.graph_id == graph_id)
        active = _SESSIONS.c.is_active
        cleared = await delete_rows(write, _SESSIONS.c.graph_id, graph_id, active)
        old_edges = await delete_rows(write, _EDGES.c.graph_id, graph_id)
        old_nodes = await delete_rows(write, _NODES.c.graph_id, graph_id)
        node_ids, edge_ids = await insert_structure(write, graph_id, nodes, edges, instant)
        version = await raise_version(write, graph, instant)
        before = {"version": graph.version, "nodes": old_nodes, "edges": old_edges}
        after = {"version": version, "nodes": len(nodes), "edges": len(edges)}
        after["cleared_sessions"] = cleared
        await audit(write, "graph.replace_structure", graph_id, before=before, after=after)
        return ReplacedStructure(node_ids, edge_ids, cleared, version)
