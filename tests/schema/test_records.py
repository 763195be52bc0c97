"""Voice calls and SMS conversations in one list: the timeline of a customer."""

from typing import Any

import asyncpg
import pytest

from gql.database import Database
from tests.conftest import Counting, GraphQL
from tests.databases import Copy
from tests.schema.lists import RECORDS, Row, ids, rows_of

TIMELINE = """query ($number: String!, $first: Int, $after: String) {
    records(first: $first, after: $after, filter: {customerPhoneNumber: {eq: $number}}) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes { __typename id databaseId channel customerPhoneNumber assistantPhoneNumber startedAt
            assistant { name } messages(first: 2) { totalCount nodes { role content } }
            ... on Call { duration toPhoneNumber } ... on SmsConversation { sessionId } } } }"""


async def busiest(database: Database) -> tuple[str, list[Row]]:
    """The customer with most records of both kinds, and these, newest first."""
    rows = RECORDS.sorted(await rows_of(database, RECORDS), "STARTED_AT", descending=True)
    by_number: dict[str, list[Row]] = {}
    for row in rows:
        by_number.setdefault(row["customer_phone_digits"], []).append(row)
    both = [each for each in by_number.values() if len({row["channel"] for row in each}) == 2]
    timeline = max(both, key=len)
    return timeline[0]["customer_phone_number"], timeline


async def test_a_timeline_is_what_one_customer_did_on_both_channels(
    graphql: GraphQL, database: Database
) -> None:
    number, timeline = await busiest(database)
    assert len(timeline) >= 3

    answer = await graphql(TIMELINE, {"number": number, "first": 100})

    assert "errors" not in answer
    assert answer["data"]["records"]["totalCount"] == len(timeline)
    names = {"voice": ("Call", "call"), "sms": ("SmsConversation", "sms_conversation")}
    for node, row in zip(answer["data"]["records"]["nodes"], timeline, strict=True):
        kind, noun = names[row["channel"]]
        assert (node["__typename"], node["id"]) == (kind, f"{noun}_{row['id']}")
        assert node["channel"] == row["channel"].upper()
        assert node["customerPhoneNumber"] == row["customer_phone_number"]
        assert node["assistantPhoneNumber"] == row["to_phone_number"]
        assert ("duration" in node, "sessionId" in node) == (kind == "Call", kind != "Call")
        if kind == "Call":
            assert node["toPhoneNumber"] == node["assistantPhoneNumber"]
            assert node["duration"] == row["duration"]


async def test_it_is_turned_by_cursors(graphql: GraphQL, database: Database) -> None:
    number, timeline = await busiest(database)
    collected: list[int] = []
    variables: dict[str, Any] = {"number": number, "first": 2, "after": None}
    while True:
        page = (await graphql(TIMELINE, variables))["data"]["records"]
        collected += [node["databaseId"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        variables["after"] = page["pageInfo"]["endCursor"]

    assert collected == [row["id"] for row in timeline]


async def test_messages_are_those_of_each_kind(graphql: GraphQL) -> None:
    """A call's begin with the prompt, which is no part of a thread of text messages."""
    query = """{ records(first: 100) { nodes { __typename id messages(first: 100) {
        totalCount nodes { id } } } } }"""
    calls = (
        "{ calls(first: 100) { nodes { id messages(first: 100) { totalCount nodes { id } } } } }"
    )
    threads = calls.replace("calls(", "smsConversations(")
    by_itself = {
        node["id"]: node["messages"]
        for document in (calls, threads)
        for field in (await graphql(document))["data"].values()
        for node in field["nodes"]
    }

    nodes = (await graphql(query))["data"]["records"]["nodes"]

    shared = [node for node in nodes if node["id"] in by_itself]
    assert {node["__typename"] for node in shared} == {"Call", "SmsConversation"}
    assert all(node["messages"] == by_itself[node["id"]] for node in shared)


FILTERS: list[tuple[Any, Any]] = [
    ({"channel": {"eq": "SMS"}}, lambda row: row["channel"] == "sms"),
    ({"channel": {"notIn": ["SMS"]}}, lambda row: row["channel"] == "voice"),
    (
        {"status": {"in": ["ACTIVE", "ONGOING"]}, "direction": {"eq": "INBOUND"}},
        lambda row: row["status"] in {"active", "ongoing"} and row["direction"] == "inbound",
    ),
    (
        {"any": [{"channel": {"eq": "SMS"}}, {"status": {"eq": "FAILED"}}]},
        lambda row: row["channel"] == "sms" or row["status"] == "failed",
    ),
    ({"assistantId": {"eq": "assistant_1"}}, lambda row: row["assistant_id"] == 1),
    (
        {"startedAt": {"gte": "2025-12-01", "lt": "2026-03-01"}},
        lambda row: "2025-12-01" <= f"{row['started_at']:%Y-%m-%d}" < "2026-03-01",
    ),
]


@pytest.mark.parametrize(("filter", "passes"), FILTERS, ids=[str(each[0]) for each in FILTERS])
async def test_filters(graphql: GraphQL, database: Database, filter: Any, passes: Any) -> None:
    """Totals too, which come from the table of counts where that has them."""
    rows = RECORDS.sorted(await rows_of(database, RECORDS), "STARTED_AT", descending=True)

    assert await ids(graphql, RECORDS, filter) == [row["id"] for row in rows if passes(row)]


async def test_how_many_statements_it_takes(
    graphql: GraphQL, statements: Counting, database: Database, request: pytest.FixtureRequest
) -> None:
    """One by a plan; by resolvers one for each thing that is read, however long the list is."""
    number, _ = await busiest(database)
    with statements() as ran:
        await graphql(TIMELINE, {"number": number, "first": 100})

    assert ran.count == (1 if "plans" in request.node.name else 7)


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_timeline_is_found_in_an_index(fresh: Copy) -> None:
    connection: Any = await asyncpg.connect(fresh.url)
    try:
        await connection.execute("SET enable_seqscan = off")
        plan = await connection.fetch(
            "EXPLAIN SELECT id FROM call WHERE organization_id = 1 AND NOT is_archived"
            " AND customer_phone_digits = '1555' ORDER BY started_at DESC, id DESC LIMIT 5"
        )
    finally:
        await connection.close()

    assert "Backward using ix_call_customer" in plan[1][0]
