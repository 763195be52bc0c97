"""SMS conversations: the documented one, the inbox, and what belongs to the same customer."""

from typing import Any

import pytest

from gql.database import Database
from gql.models.assistant import Assistant
from gql.models.call import Call, phone_digits
from gql.schema.scalars import print_instant
from tests.conftest import Counting, GraphQL
from tests.schema.lists import SMS, Row, ids, read, refusal, rows_of

FIELDS = """id databaseId callSid channel direction status customerPhoneNumber messageCount
    startedAt endedAt assistantName meta sessionId assistantPhoneNumber lastActivity"""


async def test_the_documented_conversation(graphql: GraphQL) -> None:
    query = f"""{{ smsConversation(id: 102) {{ __typename {FIELDS} assistant {{ id }}
        messages(first: 2) {{ totalCount nodes {{ id role content messageIndex timestamp llmProvider
        llmModel promptTokens completionTokens totalTokens }} }} }} }}"""
    tokens = dict.fromkeys(("promptTokens", "completionTokens", "totalTokens"))

    assert await graphql(query) == {
        "data": {
            "smsConversation": {
                "__typename": "SmsConversation",
                "id": "sms_conversation_102",
                "databaseId": 102,
                "callSid": "sms_102",
                "channel": "SMS",
                "direction": "INBOUND",
                "status": "ACTIVE",
                "customerPhoneNumber": "+15559876543",
                "messageCount": 8,
                "startedAt": "2026-04-30T10:00:00Z",
                "endedAt": None,
                "assistantName": "Support Bot",
                "meta": {},
                "sessionId": "sms:+15559876543:+15551234567",
                "assistantPhoneNumber": "+15551234567",
                "lastActivity": "2026-04-30T10:14:00Z",
                "assistant": {"id": "assistant_124"},
                "messages": {
                    "totalCount": 8,
                    "nodes": [
                        {
                            "id": "message_1",
                            "role": "USER",
                            "content": "Can I reschedule?",
                            "messageIndex": 1,
                            "timestamp": "2026-04-30T10:05:00Z",
                            "llmProvider": None,
                            "llmModel": None,
                            **tokens,
                        },
                        {
                            "id": "message_2",
                            "role": "ASSISTANT",
                            "content": "Sure. What day works best?",
                            "messageIndex": 2,
                            "timestamp": "2026-04-30T10:05:05Z",
                            "llmProvider": "openai",
                            "llmModel": "gpt-4o-mini",
                            **tokens,
                        },
                    ],
                },
            }
        }
    }


async def test_the_inbox_is_every_conversation_that_is_not_archived(
    graphql: GraphQL, database: Database
) -> None:
    rows = SMS.sorted(await rows_of(database, SMS), "LAST_ACTIVITY", descending=True)
    names = {row["id"]: row["name"] for row in await read(database, Assistant)}

    answer = await graphql(SMS.query(f"totalCount nodes {{ {FIELDS} }}"), {"first": 100})

    assert answer["data"]["list"] == {
        "totalCount": len(rows),
        "nodes": [
            {
                "id": f"sms_conversation_{row['id']}",
                "databaseId": row["id"],
                "callSid": row["call_sid"],
                "channel": "SMS",
                "direction": row["direction"].upper(),
                "status": row["status"].upper(),
                "customerPhoneNumber": row["customer_phone_number"],
                "messageCount": row["message_count"],
                "startedAt": print_instant(row["started_at"]),
                "endedAt": row["ended_at"] and print_instant(row["ended_at"]),
                "assistantName": names.get(row["assistant_id"], row["assistant_name"]),
                "meta": row["call_meta"],
                "sessionId": f"sms:{row['customer_phone_number']}:{row['to_phone_number']}",
                "assistantPhoneNumber": row["to_phone_number"],
                "lastActivity": print_instant(row["last_activity"]),
            }
            for row in rows
        ],
    }


async def test_an_archived_conversation_is_nowhere(graphql: GraphQL, database: Database) -> None:
    archived = [row["id"] for row in await read(database, Call) if row["is_archived"]]
    query = """query($id: ID!, $node: ID!) { smsConversation(id: $id) { id } node(id: $node) { id }
        call(id: $id) { id } }"""

    assert len(archived) > 3
    for number in archived:
        answer = await graphql(query, {"id": number, "node": f"sms_conversation_{number}"})
        assert answer["data"] == {"smsConversation": None, "node": None, "call": None}
    answer = await graphql("{ smsConversations(first: 100) { nodes { related { databaseId } } } }")
    related = {
        each["databaseId"]
        for node in answer["data"]["smsConversations"]["nodes"]
        for each in node["related"]
    }
    assert related.isdisjoint(archived)


async def test_a_list_of_conversations_is_filtered(graphql: GraphQL, database: Database) -> None:
    names = {row["id"]: row["name"] for row in await read(database, Assistant)}
    rows = SMS.sorted(await rows_of(database, SMS), "LAST_ACTIVITY", descending=True)
    started = sorted(row["started_at"] for row in rows)[12]
    latest = rows[9]["last_activity"]
    assistant = rows[0]["assistant_id"]

    def called(row: Row) -> set[str]:
        return {row["assistant_name"], names.get(row["assistant_id"], "")}

    cases: list[tuple[Any, Any]] = [
        ({"status": {"eq": "ACTIVE"}}, lambda row: row["status"] == "active"),
        ({"status": {"in": ["ACTIVE", "COMPLETED"]}}, lambda _: True),
        ({"assistantId": {"eq": str(assistant)}}, lambda row: row["assistant_id"] == assistant),
        ({"assistantName": {"eq": "Legacy Bot"}}, lambda row: "Legacy Bot" in called(row)),
        (
            {"assistantName": {"contains": "BOT"}},
            lambda row: any("bot" in name.lower() for name in called(row)),
        ),
        (
            {"customerPhoneNumber": {"contains": "+1 (555)"}},
            lambda row: "1555" in phone_digits(row["customer_phone_number"]),
        ),
        ({"startedAt": {"gt": print_instant(started)}}, lambda row: row["started_at"] > started),
        (
            {"lastActivity": {"gte": print_instant(latest)}},
            lambda row: row["last_activity"] >= latest,
        ),
        (
            {"meta": {"key": "topic", "eq": "réservation"}},
            lambda row: row["call_meta"].get("topic") == "réservation",
        ),
        (
            {"status": {"eq": "COMPLETED"}, "startedAt": {"lte": print_instant(started)}},
            lambda row: row["status"] == "completed" and row["started_at"] <= started,
        ),
    ]
    for filter_, passes in cases:
        selected = await ids(graphql, SMS, filter_)
        assert selected == [row["id"] for row in rows if passes(row)], filter_
        assert selected
    for nothing in ({"status": {"eq": "FAILED"}}, {"customerPhoneNumber": {"contains": "+"}}):
        assert await ids(graphql, SMS, nothing) == []


async def test_related_is_the_same_customer_and_assistant(
    graphql: GraphQL, database: Database, statements: Counting
) -> None:
    """Calls and conversations together, newest first, the conversation itself among them."""
    everything = [row for row in await read(database, Call) if not row["is_archived"]]
    everything.sort(key=lambda row: (row["started_at"], row["id"]), reverse=True)
    query = """{ smsConversations(first: 100) { nodes { databaseId related {
        __typename id callSid ... on Call { duration } ... on SmsConversation { sessionId }
    } } } }"""
    await graphql(query)

    def expected_message(row: Row) -> dict[str, Any]:
        if row["channel"] == "voice":
            own = {"__typename": "Call", "id": f"call_{row['id']}", "duration": row["duration"]}
        else:
            key = f"sms:{row['customer_phone_number']}:{row['to_phone_number']}"
            own = {"__typename": "SmsConversation", "id": f"sms_conversation_{row['id']}"}
            own["sessionId"] = key
        return {**own, "callSid": row["call_sid"]}

    with statements() as ran:
        nodes = (await graphql(query))["data"]["smsConversations"]["nodes"]

    mates = ("customer_phone_number", "assistant_id")
    for node in nodes:
        (conversation,) = [row for row in everything if row["id"] == node["databaseId"]]
        alike = [
            row for row in everything if all(row[name] == conversation[name] for name in mates)
        ]
        assert node["related"] == [expected_message(row) for row in alike[:50]]
    assert max(len(node["related"]) for node in nodes) > 1
    assert ran.count == 2


@pytest.mark.parametrize("id", ['"call_102"', '"graph_1"', "0", '"sms_102"'])
async def test_what_is_no_id_of_a_conversation_is_refused(graphql: GraphQL, id: str) -> None:
    code, _ = await refusal(graphql, f"{{ smsConversation(id: {id}) {{ id }} }}")

    assert code == "BAD_USER_INPUT"
