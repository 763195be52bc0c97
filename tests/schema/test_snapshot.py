"""One answer is true at one instant: a graph rebuilt all the time is never seen half built."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, insert, select

from gql.database import Database
from gql.models.assistant import Assistant
from gql.models.graph import AssistantGraph, GraphEdge, GraphNode
from gql.models.scope import table_of
from tests.conftest import GraphQL

READS = 2_000
MOST_READS = 10 * READS
STRUCTURES = 20
"""How many structures the readers have to see: plans read faster than a writer rebuilds."""
READERS = 4
NODES = 4

QUERY = """query($id: ID!) {
    graph(id: $id) { totalNodes nodes { id } edges { from { id } to { id } } }
}"""

graph, node, edge, assistant = (
    table_of(model) for model in (AssistantGraph, GraphNode, GraphEdge, Assistant)
)


async def rebuild(database: Database, graph_id: int, assistant_id: int) -> None:
    """Replace the structure by a ring of new nodes, in one transaction."""
    now = datetime.now(UTC)
    async with database.transaction() as connection:
        await connection.execute(delete(edge).where(edge.c.graph_id == graph_id))
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


async def test_no_answer_mixes_two_structures(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    """Readers run beside a rebuilding writer; every edge joins two nodes of its answer."""
    async with fresh_database.engine.connect() as connection:
        graph_id = (await connection.execute(select(graph.c.id).limit(1))).scalar_one()
        assistant_id = (await connection.execute(select(assistant.c.id).limit(1))).scalar_one()
    await rebuild(fresh_database, graph_id, assistant_id)
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
            answer = await fresh_graphql(QUERY, {"id": f"graph_{graph_id}"})
            rebuilt_graph = answer["data"]["graph"]
            nodes = {each["id"] for each in rebuilt_graph["nodes"]}
            starts = {each["from"]["id"] for each in rebuilt_graph["edges"]}
            ends = {each["to"]["id"] for each in rebuilt_graph["edges"]}
            assert rebuilt_graph["totalNodes"] == NODES
            assert nodes == starts == ends
            seen.update(nodes)

    writer = asyncio.create_task(write())
    try:
        await asyncio.gather(*(read() for _ in range(READERS)))
    finally:
        done.set()
        await writer
    print(f"{READS} reads, {rebuilt} rebuilds, {len(seen) // NODES} structures seen")  # noqa: T201

    assert len(seen) > NODES * STRUCTURES
