"""Replacing the structure of a graph: other nodes and edges, or former ones; no active sessions."""

from collections.abc import Sequence

from gql.domain.graph_sessions import GRAPH_SESSIONS
from gql.domain.graph_versions import FormerStructureLoader, VersionKey, missing_version
from gql.domain.graphs import EDGES, GRAPHS, NODES
from gql.domain.writes.audit import audit
from gql.domain.writes.drafts import EdgeDraft, NodeDraft, ReplacedStructure, drafts_of_structure
from gql.domain.writes.graph_sessions import keep_names
from gql.domain.writes.graph_versions import next_version
from gql.domain.writes.rows import delete_rows, lock
from gql.domain.writes.structure import (
    check_structure,
    check_version,
    insert_structure,
)
from gql.domain.writes.transaction import transaction
from gql.domain.writes.validation import ProblemList
from gql.errors import Invalid, Problem
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
    restored_version: int | None = None,
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
        restored_version: The version that has this structure, for the audit log.
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
        version = await next_version(write, graph, instant)
        await keep_names(write, _SESSIONS.c.graph_id == graph_id)
        active = _SESSIONS.c.is_active
        cleared = await delete_rows(write, _SESSIONS.c.graph_id, graph_id, active)
        old_edges = await delete_rows(write, _EDGES.c.graph_id, graph_id)
        old_nodes = await delete_rows(write, _NODES.c.graph_id, graph_id)
        node_ids, edge_ids = await insert_structure(write, graph_id, nodes, edges, instant)
        before = {"version": graph.version, "nodes": old_nodes, "edges": old_edges}
        after = {"version": version, "nodes": len(nodes), "edges": len(edges)}
        after["cleared_sessions"] = cleared
        if restored_version is not None:
            after["restored_version"] = restored_version
        await audit(write, "graph.replace_structure", graph_id, before=before, after=after)
        return ReplacedStructure(node_ids, edge_ids, cleared, version)


async def restore_version(
    context: Context,
    graph_id: int,
    version: int,
    *,
    expected_version: int | None = None,
) -> ReplacedStructure:
    """Give a graph the structure again that it had as some version, as a replacement does.

    Raises:
        NotFound: when the organization has no such graph.
        VersionConflict: when it does not have the expected version.
        Invalid: when the version is not kept, or names an assistant that is gone.
    """
    async with transaction(context) as write:
        graph = await lock(write, GRAPHS, graph_id)
        check_version(graph, expected_version)
        key = VersionKey(graph_id, version)
        structure = await FormerStructureLoader.of(write).load(key)
        if structure is None:
            raise Invalid((Problem(("version",), missing_version(graph, version), "NOT_FOUND"),))
        try:
            return await replace_structure(
                write,
                graph_id,
                *drafts_of_structure(structure),
                restored_version=version,
            )
        except Invalid as error:
            raise Invalid(
                tuple(
                    Problem(("version",), f"version {version}: {each.message}", each.code)
                    for each in error.problems
                )
            ) from None
