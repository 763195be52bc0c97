"""Assistants: the documented one, what each is used by, and the lists of them."""

from typing import Any

from gql.database import Database
from gql.models.graph import GraphNode
from tests.conftest import Counting, GraphQL
from tests.schema.lists import ASSISTANTS, CALLS, GRAPHS, SMS, ids, read, rows_of


async def test_the_documented_assistant(graphql: GraphQL) -> None:
    query = """{ assistant(id: 1) { __typename id databaseId name description phoneNumber
        llmProvider llmModel settings isActive createdAt updatedAt } }"""

    assert await graphql(query) == {
        "data": {
            "assistant": {
                "__typename": "Assistant",
                "id": "assistant_1",
                "databaseId": 1,
                "name": "Receptionist",
                "description": "Greets callers and routes to departments",
                "phoneNumber": "+18000000001",
                "llmProvider": "openai",
                "llmModel": "gpt-4o-mini",
                "settings": {},
                "isActive": True,
                "createdAt": "2025-01-19T09:00:00Z",
                "updatedAt": "2025-01-19T09:00:00Z",
            }
        }
    }


async def test_every_assistant_is_its_row(graphql: GraphQL, database: Database) -> None:
    query = "{ assistants(first: 100) { nodes { databaseId name description settings isActive } } }"

    answer = await graphql(query)

    assert answer["data"]["assistants"]["nodes"] == [
        {
            "databaseId": row["id"],
            "name": row["name"],
            "description": row["description"],
            "settings": row["settings"],
            "isActive": row["is_active"],
        }
        for row in await rows_of(database, ASSISTANTS)
    ]


async def test_a_list_of_assistants_is_filtered(graphql: GraphQL, database: Database) -> None:
    rows = await rows_of(database, ASSISTANTS)
    cases: list[tuple[Any, Any]] = [
        ({"isActive": True}, lambda row: row["is_active"]),
        ({"isActive": False}, lambda row: not row["is_active"]),
        ({}, lambda _: True),
        ({"name": {"eq": "李娜"}}, lambda row: row["name"] == "李娜"),
        ({"name": {"in": ["李娜", "Billing"]}}, lambda row: row["name"] in {"李娜", "Billing"}),
        ({"name": {"contains": "JOSÉ"}}, lambda row: "josé" in row["name"].lower()),
        ({"name": {"startsWith": "s"}}, lambda row: row["name"].lower().startswith("s")),
        (
            {"name": {"contains": "desk"}, "isActive": True},
            lambda row: "desk" in row["name"].lower() and row["is_active"],
        ),
    ]
    for filter_, passes in cases:
        selected = await ids(graphql, ASSISTANTS, filter_)
        assert selected == [row["id"] for row in rows if passes(row)], filter_
        assert selected


async def test_what_an_assistant_is_used_by(
    graphql: GraphQL, database: Database, statements: Counting
) -> None:
    """Of every assistant at once, one statement per list; a graph counts once for all its nodes."""
    nodes = await read(database, GraphNode)
    calls = CALLS.sorted(await rows_of(database, CALLS), "STARTED_AT", descending=True)
    threads = SMS.sorted(await rows_of(database, SMS), "LAST_ACTIVITY", descending=True)
    graphs = await rows_of(database, GRAPHS)
    query = """{ assistants(first: 100) { nodes { databaseId
        graphs(first: 2) { nodes { databaseId } }
        calls(first: 3) { nodes { databaseId } }
        smsConversations(last: 2) { nodes { databaseId } } } } }"""
    totals = """{ assistants(first: 100) { nodes { databaseId graphs { totalCount }
        calls(filter: {status: {eq: FAILED}}) { totalCount }
        smsConversations { totalCount } } } }"""
    await graphql(query)

    with statements() as ran:
        pages = (await graphql(query))["data"]["assistants"]["nodes"]
        counted = (await graphql(totals))["data"]["assistants"]["nodes"]

    for page, total in zip(pages, counted, strict=True):
        number = page["databaseId"]
        used = {node["graph_id"] for node in nodes if node["assistant_id"] == number}
        own = {
            "graphs": [row["id"] for row in graphs if row["id"] in used],
            "calls": [row["id"] for row in calls if row["assistant_id"] == number],
            "smsConversations": [row["id"] for row in threads if row["assistant_id"] == number],
        }
        parts = {"graphs": slice(2), "calls": slice(3), "smsConversations": slice(-2, None)}
        assert page == {
            "databaseId": number,
            **{
                name: {"nodes": [{"databaseId": each} for each in own[name][part]]}
                for name, part in parts.items()
            },
        }
        failed = [
            row for row in calls if row["assistant_id"] == number and row["status"] == "failed"
        ]
        assert total == {
            "databaseId": number,
            "graphs": {"totalCount": len(own["graphs"])},
            "calls": {"totalCount": len(failed)},
            "smsConversations": {"totalCount": len(own["smsConversations"])},
        }
    assert ran.count == 8


async def test_graphs_of_an_assistant_are_paged_filtered_and_sorted(graphql: GraphQL) -> None:
    query = """query($after: String) { assistant(id: 1) { graphs(first: 1, after: $after,
        orderBy: {field: NAME, direction: ASC}, filter: {name: {contains: "router"}}) {
        totalCount nodes { name } pageInfo { hasNextPage hasPreviousPage endCursor } } } }"""

    first = (await graphql(query))["data"]["assistant"]["graphs"]
    second = await graphql(query, {"after": first["pageInfo"]["endCursor"]})

    assert first["nodes"] == [{"name": "Customer Service Router"}]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (1, False)
    assert second["data"]["assistant"]["graphs"] == {
        "totalCount": 1,
        "nodes": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": True, "endCursor": None},
    }
