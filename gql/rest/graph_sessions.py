"""Graph sessions: conversations that walk a graph."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel

from gql.context import Context
from gql.domain import reading
from gql.domain.filters import Condition
from gql.domain.graph_sessions import GRAPH_SESSIONS
from gql.domain.graphs import GRAPHS
from gql.domain.paging import Paging
from gql.domain.resource import Record
from gql.errors import NotFound
from gql.rest import examples
from gql.rest.parameters import Paged, id_of
from gql.rest.route import Answer, RestRoute, route

TAG = "Graph sessions"


class GraphSession(BaseModel):
    """One conversation walking a graph."""

    id: int
    call_sid: str
    graph_id: int
    current_node_id: int | None
    context: dict[str, Any]
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
    summary="List the sessions of a graph",
    answers={200: Answer("Newest first.", list[GraphSession], examples.GRAPH_SESSIONS)},
    errors=(404,),
)
async def list_graph_sessions(
    context: Context, path: SessionsOf, query: SessionsPage
) -> list[dict[str, Any]]:
    """The conversations that walk or walked a graph, newest first."""
    if await reading.find(context, GRAPHS, path.graph_id) is None:
        raise NotFound("graph", path.graph_id)
    wanted = [Condition("graph_id", "eq", path.graph_id)]
    if query.active_only:
        wanted.append(Condition("is_active", "eq", True))
    newest = Paging(query.limit, "started_at", descending=True, offset=query.skip)
    page = await reading.page(context, GRAPH_SESSIONS, newest, filter=tuple(wanted))
    return [graph_session_wire(record) for record in page.records]


@route(
    "GET",
    "/api/v1/assistant-graphs/sessions/{call_sid}",
    tag=TAG,
    summary="Get a session by call SID",
    answers={200: Answer("The session.", GraphSession, examples.GRAPH_SESSIONS[0])},
    errors=(404,),
)
async def get_graph_session(context: Context, path: SessionSid) -> dict[str, Any]:
    """The session of one call; its SID must match exactly."""
    record = await reading.find(context, GRAPH_SESSIONS, path.call_sid, column="call_sid")
    if record is None:
        raise NotFound("graph_session", path.call_sid)
    return graph_session_wire(record)


def graph_session_wire(session: Record) -> dict[str, Any]:
    """A graph session as it is answered."""
    return {
        "id": session.id,
        "call_sid": session.call_sid,
        "graph_id": session.graph_id,
        "current_node_id": session.current_node_id,
        "context": session.conversation_context,
        "started_at": session.started_at,
        "ended_at": session.ended_at,
        "is_active": session.is_active,
        "current_assistant_name": session.current_assistant_name,
        "graph_name": session.graph_name,
    }


ROUTES: tuple[RestRoute, ...] = (get_graph_session, list_graph_sessions)
