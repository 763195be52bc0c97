"""Assistant graphs: listed, read, made, changed and deleted."""

from typing import Annotated, Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from gql.domain.graphs import GRAPHS
from gql.domain.writes import graphs as changes
from gql.engine.rest_query import RestArguments, list_of, lookup
from gql.engine.rest_resolvers import answer
from gql.query.context import Context
from gql.query.filters import Condition
from gql.query.paging import Paging
from gql.rest.json_output import json_response
from gql.rest.parameters import Paged, id_of
from gql.rest.partial_body import PartialBody
from gql.rest.preconditions import expected_version, version_headers
from gql.rest.route import Answer, RestRoute, route
from gql.rest.routes import graph_examples
from gql.rest.routes.graph_drafts import graph_draft, structure_drafts
from gql.rest.routes.graph_shapes import (
    GRAPH_FIELDS,
    LISTED_GRAPH_FIELDS,
    Deleted,
    Graph,
    GraphChanges,
    GraphIn,
    StructureIn,
)

TAG = "Assistant graphs"

GRAPH = lookup(GRAPHS, GRAPH_FIELDS, noun="graph", version="version")


class GraphPath(BaseModel):
    """Which graph."""

    graph_id: Annotated[int, id_of("graph")]


class GraphsPage(Paged):
    """Which graphs."""

    active_only: bool = True


class GraphPreconditions(BaseModel):
    """What must hold for a write to be done."""

    if_match: str | None = Field(
        None, description="The `ETag` that the graph was read with; 412 when it has another by now."
    )


@route(
    "GET",
    "/api/v1/assistant-graphs",
    tag=TAG,
    summary="List graphs",
    answers={200: Answer("By id, with empty structures.", list[Graph], graph_examples.GRAPHS)},
    reads=list_of(GRAPHS, LISTED_GRAPH_FIELDS),
)
def list_graphs(query: GraphsPage) -> RestArguments:
    """The organization's graphs by id; `nodes` and `edges` are empty, their totals are right."""
    by_id = Paging(query.limit, "id", descending=False, offset=query.skip)
    active = (Condition("is_active", "eq", True),) if query.active_only else ()
    return RestArguments(paging=by_id, filter=active)


@route(
    "GET",
    "/api/v1/assistant-graphs/{graph_id}",
    tag=TAG,
    summary="Get a graph",
    answers={200: Answer("The graph, whole.", Graph, graph_examples.GRAPH)},
    errors=(404,),
    reads=GRAPH,
)
def get_graph(path: GraphPath) -> RestArguments:
    """A graph with all its nodes and edges, whether it is active or not."""
    return RestArguments(path.graph_id)


@route(
    "POST",
    "/api/v1/assistant-graphs",
    tag=TAG,
    summary="Create a graph",
    answers={201: Answer("The new graph, whole.", Graph, graph_examples.GRAPH)},
    example=graph_examples.GRAPH_IN,
    refuses_bodies_with=400,
)
async def create_graph(context: Context, body: PartialBody[GraphIn]) -> Response:
    """Make a graph, with or without nodes and edges.

    `from_node_id` and `to_node_id` are 0-based indexes into `nodes`.
    """
    made = await changes.make_graph(context, graph_draft(body), found=body.problems)
    return await _answer(context, made.graph_id, status=201)


@route(
    "PUT",
    "/api/v1/assistant-graphs/{graph_id}/structure",
    tag=TAG,
    summary="Replace the structure of a graph",
    answers={200: Answer("The graph with its new structure.", Graph, graph_examples.REPLACED)},
    example=graph_examples.STRUCTURE_IN,
    errors=(404, 412),
    refuses_bodies_with=400,
)
async def replace_structure(
    context: Context, path: GraphPath, headers: GraphPreconditions, body: PartialBody[StructureIn]
) -> Response:
    """Replace all nodes and edges by new ones with new ids, and clear active sessions.

    `from_node_id` and `to_node_id` are 0-based indexes into `nodes`.
    """
    nodes, edges = structure_drafts(body)
    await changes.replace_structure(
        context,
        path.graph_id,
        nodes,
        edges,
        expected_version=expected_version(headers.if_match),
        found=body.problems,
    )
    return await _answer(context, path.graph_id)


@route(
    "PUT",
    "/api/v1/assistant-graphs/{graph_id}",
    tag=TAG,
    summary="Update a graph",
    answers={200: Answer("The graph, whole.", Graph, graph_examples.GRAPH)},
    example={"description": "Routes customers to the appropriate department"},
    errors=(400, 404),
)
async def update_graph(context: Context, path: GraphPath, body: GraphChanges) -> Response:
    """Change name, description, activity or configuration; nodes and edges stay as they are."""
    given = body.model_dump(include=body.model_fields_set)
    values = {name: value for name, value in given.items() if value is not None}
    if "description" in given:
        values["description"] = body.description
    await changes.update_graph(context, path.graph_id, values)
    return await _answer(context, path.graph_id)


@route(
    "DELETE",
    "/api/v1/assistant-graphs/{graph_id}",
    tag=TAG,
    summary="Delete a graph",
    answers={
        200: Answer(
            "It is gone.",
            Deleted,
            {
                "success": True,
                "message": "Assistant graph 'Customer Service Router' deleted successfully",
            },
        )
    },
    errors=(404,),
)
async def delete_graph(context: Context, path: GraphPath) -> dict[str, Any]:
    """Delete a graph with its nodes, edges and sessions; assistants and calls stay."""
    name = await changes.delete_graph(context, path.graph_id)
    return {"success": True, "message": f"Assistant graph '{name}' deleted successfully"}


async def _answer(context: Context, graph_id: int, *, status: int = 200) -> Response:
    """A graph as it is now, with its version.

    Raises:
        NotFound: when the organization has no such graph.
    """
    await context.refresh()
    read = await answer(context, GRAPH, RestArguments(graph_id))
    return json_response(read.value, status, headers=version_headers(read.version))


ROUTES: tuple[RestRoute, ...] = (
    list_graphs,
    create_graph,
    get_graph,
    update_graph,
    delete_graph,
    replace_structure,
)
