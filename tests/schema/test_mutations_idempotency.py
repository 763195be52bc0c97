"""Mutations that are sent again with the same idempotency key, over HTTP."""

import asyncio
from typing import Any

from tests.conftest import GraphQL, bearer
from tests.databases import Copy

CREATE = """mutation ($input: CreateGraphInput!) { createGraph(input: $input) {
    graph { id name } nodes { key id } clientMutationId userErrors { message code path } } }"""
INPUT = {"name": "New", "nodes": [{"key": "a", "assistantId": 1}], "idempotencyKey": "key-1"}
COUNT = "{ graphs { totalCount } auditLog { totalCount } }"


async def create(graphql: GraphQL, **values: Any) -> Any:
    answer = await graphql(CREATE, {"input": INPUT | values})
    assert list(answer) == ["data"], answer
    return answer["data"]["createGraph"]


async def test_the_change_is_made_once(fresh_graphql: GraphQL) -> None:
    first = await create(fresh_graphql, clientMutationId="one")
    count = await fresh_graphql(COUNT)

    again = await create(fresh_graphql, clientMutationId="two")

    assert first["userErrors"] == []
    assert again == first | {"clientMutationId": "two"}
    assert await fresh_graphql(COUNT) == count


async def test_of_three_at_once_one_is_made(fresh_graphql: GraphQL) -> None:
    first, *others = await asyncio.gather(*(create(fresh_graphql) for _ in range(3)))

    assert first["graph"] is not None
    assert others == [first, first]


async def test_the_ids_of_the_first_time_come_back_after_another_change(
    fresh_graphql: GraphQL,
) -> None:
    first = await create(fresh_graphql)
    renamed = (
        'mutation ($id: ID!) { updateGraph(input: {id: $id, name: "Later"}) { graph { id } } }'
    )
    await fresh_graphql(renamed, {"id": first["graph"]["id"]})

    again = await create(fresh_graphql)

    assert again["nodes"] == first["nodes"]
    assert again["graph"] == {"id": first["graph"]["id"], "name": "Later"}


async def test_the_same_key_with_another_input_is_refused(fresh_graphql: GraphQL) -> None:
    await create(fresh_graphql)

    payload = await create(fresh_graphql, name="Other")

    assert payload["graph"] is None
    assert payload["userErrors"] == [
        {
            "message": "This idempotency key came with another request before; use a new key for"
            " each write.",
            "code": "IDEMPOTENCY_KEY_REUSED",
            "path": ["input", "idempotencyKey"],
        }
    ]


async def test_a_refused_change_can_be_corrected_under_its_key(fresh_graphql: GraphQL) -> None:
    refused = await create(fresh_graphql, name="Customer Service Router")
    corrected = await create(fresh_graphql)

    assert refused["userErrors"][0]["code"] == "ALREADY_EXISTS"
    assert corrected["userErrors"] == []


async def test_a_key_that_cannot_be_stored(fresh_graphql: GraphQL) -> None:
    payload = await create(fresh_graphql, idempotencyKey="x" * 256)

    assert payload["userErrors"] == [
        {
            "message": "idempotencyKey has 256 characters, but may have at most 255",
            "code": "TOO_LONG",
            "path": ["input", "idempotencyKey"],
        }
    ]


async def test_each_organization_has_its_own_keys(fresh_graphql: GraphQL, fresh: Copy) -> None:
    await create(fresh_graphql, nodes=[])
    stranger = bearer(fresh.organizations[1])

    answer = await fresh_graphql(CREATE, {"input": INPUT | {"nodes": []}}, stranger)

    assert answer["data"]["createGraph"]["userErrors"] == []
