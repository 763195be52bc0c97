"""The graph sessions that a batch of items is about, with their transitions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select

from gql.domain.writes.graph_sessions import set_versions
from gql.ingest.batch_writes import insert_rows, update_rows
from gql.ingest.call_batch import CallBatch, ItemRefused, call_key
from gql.ingest.items import SessionItem, TransitionItem
from gql.ingest.merge import Stamp
from gql.ingest.merged_session import MergedSession, SessionKey, session_key
from gql.models.enums import TransitionCondition
from gql.models.graph_session import GraphSession, GraphTransition
from gql.models.scope import owned, parameters, table_of
from gql.sql.keys import is_among

_SESSIONS = table_of(GraphSession)
_TRANSITIONS = table_of(GraphTransition)
_CONDITIONS = frozenset(map(str, TransitionCondition))
_READ = ("id", "external_id", "stamp", "from_node_key", "to_node_key")

AnySessionItem = SessionItem | TransitionItem


@dataclass
class SessionBatch:
    """Sessions while a batch of items is merged.

    Attributes:
        calls: What they belong to.
        sessions: By key.
        stored: By session: its transitions as they are stored, by key.
    """

    calls: CallBatch
    sessions: dict[SessionKey, MergedSession] = field(default_factory=dict)
    stored: dict[SessionKey, dict[str, Mapping[str, Any]]] = field(default_factory=dict)

    async def read(self, items: Sequence[AnySessionItem]) -> None:
        """Read the sessions that items are about, and those of the same calls.

        Their calls are read and locked before.
        """
        if not items:
            return
        write = self.calls.write
        keys = {session_key(item) for item in items}
        called = {call_key(item) for item in items}
        sids = [call.call_sid for key, call in self.calls.calls.items() if key in called]
        statement = select(_SESSIONS).where(
            owned(_SESSIONS),
            or_(
                is_among(_SESSIONS.c.source, sorted({source for source, _ in keys}))
                & is_among(_SESSIONS.c.external_id, sorted({each for _, each in keys})),
                is_among(_SESSIONS.c.call_sid, sids),
            ),
        )
        by_id = {}
        rows = await write.run(statement, parameters(write.organization_id))
        for row in rows.mappings():
            call = self.calls.sids.get(row["call_sid"], ("", row["call_sid"]))
            key = (row["source"] or "", row["external_id"] or row["call_sid"])
            self.sessions[key] = MergedSession.stored(dict(row), call)
            by_id[row["id"]] = self.sessions[key]
        if not by_id:
            return
        transitions = select(
            _TRANSITIONS.c.graph_session_id, *(_TRANSITIONS.c[name] for name in _READ)
        ).where(
            owned(_TRANSITIONS),
            is_among(_TRANSITIONS.c.graph_session_id, sorted(by_id)),
            _TRANSITIONS.c.external_id.is_not(None),
        )
        rows = await write.run(transitions, parameters(write.organization_id))
        for row in rows.mappings():
            session = by_id[row["graph_session_id"]]
            session.transitions.stamps[row["external_id"]] = row["stamp"] or ""
            self.stored.setdefault(session.key, {})[row["external_id"]] = dict(row)

    def take(self, item: AnySessionItem, stamp: Stamp) -> tuple[MergedSession, bool, bool]:
        """Take an item on a session.

        Returns:
            The session, whether the item is the first on its subject, and whether it changed it.

        Raises:
            ItemRefused: when the session is another call's, or the call has another session.
        """
        key, call = session_key(item), self.calls.call(item)
        session = self.sessions.get(key)
        if session is None:
            for other in self.sessions.values():
                if other.call == call.key:
                    fault = f"The call {item.call!r} has the session {other.key[1]!r} already."
                    raise ItemRefused(fault)
            session = self.sessions[key] = MergedSession(key, call.key)
        elif session.call != call.key:
            raise ItemRefused(f"The session is one of the call {session.call[1]!r}.")
        is_new = session.first is None
        call.notice(item)
        is_changed = session.take(item, stamp)
        if isinstance(item, SessionItem):
            return session, is_new, is_changed
        is_new = item.key not in session.transitions.stamps
        has_stepped = session.transitions.add(item.key, stamp, _columns(item))
        session.is_changed |= has_stepped
        return session, is_new and has_stepped, is_changed or has_stepped

    async def save(self) -> None:
        """Write what is new or changed; their calls are written before."""
        write, named = self.calls.write, self.calls.named
        changed = [each for each in self.sessions.values() if each.is_changed]
        moved = [session for session in changed if session.has_moved]
        pairs = {tuple(pair) for each in changed if (pair := each.value("graph")) is not None}
        await named.find_graphs(write, pairs)
        keys = {node[0] for each in moved if (node := each.value("node")) is not None}
        for session in changed:
            for row in (
                *session.transitions.changed.values(),
                *self.stored.get(session.key, {}).values(),
            ):
                keys |= {row["from_node_key"], row["to_node_key"]} - {None}
        await named.find_nodes(write, keys)
        rows = {session.key: self._row(session) for session in changed}
        new = [rows[session.key] for session in changed if not session.row]
        stored = [
            {**rows[session.key], "id": session.row["id"]} for session in changed if session.row
        ]
        routed = [
            session.key
            for session in changed
            if rows[session.key]["graph_id"] != session.row.get("graph_id")
        ]
        await update_rows(write, _SESSIONS, stored)
        returned = ("id", "source", "external_id")
        for row in await insert_rows(write, _SESSIONS, new, *returned):
            self.sessions[row.source, row.external_id].row = {"id": row.id}
        if routed:
            ids = [self.sessions[key].row["id"] for key in routed]
            await set_versions(write, is_among(_SESSIONS.c.id, ids))
        await self._save_transitions(changed)
        await self._rename_call_sids()

    def _graph(self, session: MergedSession) -> int | None:
        pair = session.value("graph")
        if pair is None:
            return None
        return self.calls.named.graph(session.key[0], (pair[0], pair[1]))

    def _row(self, session: MergedSession) -> dict[str, Any]:
        named = self.calls.named
        columns = {**session.columns(), "call_sid": self.calls.calls[session.call].call_sid}
        if not session.has_moved:
            names = ("graph_id", "graph_name", "current_node_id", "current_assistant_name")
            return {**columns, **{name: session.row[name] for name in names}}
        graph_id, pair = self._graph(session), session.value("graph") or (None, None)
        key, assistant_name = session.value("node") or (None, None)
        node = None if graph_id is None or key is None else named.nodes.get((graph_id, key))
        graph_name = pair[1] or pair[0] or ""
        return {
            **columns,
            "graph_id": graph_id,
            "graph_name": graph_name if graph_id is None else named.graphs[graph_id],
            "current_node_id": None if node is None else node.id,
            "current_assistant_name": assistant_name
            or (None if node is None else node.assistant_name),
        }

    async def _save_transitions(self, changed: Sequence[MergedSession]) -> None:
        inserted: list[dict[str, Any]] = []
        updated: list[dict[str, Any]] = []
        resolved: list[dict[str, Any]] = []
        for session in changed:
            stored, graph_id = self.stored.get(session.key, {}), self._graph(session)
            for key, value in session.transitions.changed.items():
                row = {**value, **self._resolved(graph_id, value)}
                row["stamp"] = session.transitions.stamps[key]
                if key in stored:
                    updated.append({**row, "id": stored[key]["id"]})
                    continue
                own = {"graph_session_id": session.row["id"], "source": session.key[0]}
                inserted.append({**row, **own, "external_id": key})
            if "graph" not in session.registers.changed:
                continue
            # The nodes of transitions that came before the session's graph are looked up in it now.
            for key, old in stored.items():
                if key not in session.transitions.changed:
                    resolved.append({"id": old["id"], **self._resolved(graph_id, old)})
        write = self.calls.write
        await update_rows(write, _TRANSITIONS, updated)
        await update_rows(write, _TRANSITIONS, resolved)
        await insert_rows(write, _TRANSITIONS, inserted)

    def _resolved(self, graph_id: int | None, row: Mapping[str, Any]) -> dict[str, Any]:
        """The ids of the nodes and of the edge of a transition."""
        named = self.calls.named
        nodes = [
            None if graph_id is None or key is None else named.nodes.get((graph_id, key))
            for key in (row["from_node_key"], row["to_node_key"])
        ]
        ids = [None if node is None else node.id for node in nodes]
        return {
            "from_node_id": ids[0],
            "to_node_id": ids[1],
            "edge_id": named.edge(*ids),
        }

    async def _rename_call_sids(self) -> None:
        """Let sessions keep the `callSid` of their calls, where an item has named another one."""
        renamed = {
            call.row["call_sid"]: call.call_sid
            for call in self.calls.calls.values()
            if call.row.get("call_sid") not in {None, call.call_sid}
        }
        if not renamed:
            return
        write = self.calls.write
        statement = select(_SESSIONS.c.id, _SESSIONS.c.call_sid).where(
            owned(_SESSIONS), is_among(_SESSIONS.c.call_sid, sorted(renamed))
        )
        rows = (await write.run(statement, parameters(write.organization_id))).all()
        changed = [{"id": row.id, "call_sid": renamed[row.call_sid]} for row in rows]
        await update_rows(write, _SESSIONS, changed)


def _columns(item: TransitionItem) -> dict[str, Any]:
    """The columns of a transition, but for the ids of nodes and edge."""
    condition = item.condition_type or ""
    return {
        "created_at": item.occurred_at,
        "occurred_at": item.occurred_at,
        "position": item.position,
        "from_node_key": item.from_node,
        "to_node_key": item.to_node,
        "from_node_name": item.from_node_name,
        "to_node_name": item.to_node_name,
        "from_assistant_name": item.from_assistant_name,
        "to_assistant_name": item.to_assistant_name,
        "condition_type": condition if condition in _CONDITIONS else "other",
        "matched_condition": item.matched_condition,
        "triggered_by": item.triggered_by,
        "handoff_sentence": item.handoff_sentence,
    }
