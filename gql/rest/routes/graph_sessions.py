"""Graph sessions: conversations that walk a graph."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel

from gql.domain.graph_sessions import GRAPH_SESSIONS
from gql.domain.graphs import GRAPHS
from gql.engine.fields import ColumnSource
from gql.engine.rest_query import RestArguments
from gql.kinds import Kind, reading
from gql.query.filters import Condition
from gql.query.paging import Paging
from gql.rest.parameters import Paged, id_of
from gql.rest.reads import list_page, lookup
from gql.rest.route import Answer, route
from gql.rest.routes import graph_examples

TAG = "Graph sessions"


class GraphSession(BaseModel):
    """One conversation walking a graph."""

    id: int
    call_sid: str
    graph_id: int | None
    current_node_id: int | None
    context: Annotated[dict[str, Any], ColumnSource("conversation_context")]
    started_at: datetime
    ended_at: datetime | None
    is_active: bool
    current_assistant_name: str | None
    graph_name: str


class SessionsOf(BaseModel):
    """Whose graph sessions."""

    graph_id: Annotated[int, id_of("graph")]


class SessionsPage(Paged):
    """Which of them."""

    active_only: bool = False


class SessionSid(BaseModel):
    """Which graph session."""

    call_sid: str


@route(
    "GET",
    "/api/v1/assistant-graphs/{graph_id}/sessions",
    tag=TAG,
    kinds=reading(Kind.GRAPHS),
    summary="List the sessions of a graph",
    graphql=(
        "{ graph(id: 1) { sessions(filter: {isActive: true}) { nodes { id callSid context "
        "startedAt currentNode { id } } } } }"
    ),
    answers={200: Answer("Newest first.", list[GraphSession], graph_examples.GRAPH_SESSIONS)},
    errors=(404,),
    reads=lookup(GRAPHS, list_page(GRAPH_SESSIONS, GraphSession), noun="graph"),
)
def list_graph_sessions(path: SessionsOf, query: SessionsPage) -> RestArguments:
    """The conversations that walk or walked a graph, newest first."""
    conditions = [Condition("graph_id", "eq", path.graph_id)]
    if query.active_only:
        conditions.append(Condition("is_active", "eq", True))
    newest = Paging(query.limit, "started_at", descending=True, offset=query.skip)
    return RestArguments(path.graph_id, newest, tuple(conditions))


@route(
    "GET",
    "/api/v1/assistant-graphs/sessions/{call_sid}",
    tag=TAG,
    kinds=reading(Kind.GRAPHS),
    summary="Get a session by call SID",
    graphql=(
        '{ graphSession(callSid: "CA1234567890abcdef") { id context '
        "currentAssistantName graph { name } } }"
    ),
    answers={200: Answer("The session.", GraphSession, graph_examples.GRAPH_SESSIONS[0])},
    errors=(404,),
    reads=lookup(GRAPH_SESSIONS, GraphSession, noun="graph_session", by="call_sid"),
)
def get_graph_session(path: SessionSid) -> RestArguments:
    """The session of one call; its SID must match exactly."""
    return RestArguments(path.call_sid)
