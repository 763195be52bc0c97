"""Assistant graphs: created, changed and deleted."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from gql.domain.calls import CALLS
from gql.domain.graph_sessions import GRAPH_SESSIONS
from gql.domain.graphs import EDGES, GRAPHS, NODES
from gql.domain.writes.audit import audit, logged
from gql.domain.writes.columns import check_columns, column_checks, defaults_of
from gql.domain.writes.drafts import CreatedGraph, EdgeDraft, NodeDraft
from gql.domain.writes.graph_sessions import rename_graph
from gql.domain.writes.rows import delete_row, delete_rows, insert_row, lock, update_row
from gql.domain.writes.structure import check_structure, insert_structure
from gql.domain.writes.transaction import WriteContext, transaction
from gql.domain.writes.validation import ProblemList
from gql.errors import Invalid, Problem
from gql.models.graph import AssistantGraph
from gql.models.scope import owned
from gql.models.types import now
from gql.query.context import Context

_CALLS = CALLS.table

_CHECKS = column_checks(AssistantGraph, not_written=("version",))


async def create_graph(
    context: Context,
    values: Mapping[str, Any],
    nodes: Sequence[NodeDraft] = (),
    edges: Sequence[EdgeDraft] = (),
    *,
    problems: Sequence[Problem] = (),
) -> CreatedGraph:
    """A new graph with its nodes and edges.

    Args:
        context: Of the caller.
        values: By column; `name` is required.
        nodes: In the order that edges count them in.
        edges: Every one has a type of condition.
        problems: What is wrong with the request itself; reported with the rest.

    Raises:
        Invalid: when the graph cannot be created; nothing is written.
    """
    async with transaction(context) as write:
        collected = ProblemList(problems)
        if "name" not in values and not collected.has(("name",)):
            collected.add(("name",), "is required", "REQUIRED")
        check_columns(collected, _CHECKS, values)
        await _check_name_is_free(write, collected, values.get("name"))
        await check_structure(write, collected, nodes, edges, condition_required=True)
        collected.raise_if_any()
        instant = now()
        row = {
            **defaults_of(AssistantGraph, _CHECKS),
            **values,
            "version": 1,
            "created_at": instant,
            "updated_at": instant,
        }
        name = values["name"]
        try:
            graph_id = await insert_row(write, GRAPHS, row)
        except IntegrityError:
            # Another transaction took the name since it was checked.
            raise Invalid((_name_exists(name),)) from None
        ids = await insert_structure(write, graph_id, nodes, edges, instant)
        after = {"name": name, "nodes": len(nodes), "edges": len(edges)}
        await audit(write, "graph.create", graph_id, after=after)
        return CreatedGraph(graph_id, *ids)


async def update_graph(context: Context, graph_id: int, changes: Mapping[str, Any]) -> None:
    """Set columns of a graph; its nodes and edges stay.

    Raises:
        NotFound: when the organization has no such graph.
        Invalid: when a value cannot be set; nothing is written.
    """
    async with transaction(context) as write:
        graph = await lock(write, GRAPHS, graph_id)
        problems = ProblemList()
        check_columns(problems, _CHECKS, changes)
        changed = {
            column: value
            for column, value in changes.items()
            if column in _CHECKS and value != getattr(graph, column)
        }
        if "name" in changed:
            await _check_name_is_free(write, problems, changed["name"])
        problems.raise_if_any()
        if not changed:
            return
        try:
            await update_row(write, GRAPHS, graph_id, changed | {"updated_at": now()})
        except IntegrityError:
            raise Invalid((_name_exists(changed["name"]),)) from None
        if "name" in changed:
            await rename_graph(write, graph_id, changed["name"])
        before = {column: getattr(graph, column) for column in changed}
        await audit(write, "graph.update", graph_id, before=logged(before), after=logged(changed))


async def delete_graph(context: Context, graph_id: int) -> str:
    """Delete a graph with its nodes, edges and graph sessions; calls keep its id and its name.

    Returns:
        What it was called.

    Raises:
        NotFound: when the organization has no such graph.
    """
    async with transaction(context) as write:
        graph = await lock(write, GRAPHS, graph_id)
        await write.run(
            update(_CALLS)
            .where(
                _CALLS.c.graph_id == graph_id,
                _CALLS.c.graph_name.is_(None),
                owned(_CALLS, write.organization_id),
            )
            .values(graph_name=graph.name)
        )
        before: dict[str, Any] = {"name": graph.name}
        before["sessions"] = await delete_rows(write, GRAPH_SESSIONS.table.c.graph_id, graph_id)
        before["edges"] = await delete_rows(write, EDGES.table.c.graph_id, graph_id)
        before["nodes"] = await delete_rows(write, NODES.table.c.graph_id, graph_id)
        await delete_row(write, GRAPHS, graph_id)
        await audit(write, "graph.delete", graph_id, before=before)
        return str(graph.name)


async def _check_name_is_free(write: WriteContext, problems: ProblemList, name: Any) -> None:
    """Note when another graph has the name; one that cannot be a name is not looked up."""
    if problems.has(("name",)):
        return
    graph = GRAPHS.table
    same = select(graph.c.id).where(graph.c.name == name, owned(graph, write.organization_id))
    if (await write.run(same)).first() is not None:
        problems.items.append(_name_exists(name))


def _name_exists(name: str) -> Problem:
    message = f"Assistant graph with name '{name}' already exists in your organization"
    return Problem(("name",), message, "ALREADY_EXISTS")
