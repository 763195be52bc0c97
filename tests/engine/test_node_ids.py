"""Objects by their global ids: one statement for any number of ids, of any types."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from tests.databases import Copy
from tests.engine.differential import GRAPHQL, DifferentialClient, differential_client
from tests.engine.random_documents import Document
from tests.engine.test_regressions import alike

IDS = (
    *("organization_1", "user_1", "api_key_1", "assistant_1", "graph_1", "node_101", "edge_201"),
    *("graph_session_501", "transition_1", "call_101", "sms_conversation_102", "message_1"),
)
"""One of nearly every type, by the API documents."""

QUERY = """query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on CallRecord { status }
    ... on AssistantGraph { name sessions(first: 2) { totalCount nodes { callSid } } }
    ... on CallRecord { databaseId } } }"""


@pytest.fixture
async def differential(fresh: Copy) -> AsyncIterator[DifferentialClient]:
    async with differential_client(fresh) as differential:
        yield differential


@pytest.mark.parametrize("number", [0, 1, 9, 100])
async def test_any_number_of_ids_is_answered_by_a_plan(
    differential: DifferentialClient, number: int
) -> None:
    ids = ([*IDS, "call_999999", "graph_1"] * 10)[:number]

    data = await alike(differential, QUERY, ids=ids)

    ids_answered = [node and node["id"] for node in data["nodes"]]
    assert ids_answered == [None if one == "call_999999" else one for one in ids]


async def test_other_ids_run_the_same_statement(differential: DifferentialClient) -> None:
    for ids in ([], ["graph_1"], ["call_101", "graph_1", "user_1"], ["node_101"] * 50):
        await alike(differential, QUERY, ids=ids)

    assert len(differential.statements()) == 1


@pytest.mark.parametrize(
    "ids",
    [["graph_1"] * 101, ["graph_1", "7"], ["graph_1", "x_1"], ["graph_01"]],
    ids=["too many", "no type", "no such type", "malformed"],
)
async def test_ids_that_are_refused_are_refused_alike(
    differential: DifferentialClient, ids: list[str]
) -> None:
    answers = await differential.ask(Document(QUERY, {"ids": ids}))

    assert answers.resolved == answers.compiled
    assert not answers.planned
    assert answers.data["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_nobody_finds_what_a_stranger_has(
    differential: DifferentialClient, fresh: Copy
) -> None:
    stranger = {"Authorization": f"Bearer {fresh.organizations[1].api_key}"}
    await alike(differential, QUERY, ids=list(IDS))
    differential.endpoint.runner.engine = differential.engine
    before = differential.engine.counts.compiled

    body = {"query": QUERY, "variables": {"ids": list(IDS)}}
    answer = await differential.client.post("/graphql", json=body, headers=stranger)

    assert answer.json() == {"data": {"nodes": [None] * len(IDS)}}
    assert differential.engine.counts.compiled == before + 1


async def test_fields_of_several_fragments_are_merged(differential: DifferentialClient) -> None:
    query = """query($ids: [ID!]!, $no: Boolean!) {
        nodes(ids: $ids) { ...A ... on Call { cost { total } } ... on Node @skip(if: $no) { id } }
        nodes(ids: $ids) { ... on Call { cost { currency } assistant { id } } ...A }
        node(id: "call_101") { ... on CallRecord { id ... @include(if: $no) { databaseId } } } }
        fragment A on Node { __typename @skip(if: $no) ... on Call { assistant { name } } }"""

    for no in (True, False):
        data = await alike(differential, query, ids=["call_101", "graph_1"], no=no)

        call, graph = data["nodes"]
        assert set(call["cost"]) == {"total", "currency"}
        assert set(call["assistant"]) == {"id", "name"}
        assert graph == ({} if no else {"__typename": "AssistantGraph", "id": "graph_1"})
        assert ("databaseId" in data["node"]) == no


async def test_each_id_is_looked_up_in_an_index(
    differential: DifferentialClient, fresh: Copy
) -> None:
    if fresh.kind == "sqlite":
        return
    await alike(differential, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["graph_1"])
    (statement,) = differential.statements()
    connection = await asyncpg.connect(fresh.url)
    # The tables of a test are so small that reading all of one is cheaper.
    await connection.execute(
        "ANALYZE; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off"
    )
    await connection.execute(f"PREPARE looked_up AS {statement.sql}")

    values = {"arg0_kinds": "array['graph']", "arg0_numbers": "array[1]", "organization_id": "1"}
    arguments = ", ".join(values[name] for name, _, _ in statement.parameters)
    rows = await connection.fetch(f"EXPLAIN EXECUTE looked_up({arguments})")
    await connection.close()

    plan = "\n".join(row[0] for row in rows)
    assert "Seq Scan" not in plan
    node: Any = GRAPHQL.type_map["Node"]
    kinds = GRAPHQL.get_implementations(node).objects
    assert plan.count("(id = ids.number)") == plan.count("Index Cond: ") == len(kinds)
