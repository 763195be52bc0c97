"""Voice calls: the documented one, every value of the others, and what they lead to."""

from typing import Any

from gql.database import Database
from gql.models.assistant import Assistant
from gql.models.graph import AssistantGraph
from gql.models.graph_session import GraphSession
from gql.schema.scalars import print_instant
from tests.conftest import Counting, GraphQL
from tests.schema.lists import CALLS, Row, read, refusal, rows_of

FIELDS = """id databaseId callSid channel direction status customerPhoneNumber toPhoneNumber
    messageCount startedAt endedAt assistantName meta duration graphName
    cost { total llm tts stt telephony currency }"""
LEADS = "assistant { databaseId name } graph { databaseId } session { databaseId }"


async def test_the_documented_call(graphql: GraphQL) -> None:
    query = f"{{ call(id: 101) {{ __typename {FIELDS} {LEADS} }} }}"

    assert await graphql(query) == {
        "data": {
            "call": {
                "__typename": "Call",
                "id": "call_101",
                "databaseId": 101,
                "callSid": "CA" + "x" * 32,
                "channel": "VOICE",
                "direction": "INBOUND",
                "status": "COMPLETED",
                "customerPhoneNumber": "+15559876543",
                "toPhoneNumber": "+15551234567",
                "messageCount": 0,
                "startedAt": "2024-01-15T10:00:00Z",
                "endedAt": "2024-01-15T10:03:00Z",
                "assistantName": "ServiceBot",
                "meta": {"customer_id": "cust_abc123", "campaign": "winter_outreach"},
                "duration": 180,
                "graphName": "Customer Support Flow",
                "cost": {
                    "total": "0.050000",
                    "llm": "0.020000",
                    "tts": "0.010000",
                    "stt": "0.010000",
                    "telephony": "0.010000",
                    "currency": "USD",
                },
                "assistant": {"databaseId": 123, "name": "ServiceBot"},
                "graph": None,
                "session": None,
            }
        }
    }


async def all_of(graphql: GraphQL, selection: str) -> list[Any]:
    """The selection of every call, newest first."""
    query = CALLS.query(f"nodes {{ {selection} }}")
    pages = [await graphql(query, {"first": 100, "offset": offset}) for offset in (0, 100, 200)]
    return [node for page in pages for node in page["data"]["list"]["nodes"]]


def amount(micros: int | None) -> str | None:
    """Micro-units as the API prints them."""
    return None if micros is None else f"{micros // 10**6}.{micros % 10**6:06d}"


def expected_call(row: Row, names: dict[int, str]) -> dict[str, Any]:
    """What a row must look like."""
    return {
        "id": f"call_{row['id']}",
        "databaseId": row["id"],
        "callSid": row["call_sid"],
        "channel": "VOICE",
        "direction": row["direction"].upper(),
        "status": row["status"].upper(),
        "customerPhoneNumber": row["customer_phone_number"],
        "toPhoneNumber": row["to_phone_number"],
        "messageCount": row["message_count"],
        "startedAt": print_instant(row["started_at"]),
        "endedAt": row["ended_at"] and print_instant(row["ended_at"]),
        "assistantName": names.get(row["assistant_id"], row["assistant_name"]),
        "meta": row["call_meta"],
        "duration": row["duration"],
        "graphName": row["graph_name"],
        "cost": {
            "total": amount(row["total_cost"]),
            "llm": amount(row["llm_cost"]),
            "tts": amount(row["tts_cost"]),
            "stt": amount(row["stt_cost"]),
            "telephony": amount(row["telephony_cost"]),
            "currency": row["cost_currency"],
        },
    }


async def test_every_call_is_its_row(graphql: GraphQL, database: Database) -> None:
    rows = CALLS.sorted(await rows_of(database, CALLS), "STARTED_AT", descending=True)
    names = {row["id"]: row["name"] for row in await read(database, Assistant)}

    nodes = await all_of(graphql, FIELDS)

    assert nodes == [expected_call(row, names) for row in rows]
    assert {call["status"] for call in nodes} == {"ONGOING", "COMPLETED", "FAILED"}
    assert {call["cost"]["currency"] for call in nodes} == {"USD", "EUR", "INR", None}


async def test_every_call_leads_to_what_is_still_there(
    graphql: GraphQL, database: Database
) -> None:
    """A deleted assistant or graph is null, and the call keeps its name and its own id."""
    rows = CALLS.sorted(await rows_of(database, CALLS), "STARTED_AT", descending=True)
    assistants = {row["id"]: row["name"] for row in await read(database, Assistant)}
    graphs = {row["id"] for row in await read(database, AssistantGraph)}
    sessions = {row["call_sid"]: row["id"] for row in await read(database, GraphSession)}

    def leads(row: Row) -> dict[str, Any]:
        assistant, graph, sid = row["assistant_id"], row["graph_id"], row["call_sid"]
        return {
            "assistant": {"databaseId": assistant, "name": assistants[assistant]}
            if assistant in assistants
            else None,
            "graph": {"databaseId": graph} if graph in graphs else None,
            "session": {"databaseId": sessions[sid]} if sid in sessions else None,
        }

    nodes = await all_of(graphql, LEADS)

    assert nodes == [leads(row) for row in rows]
    for lead in ("assistant", "graph", "session"):
        assert {call[lead] is None for call in nodes} == {True, False}


async def test_a_session_and_its_call_name_each_other(graphql: GraphQL) -> None:
    nodes = await all_of(graphql, "id session { call { id } } graph { id }")

    for call in nodes:
        assert call["session"] is None or call["session"]["call"] == {"id": call["id"]}


async def test_calls_of_a_graph_are_paged_under_each_graph(
    graphql: GraphQL, database: Database, statements: Counting
) -> None:
    rows = CALLS.sorted(await rows_of(database, CALLS), "DURATION", descending=False)
    query = """{ graphs(first: 100) { nodes { databaseId calls(first: 4,
        filter: {status: {eq: COMPLETED}}, orderBy: {field: DURATION, direction: ASC}) {
        totalCount nodes { databaseId } } } } }"""
    await graphql(query)

    with statements() as ran:
        graphs = (await graphql(query))["data"]["graphs"]["nodes"]

    for graph in graphs:
        own = [
            row["id"]
            for row in rows
            if row["graph_id"] == graph["databaseId"] and row["status"] == "completed"
        ]
        assert graph["calls"] == {
            "totalCount": len(own),
            "nodes": [{"databaseId": number} for number in own[:4]],
        }
    assert ran.count == 3


async def test_an_sms_conversation_is_no_call(graphql: GraphQL) -> None:
    query = '{ call(id: 102) { id } sid: call(callSid: "sms_102") { id } }'

    assert await graphql(query) == {"data": {"call": None, "sid": None}}
    code, _ = await refusal(graphql, '{ call(id: "sms_conversation_102") { id } }')
    assert code == "BAD_USER_INPUT"


async def test_strangers_see_nothing_of_a_call(
    graphql: GraphQL, database: Database, stranger: dict[str, str]
) -> None:
    """Neither by its id, its SID or its values, nor by the assistant or graph that it names."""
    row = (await rows_of(database, CALLS))[3]
    filters = (
        {"callSid": {"eq": row["call_sid"]}},
        {"assistantId": {"in": [str(row["assistant_id"]), f"assistant_{row['assistant_id']}"]}},
        {"graphId": {"eq": "graph_1"}},
        {"assistantName": {"eq": "ServiceBot"}},
    )

    for filter_ in filters:
        answer = await graphql(
            CALLS.query("totalCount nodes { id } pageInfo { hasNextPage }"),
            {"filter": filter_},
            stranger,
        )
        assert answer["data"]["list"] == {
            "totalCount": 0,
            "nodes": [],
            "pageInfo": {"hasNextPage": False},
        }
    by = [{"id": row["id"]}, {"callSid": row["call_sid"]}]
    for name in by:
        answer = await graphql(
            "query($by: CallBy!) { call(by: $by) { id } }", {"by": name}, stranger
        )
        assert answer == {"data": {"call": None}}
