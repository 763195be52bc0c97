"""Graph sessions: the documented ones, their context and steps, and the lists of them."""

from typing import Any

import pytest

from gql.database import Database
from gql.models.graph_session import GraphTransition
from gql.schema.scalars import print_instant
from tests.conftest import Counting, GraphQL
from tests.schema.lists import GRAPH_SESSIONS, GRAPHS, ids, read, refusal, rows_of


async def test_the_documented_session(graphql: GraphQL) -> None:
    query = """{ graphSession(callSid: "CA1234567890abcdef") { id databaseId callSid isActive
        startedAt endedAt graphName currentAssistantName context call { id } graph { id }
        currentNode { id assistant { name } } transitions { totalCount nodes { id databaseId
            fromNode { id } toNode { id } fromAssistantName toAssistantName conditionType
            matchedCondition triggeredBy handoffSentence createdAt } } } }"""

    answer = await graphql(query)

    assert answer["data"]["graphSession"] == {
        "id": "graph_session_501",
        "databaseId": 501,
        "callSid": "CA1234567890abcdef",
        "isActive": True,
        "startedAt": "2025-01-19T14:30:00Z",
        "endedAt": None,
        "graphName": "Customer Service Router",
        "currentAssistantName": "Sales Specialist",
        "context": {
            "customer_name": "John",
            "inquiry_type": "sales",
            "product_interest": "enterprise plan",
            "transition_count": 1,
            "initial_greeting_complete": True,
        },
        "call": None,
        "graph": {"id": "graph_1"},
        "currentNode": {"id": "node_102", "assistant": {"name": "Sales Specialist"}},
        "transitions": {
            "totalCount": 1,
            "nodes": [
                {
                    "id": "transition_2",
                    "databaseId": 2,
                    "fromNode": {"id": "node_101"},
                    "toNode": {"id": "node_102"},
                    "fromAssistantName": "Receptionist",
                    "toAssistantName": "Sales Specialist",
                    "conditionType": "INTENT",
                    "matchedCondition": "Intent matched: buy",
                    "triggeredBy": "I want to buy the enterprise plan",
                    "handoffSentence": "Let me connect you with our sales team.",
                    "createdAt": "2025-01-19T14:31:00Z",
                }
            ],
        },
    }


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/customer_name", "John"),
        ("/transition_count", 1),
        ("/initial_greeting_complete", True),
        ("/nothing", None),
        ("/customer_name/0", None),
        ("/", None),
    ],
)
async def test_one_value_of_the_context(graphql: GraphQL, path: str, value: Any) -> None:
    query = "query($path: String!) { graphSession(id: 501) { contextValue(path: $path) } }"

    assert await graphql(query, {"path": path}) == {
        "data": {"graphSession": {"contextValue": value}}
    }


async def test_the_empty_pointer_is_the_whole_context(graphql: GraphQL) -> None:
    query = '{ graphSession(id: 500) { context whole: contextValue(path: "") } }'

    session = (await graphql(query))["data"]["graphSession"]

    assert (
        session["context"]
        == session["whole"]
        == {
            "customer_name": "Jane",
            "inquiry_type": "support",
            "issue_resolved": True,
        }
    )


async def test_a_bad_pointer_fails_its_field_alone(graphql: GraphQL) -> None:
    query = '{ graphSession(id: 501) { id contextValue(path: "customer_name") } }'

    answer = await graphql(query)

    assert answer["data"]["graphSession"] == {"id": "graph_session_501", "contextValue": None}
    assert await refusal(graphql, query) == (
        "BAD_USER_INPUT",
        "'customer_name' is not a JSON Pointer: write it like `/previous_assistants/0`.",
    )


async def test_a_list_of_sessions_is_filtered(graphql: GraphQL, database: Database) -> None:
    rows = GRAPH_SESSIONS.sorted(
        await rows_of(database, GRAPH_SESSIONS), "STARTED_AT", descending=True
    )
    middle = rows[len(rows) // 2]["started_at"]
    ended = sorted(row["ended_at"] for row in rows if row["ended_at"])[10]
    graph_ids = sorted({row["graph_id"] for row in rows})
    sid = rows[5]["call_sid"]
    cases: list[tuple[Any, Any]] = [
        ({"isActive": True}, lambda row: row["is_active"]),
        ({"isActive": False}, lambda row: not row["is_active"]),
        ({"graphId": {"eq": "graph_1"}}, lambda row: row["graph_id"] == 1),
        (
            {"graphId": {"in": list(map(str, graph_ids[:3]))}},
            lambda row: row["graph_id"] in graph_ids[:3],
        ),
        ({"callSid": {"eq": sid}}, lambda row: row["call_sid"] == sid),
        (
            {"callSid": {"startsWith": sid[:4].lower()}},
            lambda row: row["call_sid"].startswith(sid[:4]),
        ),
        ({"startedAt": {"gte": print_instant(middle)}}, lambda row: row["started_at"] >= middle),
        ({"endedAt": {"isNull": True}}, lambda row: row["ended_at"] is None),
        (
            {"endedAt": {"lt": print_instant(ended)}, "isActive": False},
            lambda row: row["ended_at"] is not None and row["ended_at"] < ended,
        ),
    ]
    for filter_, passes in cases:
        selected = await ids(graphql, GRAPH_SESSIONS, filter_)
        assert selected == [row["id"] for row in rows if passes(row)], filter_
        assert selected


NESTED: list[tuple[str, Any]] = [
    ("", slice(0, 20)),
    ("first: 3", slice(0, 3)),
    ("last: 2", slice(-2, None)),
    ("first: 2, offset: 1", slice(1, 3)),
    ("first: 0", slice(0, 0)),
]


@pytest.mark.parametrize(("paging", "part"), NESTED, ids=[paging for paging, _ in NESTED])
async def test_sessions_of_all_graphs_are_one_statement_and_right_for_each(
    graphql: GraphQL, database: Database, statements: Counting, paging: str, part: slice
) -> None:
    rows = GRAPH_SESSIONS.sorted(
        await rows_of(database, GRAPH_SESSIONS), "STARTED_AT", descending=True
    )
    arguments = f"({paging})" if paging else ""
    query = f"""{{ graphs(first: 100) {{ nodes {{ databaseId sessions{arguments} {{
        nodes {{ databaseId }} pageInfo {{ hasNextPage hasPreviousPage }} }} }} }} }}"""
    await graphql(query)

    with statements() as ran:
        answer = await graphql(query)

    graphs = answer["data"]["graphs"]["nodes"]
    for graph in graphs:
        own = [row["id"] for row in rows if row["graph_id"] == graph["databaseId"]]
        on_page = own[part]
        before = own.index(on_page[0]) if on_page else part.start if own else 0
        assert graph["sessions"] == {
            "nodes": [{"databaseId": number} for number in on_page],
            "pageInfo": {
                "hasPreviousPage": bool(before),
                "hasNextPage": before + len(on_page) < len(own),
            },
        }
    assert len(graphs) == len(await rows_of(database, GRAPHS))
    assert ran.count == (3 if "offset" in paging else 2)


async def test_nested_cursors_filters_and_totals_hold_for_each_parent(
    graphql: GraphQL, database: Database
) -> None:
    rows = GRAPH_SESSIONS.sorted(
        await rows_of(database, GRAPH_SESSIONS), "ENDED_AT", descending=False
    )
    page = await graphql(
        """{ graph(id: 1) { sessions(first: 1, orderBy: {field: ENDED_AT, direction: ASC}) {
            pageInfo { endCursor } } } }"""
    )
    cursor = page["data"]["graph"]["sessions"]["pageInfo"]["endCursor"]
    (mark,) = [row for row in rows if row["id"] == 500]
    position = (mark["ended_at"], mark["id"])
    query = """query($after: String) { graphs(first: 100) { nodes { databaseId
        sessions(first: 2, after: $after, orderBy: {field: ENDED_AT, direction: ASC},
        filter: {callSid: {startsWith: "CA"}}) { totalCount nodes { databaseId } } } } }"""

    answer = await graphql(query, {"after": cursor})

    for graph in answer["data"]["graphs"]["nodes"]:
        own = [row for row in rows if row["graph_id"] == graph["databaseId"]]
        later = [
            row["id"]
            for row in own
            if row["ended_at"] is None or (row["ended_at"], row["id"]) > position
        ]
        assert graph["sessions"] == {
            "totalCount": len(own),
            "nodes": [{"databaseId": number} for number in later[:2]],
        }


async def test_steps_are_in_the_order_they_happened(graphql: GraphQL, database: Database) -> None:
    steps = await read(database, GraphTransition)
    query = """{ graphSessions(first: 100) { nodes { databaseId transitions {
        totalCount nodes { databaseId } } } } }"""

    for session in (await graphql(query))["data"]["graphSessions"]["nodes"]:
        own = [step["id"] for step in steps if step["graph_session_id"] == session["databaseId"]]
        assert session["transitions"] == {
            "totalCount": len(own),
            "nodes": [{"databaseId": number} for number in own],
        }
