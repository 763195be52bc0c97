"""Filters of assistants, graph sessions and messages, against the same rows, filtered by Python."""

from collections.abc import Callable
from typing import Any

from gql.database import Database
from gql.models.call import phone_digits
from gql.models.graph import GraphNode
from gql.models.message import ChatMessage
from gql.schema.scalars import print_instant
from tests.conftest import Counting, GraphQL
from tests.schema.lists import ASSISTANTS, GRAPH_SESSIONS, ids, read, refusal, rows_of


async def test_assistants_by_the_number_that_they_answer(
    graphql: GraphQL, database: Database
) -> None:
    """However it is written there and here; one without a number has no other number."""
    rows = await rows_of(database, ASSISTANTS)
    numbers = {row["id"]: phone_digits(row["phone_number"] or "") for row in rows}
    number = next(each for each in numbers.values() if each)
    for comparator, value, means in (
        ("eq", f"+{number[:1]} ({number[1:4]}) {number[4:]}", lambda each: each == number),
        ("ne", number, lambda each: each not in {"", number}),
        ("in", [number, "nobody"], lambda each: each == number),
        ("notIn", [number], lambda each: each not in {"", number}),
        ("contains", number[2:5], lambda each: number[2:5] in each),
    ):
        matching = await ids(graphql, ASSISTANTS, {"phoneNumber": {comparator: value}})

        assert matching == [key for key, each in numbers.items() if means(each)], comparator
        assert matching


async def test_assistants_by_model(graphql: GraphQL, database: Database) -> None:
    rows = await rows_of(database, ASSISTANTS)
    model = rows[0]["llm_model"]
    conditions: list[tuple[Any, Callable[[str], bool]]] = [
        ({"eq": model}, lambda each: each == model),
        ({"ne": model}, lambda each: each != model),
        ({"startsWith": model[:3].upper()}, lambda each: each.startswith(model[:3])),
    ]
    for condition, means in conditions:
        matching = await ids(graphql, ASSISTANTS, {"llmModel": condition})

        assert matching == [row["id"] for row in rows if means(row["llm_model"])]
        assert matching


async def test_sessions_by_node_and_by_assistant(
    graphql: GraphQL, database: Database, statements: Counting
) -> None:
    """Of the node where they are; a session whose node was replaced is at no other node."""
    rows = GRAPH_SESSIONS.sorted(
        await rows_of(database, GRAPH_SESSIONS), "STARTED_AT", descending=True
    )
    speaks = {row["id"]: row["assistant_id"] for row in await read(database, GraphNode)}
    nodes = {row["id"]: row["current_node_id"] for row in rows}
    node = next(each for each in nodes.values() if each is not None)
    for field, prefix, value, by_session in (
        ("currentNodeId", "node", node, nodes),
        (
            "currentAssistantId",
            "assistant",
            speaks[node],
            {key: speaks.get(each) for key, each in nodes.items()},
        ),
    ):
        for condition, means in (
            ({"eq": f"{prefix}_{value}"}, lambda each, value=value: each == value),
            ({"in": [str(value), "999999"]}, lambda each, value=value: each == value),
            ({"ne": str(value)}, lambda each, value=value: each not in {None, value}),
            ({"notIn": [str(value)]}, lambda each, value=value: each not in {None, value}),
        ):
            matching = await ids(graphql, GRAPH_SESSIONS, {field: condition})

            assert matching == [key for key, each in by_session.items() if means(each)], condition
            assert matching
    both = {"currentNodeId": {"eq": node}, "currentAssistantId": {"eq": speaks[node]}}
    with statements() as ran:
        await graphql(GRAPH_SESSIONS.query("nodes { callSid }"), {"filter": both})
    assert ran.count == 1
    wrong = {"filter": {"currentNodeId": {"eq": "assistant_1"}}}
    assert (await refusal(graphql, GRAPH_SESSIONS.query("totalCount"), wrong))[0] == (
        "BAD_USER_INPUT"
    )


async def test_messages_by_time(graphql: GraphQL, database: Database) -> None:
    """Of calls, where the prompt counts, and of SMS conversations, where it does not."""
    query = """query ($filter: MessageFilter) { records(first: 40) { nodes { __typename databaseId
        messages(first: 100, filter: $filter) { totalCount nodes { databaseId } } } } }"""
    rows = await read(database, ChatMessage)
    instants = sorted(row["timestamp"] for row in rows)
    low, high = instants[len(instants) // 4], instants[-len(instants) // 8]
    between: dict[str, Any] = {"gte": print_instant(low), "lt": print_instant(high)}

    records = (await graphql(query, {"filter": {"timestamp": between}}))["data"]["records"]

    matched = 0
    for record in records["nodes"]:
        written = {
            row["id"]
            for row in rows
            if row["call_id"] == record["databaseId"]
            and low <= row["timestamp"] < high
            and (record["__typename"] == "Call" or row["role"] != "system")
        }
        assert {node["databaseId"] for node in record["messages"]["nodes"]} == written
        assert record["messages"]["totalCount"] == len(written)
        matched += len(written)
    assert matched > 0
