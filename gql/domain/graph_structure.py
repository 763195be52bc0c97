"""The nodes and edges of a graph as plain values: stored ones, or those of a draft."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gql.models.enums import ConditionLogic, ConditionType, NodeType


@dataclass(frozen=True, slots=True)
class StructureNode:
    """A node.

    Attributes:
        id: Of its row; its index, in a draft.
        assistant_id: None when a draft names no assistant.
        label: What sentences call it: `node 103 (Support Agent)`.
    """

    id: int
    assistant_id: int | None
    node_type: str = NodeType.STANDARD
    configuration: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""


@dataclass(frozen=True, slots=True)
class StructureEdge:
    """An edge.

    Attributes:
        id: Of its row; its index, in a draft.
        from_node_id: None when a draft names no node.
        to_node_id: Likewise.
        label: What sentences call it: `edge 201`.
    """

    id: int
    from_node_id: int | None
    to_node_id: int | None
    condition_type: str = ConditionType.NATURAL_LANGUAGE
    intent_pattern: str | None = None
    natural_language_trigger: str | None = None
    mathematical_expression: str | None = None
    state_variable_condition: Mapping[str, Any] | None = None
    condition_logic: str = ConditionLogic.AND
    priority: int = 0
    is_active: bool = True
    handoff_sentence: str | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class AssistantState:
    """An assistant that there is."""

    name: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class GraphStructure:
    """A graph to look at.

    Attributes:
        nodes: By id.
        edges: By id.
        assistants: Those of the nodes that there are, by id.
        configuration: The graph's own.
        session_variables: Variables that recent graph sessions have in their context; None when no
            session is recorded.
    """

    nodes: Sequence[StructureNode]
    edges: Sequence[StructureEdge]
    assistants: Mapping[int, AssistantState] = field(default_factory=dict)
    configuration: Mapping[str, Any] = field(default_factory=dict)
    session_variables: Collection[str] | None = None
