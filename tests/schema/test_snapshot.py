"""One answer is true at one instant: a graph rebuilt all the time is never seen half built."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Row, delete, insert, select, update

from gql.database import Database
from gql.database.snapshot import Snapshot
from gql.models.assistant import Assistant
from gql.models.graph import AssistantGraph, GraphEdge, GraphNode
from gql.models.graph_session import GraphSession
from gql.models.scope import table_of
from tests.conftest import GraphQL, asker, bearer, connect, start
from tests.databases import Copy, settings_for

READS = 60
MOST_READS = 10 * READS
STRUCTURES = 5
"""How many structures the readers have to see: plans read faster than a writer rebuilds."""
READERS = 4
NODES = 4

QUERY = """query($id: ID!) {
    graph(id: $id) { totalNodes nodes { id } edges { from { id } to { id } } }
}"""

graph, node, edge, session, assistant = (
    table_of(model) for model in (AssistantGraph, GraphNode, GraphEdge, GraphSession, Assistant)
)


async def rebuild(database: Database, graph_id: int, assistant_id: int) -> None:
    """Replace the structure by a ring of new nodes, in one transaction."""
    now = datetime.now(UTC)
    async with database.transaction() as connection:
        await connection.execute(delete(edge).where(edge.c.graph_id == graph_id))
        of_graph = session.c.graph_id == graph_id
        await connection.execute(update(session).where(of_graph).values(current_node_id=None))
        await connection.execute(delete(node).where(node.c.graph_id == graph_id))
        values: dict[str, Any] = {"organization_id": 1, "graph_id": graph_id, "created_at": now}
        empty: dict[str, Any] = {"position": {}, "configuration": {}, "node_type": "standard"}
        statement = insert(node).values(**values, **empty, assistant_id=assistant_id)
        ids = [
            (await connection.execute(statement.returning(node.c.id))).scalar_one()
            for _ in range(NODES)
        ]
        ring = zip(ids, [*ids[1:], ids[0]], strict=True)
        await connection.execute(
            insert(edge),
            [
                {
                    **values,
                    "from_node_id": start,
                    "to_node_id": end,
                    "condition_type": "intent",
                    "condition_logic": "AND",
                    "priority": 0,
                    "is_active": True,
                    "updated_at": now,
                }
                for start, end in ring
            ],
        )


async def first_graph(database: Database) -> tuple[int, int]:
    """The ids of a graph with a ring of nodes, and of the assistant that speaks there."""
    async with database.engine.connect() as connection:
        graph_id = (await connection.execute(select(graph.c.id).limit(1))).scalar_one()
        assistant_id = (await connection.execute(select(assistant.c.id).limit(1))).scalar_one()
    await rebuild(database, graph_id, assistant_id)
    return graph_id, assistant_id


def nodes_of(answer: dict[str, Any]) -> set[str]:
    """The ids of an answer's nodes; every edge joins two of them."""
    read = answer["data"]["graph"]
    nodes = {each["id"] for each in read["nodes"]}
    assert read["totalNodes"] == len(nodes) == NODES
    assert nodes == {each["from"]["id"] for each in read["edges"]}
    assert nodes == {each["to"]["id"] for each in read["edges"]}
    return nodes


async def test_all_statements_of_the_resolvers_read_one_instant(
    fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each statement the structure is replaced; a compiled plan is one statement."""
    read = Snapshot.rows
    one_at_a_time = asyncio.Lock()  # two at once would both insert: twice the nodes
    rebuilt = 0

    async with start(fresh, settings_for(fresh.url, compiled=False)) as running:
        database: Database = running.app.state.database
        graph_id, assistant_id = await first_graph(database)

        async def read_and_rebuild(self: Snapshot, *arguments: Any) -> Sequence[Row[Any]]:
            nonlocal rebuilt
            rows = await read(self, *arguments)
            async with one_at_a_time:
                await rebuild(database, graph_id, assistant_id)
            rebuilt += 1
            return rows

        monkeypatch.setattr(Snapshot, "rows", read_and_rebuild)
        async with connect(running.app) as client:
            ask = asker(client, bearer(fresh.organizations[0]))
            first = nodes_of(await ask(QUERY, {"id": f"graph_{graph_id}"}))
            second = nodes_of(await ask(QUERY, {"id": f"graph_{graph_id}"}))

    assert first.isdisjoint(second)
    assert rebuilt >= 6


async def test_no_answer_beside_a_writer_mixes_two_structures(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    graph_id, assistant_id = await first_graph(fresh_database)
    seen: set[str] = set()
    rebuilt = 0
    done = asyncio.Event()

    async def write() -> None:
        nonlocal rebuilt
        while not done.is_set():
            await rebuild(fresh_database, graph_id, assistant_id)
            rebuilt += 1

    async def read() -> None:
        for number in range(MOST_READS // READERS):
            if number >= READS // READERS and len(seen) > NODES * STRUCTURES:
                return
            seen.update(nodes_of(await fresh_graphql(QUERY, {"id": f"graph_{graph_id}"})))

    writer = asyncio.create_task(write())
    try:
        await asyncio.gather(*(read() for _ in range(READERS)))
    finally:
        done.set()
        await writer
    print(f"{READS} reads, {rebuilt} rebuilds, {len(seen) // NODES} structures seen")  # noqa: T201

    assert len(seen) > NODES * STRUCTURES
