"""The names in graph sessions: active sessions follow a change, ended ones keep what they have.

And the version of the structure that each started on.
"""

from sqlalchemy import ColumnElement, func, select, update

from gql.domain.assistants import ASSISTANTS
from gql.domain.graph_sessions import GRAPH_SESSIONS
from gql.domain.graph_versions import GRAPH_VERSIONS
from gql.domain.graphs import GRAPHS, NODES
from gql.domain.writes.transaction import WriteContext
from gql.models.scope import owned

_SESSIONS = GRAPH_SESSIONS.table
_NODES = NODES.table
_ASSISTANTS = ASSISTANTS.table
_GRAPHS = GRAPHS.table
_VERSIONS = GRAPH_VERSIONS.table


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


async def set_versions(write: WriteContext, *sessions: ColumnElement[bool]) -> None:
    """Let sessions have the version that their graph's structure had when they started."""
    former = (
        select(func.min(_VERSIONS.c.version))
        .where(
            _VERSIONS.c.graph_id == _SESSIONS.c.graph_id,
            _VERSIONS.c.replaced_at > _SESSIONS.c.started_at,
            owned(_VERSIONS, write.organization_id),
        )
        .correlate(_SESSIONS)
        .scalar_subquery()
    )
    latest = (
        select(_GRAPHS.c.version)
        .where(_GRAPHS.c.id == _SESSIONS.c.graph_id, owned(_GRAPHS, write.organization_id))
        .correlate(_SESSIONS)
        .scalar_subquery()
    )
    own = (*sessions, owned(_SESSIONS, write.organization_id))
    version = func.coalesce(former, latest)
    await write.run(update(_SESSIONS).where(*own).values(graph_version=version))


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
