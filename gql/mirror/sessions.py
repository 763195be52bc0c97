"""Sessions of graphs; the steps that they took have no address at the source, so they are lost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gql.ingest.sources.source import ItemFields, text, without_absent
from gql.mirror.call_copy import OVERLAP
from gql.mirror.call_shapes import external, plain
from gql.mirror.client import SourceClient
from gql.mirror.definitions import GRAPHS
from gql.mirror.lists import FamilyAbsent, PageSizes, Row, read_list, server_instant
from gql.mirror.positions import ReadPosition, load_objects, load_position
from gql.mirror.stored_calls import StoredCalls
from gql.mirror.target import MirrorTarget

SESSIONS = "graph-sessions"


@dataclass
class SessionCopy:
    """Copies the sessions of the graphs and the calls that were copied.

    A list has the newest first: what began before the overlap is read again while it is active.
    """

    client: SourceClient
    sizes: PageSizes
    target: MirrorTarget
    overlap: timedelta = OVERLAP

    async def run(self) -> None:
        """Copy what began since the last run, and what has not ended.

        Raises:
            FamilyAbsent: when no graph was copied, or the server has no sessions.
        """
        async with self.target.context() as context:
            graphs = await load_objects(context, self.target.source, GRAPHS)
            position = await load_position(context, self.target.source, SESSIONS)
        keys = sorted(key for key, graph in graphs.items() if graph.absent_since is None)
        if not keys:
            raise FamilyAbsent(SESSIONS)
        began_at = self.client.now()
        low = None if position.high_water is None else position.high_water - self.overlap
        for done, key in enumerate(keys):
            self.target.progress(SESSIONS, done, len(keys))
            await self._copy(key, low, {})
            if low is not None:
                await self._copy(key, None, {"active_only": "true"})
        await self.target.apply([], SESSIONS, ReadPosition({}, began_at, self.client.now()))

    async def _copy(self, graph: str, low: datetime | None, filters: Mapping[str, str]) -> None:
        path, stored = f"/api/v1/assistant-graphs/{graph}/sessions", StoredCalls(self.target)
        async for rows, read_at in read_list(self.client, self.sizes, path, **filters):
            calls = await stored.keys(among=[str(row["call_sid"]) for row in rows])
            items = [
                session_item(self.target.source, row, read_at)
                for row in rows
                if str(row["call_sid"]) in calls
            ]
            await self.target.apply(items, SESSIONS)
            self.target.report.objects[SESSIONS] += len(items)
            starts = [server_instant(row.get("started_at")) for row in rows]
            if low is not None and all(start is not None and start < low for start in starts):
                return


def session_item(source: str, row: Row, read_at: datetime) -> ItemFields:
    """A session as an item."""
    node: Any = row.get("current_node_id")
    ended_at = server_instant(row.get("ended_at"))
    started_at = server_instant(row.get("started_at"))
    return {
        "kind": "session",
        "source": source,
        "producer": "pull",
        "occurredAt": read_at.isoformat(),
        "call": str(row["call_sid"]),
        "externalId": str(row["id"]),
        "graph": external(row.get("graph_id"), row.get("graph_name")),
        "currentNode": None if node is None else str(node),
        "context": plain(row.get("context") or {}),
        "endedAt": None if ended_at is None else ended_at.isoformat(),
        **without_absent(
            assistantName=text(row.get("current_assistant_name")),
            startedAt=None if started_at is None else started_at.isoformat(),
        ),
    }
