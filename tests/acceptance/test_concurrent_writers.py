"""The answer to a write shows what it wrote, however many others write the same graph meanwhile.

Six writers give one graph structures of six sizes, again and again; by the size each of them knows
its own answer. Whoever has committed goes on when another one has committed too, so what is read
after the commit is always what somebody else wrote.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.database import Database
from tests.conftest import GraphQL, bearer
from tests.databases import Copy

SIZES = 1, 2, 3, 5, 8, 13
ROUNDS = 3

REPLACE = """mutation ($input: ReplaceGraphStructureInput!) { replaceGraphStructure(input: $input) {
    graph { version totalNodes nodes { databaseId } }
    nodes { databaseId } userErrors { message } } }"""

Write = Callable[[int], Awaitable[None]]
"""Gives the graph a structure of so many nodes."""


class Writers:
    """Writers of the six sizes, each of which is overtaken by another one after each commit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._commits = 0
        self._waiting = 0
        self._active = len(SIZES)
        self._changed = asyncio.Condition()
        transaction = Database.transaction

        @asynccontextmanager
        async def overtaken(database: Database) -> AsyncIterator[AsyncConnection]:
            async with transaction(database) as connection:
                yield connection
            await self._wait_for_another()

        monkeypatch.setattr(Database, "transaction", overtaken)

    async def run(self, write: Write) -> None:
        """Write each size as often as there are rounds, all sizes at once."""
        await asyncio.gather(*(self._write(write, size) for size in SIZES))

    async def _write(self, write: Write, size: int) -> None:
        for _ in range(ROUNDS):
            await write(size)
        async with self._changed:
            self._active -= 1
            self._changed.notify_all()

    async def _wait_for_another(self) -> None:
        """Wait for the next commit, unless nobody is left who could make one."""
        async with self._changed:
            self._commits += 1
            own, self._waiting = self._commits, self._waiting + 1
            self._changed.notify_all()
            await self._changed.wait_for(
                lambda: self._commits > own or self._waiting == self._active
            )
            self._waiting -= 1


@pytest.fixture
def writers(monkeypatch: pytest.MonkeyPatch) -> Writers:
    """Six of them."""
    return Writers(monkeypatch)


async def test_each_answer_of_rest_is_the_writers_own(
    fresh_client: httpx2.AsyncClient, fresh: Copy, writers: Writers
) -> None:
    headers = bearer(fresh.organizations[0])
    address = "/api/v1/assistant-graphs/1/structure"
    answers: list[tuple[int, httpx2.Response]] = []

    async def write(size: int) -> None:
        body = {"nodes": [{"assistant_id": 1}] * size, "edges": []}
        answers.append((size, await fresh_client.put(address, json=body, headers=headers)))

    await writers.run(write)

    graphs = [(size, answer.json()) for size, answer in answers]
    shown = [(size, len(graph["nodes"]), graph["total_nodes"]) for size, graph in graphs]
    assert [each for each in shown if len(set(each)) > 1] == []
    assert len({answer.headers["etag"] for _, answer in answers}) == len(SIZES) * ROUNDS


async def test_each_answer_of_graphql_is_the_writers_own(
    fresh_graphql: GraphQL, writers: Writers
) -> None:
    payloads: list[tuple[int, dict[str, Any]]] = []

    async def write(size: int) -> None:
        nodes = [{"key": str(number), "assistantId": 1} for number in range(size)]
        answer = await fresh_graphql(REPLACE, {"input": {"id": 1, "nodes": nodes, "edges": []}})
        payloads.append((size, answer["data"]["replaceGraphStructure"]))

    await writers.run(write)

    read = [(size, payload["graph"], payload["nodes"]) for size, payload in payloads]
    shown = [(size, len(graph["nodes"]), graph["totalNodes"]) for size, graph, _ in read]
    assert [each for each in shown if len(set(each)) > 1] == []
    assert [graph["nodes"] for _, graph, _ in read] == [nodes for _, _, nodes in read]
    assert len({graph["version"] for _, graph, _ in read}) == len(SIZES) * ROUNDS


async def test_a_mutation_whose_answer_cannot_be_read_changes_nothing(
    fresh_graphql: GraphQL,
) -> None:
    """The first of two is done, and its answer is lost with that of the second."""
    refused = await fresh_graphql(
        'mutation { a: updateGraph(input: {id: 1, description: "A"}) { graph { description } }'
        ' b: updateGraph(input: {id: 1, description: "B"}) {'
        " graph { description sessions(first: 500) { totalCount } } } }"
    )
    after = await fresh_graphql("{ graph(id: 1) { description } auditLog { totalCount } }")

    [error] = refused["errors"]
    assert error["path"] == ["b", "graph", "sessions"]
    assert refused["data"] is None
    assert after == {"data": {"graph": {"description": "A"}, "auditLog": {"totalCount": 1}}}
