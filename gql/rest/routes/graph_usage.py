"""What a graph is used for, and where messages would lead in it."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gql.domain.assistants import ASSISTANTS
from gql.domain.graph_analytics import GraphUsage, NodeUsage, analyse_graph
from gql.domain.graph_reading import EDGES_OF_GRAPH, NODES_OF_GRAPH
from gql.domain.graph_walk import MOST_MESSAGES, Step, Walker
from gql.domain.graphs import GRAPHS
from gql.errors import BadInput
from gql.identity import Permission
from gql.kinds import Kind, reading
from gql.loaders.record_loaders import ChildrenByParentLoader, RecordByKeyLoader
from gql.models.enums import NodeType
from gql.query.context import Context
from gql.query.resource import Record
from gql.query.weights import COMPARED_ROW
from gql.rest.route import Answer, route
from gql.rest.routes.graphs import TAG, GraphPath

_UNUSED = NodeUsage(0, 0.0, 0.0)

USUAL_TRANSITIONS = 10_000
"""In all graph sessions of a graph: 500, of 20 each."""


class UsagePeriod(BaseModel):
    """How far to look back."""

    days: Annotated[int, Field(ge=1, le=365)] = 30


class Transition(BaseModel):
    """A way between two assistants; the percentage is of all transitions, 0 to 100."""

    from_node: str | None
    to_node: str | None
    count: int
    percentage: float


class Usage(BaseModel):
    """One node; seconds, and the part of its visits, 0 to 1, that ended the conversation."""

    node_name: str | None
    sessions_started: int
    avg_time_in_node: float
    exit_rate: float


class Analytics(BaseModel):
    """The use of a graph; seconds."""

    graph_id: int
    graph_name: str
    period_days: int
    total_sessions: int
    total_transitions: int
    avg_session_duration: float
    most_used_transitions: list[Transition]
    node_usage_stats: dict[str, Usage]


class Messages(BaseModel):
    """What a customer says, in order."""

    test_messages: list[str] = Field(max_length=MOST_MESSAGES)
    starting_node_id: int | None = Field(None, description="The entry node, without.")
    context: dict[str, Any] | None = Field(
        None, description="State variables, such as `call_duration`."
    )

    @model_validator(mode="before")
    @classmethod
    def _bare_array(cls, value: Any) -> Any:
        return {"test_messages": value} if isinstance(value, list) else value


class PathStep(BaseModel):
    """One message, and where it was heard."""

    node_id: int
    node_name: str | None
    message_processed: str
    transition_reason: str


class Triggered(BaseModel):
    """One transition, and what made it."""

    from_node: str | None
    to_node: str | None
    triggered_by_message: str
    condition_type: str
    matched_condition: str
    handoff_sentence: str | None


class Summary(BaseModel):
    """Where it ended."""

    total_messages: int
    total_transitions: int
    final_node: str | None


class Tested(BaseModel):
    """The way that messages take."""

    model_config = ConfigDict(title="GraphTest")

    success: bool
    graph_id: int
    test_messages: list[str]
    starting_node_id: int
    path_taken: list[PathStep]
    transitions: list[Triggered]
    summary: Summary


@route(
    "GET",
    "/api/v1/assistant-graphs/{graph_id}/analytics",
    tag=TAG,
    kinds=reading(Kind.GRAPHS),
    summary="Analyse the use of a graph",
    graphql=(
        "{ graph(id: 1005) { analytics(days: 30) { sessions transitions averageSeconds "
        "mostUsedTransitions { fromName toName count } nodes { nodeId visits averageSeconds exits "
        "} } } }"
    ),
    points=COMPARED_ROW.points * USUAL_TRANSITIONS,
    answers={200: Answer("The use in the last days.", Analytics)},
    errors=(404,),
)
async def analyse(context: Context, path: GraphPath, query: UsagePeriod) -> dict[str, Any]:
    """Sessions that began in the last days, the ways they took, and the time in each node."""
    graph = await RecordByKeyLoader.of(context, GRAPHS).require(path.graph_id)
    usage = await analyse_graph(context, graph.id, query.days)
    nodes = await ChildrenByParentLoader.of(context, NODES_OF_GRAPH).load(graph.id)
    names = await _names(context, nodes)
    return {
        "graph_id": graph.id,
        "graph_name": graph.name,
        "period_days": query.days,
        "total_sessions": usage.sessions,
        "total_transitions": usage.transitions,
        "avg_session_duration": usage.seconds,
        "most_used_transitions": _transitions(usage),
        "node_usage_stats": {
            str(node_id): _node_usage(name, usage, node_id) for node_id, name in names.items()
        },
    }


@route(
    "POST",
    "/api/v1/assistant-graphs/{graph_id}/test",
    tag=TAG,
    kinds=reading(Kind.GRAPHS),
    summary="Test a graph",
    answers={200: Answer("The way that the messages take.", Tested)},
    errors=(400, 404),
    permission=Permission.READ,
    example={"test_messages": ["I want to buy a plan"], "starting_node_id": 101},
)
async def try_messages(context: Context, path: GraphPath, body: Messages) -> dict[str, Any]:
    """Simulate transitions, writing nothing; natural language conditions are not evaluated.

    The body may also be a bare array of messages.
    """
    await RecordByKeyLoader.of(context, GRAPHS).require(path.graph_id)
    nodes = await ChildrenByParentLoader.of(context, NODES_OF_GRAPH).load(path.graph_id)
    start = _start(nodes, body.starting_node_id)
    edges = await ChildrenByParentLoader.of(context, EDGES_OF_GRAPH).load(path.graph_id)
    names = await _names(context, nodes)
    steps = Walker(edges).walk(start, body.test_messages, body.context or {})
    followed = [step for step in steps if step.edge is not None]
    final = followed[-1].edge.to_node_id if followed and followed[-1].edge else start
    return {
        "success": True,
        "graph_id": path.graph_id,
        "test_messages": body.test_messages,
        "starting_node_id": start,
        "path_taken": [
            {
                "node_id": step.node_id,
                "node_name": names[step.node_id],
                "message_processed": step.message,
                "transition_reason": step.reason,
            }
            for step in steps
        ],
        "transitions": [_triggered(step, names) for step in followed],
        "summary": {
            "total_messages": len(steps),
            "total_transitions": len(followed),
            "final_node": names[final],
        },
    }


def _start(nodes: list[Record], node_id: int | None) -> int:
    """The id of the node that hears the first message: an entry node when none is named."""
    starts = [
        node.id
        for node in nodes
        if (node.node_type == NodeType.ENTRY if node_id is None else node.id == node_id)
    ]
    if starts:
        return int(starts[0])
    if node_id is None:
        raise BadInput("The graph has no entry node to start from; name one in starting_node_id.")
    raise BadInput(f"starting_node_id is {node_id}, but the graph has no such node.")


async def _names(context: Context, nodes: list[Record]) -> dict[int, str | None]:
    """What nodes are called, after their assistants."""
    ids = [node.assistant_id for node in nodes]
    assistants = await RecordByKeyLoader.of(context, ASSISTANTS).load_many(ids)
    return {
        node.id: assistant and assistant.name
        for node, assistant in zip(nodes, assistants, strict=True)
    }


def _transitions(usage: GraphUsage) -> list[dict[str, Any]]:
    return [
        {
            "from_node": each.from_name,
            "to_node": each.to_name,
            "count": each.count,
            "percentage": round(100 * each.count / usage.transitions, 1),
        }
        for each in usage.most_used
    ]


def _node_usage(name: str | None, usage: GraphUsage, node_id: int) -> dict[str, Any]:
    node = usage.nodes.get(node_id, _UNUSED)
    return {
        "node_name": name,
        "sessions_started": node.started,
        "avg_time_in_node": node.seconds,
        "exit_rate": round(node.exit_rate, 4),
    }


def _triggered(step: Step, names: dict[int, str | None]) -> dict[str, Any]:
    edge: Record = step.edge
    return {
        "from_node": names[edge.from_node_id],
        "to_node": names[edge.to_node_id],
        "triggered_by_message": step.message,
        "condition_type": edge.condition_type,
        "matched_condition": step.matched,
        "handoff_sentence": edge.handoff_sentence,
    }
