"""A server killed in the middle of many writes keeps what it acknowledged, and nothing by half."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from gql.database import Database
from gql.models.audit_log import AuditLog
from gql.models.graph import AssistantGraph, GraphEdge, GraphNode
from gql.models.scope import table_of
from tests.databases import Copy, Databases, Kind, settings_for, without_settings
from tests.live import ROOT, free_port

WRITES = 1_000
WRITERS = 4
KILL_AFTER_SECONDS = 4.0
READY_SECONDS = 60
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


def serve(url: str, port: int, output: Path) -> "subprocess.Popen[bytes]":
    """Start `jackfield serve` in a process that can be killed."""
    environment: Mapping[str, str] = {
        **without_settings(),
        "GQL_DATABASE_URL": url,
        "GQL_LOG_LEVEL": "warning",
        "PYTHONPATH": str(ROOT),
    }
    with output.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "gql", "serve", "--port", str(port)],
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
        )


async def ready(client: httpx2.AsyncClient, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx2.TransportError:
            await asyncio.sleep(0.05)
    raise AssertionError("the server was not ready in time")


async def write_until_killed(
    client: httpx2.AsyncClient, assistant_id: int, acknowledged: dict[int, str]
) -> None:
    """Write from several sides until all is written or the server is gone."""
    numbers = iter(range(WRITES))

    async def write() -> None:
        for number in numbers:
            sent = body(number, assistant_id)
            try:
                response = await client.post("/api/v1/assistant-graphs", json=sent)
            except httpx2.TransportError:
                return
            assert response.status_code == 201, response.text
            acknowledged[response.json()["id"]] = sent["name"]

    await asyncio.gather(*(write() for _ in range(WRITERS)))


async def test_a_killed_server_keeps_every_acknowledged_write(copy: Copy) -> None:
    headers = {"Authorization": f"Bearer {copy.organizations[0].api_key}"}
    port = free_port()
    acknowledged: dict[int, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        process = serve(copy.url, port, output)
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30
        ) as client:
            try:
                await ready(client, process)
                assistants = (await client.get("/api/v1/assistants")).json()
                writing = asyncio.create_task(
                    write_until_killed(client, assistants[0]["id"], acknowledged)
                )
                await asyncio.sleep(KILL_AFTER_SECONDS)
            finally:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
            await writing
        again = serve(copy.url, port, output)
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30
        ) as client:
            try:
                await ready(client, again)
                kept = (await client.get("/api/v1/assistant-graphs?limit=1000")).json()
            finally:
                again.terminate()
                again.wait(timeout=30)

    print(f"{len(acknowledged)} of {WRITES} writes acknowledged before the kill")  # noqa: T201
    assert len(acknowledged) > 20
    names = {each["id"]: each["name"] for each in kept}
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
