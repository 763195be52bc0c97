"""What a graph is asked to become, as values that both doors can make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gql.models.enums import ConditionLogic, NodeType


@dataclass(frozen=True, slots=True)
class NodeDraft:
    """A node to make.

    Attributes:
        assistant_id: An assistant of the organization; None when the door has told what is wrong.
        node_type: One of the documented words.
        position: `{"x": number, "y": number}`; the origin, without.
        configuration: A JSON object.
    """

    assistant_id: int | None
    node_type: str = NodeType.STANDARD
    position: Mapping[str, Any] | None = None
    configuration: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class EdgeDraft:
    """An edge to make; the texts are the documented columns of the same names.

    Attributes:
        from_index: Where it starts, as a 0-based index into the nodes; None when the door has told
            what is wrong.
        to_index: Where it leads, likewise.
        condition_type: One of the documented words; None when the request has none.
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


@dataclass(frozen=True, slots=True)
class GraphDraft:
    """A graph to make, with its structure."""

    name: str
    description: str | None = None
    is_active: bool = True
    configuration: Mapping[str, Any] = field(default_factory=dict)
    nodes: Sequence[NodeDraft] = ()
    edges: Sequence[EdgeDraft] = ()


@dataclass(frozen=True, slots=True)
class Created:
    """A new graph: its id, and those of its nodes and edges in the order of the draft."""

    graph_id: int
    node_ids: tuple[int, ...]
    edge_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Replaced:
    """What became of a graph's structure; after a dry run, what would have.

    Attributes:
        node_ids: In the order of the request; none after a dry run.
        edge_ids: Likewise.
        cleared_sessions: How many active graph sessions were deleted.
        version: The graph's version now; a dry run leaves it as it was.
    """

    node_ids: tuple[int, ...]
    edge_ids: tuple[int, ...]
    cleared_sessions: int
    version: int
