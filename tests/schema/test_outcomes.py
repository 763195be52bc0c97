"""What sources tell about calls: where from, how they ended, recordings, the lines of the cost."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, update

from gql.database import Database
from gql.models.call import Call
from gql.models.cost_entry import CostEntry
from gql.models.graph_session import GraphSession, GraphTransition
from gql.models.message import ChatMessage, Transcript
from gql.models.recording import Recording
from gql.models.scope import table_of
from tests.conftest import Counting, GraphQL, bearer, connect
from tests.databases import Copy
from tests.schema.lists import CALLS, Row, ids, read, rows_of
from tests.schema.oracle import agrees

AT = datetime(2026, 5, 4, 9, 30, 15, 250000, tzinfo=UTC)
INSTANT = "2026-05-04T09:30:15.25Z"
CALL = 101
OUTCOME = {
    "source": "retell",
    "external_id": "call_77",
    "carrier_call_id": "CA77",
    "customer_address": "sip:ann@example.com",
    "ended_reason": "dial_busy",
    "ended_reason_kind": "busy",
    "ended_message": "The line is busy.",
    "answered_at": AT,
    "duration_ms": 2**33,
    "summary": "Nobody spoke.",
    "analysis": {"intent": ["none"]},
    "success": "failure",
    "sentiment": "Neutral",
    "latency": {"llm": {"p50": 420}},
    "received_at": AT,
    "occurred_at": AT,
    "unattributed_cost": -1_500_000,
}
RECORDING = {
    "id": 9001,
    "organization_id": 1,
    "call_id": CALL,
    "source": "retell",
    "external_id": "RE1",
    "url": "https://recordings.example.com/RE1",
    "url_expires_at": AT,
    "needs_auth": True,
    "duration_ms": 1_500,
    "format": "wav",
    "kind": "customer",
    "channels": 1,
    "status": "completed",
    "started_at": AT,
    "occurred_at": AT,
}
ENTRIES = [
    {
        "id": 9001,
        "organization_id": 1,
        "call_id": CALL,
        "source": "retell",
        "producer": "pull",
        "external_id": "llm/1",
        "service": "llm",
        "provider": "openai",
        "model": "gpt",
        "usage_type": "tokens",
        "usage_amount": Decimal(1200),
        "unit_price": Decimal("0.00000015"),
        "amount": 180,
        "amount_text": "0.00018",
        "currency": "USD",
        "occurred_at": AT,
        "is_superseded": False,
        "meta": {"cached": 200},
    },
    {
        "id": 9002,
        "organization_id": 1,
        "call_id": CALL,
        "source": "retell",
        "producer": "webhook",
        "external_id": "fee",
        "service": "other",
        "provider": None,
        "model": None,
        "usage_type": None,
        "usage_amount": None,
        "unit_price": None,
        "amount": -20_000,
        "amount_text": None,
        "currency": "USD",
        "occurred_at": None,
        "is_superseded": True,
        "meta": None,
    },
]


async def write(database: Database, *statements: Any) -> None:
    async with database.transaction() as connection:
        for statement in statements:
            await connection.execute(statement)


async def test_a_call_carries_what_its_source_told(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    call = table_of(Call)
    await write(
        fresh_database,
        update(call).where(call.c.id == CALL).values(OUTCOME),
        insert(table_of(Recording)).values(RECORDING),
        insert(table_of(CostEntry)).values(ENTRIES),
    )

    answer = await fresh_graphql(
        """{ call(id: 101) { source externalId carrierCallId customerAddress endedReason
            endedReasonKind endedMessage answeredAt durationMs summary analysis success sentiment
            latency receivedAt occurredAt cost { unattributed }
            recordings { totalCount nodes { id source externalId kind url urlExpiresAt needsAuth
                durationMs format channels status startedAt occurredAt } }
            costEntries { nodes { id source producer externalId service provider model usageType
                usageAmount unitPrice amount amountText currency isSuperseded occurredAt meta } }
            counted: costEntries(filter: {isSuperseded: false, service: {in: [LLM, OTHER]}}) {
                totalCount } } }"""
    )

    assert answer == {
        "data": {
            "call": {
                "source": "retell",
                "externalId": "call_77",
                "carrierCallId": "CA77",
                "customerAddress": "sip:ann@example.com",
                "endedReason": "dial_busy",
                "endedReasonKind": "BUSY",
                "endedMessage": "The line is busy.",
                "answeredAt": INSTANT,
                "durationMs": "8589934592",
                "summary": "Nobody spoke.",
                "analysis": {"intent": ["none"]},
                "success": "FAILURE",
                "sentiment": "Neutral",
                "latency": {"llm": {"p50": 420}},
                "receivedAt": INSTANT,
                "occurredAt": INSTANT,
                "cost": {"unattributed": "-1.500000"},
                "recordings": {
                    "totalCount": 1,
                    "nodes": [
                        {
                            "id": "recording_9001",
                            "source": "retell",
                            "externalId": "RE1",
                            "kind": "CUSTOMER",
                            "url": "https://recordings.example.com/RE1",
                            "urlExpiresAt": INSTANT,
                            "needsAuth": True,
                            "durationMs": "1500",
                            "format": "wav",
                            "channels": 1,
                            "status": "completed",
                            "startedAt": INSTANT,
                            "occurredAt": INSTANT,
                        }
                    ],
                },
                "costEntries": {
                    "nodes": [
                        {
                            "id": "cost_entry_9001",
                            "source": "retell",
                            "producer": "pull",
                            "externalId": "llm/1",
                            "service": "LLM",
                            "provider": "openai",
                            "model": "gpt",
                            "usageType": "tokens",
                            "usageAmount": 1200,
                            "unitPrice": 1.5e-07,
                            "amount": "0.000180",
                            "amountText": "0.00018",
                            "currency": "USD",
                            "isSuperseded": False,
                            "occurredAt": INSTANT,
                            "meta": {"cached": 200},
                        },
                        {
                            "id": "cost_entry_9002",
                            "source": "retell",
                            "producer": "webhook",
                            "externalId": "fee",
                            "service": "OTHER",
                            "provider": None,
                            "model": None,
                            "usageType": None,
                            "usageAmount": None,
                            "unitPrice": None,
                            "amount": "-0.020000",
                            "amountText": None,
                            "currency": "USD",
                            "isSuperseded": True,
                            "occurredAt": None,
                            "meta": None,
                        },
                    ]
                },
                "counted": {"totalCount": 1},
            }
        }
    }


async def test_what_was_said_carries_what_its_source_told(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    message, transcript = table_of(ChatMessage), table_of(Transcript)
    session, transition = table_of(GraphSession), table_of(GraphTransition)
    own = {"organization_id": 1, "source": "retell", "external_id": "e1", "occurred_at": AT}
    tool = {
        "role": "tool",
        "content": "done",
        "message_index": 0,
        "name": "lookup",
        "tool_call_id": "t1",
        "tool_calls": [{"id": "t0"}],
        "interrupted": True,
        "node_key": "greet",
        "media": [{"url": "https://example.com/a.png"}],
        "delivery_status": "sent",
        "error_code": "30001",
        "segments": 2,
    }
    speech = {"content": "Hello", "speaker": "other", "speaker_label": "operator"}
    walk = {"call_sid": "CA77", "graph_name": "Elsewhere", "graph_id": None, "id": 9001}
    step = {
        "graph_session_id": 9001,
        "condition_type": "other",
        "from_node_key": "a",
        "to_node_key": "b",
        "from_node_name": "Ask",
        "to_node_name": "Book",
    }
    await write(
        fresh_database,
        insert(message).values({**own, **tool, "call_id": CALL}),
        insert(transcript).values({**own, **speech, "call_id": CALL}),
        insert(session).values({**own, **walk}),
        insert(transition).values({**own, **step}),
    )

    answer = await fresh_graphql(
        """{ call(id: 101) {
                messages { nodes { role source externalId occurredAt name toolCallId toolCalls
                    interrupted nodeKey media deliveryStatus errorCode segments } }
                transcript { nodes { speaker speakerLabel source externalId occurredAt } } }
            graphSession(callSid: "CA77") { source externalId occurredAt graph { id }
                transitions { nodes { fromNodeKey toNodeKey fromNodeName toNodeName source
                    externalId occurredAt conditionType fromNode { id } } } } }"""
    )

    named = {"source": "retell", "externalId": "e1", "occurredAt": INSTANT}
    assert answer == {
        "data": {
            "call": {
                "messages": {
                    "nodes": [
                        {
                            "role": "TOOL",
                            **named,
                            "name": "lookup",
                            "toolCallId": "t1",
                            "toolCalls": [{"id": "t0"}],
                            "interrupted": True,
                            "nodeKey": "greet",
                            "media": [{"url": "https://example.com/a.png"}],
                            "deliveryStatus": "sent",
                            "errorCode": "30001",
                            "segments": 2,
                        }
                    ]
                },
                "transcript": {
                    "nodes": [{"speaker": "OTHER", "speakerLabel": "operator", **named}]
                },
            },
            "graphSession": {
                **named,
                "graph": None,
                "transitions": {
                    "nodes": [
                        {
                            "fromNodeKey": "a",
                            "toNodeKey": "b",
                            "fromNodeName": "Ask",
                            "toNodeName": "Book",
                            **named,
                            "conditionType": "OTHER",
                            "fromNode": None,
                        }
                    ]
                },
            },
        }
    }


FILTERS: list[tuple[dict[str, Any], Callable[[Row], bool]]] = [
    ({"endedReason": {"eq": "no-answer"}}, lambda row: row["ended_reason"] == "no-answer"),
    (
        {"endedReasonKind": {"in": ["BUSY", "SILENCE"]}},
        lambda row: row["ended_reason_kind"] in {"busy", "silence"},
    ),
    (
        {"endedReasonKind": {"notIn": ["CUSTOMER_HANGUP"]}},
        lambda row: row["ended_reason_kind"] not in {None, "customer_hangup"},
    ),
    ({"receivedAt": {"isNull": False}}, lambda row: row["received_at"] is not None),
    (
        {"receivedAt": {"gte": "2026-01-01"}},
        lambda row: (row["received_at"] or AT.min.replace(tzinfo=UTC)).year >= 2026,
    ),
]


@pytest.mark.parametrize(("filter", "passes"), FILTERS, ids=[str(each[0]) for each in FILTERS])
async def test_calls_are_filtered_by_their_outcome(
    graphql: GraphQL, database: Database, filter: Any, passes: Callable[[Row], bool]
) -> None:
    rows = CALLS.sorted(await rows_of(database, CALLS), "STARTED_AT", descending=True)

    assert await agrees(graphql, rows, filter, passes)


@pytest.mark.parametrize("has", [True, False])
async def test_calls_are_filtered_by_whether_they_have_a_recording(
    graphql: GraphQL, database: Database, has: bool
) -> None:
    """The column follows the recordings, whoever writes them: see the next test."""
    recorded = {row["call_id"] for row in await read(database, Recording)}
    rows = CALLS.sorted(await rows_of(database, CALLS), "STARTED_AT", descending=True)

    assert await agrees(
        graphql, rows, {"hasRecording": has}, lambda row: (row["id"] in recorded) == has
    )


async def test_the_mark_of_a_recording_follows_whoever_writes(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    recording = table_of(Recording)
    one = recording.c.id == RECORDING["id"]

    async def marked() -> set[int]:
        return {101, 1} & set(await ids(fresh_graphql, CALLS, {"hasRecording": True}))

    other = min(row["id"] for row in await rows_of(fresh_database, CALLS) if row["id"] != CALL)
    before = await marked()
    await write(fresh_database, insert(recording).values(RECORDING))
    written = await marked()
    await write(fresh_database, update(recording).where(one).values(call_id=other))
    moved = set(await ids(fresh_graphql, CALLS, {"hasRecording": True})) & {CALL, other}
    await write(fresh_database, recording.delete().where(one))
    deleted = await marked()

    assert (before, written, moved, deleted) == (set(), {CALL}, {other}, set())


async def test_calls_and_conversations_are_found_by_source_and_external_id(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    call = table_of(Call)
    await write(
        fresh_database,
        *(
            update(call)
            .where(call.c.id == number)
            .values(source="retell", external_id=f"x-{number}")
            for number in (101, 102)
        ),
    )
    by = 'filter: {source: {eq: "retell"}, externalId: {in: ["x-101", "x-102"]}}'

    answer = await fresh_graphql(
        f"{{ calls({by}) {{ nodes {{ id }} }} smsConversations({by}) {{ nodes {{ id }} }}"
        f" records({by}) {{ totalCount nodes {{ id source externalId receivedAt }} }} }}"
    )

    row = {"source": "retell", "receivedAt": None}
    records = answer["data"].pop("records")
    assert answer == {
        "data": {
            "calls": {"nodes": [{"id": "call_101"}]},
            "smsConversations": {"nodes": [{"id": "sms_conversation_102"}]},
        }
    }
    assert records["totalCount"] == 2
    by_id = sorted(records["nodes"], key=lambda node: str(node["id"]))
    assert by_id == [
        {"id": "call_101", "externalId": "x-101", **row},
        {"id": "sms_conversation_102", "externalId": "x-102", **row},
    ]


async def test_recordings_and_lines_of_fifty_calls_cost_one_statement_each(
    graphql: GraphQL, statements: Counting
) -> None:
    query = (
        "{ calls(first: 50, filter: {hasRecording: true}) { nodes {"
        " recordings { nodes { kind } } costEntries { nodes { amount } } } } }"
    )
    await graphql(query)

    with statements() as ran:
        answer = await graphql(query)

    nodes = answer["data"]["calls"]["nodes"]
    assert len(nodes) > 3
    assert all(node["recordings"]["nodes"] for node in nodes)
    assert sum(len(node["costEntries"]["nodes"]) for node in nodes) > 3
    assert sum("FROM" in text for text in ran.texts) == 3


async def test_a_stranger_reads_no_recording_and_no_line(fresh: Copy, fresh_app: Any) -> None:
    query = """{ nodes(ids: ["recording_1001", "cost_entry_1001"]) { id }
        calls(filter: {hasRecording: true}, first: 100) { nodes {
            recordings { nodes { url } } } } }"""
    async with connect(fresh_app) as client:
        answers = [
            (await client.post("/graphql", json={"query": query}, headers=bearer(owner))).json()
            for owner in fresh.organizations[:2]
        ]

    assert [answer["data"]["nodes"] for answer in answers] == [
        [{"id": "recording_1001"}, {"id": "cost_entry_1001"}],
        [None, None],
    ]
    urls = [
        {
            node["url"]
            for call in answer["data"]["calls"]["nodes"]
            for node in call["recordings"]["nodes"]
        }
        for answer in answers
    ]
    assert urls[0]
    assert not urls[0] & urls[1]
