"""The audit log, over HTTP."""

from typing import Any

import httpx2

from tests.conftest import Counting, GraphQL, bearer
from tests.databases import Copy

LOG = """{ auditLog { totalCount nodes { id action objectType objectId before after method
    user { id } apiKey { id } requestId createdAt } } viewer { user { id } apiKey { id } } }"""


async def test_every_change_is_there_with_who_made_it_and_the_latest_first(
    fresh_graphql: GraphQL, fresh_client: httpx2.AsyncClient, fresh: Copy
) -> None:
    query = """mutation { createGraph(input: {name: "New"}) { graph { id } }
        updateGraph(input: {id: 1, name: "Renamed"}) { graph { id } } }"""
    response = await fresh_client.post(
        "/graphql", json={"query": query}, headers=bearer(fresh.organizations[0])
    )
    graph = response.json()["data"]["createGraph"]["graph"]["id"]

    data = (await fresh_graphql(LOG))["data"]

    who = {
        "method": "API_KEY",
        **data["viewer"],
        "requestId": response.headers["x-request-id"],
    }
    newest, oldest = data["auditLog"]["nodes"]
    assert data["auditLog"]["totalCount"] == 2
    assert newest == {
        "id": newest["id"],
        "action": "graph.update",
        "objectType": "graph",
        "objectId": "graph_1",
        "before": {"name": "Customer Service Router"},
        "after": {"name": "Renamed"},
        "createdAt": newest["createdAt"],
        **who,
    }
    assert oldest == {
        "id": oldest["id"],
        "action": "graph.create",
        "objectType": "graph",
        "objectId": graph,
        "before": None,
        "after": {"name": "New", "nodes": 0, "edges": 0},
        "createdAt": oldest["createdAt"],
        **who,
    }


async def test_it_is_filtered_and_paged(fresh_graphql: GraphQL, fresh_statements: Counting) -> None:
    for number in range(4):
        name = (
            f'mutation {{ updateGraph(input: {{id: 1, name: "N{number}"}}) {{ graph {{ id }} }} }}'
        )
        await fresh_graphql(name)
    await fresh_graphql('mutation { createAssistant(input: {name: "A"}) { assistant { id } } }')
    query = """query ($after: String) { auditLog(first: 3, after: $after,
        filter: {action: {eq: "graph.update"}, objectType: {eq: "graph"}})
        { nodes { after } pageInfo { hasNextPage endCursor } } }"""

    with fresh_statements() as ran:
        first: dict[str, Any] = (await fresh_graphql(query))["data"]["auditLog"]
    cursor = first["pageInfo"]["endCursor"]
    second = (await fresh_graphql(query, {"after": cursor}))["data"]["auditLog"]

    assert ran.count == 1
    assert [entry["after"]["name"] for entry in first["nodes"]] == ["N3", "N2", "N1"]
    assert [entry["after"]["name"] for entry in second["nodes"]] == ["N0"]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)


async def test_it_is_for_administrators(fresh_graphql: GraphQL) -> None:
    created = await fresh_graphql(
        'mutation { createApiKey(input: {name: "Writer"}) { secret apiKey { id } } }'
    )
    writer = {"Authorization": f"Bearer {created['data']['createApiKey']['secret']}"}

    answer = await fresh_graphql("{ auditLog { totalCount } viewer { method } }", headers=writer)

    assert answer["data"] == {"auditLog": None, "viewer": {"method": "API_KEY"}}
    [error] = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["auditLog"], "FORBIDDEN")


async def test_what_has_no_id_has_none_in_the_log(fresh_graphql: GraphQL) -> None:
    await fresh_graphql("mutation { clearSmsSessions(input: {}) { clearedCount } }")

    answer = await fresh_graphql("{ auditLog { nodes { objectType objectId } } }")

    assert answer["data"]["auditLog"]["nodes"] == [{"objectType": "sms_session", "objectId": None}]


NODE = """query($id: ID!, $ids: [ID!]!) {
    node(id: $id) { __typename id ... on AuditEntry { action } }
    nodes(ids: $ids) { id } graph(id: 1) { id } }"""


async def test_an_entry_is_found_by_its_id(
    fresh_graphql: GraphQL, fresh: Copy, fresh_statements: Counting
) -> None:
    """By administrators alone, whoever asked the same before."""
    await fresh_graphql('mutation { createAssistant(input: {name: "A"}) { assistant { id } } }')
    (entry,) = (await fresh_graphql("{ auditLog { nodes { id } } }"))["data"]["auditLog"]["nodes"]
    variables = {"id": entry["id"], "ids": [entry["id"], "graph_1"]}
    here: dict[str, Any] = {
        "node": {"__typename": "AuditEntry", "id": entry["id"], "action": "assistant.create"},
        "nodes": [{"id": entry["id"]}, {"id": "graph_1"}],
        "graph": {"id": "graph_1"},
    }
    hidden = {"node": None, "nodes": [None, {"id": "graph_1"}], "graph": {"id": "graph_1"}}
    created = await fresh_graphql(
        'mutation { createApiKey(input: {name: "Writer"}) { secret apiKey { id } } }'
    )
    writer = {"Authorization": f"Bearer {created['data']['createApiKey']['secret']}"}
    literal = f'{{ node(id: "{entry["id"]}") {{ id }} }}'

    for _ in range(2):
        assert await fresh_graphql(NODE, variables) == {"data": here}
        assert await fresh_graphql(NODE, variables, writer) == {"data": hidden}
        assert await fresh_graphql(literal) == {"data": {"node": entry}}
        assert await fresh_graphql(literal, headers=writer) == {"data": {"node": None}}
    other = bearer(fresh.organizations[1])
    assert (await fresh_graphql(literal, headers=other)) == {"data": {"node": None}}
    with fresh_statements() as ran:
        await fresh_graphql(literal, headers=writer)
    assert ran.count <= 1


async def test_a_stranger_sees_their_own_alone(fresh_graphql: GraphQL, fresh: Copy) -> None:
    await fresh_graphql('mutation { createAssistant(input: {name: "A"}) { assistant { id } } }')

    answer = await fresh_graphql(LOG, headers=bearer(fresh.organizations[1]))

    assert answer["data"]["auditLog"] == {"totalCount": 0, "nodes": []}
