"""Mutations of assistant graphs."""

from dataclasses import field
from typing import Any

import strawberry
from strawberry.scalars import JSON

from gql.domain.graphs import GRAPHS
from gql.domain.writes import graphs
from gql.domain.writes.replacement import replace_structure, restore_version
from gql.domain.writes.validation import ProblemList
from gql.engine.declaration import one
from gql.query.context import Context
from gql.schema.graphs import AssistantGraph
from gql.schema.mutations.payloads import (
    ChangeInput,
    Payload,
    change_input,
    optional,
    payload,
    required,
)
from gql.schema.mutations.run import (
    changes_of,
    default,
    global_id_of,
    key_of,
    mutation,
    values_of,
)
from gql.schema.mutations.structure import (
    GraphEdgeInput,
    GraphNodeInput,
    KeyedNode,
    NodeIds,
    drafts_of,
    edge_ids,
    keyed_nodes,
    node_ids,
)
from gql.schema.mutations.structure_changes import (
    STRUCTURE_INPUTS,
    StructureInput,
    StructurePayload,
    cleared_sessions,
    drafted,
    finish,
)

ID = "The global id, or the documented integer."
NEW_NODES = "The nodes that were made, in the order of the input."
NEW_EDGES = "The ids of the edges that were made, in the order of the input."


@change_input
class CreateGraphInput(StructureInput):
    """An assistant graph to make."""

    name: str = required("Unique in the organization; 1 to 255 characters.")
    description: str | None = optional("What it is for.")
    is_active: bool | None = optional("Whether conversations may start in it; true without.")
    configuration: JSON | None = optional("Free-form settings: a JSON object.")
    nodes: list[GraphNodeInput] | None = optional("Its nodes, at most 500.")
    edges: list[GraphEdgeInput] | None = optional("Its edges, at most 2,000.")


@payload
class CreateGraphPayload(StructurePayload):
    """A graph that was made."""

    graph: AssistantGraph | None = one("The graph; null when it was not made.", GRAPHS, "object_id")
    nodes: list[KeyedNode] = keyed_nodes(NEW_NODES)
    edge_ids: list[strawberry.ID] = strawberry.field(default_factory=list, description=NEW_EDGES)
    node_ids: strawberry.Private[NodeIds] = field(default_factory=list)


@mutation("Make an assistant graph, with its nodes and edges.")
async def create_graph(context: Context, input: CreateGraphInput) -> CreateGraphPayload:
    problems = ProblemList()
    nodes = default(input.nodes, [])
    drafts = drafts_of(nodes, default(input.edges, []), problems)
    values = values_of(input, "nodes", "edges", *STRUCTURE_INPUTS)
    created = await graphs.create_graph(context, values, *drafts, problems=problems.items)
    ids = node_ids(nodes, created.node_ids)
    payload = CreateGraphPayload(
        object_id=created.id, node_ids=ids, edge_ids=edge_ids(created.edge_ids)
    )
    drafted_ids = drafted(ids, created.edge_ids)
    undone: dict[str, Any] = {"object_id": None, "node_ids": [], "edge_ids": []}
    return await finish(context, input, payload, created.id, drafted_ids, **undone)


@change_input
class UpdateGraphInput(ChangeInput):
    """What to change of a graph beside its structure; what is absent stays."""

    id: strawberry.ID = required(ID)
    name: str | None = optional("Unique in the organization; 1 to 255 characters.")
    description: str | None = optional("What it is for; null removes it.")
    is_active: bool | None = optional("Whether conversations may start in it.")
    configuration: JSON | None = optional("Free-form settings, as a whole: a JSON object.")


@payload
class UpdateGraphPayload(Payload):
    """A graph that was changed."""

    graph: AssistantGraph | None = one(
        "The graph; null when it was not changed.", GRAPHS, "object_id"
    )


@mutation("Change a graph, but not its nodes and edges.")
async def update_graph(context: Context, input: UpdateGraphInput) -> UpdateGraphPayload:
    graph_id = key_of(input.id, GRAPHS)
    await graphs.update_graph(context, graph_id, changes_of(input, "id"))
    return UpdateGraphPayload(object_id=graph_id)


@change_input
class ReplaceGraphStructureInput(StructureInput):
    """Other nodes and edges for a graph."""

    id: strawberry.ID = required(ID)
    nodes: list[GraphNodeInput] = required("All its nodes from now on, at most 500.")
    edges: list[GraphEdgeInput] = required("All its edges from now on, at most 2,000.")
    expected_version: int | None = optional(
        "The `version` that you read: refused with VERSION_CONFLICT when it is another by now."
    )


@payload
class ReplaceGraphStructurePayload(StructurePayload):
    """A graph with another structure."""

    graph: AssistantGraph | None = one(
        "The graph, which a dry run leaves as it was; null when it was refused.",
        GRAPHS,
        "object_id",
    )
    nodes: list[KeyedNode] = keyed_nodes(NEW_NODES + " None in a dry run.")
    edge_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description=NEW_EDGES + " None in a dry run."
    )
    node_ids: strawberry.Private[NodeIds] = field(default_factory=list)
    cleared_sessions: int | None = cleared_sessions()


@mutation(
    "Give a graph other nodes and edges, all with new ids, and clear its active graph sessions;"
    " ended ones stay."
)
async def replace_graph_structure(
    context: Context, input: ReplaceGraphStructureInput
) -> ReplaceGraphStructurePayload:
    problems = ProblemList()
    drafts = drafts_of(input.nodes, input.edges, problems)
    graph_id = key_of(input.id, GRAPHS)
    replaced = await replace_structure(
        context,
        graph_id,
        *drafts,
        expected_version=default(input.expected_version, None),
        problems=problems.items,
    )
    ids = node_ids(input.nodes, replaced.node_ids)
    payload = ReplaceGraphStructurePayload(
        object_id=graph_id,
        node_ids=ids,
        edge_ids=edge_ids(replaced.edge_ids),
        cleared_sessions=replaced.cleared_sessions,
    )
    drafted_ids = drafted(ids, replaced.edge_ids)
    return await finish(context, input, payload, graph_id, drafted_ids, node_ids=[], edge_ids=[])


@change_input
class RestoreGraphVersionInput(StructureInput):
    """A former structure to give a graph again."""

    id: strawberry.ID = required(ID)
    version: int = required("The former version: one of the graph's `versions`.")
    expected_version: int | None = optional(
        "The `version` that you read: refused with VERSION_CONFLICT when it is another by now."
    )


@payload
class RestoreGraphVersionPayload(StructurePayload):
    """A graph with a former structure."""

    graph: AssistantGraph | None = one(
        "The graph, which a dry run leaves as it was; null when it was refused.",
        GRAPHS,
        "object_id",
    )
    cleared_sessions: int | None = cleared_sessions()


@mutation(
    "Give a graph the structure of a former version, as a new version: its nodes and edges get new"
    " ids, and its active graph sessions are cleared."
)
async def restore_graph_version(
    context: Context, input: RestoreGraphVersionInput
) -> RestoreGraphVersionPayload:
    graph_id = key_of(input.id, GRAPHS)
    restored = await restore_version(
        context,
        graph_id,
        input.version,
        expected_version=default(input.expected_version, None),
    )
    payload = RestoreGraphVersionPayload(
        object_id=graph_id, cleared_sessions=restored.cleared_sessions
    )
    return await finish(context, input, payload, graph_id, drafted())


@change_input
class DeleteGraphInput(ChangeInput):
    """A graph to delete."""

    id: strawberry.ID = required(ID)


@payload
class DeleteGraphPayload(Payload):
    """A graph that is gone."""

    deleted_id: strawberry.ID | None = strawberry.field(
        default=None, description="Its global id; null when it was not deleted."
    )
    name: str | None = strawberry.field(default=None, description="What it was called.")


@mutation("Delete a graph with its nodes, edges and graph sessions; calls keep its name.")
async def delete_graph(context: Context, input: DeleteGraphInput) -> DeleteGraphPayload:
    graph_id = key_of(input.id, GRAPHS)
    name = await graphs.delete_graph(context, graph_id)
    return DeleteGraphPayload(deleted_id=global_id_of(GRAPHS, graph_id), name=name)


MUTATIONS = (
    create_graph,
    update_graph,
    replace_graph_structure,
    restore_graph_version,
    delete_graph,
)
