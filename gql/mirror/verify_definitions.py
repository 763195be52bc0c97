"""Comparing assistants, graphs, flows and graph sessions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, select

from gql.ingest.merged_call import qualified_sid
from gql.mirror.call_shapes import plain
from gql.mirror.client import SourceClient
from gql.mirror.definitions import ASSISTANTS, FLOWS, GRAPHS
from gql.mirror.graph_shapes import GraphDrafts, assistant_columns, flow_drafts, graph_drafts
from gql.mirror.lists import PageSizes, Row, read_list, server_instant
from gql.mirror.positions import load_objects
from gql.mirror.records import second, without_nulls
from gql.mirror.sessions import SESSIONS
from gql.mirror.statement import MirrorStatement
from gql.mirror.stored_calls import StoredCalls
from gql.mirror.target import MirrorTarget
from gql.models.assistant import Assistant
from gql.models.graph import AssistantGraph, GraphEdge, GraphNode
from gql.models.graph_session import GraphSession
from gql.models.scope import owned, parameters, table_of
from gql.sql.keys import is_among

_GRAPH_COLUMNS = ("name", "description", "is_active", "configuration")
_EDGE_COLUMNS = (
    *("condition_type", "intent_pattern", "natural_language_trigger", "mathematical_expression"),
    *("state_variable_condition", "condition_logic", "priority", "is_active"),
    *("handoff_sentence", "description"),
)


@dataclass
class DefinitionComparison:
    """Compares what an organization has configured, and its graph sessions.

    Attributes:
        statement: Takes what was compared.
    """

    client: SourceClient
    sizes: PageSizes
    target: MirrorTarget
    statement: MirrorStatement

    async def compare_assistants(self) -> None:
        """Compare the assistants.

        Raises:
            FamilyAbsent: when the server has none.
        """
        there = {
            key: {**assistant_columns(row, self.target.region), "day": _day(row)}
            for key, row in (await self._listed(ASSISTANTS)).items()
        }
        rows = await self._rows(ASSISTANTS, table_of(Assistant))
        here = {
            key: {
                name: getattr(row, name) for name in there.get(key, {"name": None}) if name != "day"
            }
            for key, row in rows.items()
        }
        self._compare(ASSISTANTS, there, here)

    async def compare_graphs(self) -> None:
        """Compare the graphs with their nodes and edges.

        Raises:
            FamilyAbsent: when the server has none.
        """
        rows = await self._listed(GRAPHS)
        whole = {}
        for key in rows:
            answer = await self.client.get(f"/api/v1/{GRAPHS}/{key}")
            if answer is not None:
                whole[key] = answer.value
        await self._compare_graphs(GRAPHS, whole, graph_drafts)

    async def compare_flows(self) -> None:
        """Compare the definitions of flows.

        Raises:
            FamilyAbsent: when the server has none.
        """
        await self._compare_graphs(FLOWS, await self._listed(FLOWS), flow_drafts)

    async def compare_sessions(self) -> None:
        """Compare the sessions of the graphs and calls that both sides have.

        Raises:
            FamilyAbsent: when the server has none.
        """
        there: dict[str, dict[str, Any]] = {}
        stored = StoredCalls(self.target)
        for graph in await self._rows(GRAPHS, table_of(AssistantGraph)):
            path = f"/api/v1/{GRAPHS}/{graph}/sessions"
            async for rows, _ in read_list(self.client, self.sizes, path):
                calls = await stored.keys(among=[str(row["call_sid"]) for row in rows])
                there.update(
                    {
                        str(row["id"]): _session_record(row)
                        for row in rows
                        if str(row["call_sid"]) in calls
                    }
                )
        here = {
            row.external_id: _stored_session_record(row)
            for row in await self._select(
                table_of(GraphSession),
                table_of(GraphSession).c.source == self.target.source,
            )
        }
        self._compare(SESSIONS, there, here)

    async def _compare_graphs(
        self,
        collection: str,
        rows: Mapping[str, Row],
        drafts_of: Callable[[Row, Mapping[str, int]], GraphDrafts],
    ) -> None:
        async with self.target.context() as context:
            objects = await load_objects(context, self.target.source, ASSISTANTS)
        assistants = {key: each.object_id or 0 for key, each in objects.items()}
        there = {}
        for key, row in rows.items():
            try:
                drafts = drafts_of(row, assistants)
            except KeyError as missing:
                record: dict[str, Any] = {"name": row["name"], "names": str(missing)}
            else:
                record = _graph_record(drafts)
            there[key] = {**record, "day": _day(row)}
        stored = await self._rows(collection, table_of(AssistantGraph))
        self._compare(collection, there, await self._stored_graphs(stored))

    async def _stored_graphs(self, stored: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """The records of stored graphs, by the source's key."""
        ids = sorted(row.id for row in stored.values())
        nodes = await self._select(
            table_of(GraphNode), is_among(table_of(GraphNode).c.graph_id, ids)
        )
        edges = await self._select(
            table_of(GraphEdge), is_among(table_of(GraphEdge).c.graph_id, ids)
        )
        keys = {node.id: node.key for node in nodes}
        return {
            key: {
                **{name: getattr(row, name) for name in _GRAPH_COLUMNS},
                "nodes": sorted(
                    [node.key, node.node_type, node.assistant_id]
                    for node in nodes
                    if node.graph_id == row.id
                ),
                "edges": [
                    [
                        keys[edge.from_node_id],
                        keys[edge.to_node_id],
                        *(getattr(edge, name) for name in _EDGE_COLUMNS),
                    ]
                    for edge in edges
                    if edge.graph_id == row.id
                ],
            }
            for key, row in stored.items()
        }

    async def _listed(self, collection: str) -> dict[str, Row]:
        every = {} if collection == ASSISTANTS else {"active_only": "false"}
        pages = read_list(self.client, self.sizes, f"/api/v1/{collection}", **every)
        return {str(row["id"]): row async for rows, _ in pages for row in rows}

    async def _rows(self, collection: str, table: Table) -> dict[str, Any]:
        """The rows of what was copied and is still at the source, by the source's key."""
        async with self.target.context() as context:
            objects = await load_objects(context, self.target.source, collection)
        keys = {each.object_id: key for key, each in objects.items() if each.absent_since is None}
        ids = sorted(each for each in keys if each is not None)
        return {keys[row.id]: row for row in await self._select(table, is_among(table.c.id, ids))}

    async def _select(self, table: Table, *conditions: Any) -> Any:
        statement = select(table).where(owned(table), *conditions).order_by(table.c.id)
        async with self.target.context() as context:
            return await context.snapshot.rows(statement, parameters(self.target.organization_id))

    def _compare(
        self,
        collection: str,
        there: Mapping[str, dict[str, Any]],
        here: Mapping[str, dict[str, Any]],
    ) -> None:
        for key in sorted(there.keys() | here.keys()):
            record = dict(there.get(key, {}))
            day = record.pop("day", "")
            self.statement.compare(collection, day, key, record or None, here.get(key))


def _day(row: Row) -> str:
    return str(second(server_instant(row.get("created_at"))) or "")[:10]


def _graph_record(drafts: GraphDrafts) -> dict[str, Any]:
    nodes = drafts.nodes
    return {
        **{name: drafts.columns.get(name) for name in _GRAPH_COLUMNS},
        "nodes": sorted([node.key, str(node.node_type), node.assistant_id] for node in nodes),
        "edges": [
            [
                nodes[edge.from_index or 0].key,
                nodes[edge.to_index or 0].key,
                *(getattr(edge, name) for name in _EDGE_COLUMNS),
            ]
            for edge in drafts.edges
        ],
    }


def _session_record(row: Row) -> dict[str, Any]:
    started_at = second(server_instant(row.get("started_at")))
    return {
        "call_sid": row.get("call_sid"),
        "graph_name": row.get("graph_name"),
        "context": plain(without_nulls(row.get("context"))),
        "started_at": started_at,
        "ended_at": second(server_instant(row.get("ended_at"))),
        "day": str(started_at)[:10],
    }


def _stored_session_record(row: Any) -> dict[str, Any]:
    return {
        "call_sid": row.call_sid.removeprefix(qualified_sid(row.source or "", "")),
        "graph_name": row.graph_name,
        "context": without_nulls(row.conversation_context),
        "started_at": second(row.started_at),
        "ended_at": second(row.ended_at),
    }
