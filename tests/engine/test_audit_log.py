"""The audit log by a plan: for administrators alone, also when its plan is cached."""

from typing import Any

import pytest

from tests.databases import Copy
from tests.engine.differential import DifferentialClient, differential_client
from tests.engine.random_documents import Document
from tests.engine.test_regressions import alike, change

LOG = """query($n: Int) {
    auditLog(first: $n, filter: {createdAt: {gte: "2026-01-01T00:00:00Z"}}) {
        totalCount pageInfo { endCursor hasNextPage } nodes { id action objectType objectId before
        after method user { id } apiKey { id name } requestId createdAt } }
    viewer { method } }"""


@pytest.fixture
async def differential(fresh: Copy) -> Any:
    async with differential_client(fresh) as differential:
        yield differential


async def write(differential: DifferentialClient, mutation: str) -> dict[str, Any]:
    answer = await differential.client.post(
        "/graphql", json={"query": f"mutation {{ {mutation} }}"}
    )
    data: dict[str, Any] = answer.json()["data"]
    return data


async def test_every_field_of_an_entry_is_printed_alike(
    differential: DifferentialClient, fresh: Copy
) -> None:
    await write(differential, 'updateGraph(input: {id: 1, name: "Renamed"}) { graph { id } }')
    await write(differential, "clearSmsSessions(input: {}) { clearedCount }")
    await write(differential, 'createAssistant(input: {name: "A"}) { assistant { id } }')
    await change(fresh, "UPDATE audit_log SET object_id = 0 WHERE object_type = 'assistant'")

    data = await alike(differential, LOG, n=10)

    entries = data["auditLog"]["nodes"]
    assert [entry["objectId"] for entry in entries] == ["assistant_0", None, "graph_1"]
    assert entries[2]["after"] == {"name": "Renamed"}
    assert entries[2]["apiKey"]["id"].startswith("api_key_")
    assert (await alike(differential, LOG, n=1))["auditLog"]["pageInfo"]["hasNextPage"]


@pytest.mark.parametrize(
    "query", [LOG, LOG.replace("($n: Int)", "").replace("first: $n, ", "")], ids=["varies", "same"]
)
async def test_what_an_administrator_asked_is_not_run_for_another(
    differential: DifferentialClient, query: str
) -> None:
    created = await write(
        differential, 'createApiKey(input: {name: "Writer"}) { secret apiKey { id } }'
    )
    writer = {"Authorization": f"Bearer {created['createApiKey']['secret']}"}
    variables = {"n": 5} if "$n" in query else {}
    engine = differential.engine
    for _ in range(3):
        await alike(differential, query, **variables)

    differential.endpoint.runner.engine = engine
    before = engine.counts.compiled
    body = {"query": query, "variables": variables}
    refused = [
        (await differential.client.post("/graphql", json=body, headers=writer)).json()
        for _ in range(3)
    ]

    assert engine.counts.compiled == before
    for answer in refused:
        assert answer["data"] == {"auditLog": None, "viewer": {"method": "API_KEY"}}
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert len((await alike(differential, query, **variables))["auditLog"]["nodes"]) == 1


async def test_a_log_that_is_skipped_asks_for_no_permission(
    differential: DifferentialClient,
) -> None:
    created = await write(differential, 'createApiKey(input: {name: "Writer"}) { secret }')
    writer = {"Authorization": f"Bearer {created['createApiKey']['secret']}"}
    query = "query($s: Boolean!) { graph(id: 1) { id } auditLog @skip(if: $s) { totalCount } }"
    assert (await alike(differential, query, s=False))["auditLog"] == {"totalCount": 1}

    differential.endpoint.runner.engine = differential.engine
    before = differential.engine.counts.compiled
    body = {"query": query, "variables": {"s": True}}
    answer = await differential.client.post("/graphql", json=body, headers=writer)

    assert answer.json() == {"data": {"graph": {"id": "graph_1"}}}
    assert differential.engine.counts.compiled == before + 1


async def test_a_cursor_of_another_list_is_refused_alike(differential: DifferentialClient) -> None:
    query = '{ auditLog(after: "1~call~started_at~desc~-~1") { nodes { id } } }'

    answers = await differential.ask(Document(query, {}))

    assert answers.resolved == answers.compiled
    assert not answers.planned
