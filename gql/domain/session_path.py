"""The way that a graph session took: which nodes, when, and what led from one to the next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gql.domain.graph_sessions import OF_GRAPH_SESSION, TRANSITIONS
from gql.domain.graph_versions import Element, Structure, VersionKey, structure_or_present
from gql.loaders.record_loaders import PageByParentLoader
from gql.query.context import Context
from gql.query.paging import Paging
from gql.query.record_list import RecordList
from gql.query.resource import Record

MOST_TRANSITIONS = 500
"""How many transitions of a session a path has, the first ones."""

_TRANSITIONS_OF_SESSION = RecordList(TRANSITIONS, link=OF_GRAPH_SESSION)
_FIRST = Paging(MOST_TRANSITIONS, "occurred_at", descending=False)


@dataclass(frozen=True, slots=True)
class PathStep:
    """One visit of a node.

    Attributes:
        node_id: None where the node is another system's.
        node_type: As it was in the session's version; None where that is not known.
        left_at: None while the session is there.
        transition: What led on from there; None at the end.
        edge: The edge that it took, as it was in the session's version.
    """

    node_id: int | None
    node_type: str | None
    node_name: str | None
    assistant_name: str | None
    entered_at: datetime
    left_at: datetime | None
    transition: Record | None
    edge: Element | None


async def session_path(context: Context, session: Record) -> list[PathStep]:
    """The visits of a session, the first one first; many sessions at once take few statements."""
    loader = PageByParentLoader.of(context, _TRANSITIONS_OF_SESSION, _FIRST)
    page = await loader.load(session.id)
    structure: Structure | None = None
    if session.graph_id is not None:
        key = VersionKey(session.graph_id, session.graph_version or 0)
        structure = await structure_or_present(context, key)
    steps = list(_steps(session, page.records, structure or {"nodes": (), "edges": ()}))
    return steps[:-1] if page.has_more else steps


def _steps(
    session: Record, transitions: Sequence[Record], structure: Structure
) -> Iterator[PathStep]:
    nodes, edges = ({each["id"]: each for each in structure[kind]} for kind in ("nodes", "edges"))
    entered_at, name = session.started_at, None
    for transition in transitions:
        left_at = transition.occurred_at or transition.created_at
        node_id = transition.from_node_id
        yield PathStep(
            node_id,
            _of(nodes, node_id, "node_type"),
            transition.from_node_name,
            transition.from_assistant_name or name or _of(nodes, node_id, "assistant_name"),
            entered_at,
            left_at,
            transition,
            edges.get(transition.edge_id),
        )
        entered_at, name = left_at, transition.to_assistant_name
    last = transitions[-1] if transitions else None
    node_id = session.current_node_id if last is None else last.to_node_id
    yield PathStep(
        node_id,
        _of(nodes, node_id, "node_type"),
        None if last is None else last.to_node_name,
        name or _of(nodes, node_id, "assistant_name") or session.current_assistant_name,
        entered_at,
        session.ended_at,
        None,
        None,
    )


def _of(nodes: Mapping[int, Element], node_id: int | None, column: str) -> Any:
    node = None if node_id is None else nodes.get(node_id)
    return None if node is None else node[column]
