"""The bodies that graphs are written with, and the drafts that they become."""

import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from gql.domain.writes.drafts import EdgeDraft, GraphDraft, NodeDraft
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
    node_type: NodeType = "standard"
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
    condition_logic: ConditionLogic = "AND"
    priority: Whole = Field(0, description="The lower, the earlier it is evaluated.")
    is_active: bool = True
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


def graph_draft(body: PartialBody[GraphIn]) -> GraphDraft:
    """The graph that a body asks for."""
    nodes, edges = structure_drafts(body)
    value = body.value
    return GraphDraft(
        # A name that nobody has: what is wrong with the one sent is told already.
        name=value.name if body.fits("name") else uuid.uuid4().hex,
        description=value.description,
        configuration=value.configuration or {},
        nodes=nodes,
        edges=edges,
    )


def structure_drafts(body: PartialBody[GraphIn] | PartialBody[StructureIn]) -> Drafts:
    """The nodes and edges that a body asks for."""
    nodes = tuple(_node(node) for node in body.value.nodes or ())
    if not isinstance(body.value.nodes, list) and not body.fits("nodes"):
        # Every edge would lead nowhere, and that is not what is wrong.
        return nodes, ()
    edges = enumerate(body.value.edges or ())
    return nodes, tuple(_edge(edge, body.fits("edges", at)) for at, edge in edges)


def _node(node: NodeIn) -> NodeDraft:
    position = node.position
    return NodeDraft(
        assistant_id=node.assistant_id,
        node_type=node.node_type,
        position={"x": position.x, "y": position.y} if position else None,
        configuration=node.configuration,
    )


def _edge(edge: EdgeIn, fits: bool) -> EdgeDraft:
    return EdgeDraft(
        from_index=edge.from_node_id,
        to_index=edge.to_node_id,
        # Of an edge whose form is wrong anyway, the condition is not asked for as well.
        condition_type=edge.condition_type if fits else edge.condition_type or "intent",
        intent_pattern=edge.intent_pattern,
        natural_language_trigger=edge.natural_language_trigger,
        mathematical_expression=edge.mathematical_expression,
        state_variable_condition=edge.state_variable_condition,
        condition_logic=edge.condition_logic,
        priority=edge.priority,
        is_active=edge.is_active,
        handoff_sentence=edge.handoff_sentence,
        description=edge.description,
    )
