"""The documented shapes of assistant graphs: what callers send, and what they are answered."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from gql.domain.assistants import ASSISTANTS
from gql.domain.graphs import EDGES, NODES, OF_GRAPH
from gql.engine.fields import ColumnSource, CountSource, JoinedSource, ManySource
from gql.engine.plan import PlanNode
from gql.engine.rest_fields import fields, with_constants

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


class Node(BaseModel):
    """A node."""

    id: int
    graph_id: int
    assistant_id: int
    node_type: NodeType
    position: Position
    configuration: dict[str, Any]
    created_at: datetime
    assistant_name: str
    assistant_description: str | None


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
    nodes: list[Node]
    edges: list[Edge]
    total_nodes: int
    total_edges: int
    created_at: datetime
    updated_at: datetime


class Deleted(BaseModel):
    """That something is gone."""

    success: bool
    message: str


NODE_FIELDS = fields(
    id="number",
    graph_id="number",
    assistant_id="number",
    node_type="word",
    position="json",
    configuration="json",
    created_at="timestamp",
    assistant_name=JoinedSource(ASSISTANTS, "assistant_id", "id", ColumnSource("name", "text")),
    assistant_description=JoinedSource(
        ASSISTANTS, "assistant_id", "id", ColumnSource("description", "text")
    ),
)
"""A node as it is answered."""

EDGE_FIELDS = fields(
    id="number",
    graph_id="number",
    from_node_id="number",
    to_node_id="number",
    condition_type="word",
    intent_pattern="text",
    natural_language_trigger="text",
    mathematical_expression="text",
    state_variable_condition="json",
    condition_logic="word",
    priority="number",
    is_active="boolean",
    handoff_sentence="text",
    description="text",
    created_at="timestamp",
    updated_at="timestamp",
)
"""An edge as it is answered."""

GRAPH_FIELDS = fields(
    id="number",
    organization_id="number",
    name="text",
    description="text",
    is_active="boolean",
    configuration="json",
    nodes=PlanNode(ManySource(NODES, OF_GRAPH), NODE_FIELDS),
    edges=PlanNode(ManySource(EDGES, OF_GRAPH), EDGE_FIELDS),
    total_nodes=CountSource(NODES, OF_GRAPH),
    total_edges=CountSource(EDGES, OF_GRAPH),
    created_at="timestamp",
    updated_at="timestamp",
)
"""A graph as it is answered."""

LISTED_GRAPH_FIELDS = with_constants(GRAPH_FIELDS, nodes="[]", edges="[]")
"""A graph in a list: without its structure."""
