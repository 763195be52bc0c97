"""The names in graph sessions: active sessions follow a change, ended ones keep what they have."""

from sqlalchemy import ColumnElement, func, select, update

from gql.domain.assistants import ASSISTANTS
from gql.domain.graph_sessions import GRAPH_SESSIONS
from gql.domain.graphs import NODES
from gql.domain.writes.transaction import WriteContext
from gql.models.scope import owned

_SESSIONS = GRAPH_SESSIONS.table
_NODES = NODES.table
_ASSISTANTS = ASSISTANTS.table


async def rename_graph(write: WriteContext, graph_id: int, name: str) -> None:
    """Let the active sessions of a graph have its new name."""
    own = (_SESSIONS.c.graph_id == graph_id, owned(_SESSIONS, write.organization_id))
    renamed = update(_SESSIONS).where(*own, _SESSIONS.c.is_active).values(graph_name=name)
    await write.run(renamed)


async def rename_speaker(write: WriteContext, name: str, *nodes: ColumnElement[bool]) -> None:
    """Let the active sessions at some nodes have the name of who speaks there now."""
    at = select(_NODES.c.id).where(*nodes, owned(_NODES, write.organization_id))
    own = (_SESSIONS.c.current_node_id.in_(at), owned(_SESSIONS, write.organization_id))
    renamed = update(_SESSIONS).where(*own, _SESSIONS.c.is_active)
    await write.run(renamed.values(current_assistant_name=name))


async def keep_names(write: WriteContext, *sessions: ColumnElement[bool]) -> None:
    """Let ended sessions keep the assistant's name instead of a node that is deleted next."""
    name = (
        select(_ASSISTANTS.c.name)
        .join_from(_NODES, _ASSISTANTS, _ASSISTANTS.c.id == _NODES.c.assistant_id)
        .where(
            _NODES.c.id == _SESSIONS.c.current_node_id,
            owned(_NODES, write.organization_id),
            owned(_ASSISTANTS, write.organization_id),
        )
        .correlate(_SESSIONS)
        .scalar_subquery()
    )
    await write.run(
        update(_SESSIONS)
        .where(
            *sessions,
            ~_SESSIONS.c.is_active,
            _SESSIONS.c.current_node_id.is_not(None),
            owned(_SESSIONS, write.organization_id),
        )
        .values(
            current_assistant_name=func.coalesce(_SESSIONS.c.current_assistant_name, name),
            current_node_id=None,
        )
    )
