"""The structure of a graph as a request describes it, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from gql.domain.graph_versions import Element, Structure
from gql.models.enums import ConditionLogic, NodeType


@dataclass(frozen=True, slots=True)
class NodeDraft:
    """A node to make.

    Attributes:
        assistant_id: An assistant of the organization; None when the request has no such id, which
            is among its problems already.
        position: `{"x": number, "y": number}`; None for the origin.
        key: What the graph calls it, where that is not known by its id.
    """

    assistant_id: int | None
    node_type: str = NodeType.STANDARD
    position: Mapping[str, Any] | None = None
    configuration: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None


@dataclass(frozen=True, slots=True)
class EdgeDraft:
    """An edge to make; all but the indexes are columns of `GraphEdge`.

    Attributes:
        from_index: Where it starts, as a 0-based index into the nodes; None when the request has no
            such index, which is among its problems already.
        to_index: Where it leads, likewise.
    """

    from_index: int | None
    to_index: int | None
    condition_type: str | None = None
    intent_pattern: str | None = None
    natural_language_trigger: str | None = None
    mathematical_expression: str | None = None
    state_variable_condition: Mapping[str, Any] | None = None
    condition_logic: str = ConditionLogic.AND
    priority: int = 0
    is_active: bool = True
    handoff_sentence: str | None = None
    description: str | None = None


def drafts_of_structure(structure: Structure) -> tuple[list[NodeDraft], list[EdgeDraft]]:
    """A structure that a graph had, to be made again."""
    index_of = {node["id"]: index for index, node in enumerate(structure["nodes"])}
    nodes = [NodeDraft(**_columns(node, NodeDraft)) for node in structure["nodes"]]
    edges = [
        EdgeDraft(
            index_of[edge["from_node_id"]],
            index_of[edge["to_node_id"]],
            **_columns(edge, EdgeDraft),
        )
        for edge in structure["edges"]
    ]
    return nodes, edges


def _columns(element: Element, draft: type[NodeDraft] | type[EdgeDraft]) -> dict[str, Any]:
    """The columns of a node or an edge that a draft of it has."""
    names = {each.name for each in fields(draft)}
    return {name: value for name, value in element.items() if name in names}


@dataclass(frozen=True, slots=True)
class CreatedGraph:
    """The ids of a new graph, and of its nodes and edges in the order of the request."""

    id: int
    node_ids: tuple[int, ...]
    edge_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReplacedStructure:
    """What became of a graph's structure.

    Attributes:
        node_ids: In the order of the request.
        edge_ids: Likewise.
        cleared_sessions: How many active graph sessions were deleted.
        version: The graph's version now.
    """

    node_ids: tuple[int, ...]
    edge_ids: tuple[int, ...]
    cleared_sessions: int
    version: int
