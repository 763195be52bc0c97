"""Mutations of single nodes and edges of a graph, which keep ids and conversations."""

from typing import Any

import strawberry
from strawberry.scalars import JSON

from gql.domain.assistants import ASSISTANTS
from gql.domain.graphs import EDGES, GRAPHS, NODES
from gql.domain.writes import graph_edges, graph_nodes
from gql.domain.writes.validation import ProblemList
from gql.engine.declaration import one
from gql.errors import Invalid, NotFound, Problem
from gql.query.context import Context
from gql.query.resource import Resource
from gql.schema.enums import ConditionLogic, ConditionType, NodeType
from gql.schema.graphs import AssistantGraph, GraphEdge, GraphNode
from gql.schema.mutations.graphs import ID
from gql.schema.mutations.payloads import (
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
from gql.schema.mutations.structure import PositionInput, edge_ids, with_position
from gql.schema.mutations.structure_changes import (
    NEW,
    STRUCTURE_INPUTS,
    Drafted,
    StructureInput,
    StructurePayload,
    finish,
)

EXPECTED_VERSION = (
    "The `version` of the graph that you read: refused with VERSION_CONFLICT when it is another by"
    " now."
)
_NO_COLUMNS = ("expected_version", *STRUCTURE_INPUTS)
GRAPH = "Its graph, as it is now; null when nothing was changed."


@change_input
class AddGraphNodeInput(StructureInput):
    """A node to add to a graph, which may have 500."""

    graph_id: strawberry.ID = required("The graph: the global id or the integer.")
    assistant_id: strawberry.ID = required("Who speaks here: the global id or the integer.")
    node_type: NodeType | None = optional("What it is for; STANDARD without.")
    position: PositionInput | None = optional("Where it lies; at the origin, without.")
    configuration: JSON | None = optional("Free-form settings of the node: a JSON object.")
    expected_version: int | None = optional(EXPECTED_VERSION)


@payload
class AddGraphNodePayload(StructurePayload):
    """A node that was added."""

    node: GraphNode | None = one("The node; null when it was not added.", NODES, "object_id")
    graph: AssistantGraph | None = one(GRAPH, GRAPHS, "graph_id")


@mutation("Add a node to a graph; its conversations go on.")
async def add_graph_node(context: Context, input: AddGraphNodeInput) -> AddGraphNodePayload:
    problems = ProblemList()
    graph_id = key_of(input.graph_id, GRAPHS, "graph_id")
    values = with_position(values_of(input, "graph_id", *_NO_COLUMNS))
    _read_keys(values, problems, assistant_id=ASSISTANTS)
    try:
        node_id = await graph_nodes.add_node(
            context,
            graph_id,
            values,
            expected_version=default(input.expected_version, None),
            problems=problems.items,
        )
    except NotFound as error:
        raise Invalid((Problem(("graph_id",), error.message, error.code),)) from None
    payload = AddGraphNodePayload(object_id=node_id, graph_id=graph_id)
    drafted_ids = Drafted(nodes={node_id: NEW})
    return await finish(context, input, payload, graph_id, drafted_ids, object_id=None)


@change_input
class UpdateGraphNodeInput(StructureInput):
    """What to change of a node; what is absent stays."""

    id: strawberry.ID = required(ID)
    assistant_id: strawberry.ID | None = optional("Who speaks here from now on.")
    node_type: NodeType | None = optional("What it is for; a graph has at most one ENTRY.")
    position: PositionInput | None = optional("Where it lies.")
    configuration: JSON | None = optional("Free-form settings, as a whole: a JSON object.")
    expected_version: int | None = optional(EXPECTED_VERSION)


@payload
class UpdateGraphNodePayload(StructurePayload):
    """A node that was changed."""

    node: GraphNode | None = one("The node; null when it was not changed.", NODES, "object_id")
    graph: AssistantGraph | None = one(GRAPH, GRAPHS, "graph_id")


@mutation("Move a node, or change what it does; its id stays, and its conversations go on.")
async def update_graph_node(
    context: Context, input: UpdateGraphNodeInput
) -> UpdateGraphNodePayload:
    problems = ProblemList()
    node_id = key_of(input.id, NODES)
    changes = with_position(changes_of(input, "id", *_NO_COLUMNS))
    _read_keys(changes, problems, assistant_id=ASSISTANTS)
    graph_id = await graph_nodes.update_node(
        context,
        node_id,
        changes,
        expected_version=default(input.expected_version, None),
        problems=problems.items,
    )
    payload = UpdateGraphNodePayload(object_id=node_id, graph_id=graph_id)
    return await finish(context, input, payload, graph_id, Drafted())


@change_input
class RemoveGraphNodeInput(StructureInput):
    """A node to remove."""

    id: strawberry.ID = required(ID)
    expected_version: int | None = optional(EXPECTED_VERSION)


@payload
class RemoveGraphNodePayload(StructurePayload):
    """A node that is gone."""

    removed_id: strawberry.ID | None = strawberry.field(
        default=None, description="Its global id; null when it was not removed."
    )
    removed_edge_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="The ids of its edges, which went with it."
    )
    cleared_sessions: int | None = strawberry.field(
        default=None,
        description="How many active graph sessions were at it, and were deleted; null when it was"
        " refused.",
    )
    graph: AssistantGraph | None = one(GRAPH, GRAPHS, "graph_id")


@mutation("Remove a node with its edges, and clear the active graph sessions that are at it.")
async def remove_graph_node(
    context: Context, input: RemoveGraphNodeInput
) -> RemoveGraphNodePayload:
    node_id = key_of(input.id, NODES)
    removed = await graph_nodes.remove_node(
        context, node_id, expected_version=default(input.expected_version, None)
    )
    payload = RemoveGraphNodePayload(
        removed_id=global_id_of(NODES, node_id),
        removed_edge_ids=edge_ids(removed.edge_ids),
        cleared_sessions=removed.cleared_sessions,
        graph_id=removed.graph_id,
    )
    return await finish(context, input, payload, removed.graph_id, Drafted(), removed_id=None)


@change_input
class AddGraphEdgeInput(StructureInput):
    """An edge to add between two nodes of a graph, which may have 2,000 edges."""

    from_: strawberry.ID = strawberry.field(name="from", description="The node it starts at.")
    to: strawberry.ID = required("The node it leads to, of the same graph; it may be the same.")
    condition_type: ConditionType = required("What its condition looks at.")
    intent_pattern: str | None = optional("Keywords, separated by commas; any of them matches.")
    natural_language_trigger: str | None = optional("The situation in words.")
    mathematical_expression: str | None = optional("The formula, like `call_duration > 600`.")
    state_variable_condition: JSON | None = optional("Variable, operator and value: a JSON object.")
    condition_logic: ConditionLogic | None = optional("How several conditions combine; or AND.")
    priority: int | None = optional("Lower numbers are tried first; 0 without.")
    is_active: bool | None = optional("Whether it may be taken; true without.")
    handoff_sentence: str | None = optional("What is said at the handover; silent without.")
    description: str | None = optional("A note for people.")
    expected_version: int | None = optional(EXPECTED_VERSION)


@payload
class AddGraphEdgePayload(StructurePayload):
    """An edge that was added."""

    edge: GraphEdge | None = one("The edge; null when it was not added.", EDGES, "object_id")
    graph: AssistantGraph | None = one(GRAPH, GRAPHS, "graph_id")


@mutation("Add an edge between two nodes of a graph; its conversations go on.")
async def add_graph_edge(context: Context, input: AddGraphEdgeInput) -> AddGraphEdgePayload:
    problems = ProblemList()
    values = values_of(input, "from_", "to", *_NO_COLUMNS)
    values |= {"from_node_id": input.from_, "to_node_id": input.to}
    _read_keys(values, problems, from_node_id=NODES, to_node_id=NODES)
    added = await graph_edges.add_edge(
        context,
        values,
        expected_version=default(input.expected_version, None),
        problems=problems.items,
    )
    payload = AddGraphEdgePayload(object_id=added.edge_id, graph_id=added.graph_id)
    drafted_ids = Drafted(edges={added.edge_id: NEW})
    return await finish(context, input, payload, added.graph_id, drafted_ids, object_id=None)


@change_input
class UpdateGraphEdgeInput(StructureInput):
    """What to change of an edge; what is absent stays, and null removes a text."""

    id: strawberry.ID = required(ID)
    from_: strawberry.ID | None = strawberry.field(
        name="from", default=strawberry.UNSET, description="The node it starts at."
    )
    to: strawberry.ID | None = optional("The node it leads to, of the same graph.")
    condition_type: ConditionType | None = optional("What its condition looks at.")
    intent_pattern: str | None = optional("Keywords, separated by commas; any of them matches.")
    natural_language_trigger: str | None = optional("The situation in words.")
    mathematical_expression: str | None = optional("The formula, like `call_duration > 600`.")
    state_variable_condition: JSON | None = optional("Variable, operator and value: a JSON object.")
    condition_logic: ConditionLogic | None = optional("How several conditions combine.")
    priority: int | None = optional("Lower numbers are tried first.")
    is_active: bool | None = optional("Whether it may be taken.")
    handoff_sentence: str | None = optional("What is said at the handover; null for silence.")
    description: str | None = optional("A note for people.")
    expected_version: int | None = optional(EXPECTED_VERSION)


@payload
class UpdateGraphEdgePayload(StructurePayload):
    """An edge that was changed."""

    edge: GraphEdge | None = one("The edge; null when it was not changed.", EDGES, "object_id")
    graph: AssistantGraph | None = one(GRAPH, GRAPHS, "graph_id")


@mutation("Change an edge, or lead it between other nodes; its id stays.")
async def update_graph_edge(
    context: Context, input: UpdateGraphEdgeInput
) -> UpdateGraphEdgePayload:
    problems = ProblemList()
    edge_id = key_of(input.id, EDGES)
    changes = changes_of(input, "id", *_NO_COLUMNS)
    for name, column in (("from_", "from_node_id"), ("to", "to_node_id")):
        if name in changes:
            changes[column] = changes.pop(name)
    _read_keys(changes, problems, from_node_id=NODES, to_node_id=NODES)
    graph_id = await graph_edges.update_edge(
        context,
        edge_id,
        changes,
        expected_version=default(input.expected_version, None),
        problems=problems.items,
    )
    payload = UpdateGraphEdgePayload(object_id=edge_id, graph_id=graph_id)
    return await finish(context, input, payload, graph_id, Drafted())


@change_input
class RemoveGraphEdgeInput(StructureInput):
    """An edge to remove."""

    id: strawberry.ID = required(ID)
    expected_version: int | None = optional(EXPECTED_VERSION)


@payload
class RemoveGraphEdgePayload(StructurePayload):
    """An edge that is gone."""

    removed_id: strawberry.ID | None = strawberry.field(
        default=None, description="Its global id; null when it was not removed."
    )
    graph: AssistantGraph | None = one(GRAPH, GRAPHS, "graph_id")


@mutation("Remove an edge; transitions that took it stay, and conversations go on.")
async def remove_graph_edge(
    context: Context, input: RemoveGraphEdgeInput
) -> RemoveGraphEdgePayload:
    edge_id = key_of(input.id, EDGES)
    graph_id = await graph_edges.remove_edge(
        context, edge_id, expected_version=default(input.expected_version, None)
    )
    payload = RemoveGraphEdgePayload(removed_id=global_id_of(EDGES, edge_id), graph_id=graph_id)
    return await finish(context, input, payload, graph_id, Drafted(), removed_id=None)


MUTATIONS = (
    add_graph_node,
    update_graph_node,
    remove_graph_node,
    add_graph_edge,
    update_graph_edge,
    remove_graph_edge,
)


def _read_keys(values: dict[str, Any], problems: ProblemList, **resources: Resource) -> None:
    """Make ids of the input integers; one that cannot be read becomes a problem."""
    for column, resource in resources.items():
        if values.get(column) is None:
            continue
        try:
            values[column] = key_of(values[column], resource, column)
        except Invalid as error:
            problems.items += error.problems
            del values[column]
