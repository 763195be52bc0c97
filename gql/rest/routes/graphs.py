"""Assistant graphs: listed, read, created, changed and deleted."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict

from gql.domain.assistants import ASSISTANTS
from gql.domain.graphs import EDGES, GRAPHS, NODES, OF_GRAPH
from gql.domain.writes import graphs as writes
from gql.domain.writes import replacement
from gql.engine.fields import (
    ColumnSource,
    ConstantSource,
    CountSource,
    JoinedSource,
    ManySource,
)
from gql.engine.rest_query import RestArguments
from gql.kinds import Kind, changing, reading
from gql.query.context import Context
from gql.query.filters import Condition
from gql.query.paging import Paging
from gql.rest.json_body import sent_values
from gql.rest.parameters import Paged, id_of
from gql.rest.partial_body import PartialBody
from gql.rest.reads import list_of, lookup
from gql.rest.route import Answer, route
from gql.rest.routes import graph_examples
from gql.rest.routes.graph_bodies import (
    ConditionLogic,
    ConditionType,
    GraphChanges,
    GraphIn,
    NodeType,
    Position,
    StructureIn,
    graph_columns,
    structure_drafts,
)

TAG = "Assistant graphs"


def _of_assistant(column: str) -> JoinedSource:
    """A column of a node's assistant."""
    return JoinedSource(ASSISTANTS, "assistant_id", "id", ColumnSource(column))


class Node(BaseModel):
    """A node."""

    id: int
    graph_id: int
    assistant_id: int
    node_type: NodeType
    position: Position
    configuration: dict[str, Any]
    created_at: datetime
    assistant_name: Annotated[str, _of_assistant("name")]
    assistant_description: Annotated[str | None, _of_assistant("description")]


class Edge(BaseModel):
    """An edge; its nodes are database ids here."""

    id: int
    graph_id: int
    from_node_id: int
    to_node_id: int
    condition_type: ConditionType
    intent_pattern: str | None
    natural_language_trigger: str | None
    mathematical_expression: str | None
    state_variable_condition: dict[str, Any] | None
    condition_logic: ConditionLogic
    priority: int
    is_active: bool
    handoff_sentence: str | None
    description: str | None
    created_at: datetime
    updated_at: datetime


class Graph(BaseModel):
    """An assistant graph."""

    model_config = ConfigDict(title="AssistantGraph")

    id: int
    organization_id: int
    name: str
    description: str | None
    is_active: bool
    configuration: dict[str, Any]
    nodes: Annotated[list[Node], ManySource(NODES, OF_GRAPH)]
    edges: Annotated[list[Edge], ManySource(EDGES, OF_GRAPH)]
    total_nodes: Annotated[int, CountSource(NODES, OF_GRAPH)]
    total_edges: Annotated[int, CountSource(EDGES, OF_GRAPH)]
    created_at: datetime
    updated_at: datetime


class ListedGraph(Graph):
    """A graph in a list, whose structure is left out."""

    nodes: Annotated[list[Node], ConstantSource("[]")]
    edges: Annotated[list[Edge], ConstantSource("[]")]


class Deleted(BaseModel):
    """That something is gone."""

    success: bool
    message: str


GRAPH = lookup(GRAPHS, Graph, noun="graph")


class GraphPath(BaseModel):
    """Which graph."""

    graph_id: Annotated[int, id_of("graph")]


class GraphsQuery(Paged):
    """Which graphs."""

    active_only: bool = True


@route(
    "GET",
    "/api/v1/assistant-graphs",
    tag=TAG,
    kinds=reading(Kind.GRAPHS),
    summary="List graphs",
    graphql=(
        "{ graphs(filter: {isActive: true}) { nodes { id name totalNodes totalEdges "
        "configuration } } }"
    ),
    answers={200: Answer("By id, with empty structures.", list[Graph], graph_examples.GRAPHS)},
    reads=list_of(GRAPHS, ListedGraph),
)
def list_graphs(query: GraphsQuery) -> RestArguments:
    """The organization's graphs by id; `nodes` and `edges` are empty, their totals are right."""
    by_id = Paging(query.limit, "id", descending=False, offset=query.skip)
    active = (Condition("is_active", "eq", True),) if query.active_only else ()
    return RestArguments(paging=by_id, filter=active)


@route(
    "GET",
    "/api/v1/assistant-graphs/{graph_id}",
    tag=TAG,
    kinds=reading(Kind.GRAPHS, Kind.ASSISTANTS),
    summary="Get a graph",
    graphql=(
        "{ graph(id: 1) { name nodes { id nodeType position { x y } assistant { name } } "
        "edges { id conditionType from { id } to { id } } } }"
    ),
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
    kinds=changing(Kind.GRAPHS) | reading(Kind.ASSISTANTS),
    summary="Create a graph",
    graphql=(
        'mutation { createGraph(input: {name: "Router", nodes: [{key: "a", assistantId: 1, '
        "nodeType: ENTRY}]}) { graph { id } userErrors { message path } } }"
    ),
    answers={201: Answer("The new graph, whole.", Graph, graph_examples.GRAPH)},
    example=graph_examples.GRAPH_IN,
    refuses_bodies_with=400,
    reads=GRAPH,
)
async def create_graph(context: Context, body: PartialBody[GraphIn]) -> RestArguments:
    """Make a graph, with or without nodes and edges: at most 500 nodes and 2,000 edges.

    `from_node_id` and `to_node_id` are 0-based indexes into `nodes`.
    """
    nodes, edges = structure_drafts(body)
    created = await writes.create_graph(
        context, graph_columns(body), nodes, edges, problems=body.problems
    )
    return RestArguments(created.id)


@route(
    "PUT",
    "/api/v1/assistant-graphs/{graph_id}/structure",
    tag=TAG,
    kinds=changing(Kind.GRAPHS) | reading(Kind.ASSISTANTS),
    summary="Replace the structure of a graph",
    graphql=(
        'mutation { replaceGraphStructure(input: {id: 1, nodes: [{key: "a", assistantId: 1, '
        'nodeType: ENTRY}, {key: "b", assistantId: 2}], edges: [{from: "a", to: "b", '
        'conditionType: INTENT, intentPattern: "buy"}]}) { nodes { key id } clearedSessions '
        "userErrors { message path } } }"
    ),
    answers={200: Answer("The graph with its new structure.", Graph, graph_examples.REPLACED)},
    example=graph_examples.STRUCTURE_IN,
    errors=(404,),
    refuses_bodies_with=400,
    reads=GRAPH,
    guarded_by=GRAPH,
)
async def replace_structure(
    context: Context, path: GraphPath, body: PartialBody[StructureIn]
) -> RestArguments:
    """Replace all nodes and edges by new ones with new ids, and clear active sessions.

    A graph has at most 500 nodes and 2,000 edges. `from_node_id` and `to_node_id` are 0-based
    indexes into `nodes`.
    """
    nodes, edges = structure_drafts(body)
    await replacement.replace_structure(
        context,
        path.graph_id,
        nodes,
        edges,
        problems=body.problems,
    )
    return RestArguments(path.graph_id)


@route(
    "PUT",
    "/api/v1/assistant-graphs/{graph_id}",
    tag=TAG,
    kinds=changing(Kind.GRAPHS) | reading(Kind.ASSISTANTS),
    summary="Update a graph",
    graphql=(
        "mutation { updateGraph(input: {id: 1, isActive: false}) { graph { updatedAt } "
        "userErrors { message path } } }"
    ),
    answers={200: Answer("The graph, whole.", Graph, graph_examples.GRAPH)},
    example={"description": "Routes customers to the appropriate department"},
    errors=(400, 404),
    reads=GRAPH,
    guarded_by=GRAPH,
)
async def update_graph(context: Context, path: GraphPath, body: GraphChanges) -> RestArguments:
    """Change name, description, activity or configuration; nodes and edges stay as they are."""
    await writes.update_graph(context, path.graph_id, sent_values(body, Graph))
    return RestArguments(path.graph_id)


@route(
    "DELETE",
    "/api/v1/assistant-graphs/{graph_id}",
    tag=TAG,
    kinds=changing(Kind.GRAPHS),
    summary="Delete a graph",
    graphql="mutation { deleteGraph(input: {id: 1}) { userErrors { message path } } }",
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
    guarded_by=GRAPH,
)
async def delete_graph(context: Context, path: GraphPath) -> dict[str, Any]:
    """Delete a graph with its nodes, edges and sessions; assistants and calls stay."""
    name = await writes.delete_graph(context, path.graph_id)
    return {"success": True, "message": f"Assistant graph '{name}' deleted successfully"}
