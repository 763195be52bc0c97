"""The bodies that graphs are written with, and the drafts that they become."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from gql.domain.writes.drafts import EdgeDraft, NodeDraft
from gql.rest.partial_body import PartialBody

NodeType = Literal["entry", "standard", "exit", "escalation"]
ConditionType = Literal["intent", "natural_language", "mathematical", "state_variable"]
ConditionLogic = Literal["AND", "OR"]


def _no_boolean(value: Any) -> Any:
    """Python counts `true` as 1, but it names no node and no assistant."""
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


Whole = Annotated[int, BeforeValidator(_no_boolean)]


class Position(BaseModel):
    """A place on a canvas; numbers are kept as they were sent."""

    x: int | float
    y: int | float


class NodeIn(BaseModel):
    """A node to make."""

    assistant_id: Whole = Field(description="An assistant of the organization.")
    node_type: NodeType | None = Field("standard", description="`standard` when null, too.")
    position: Position | None = Field(None, description="The origin, without.")
    configuration: dict[str, Any] | None = Field(
        None,
        description="Known keys: `knowledge_base_files`, `custom_tools`, `max_session_duration`"
        " (minutes), `custom_settings`.",
    )


class EdgeIn(BaseModel):
    """An edge to make."""

    from_node_id: Whole = Field(description="A 0-based index into `nodes`, not a database id.")
    to_node_id: Whole = Field(description="A 0-based index into `nodes`, not a database id.")
    condition_type: ConditionType | None = Field(
        None, description="Required when a graph is created; otherwise `natural_language`."
    )
    intent_pattern: str | None = Field(None, description="Keywords, separated by commas.")
    natural_language_trigger: str | None = None
    mathematical_expression: str | None = Field(None, description="Such as `call_duration > 600`.")
    state_variable_condition: dict[str, Any] | None = Field(
        None, description="`variable`, `operator` and `value`."
    )
    condition_logic: ConditionLogic | None = Field("AND", description="`AND` when null, too.")
    priority: Whole | None = Field(
        0, description="The lower, the earlier it is evaluated; 0 when null, too."
    )
    is_active: bool | None = Field(True, description="True when null, too.")
    handoff_sentence: str | None = Field(None, description="Without one the handover is silent.")
    description: str | None = None


class GraphIn(BaseModel):
    """A graph to make."""

    name: str = Field(description="Unique in the organization.")
    description: str | None = None
    configuration: dict[str, Any] | None = None
    nodes: list[NodeIn] | None = None
    edges: list[EdgeIn] | None = None


class StructureIn(BaseModel):
    """The nodes and edges that replace all there are."""

    nodes: list[NodeIn]
    edges: list[EdgeIn]


class GraphChanges(BaseModel):
    """What to change; what is left out stays, and so does what cannot be null."""

    name: str | None = None
    description: str | None = Field(None, description="Null clears it.")
    is_active: bool | None = None
    configuration: dict[str, Any] | None = None


Drafts = tuple[tuple[NodeDraft, ...], tuple[EdgeDraft, ...]]


def graph_columns(body: PartialBody[GraphIn]) -> dict[str, Any]:
    """The columns that a body sets, as far as they fit; null ones are left to their defaults."""
    return body.value.model_dump(exclude={"nodes", "edges"}, exclude_none=True)


def structure_drafts(body: PartialBody[GraphIn] | PartialBody[StructureIn]) -> Drafts:
    """The nodes and edges of a body, as far as they fit."""
    nodes = tuple(_node(node) for node in body.value.nodes or ())
    if not isinstance(body.value.nodes, list) and not body.fits("nodes"):
        # Without nodes every edge would be reported too, though nothing is wrong with it.
        return nodes, ()
    edges = enumerate(body.value.edges or ())
    return nodes, tuple(_edge(edge, body.fits("edges", at)) for at, edge in edges)


def _node(node: NodeIn) -> NodeDraft:
    columns = node.model_dump(exclude={"assistant_id"}, exclude_none=True)
    return NodeDraft(node.assistant_id, **columns)


def _edge(edge: EdgeIn, fits: bool) -> EdgeDraft:
    columns = edge.model_dump(exclude={"from_node_id", "to_node_id"}, exclude_none=True)
    if not fits:
        # An edge whose form is wrong anyway is not reported for a missing condition as well.
        columns.setdefault("condition_type", "intent")
    return EdgeDraft(edge.from_node_id, edge.to_node_id, **columns)
