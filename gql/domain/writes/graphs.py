"""Assistant graphs: made, changed and deleted."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gql.domain.writes.audit import audit, logged
from gql.domain.writes.drafts import Created, EdgeDraft, GraphDraft, NodeDraft, Replaced
from gql.domain.writes.replacement import replace_structure
from gql.domain.writes.rows import delete_rows, lock
from gql.domain.writes.structure import check_structure, insert_structure
from gql.domain.writes.transaction import WriteContext, transaction
from gql.domain.writes.validation import Check, Errors, check_fields
from gql.errors import Invalid, Problem
from gql.models.call import Call
from gql.models.graph import AssistantGraph, GraphEdge, GraphNode
from gql.models.graph_session import GraphSession
from gql.models.scope import owned, table_of
from gql.models.types import now
from gql.query.context import Context

__all__ = [
    "Created",
    "EdgeDraft",
    "GraphDraft",
    "NodeDraft",
    "Replaced",
    "create_graph",
    "delete_graph",
    "make_graph",
    "replace_structure",
    "update_graph",
]

_GRAPHS = table_of(AssistantGraph)
_NODES = table_of(GraphNode)
_EDGES = table_of(GraphEdge)
_SESSIONS = table_of(GraphSession)
_CALLS = table_of(Call)

_FIELDS: Mapping[str, Check] = {
    "name": Errors.name,
    "description": Errors.optional_text,
    "is_active": Errors.flag,
    "configuration": Errors.json_object,
}


async def create_graph(context: Context, draft: GraphDraft) -> int:
    """The id of a new graph; see `make_graph`."""
    return (await make_graph(context, draft)).graph_id


async def make_graph(
    context: Context, draft: GraphDraft, *, found: Sequence[Problem] = ()
) -> Created:
    """A new graph with its nodes and edges.

    Args:
        context: Who asks.
        draft: What to make; every edge names its type of condition.
        found: What the door has found wrong already; it is told with the rest.

    Raises:
        Invalid: when the draft cannot be made; nothing is written.
    """
    async with transaction(context) as write:
        problems = Errors(found)
        values = {field: getattr(draft, field) for field in _FIELDS}
        check_fields(problems, _FIELDS, values)
        await _refuse_taken_name(write, problems, draft.name)
        structure = (draft.nodes, draft.edges)
        await check_structure(write, problems, *structure, condition_required=True)
        problems.refuse()
        instant = now()
        row = {
            **values,
            "organization_id": write.organization_id,
            "configuration": dict(draft.configuration),
            "version": 1,
            "created_at": instant,
            "updated_at": instant,
        }
        try:
            graph_id: int = (
                await write.run(insert(_GRAPHS).values(row).returning(_GRAPHS.c.id))
            ).scalar_one()
        except IntegrityError:
            # Another one took the name since we looked.
            raise Invalid((_taken(draft.name),)) from None
        ids = await insert_structure(write, graph_id, *structure, instant)
        after = {"name": draft.name, "nodes": len(draft.nodes), "edges": len(draft.edges)}
        await audit(write, "graph.create", graph_id, after=after)
        return Created(graph_id, *ids)


async def update_graph(context: Context, graph_id: int, changes: Mapping[str, Any]) -> None:
    """Set `name`, `description`, `is_active` or `configuration`; only what is given changes.

    Raises:
        NotFound: when the organization has no such graph.
        Invalid: when a value cannot be set; nothing is written.
    """
    async with transaction(context) as write:
        graph = await lock(write, "graph", _GRAPHS, graph_id)
        problems = Errors()
        check_fields(problems, _FIELDS, changes)
        changed = {
            field: value
            for field, value in changes.items()
            if field in _FIELDS and value != getattr(graph, field)
        }
        if "name" in changed:
            await _refuse_taken_name(write, problems, changed["name"])
        problems.refuse()
        if not changed:
            return
        mine = (_GRAPHS.c.id == graph_id, owned(_GRAPHS, write.organization_id))
        statement = update(_GRAPHS).where(*mine).values(changed | {"updated_at": now()})
        try:
            await write.run(statement)
        except IntegrityError:
            raise Invalid((_taken(changed["name"]),)) from None
        before = {field: getattr(graph, field) for field in changed}
        await audit(write, "graph.update", graph_id, before=logged(before), after=logged(changed))


async def delete_graph(context: Context, graph_id: int) -> str:
    """Delete a graph with its nodes, edges and graph sessions; calls keep its id and its name.

    Returns:
        What it was called.

    Raises:
        NotFound: when the organization has no such graph.
    """
    async with transaction(context) as write:
        graph = await lock(write, "graph", _GRAPHS, graph_id)
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
        before["sessions"] = await delete_rows(write, _SESSIONS.c.graph_id, graph_id)
        before["edges"] = await delete_rows(write, _EDGES.c.graph_id, graph_id)
        before["nodes"] = await delete_rows(write, _NODES.c.graph_id, graph_id)
        mine = (_GRAPHS.c.id == graph_id, owned(_GRAPHS, write.organization_id))
        await write.run(delete(_GRAPHS).where(*mine))
        await audit(write, "graph.delete", graph_id, before=before)
        return str(graph.name)


async def _refuse_taken_name(write: WriteContext, problems: Errors, name: Any) -> None:
    if problems.items and any(problem.path == ("name",) for problem in problems.items):
        return
    taken = select(_GRAPHS.c.id).where(
        _GRAPHS.c.name == name, owned(_GRAPHS, write.organization_id)
    )
    if (await write.run(taken)).first() is not None:
        problems.items.append(_taken(name))


def _taken(name: str) -> Problem:
    message = f"Assistant graph with name '{name}' already exists in your organization"
    return Problem(("name",), message, "ALREADY_EXISTS")
