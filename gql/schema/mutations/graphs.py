"""Mutations of assistant graphs."""

import strawberry
from strawberry.scalars import JSON
from strawberry.types import Info

from gql.domain.graphs import GRAPHS
from gql.domain.writes import graphs
from gql.domain.writes.drafts import GraphDraft
from gql.domain.writes.validation import Errors
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
from gql.schema.mutations.run import Result, changes_of, default, key_of, run_mutation
from gql.schema.mutations.structure import (
    GraphEdgeInput,
    GraphNodeInput,
    KeyedNode,
    drafts_of,
    edge_ids,
    keyed_nodes,
    outcome_of,
)

ID = "The global id, or the documented integer."
MADE = "The nodes that were made, in the order of the input."
MADE_EDGES = "The ids of the edges that were made, in the order of the input."


@change_input
class CreateGraphInput(ChangeInput):
    """An assistant graph to make."""

    name: str = required("Unique in the organization; 1 to 255 characters.")
    description: str | None = optional("What it is for.")
    is_active: bool | None = optional("Whether conversations may start in it; true without.")
    configuration: JSON | None = optional("Free-form settings: a JSON object.")
    nodes: list[GraphNodeInput] | None = optional("Its nodes, at most 500.")
    edges: list[GraphEdgeInput] | None = optional("Its edges, at most 2,000.")


@payload
class CreateGraphPayload(Payload):
    """A graph that was made."""

    graph: AssistantGraph | None = one("The graph; null when it was not made.", GRAPHS, "object_id")
    nodes: list[KeyedNode] = strawberry.field(default_factory=list, description=MADE)
    edge_ids: list[strawberry.ID] = strawberry.field(default_factory=list, description=MADE_EDGES)


async def create_graph(info: Info, input: CreateGraphInput) -> CreateGraphPayload:
    """See `Mutation.createGraph`."""
    nodes = default(input.nodes, [])

    async def change(context: Context) -> Result:
        problems = Errors()
        drafts = drafts_of(nodes, default(input.edges, []), problems)
        draft = GraphDraft(
            input.name,
            description=default(input.description, None),
            is_active=default(input.is_active, otherwise=True),
            configuration=default(input.configuration, {}),
            nodes=drafts[0],
            edges=drafts[1],
        )
        made = await graphs.make_graph(context, draft, found=problems.items)
        return {"id": made.graph_id, **outcome_of(nodes, made.node_ids, made.edge_ids)}

    done = await run_mutation(info, input, change)
    return CreateGraphPayload(
        **done.common,
        object_id=done.outcome.get("id"),
        nodes=keyed_nodes(done.outcome),
        edge_ids=edge_ids(done.outcome),
    )


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


async def update_graph(info: Info, input: UpdateGraphInput) -> UpdateGraphPayload:
    """See `Mutation.updateGraph`."""

    async def change(context: Context) -> Result:
        graph_id = key_of(input.id, GRAPHS.name)
        await graphs.update_graph(context, graph_id, changes_of(input, "id"))
        return {"id": graph_id}

    done = await run_mutation(info, input, change)
    return UpdateGraphPayload(**done.common, object_id=done.outcome.get("id"))


@change_input
class ReplaceGraphStructureInput(ChangeInput):
    """Other nodes and edges for a graph."""

    id: strawberry.ID = required(ID)
    nodes: list[GraphNodeInput] = required("All its nodes from now on, at most 500.")
    edges: list[GraphEdgeInput] = required("All its edges from now on, at most 2,000.")
    expected_version: int | None = optional(
        "The `version` that you read: refused with VERSION_CONFLICT when it is another by now."
    )
    dry_run: bool | None = optional("Only check, and tell what would happen; nothing is changed.")


@payload
class ReplaceGraphStructurePayload(Payload):
    """A graph with another structure."""

    graph: AssistantGraph | None = one(
        "The graph, which a dry run leaves as it was; null when it was refused.",
        GRAPHS,
        "object_id",
    )
    nodes: list[KeyedNode] = strawberry.field(
        default_factory=list, description=MADE + " None in a dry run."
    )
    edge_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description=MADE_EDGES + " None in a dry run."
    )
    cleared_sessions: int | None = strawberry.field(
        default=None,
        description="How many active graph sessions were deleted, or would be in a dry run;"
        " null when it was refused.",
    )


async def replace_graph_structure(
    info: Info, input: ReplaceGraphStructureInput
) -> ReplaceGraphStructurePayload:
    """See `Mutation.replaceGraphStructure`."""
    dry_run = default(input.dry_run, otherwise=False)

    async def change(context: Context) -> Result:
        problems = Errors()
        drafts = drafts_of(input.nodes, input.edges, problems)
        graph_id = key_of(input.id, GRAPHS.name)
        replaced = await graphs.replace_structure(
            context,
            graph_id,
            *drafts,
            expected_version=default(input.expected_version, None),
            dry_run=dry_run,
            found=problems.items,
        )
        ids = outcome_of(input.nodes, replaced.node_ids, replaced.edge_ids)
        return {"id": graph_id, "cleared_sessions": replaced.cleared_sessions, **ids}

    done = await run_mutation(info, input, change, remember=not dry_run)
    return ReplaceGraphStructurePayload(
        **done.common,
        object_id=done.outcome.get("id"),
        nodes=keyed_nodes(done.outcome),
        edge_ids=edge_ids(done.outcome),
        cleared_sessions=done.outcome.get("cleared_sessions"),
    )


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


async def delete_graph(info: Info, input: DeleteGraphInput) -> DeleteGraphPayload:
    """See `Mutation.deleteGraph`."""

    async def change(context: Context) -> Result:
        graph_id = key_of(input.id, GRAPHS.name)
        name = await graphs.delete_graph(context, graph_id)
        return {"deleted_id": f"{GRAPHS.name}_{graph_id}", "name": name}

    done = await run_mutation(info, input, change)
    return DeleteGraphPayload(**done.common, **done.outcome)
