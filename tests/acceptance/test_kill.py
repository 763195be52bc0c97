"""A server killed in the middle of many writes keeps what it acknowledged, and nothing by half."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from gql.app import create_app
from gql.database import Database
from gql.models.audit_log import AuditLog
from gql.models.graph import AssistantGraph, GraphEdge, GraphNode
from gql.models.scope import table_of
from tests.conftest import connect
from tests.databases import Copy, Databases, Kind, settings_for, without_settings
from tests.lifespan import running
from tests.live import Served, serving

WRITERS = 4
KILL_AFTER_WRITES = 40
NODES, EDGES = 3, 2

graph, node, edge, audit = (
    table_of(model) for model in (AssistantGraph, GraphNode, GraphEdge, AuditLog)
)


def body(number: int, assistant_id: int) -> dict[str, Any]:
    """A graph of three nodes and two edges, with a name of its own."""
    ends = {"condition_type": "intent", "intent_pattern": "a"}
    return {
        "name": f"Written {number}",
        "nodes": [{"assistant_id": assistant_id} for _ in range(NODES)],
        "edges": [{"from_node_id": 0, "to_node_id": end, **ends} for end in (1, 2)],
    }


@pytest.fixture
async def copy(databases: Databases, kind: Kind) -> AsyncIterator[Copy]:
    """A database that a server of another process writes to."""
    copy = await databases.copy(kind)
    yield copy
    await databases.drop(copy.url)


async def write_until_killed(
    client: httpx2.AsyncClient, served: Served, assistant_id: int
) -> dict[int, str]:
    """The names of the graphs that were acknowledged, by id; the writers are in mid-write then."""
    numbers = itertools.count()
    acknowledged: dict[int, str] = {}

    async def write() -> None:
        for number in numbers:
            graph = body(number, assistant_id)
            try:
                response = await client.post("/api/v1/assistant-graphs", json=graph)
            except httpx2.TransportError:
                return
            assert response.status_code == 201, response.text
            acknowledged[response.json()["id"]] = graph["name"]
            if len(acknowledged) == KILL_AFTER_WRITES:
                served.process.kill()

    await asyncio.gather(*(write() for _ in range(WRITERS)))
    return acknowledged


async def test_a_killed_server_keeps_every_acknowledged_write(copy: Copy) -> None:
    headers = {"Authorization": f"Bearer {copy.organizations[0].api_key}"}
    environment = {
        **without_settings(),
        "GQL_DATABASE_URL": copy.url,
        "GQL_LOG_LEVEL": "warning",
    }
    with serving(environment=environment) as served:
        async with served.client(headers) as client:
            assistants = (await client.get("/api/v1/assistants")).json()
            acknowledged = await write_until_killed(client, served, assistants[0]["id"])

    app = create_app(settings_for(copy.url))
    async with running(app), connect(app) as client:
        graphs = await client.get("/api/v1/assistant-graphs?limit=1000", headers=headers)
    names = {each["id"]: each["name"] for each in graphs.json()}
    assert len(acknowledged) >= KILL_AFTER_WRITES
    assert {key: names.get(key) for key in acknowledged} == acknowledged
    await whole(copy.url)


async def whole(url: str) -> None:
    """Every graph that is there has all its nodes and edges, and an audit row."""
    database = Database(settings_for(url))
    written = select(graph.c.id).where(graph.c.name.like("Written %"))

    def per_graph(table: Any) -> Any:
        return (
            select(table.c.graph_id, func.count())
            .where(table.c.graph_id.in_(written))
            .group_by(table.c.graph_id)
        )

    try:
        async with database.engine.connect() as connection:
            there = set((await connection.execute(written)).scalars())
            nodes = {row[0]: row[1] for row in await connection.execute(per_graph(node))}
            edges = {row[0]: row[1] for row in await connection.execute(per_graph(edge))}
            audited = select(audit.c.object_id).where(audit.c.action == "graph.create")
            logged = set((await connection.execute(audited)).scalars())
    finally:
        await database.close()
    assert nodes == dict.fromkeys(there, NODES)
    assert edges == dict.fromkeys(there, EDGES)
    assert there <= logged
