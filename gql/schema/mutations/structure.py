"""The structure of a graph as mutations take it: nodes by keys of the client's own."""

from collections.abc import Sequence
from typing import Any

import strawberry
from strawberry.scalars import JSON

from gql.domain.assistants import ASSISTANTS
from gql.domain.graphs import EDGES, NODES
from gql.domain.writes.drafts import EdgeDraft, NodeDraft
from gql.domain.writes.validation import ProblemList
from gql.errors import Invalid
from gql.schema.enums import ConditionLogic, ConditionType, NodeType
from gql.schema.mutations.payloads import optional, required
from gql.schema.mutations.run import global_id_of, key_of, values_of
from gql.schema.node import DATABASE_ID_DESCRIPTION, USE_FULL_DATABASE_ID, int_of
from gql.schema.scalars import BigInt

LONGEST_KEY = 100
"""Characters of a client's key for a node."""


@strawberry.input(description="Where a node lies on the canvas of a graph editor.")
class PositionInput:
    x: float = required("To the right.")
    y: float = required("Downwards.")


@strawberry.input(description="A node to make.")
class GraphNodeInput:
    key: str = required("Your name for it within this input; edges refer to it. It is not kept.")
    assistant_id: strawberry.ID = required("Who speaks here: the global id or the integer.")
    node_type: NodeType | None = strawberry.field(
        default=NodeType.STANDARD, description="What it is for; a graph has at most one ENTRY."
    )
    position: PositionInput | None = optional("Where it lies; at the origin, without.")
    configuration: JSON | None = optional("Free-form settings of the node: a JSON object.")


@strawberry.input(description="An edge to make.")
class GraphEdgeInput:
    from_: str = strawberry.field(name="from", description="The key of the node it starts at.")
    to: str = required("The key of the node it leads to.")
    condition_type: ConditionType = required("What its condition looks at.")
    intent_pattern: str | None = optional("Keywords, separated by commas; any of them matches.")
    natural_language_trigger: str | None = optional("The situation in words.")
    mathematical_expression: str | None = optional("The formula, like `call_duration > 600`.")
    state_variable_condition: JSON | None = optional("Variable, operator and value: a JSON object.")
    condition_logic: ConditionLogic | None = strawberry.field(
        default=ConditionLogic.AND, description="How several conditions combine."
    )
    priority: int | None = strawberry.field(default=0, description="Lower numbers are tried first.")
    is_active: bool | None = strawberry.field(default=True, description="Whether it may be taken.")
    handoff_sentence: str | None = optional("What is said at the handover; silent without.")
    description: str | None = optional("A note for people.")


def _database_id(root: strawberry.Parent["KeyedNode"]) -> int | None:
    return int_of(root.full_database_id)


@strawberry.type(description="A node that a mutation made, under the key that the input gave it.")
class KeyedNode:
    key: str = strawberry.field(description="The key in the input.")
    id: strawberry.ID = strawberry.field(description="Its global id.")
    full_database_id: BigInt = strawberry.field(description="Its documented integer id.")
    database_id: int | None = strawberry.field(
        resolver=_database_id,
        description=DATABASE_ID_DESCRIPTION,
        deprecation_reason=USE_FULL_DATABASE_ID,
    )


def drafts_of(
    nodes: Sequence[GraphNodeInput], edges: Sequence[GraphEdgeInput], problems: ProblemList
) -> tuple[list[NodeDraft], list[EdgeDraft]]:
    """The structure by indexes; keys and ids that cannot be used become problems and None."""
    indexes: dict[str, int] = {}
    for index, node in enumerate(nodes):
        path = ("nodes", index, "key")
        problems.check_name(path, node.key, longest=LONGEST_KEY)
        first = indexes.setdefault(node.key, index)
        if first != index:
            text = f"is {node.key[:40]!r}, but nodes[{first}] has that key already"
            problems.add(path, text, "ALREADY_EXISTS")
    return (
        [_node_draft(index, node, problems) for index, node in enumerate(nodes)],
        [_edge_draft(index, edge, indexes, problems) for index, edge in enumerate(edges)],
    )


NodeIds = list[tuple[str, int]]
"""The key and the id of each node."""


def node_ids(nodes: Sequence[GraphNodeInput], ids: Sequence[int]) -> NodeIds:
    return [(node.key, node_id) for node, node_id in zip(nodes, ids, strict=False)]


def edge_ids(ids: Sequence[int]) -> list[strawberry.ID]:
    return [global_id_of(EDGES, edge_id) for edge_id in ids]


def keyed_nodes(description: str) -> Any:
    """The field of a payload with the nodes that its `node_ids` name."""

    def resolve(root: strawberry.Parent[Any]) -> list[KeyedNode]:
        return [
            KeyedNode(key=key, id=global_id_of(NODES, node_id), full_database_id=BigInt(node_id))
            for key, node_id in root.node_ids
        ]

    return strawberry.field(resolve, description=description)


def with_position(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a node, whose position is an object of JSON."""
    position = values.get("position")
    if position is None:
        return values
    return values | {"position": {"x": position.x, "y": position.y}}


def _node_draft(index: int, node: GraphNodeInput, problems: ProblemList) -> NodeDraft:
    assistant_id: int | None = None
    try:
        assistant_id = key_of(node.assistant_id, ASSISTANTS, "nodes", index, "assistant_id")
    except Invalid as error:
        problems.items += error.problems
    values = values_of(node, "key", "assistant_id")
    return NodeDraft(assistant_id, **with_position(values))


def _edge_draft(
    index: int, edge: GraphEdgeInput, indexes: dict[str, int], problems: ProblemList
) -> EdgeDraft:
    for field, key in (("from_node_id", edge.from_), ("to_node_id", edge.to)):
        if key not in indexes:
            text = f"is {key[:40]!r}, but no node of the input has that key"
            problems.add(("edges", index, field), text, "NOT_FOUND")
    values = values_of(edge, "from_", "to")
    return EdgeDraft(indexes.get(edge.from_), indexes.get(edge.to), **values)
