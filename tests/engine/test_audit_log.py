"""The audit log by a plan: for administrators alone, whoever asked before."""

from typing import Any

import pytest

from tests.databases import Copy
from tests.engine.both_ways import BothWays, both_ways
from tests.engine.documents import Document
from tests.engine.test_regressions import alike, change

LOG = """query($n: Int) {
    auditLog(first: $n, filter: {createdAt: {gte: "2026-01-01T00:00:00Z"}}) {
        totalCount pageInfo { endCursor hasNextPage } nodes { id action objectType objectId before
        after method user { id } apiKey { id name } requestId createdAt } }
    viewer { method } }"""


@pytest.fixture
async def ways(fresh: Copy) -> Any:
    async with both_ways(fresh) as ways:
        yield ways


async def write(ways: BothWays, mutation: str) -> dict[str, Any]:
    answer = await ways.client.post("/graphql", json={"query": f"mutation {{ {mutation} }}"})
    data: dict[str, Any] = answer.json()["data"]
    return data


async def test_every_field_of_an_entry_is_printed_alike(ways: BothWays, fresh: Copy) -> None:
    await write(ways, 'updateGraph(input: {id: 1, name: "Renamed"}) { graph { id } }')
    await write(ways, "clearSmsSessions(input: {}) { clearedCount }")
    await write(ways, 'createAssistant(input: {name: "A"}) { assistant { id } }')
    await change(fresh, "UPDATE audit_log SET object_id = 0 WHERE object_type = 'assistant'")

    data = await alike(ways, LOG, n=10)

    entries = data["auditLog"]["nodes"]
    assert [entry["objectId"] for entry in entries] == ["assistant_0", None, "graph_1"]
    assert entries[2]["after"] == {"name": "Renamed"}
    assert entries[2]["apiKey"]["id"].startswith("api_key_")
    assert (await alike(ways, LOG, n=1))["auditLog"]["pageInfo"]["hasNextPage"]


@pytest.mark.parametrize(
    "query", [LOG, LOG.replace("($n: Int)", "").replace("first: $n, ", "")], ids=["varies", "same"]
)
async def test_what_an_administrator_asked_is_not_run_for_another(
    ways: BothWays, query: str
) -> None:
    made = await write(ways, 'createApiKey(input: {name: "Writer"}) { secret apiKey { id } }')
    writer = {"Authorization": f"Bearer {made['createApiKey']['secret']}"}
    variables = {"n": 5} if "$n" in query else {}
    engine = ways.engine
    for _ in range(3):
        await alike(ways, query, **variables)

    ways.endpoint.engine = engine
    before = engine.counts.compiled
    body = {"query": query, "variables": variables}
    refused = [
        (await ways.client.post("/graphql", json=body, headers=writer)).json() for _ in range(3)
    ]

    assert engine.counts.compiled == before
    for answer in refused:
        assert answer["data"] == {"auditLog": None, "viewer": {"method": "API_KEY"}}
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert len((await alike(ways, query, **variables))["auditLog"]["nodes"]) == 1


async def test_a_log_that_is_skipped_asks_for_no_permission(ways: BothWays) -> None:
    made = await write(ways, 'createApiKey(input: {name: "Writer"}) { secret }')
    writer = {"Authorization": f"Bearer {made['createApiKey']['secret']}"}
    query = "query($s: Boolean!) { graph(id: 1) { id } auditLog @skip(if: $s) { totalCount } }"
    assert (await alike(ways, query, s=False))["auditLog"] == {"totalCount": 1}

    ways.endpoint.engine = ways.engine
    before = ways.engine.counts.compiled
    body = {"query": query, "variables": {"s": True}}
    answer = await ways.client.post("/graphql", json=body, headers=writer)

    assert answer.json() == {"data": {"graph": {"id": "graph_1"}}}
    assert ways.engine.counts.compiled == before + 1


async def test_a_cursor_of_another_list_is_refused_alike(ways: BothWays) -> None:
    query = '{ auditLog(after: "1~call~started_at~desc~-~1") { nodes { id } } }'

    answers = await ways.ask(Document(query, {}))

    assert answers.reference == answers.compiled
    assert not answers.planned
