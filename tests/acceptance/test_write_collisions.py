"""A write that others stand in the way of is done again, and in the end a 503."""

import asyncio
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.database import Database
from gql.domain.writes import graphs
from gql.domain.writes.transaction import MOST_ATTEMPTS
from gql.errors import WriteCollision
from tests.conftest import bearer
from tests.databases import Copy, Kind

MESSAGE = "Other writes stood in the way of this one: it was undone; try again."
REPLACE = {
    "query": "mutation { replaceGraphStructure(input: {id: 1, edges: [],"
    ' nodes: [{key: "a", assistantId: 2}, {key: "b", assistantId: 3}]})'
    " { graph { totalNodes description } } }"
}
UPDATE = {"query": 'mutation { updateGraph(input: {id: 1, description: "Mine"}) { graph { id } } }'}


async def deadlock(
    rival: AsyncConnection, barrier: AsyncConnection, write: asyncio.Task[Any]
) -> None:
    """Have a write wait for a rival that waits for it, and the write be the one that is ended.

    PostgreSQL looks for a deadlock once per wait, `deadlock_timeout` after it began, and ends the
    transaction that looks. So the write begins the wait that closes the circle: the barrier, which
    has locked an assistant that the write needs first, stops it until the rival waits. The rival
    looks so late that the write has looked before.
    https://www.postgresql.org/docs/current/runtime-config-locks.html
    """
    await _until_waiting(barrier, 1, write)
    await rival.execute(text("SET LOCAL deadlock_timeout = '10min'"))
    blocked = asyncio.create_task(_change_graph(rival))
    await _until_waiting(barrier, 2, write)
    await barrier.commit()
    await blocked
    await rival.commit()


async def _change_graph(rival: AsyncConnection) -> None:
    await rival.execute(text("UPDATE assistant_graph SET description = 'Rival' WHERE id = 1"))


async def _until_waiting(
    connection: AsyncConnection, number: int, write: asyncio.Task[Any]
) -> None:
    """Until so many transactions wait for a lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while (await connection.execute(waiting)).scalar_one() < number:
        assert not write.done()
        await connection.execute(text("SELECT pg_stat_clear_snapshot()"))


@pytest.mark.parametrize("door", ["rest", "graphql"])
async def test_the_victim_of_a_deadlock_is_done_after_the_other_one(
    fresh_client: httpx2.AsyncClient, fresh_database: Database, fresh: Copy, kind: Kind, door: str
) -> None:
    if kind == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    headers = bearer(fresh.organizations[0])
    structure = {"nodes": [{"assistant_id": 2}, {"assistant_id": 3}], "edges": []}
    connect = fresh_database.engine.connect
    async with connect() as rival, connect() as barrier:
        await barrier.execute(text("SELECT id FROM assistant WHERE id = 2 FOR UPDATE"))
        await rival.execute(text("SELECT id FROM assistant WHERE id = 3 FOR UPDATE"))
        if door == "rest":
            address = "/api/v1/assistant-graphs/1/structure"
            sent = fresh_client.put(address, json=structure, headers=headers)
        else:
            sent = fresh_client.post("/graphql", json=REPLACE, headers=headers)
        write = asyncio.create_task(sent)
        await deadlock(rival, barrier, write)
        answer = await write

    assert answer.status_code == 200, answer.text
    if door == "rest":
        graph = answer.json()
        assert (graph["total_nodes"], graph["description"]) == (2, "Rival")
    else:
        graph = {"totalNodes": 2, "description": "Rival"}
        assert answer.json() == {"data": {"replaceGraphStructure": {"graph": graph}}}


async def test_a_write_that_collides_each_time_is_a_503(
    fresh_client: httpx2.AsyncClient, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = bearer(fresh.organizations[0])
    attempts = 0

    async def collide(*_: Any, **__: Any) -> None:
        nonlocal attempts
        attempts += 1
        raise WriteCollision

    monkeypatch.setattr(graphs, "audit", collide)
    address = "/api/v1/assistant-graphs/1"
    rest = await fresh_client.put(address, json={"description": "Mine"}, headers=headers)
    graphql = await fresh_client.post("/graphql", json=UPDATE, headers=headers)
    read = await fresh_client.get(address, headers=headers)

    assert (rest.status_code, rest.json()) == (503, {"detail": MESSAGE})
    assert graphql.status_code == 503
    [error] = graphql.json()["errors"]
    assert (error["message"], error["extensions"]["code"]) == (MESSAGE, "UNAVAILABLE")
    assert rest.headers["retry-after"] == graphql.headers["retry-after"] == "2"
    assert attempts == 2 * MOST_ATTEMPTS
    assert read.json()["description"] != "Mine"
