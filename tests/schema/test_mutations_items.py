"""Mutations that bring in calls of other systems, over HTTP."""

from typing import Any

import httpx2

from gql.database import Database
from tests.conftest import Counting, GraphQL, bearer, connect
from tests.databases import Copy
from tests.schema.item_mutations import BATCHES, FIRST, LATER, batch, results, send

CREATE_KEY = """mutation ($input: CreateApiKeyInput!) {
    made: createApiKey(input: $input) { secret } }"""


async def test_a_call_and_all_that_belongs_to_it_is_brought_in(fresh_graphql: GraphQL) -> None:
    call = {
        "externalId": "c-1",
        "occurredAt": FIRST,
        "direction": "OUTBOUND",
        "toPhoneNumber": "+15550100002",
        "customerPhoneNumber": "+15550100001",
        "status": "COMPLETED",
        "startedAt": FIRST,
        "endedAt": LATER,
        "durationMs": 300_000,
        "endedReason": "user_hangup",
        "endedReasonKind": "CUSTOMER_HANGUP",
        "summary": "A question.",
        "analysis": {"topic": "invoice"},
        "success": "SUCCESS",
        "meta": {"campaign": "autumn"},
    }
    of_call = {"call": "c-1", "occurredAt": LATER}
    line = {"key": "llm/1", "service": "LLM", "amount": "0.02", "usageAmount": "1200"}

    first = await send(fresh_graphql, "upsertCalls", calls=[call])
    (call_id,) = [each["callId"] for each in first["results"]]
    again = await send(fresh_graphql, "upsertCalls", calls=[call])
    costs = await send(
        fresh_graphql, "recordCosts", costs=[{**of_call, "currency": "USD", "entries": [line]}]
    )
    recordings = await send(
        fresh_graphql,
        "recordRecordings",
        recordings=[{**of_call, "key": "r1", "url": "https://r.example.com/1", "kind": "CUSTOMER"}],
    )
    messages = await send(
        fresh_graphql,
        "appendMessages",
        messages=[
            {**of_call, "key": "m1", "role": "USER", "content": "Hello?"},
            {**of_call, "key": "m2", "role": "TOOL", "name": "find", "position": 1},
        ],
    )
    transcript = await send(
        fresh_graphql,
        "appendTranscript",
        segments=[{**of_call, "key": "s1", "speaker": "OTHER", "content": "Hello?", "start": 0.5}],
    )

    assert first == results("CREATED", call=call_id)
    assert again == results("UNCHANGED", call=call_id)
    assert costs == recordings == transcript == results("CREATED", call=call_id)
    assert messages == results("CREATED", "CREATED", call=call_id)
    answer = await fresh_graphql(
        """{ calls(filter: {externalId: {eq: "c-1"}, source: {eq: "retell"},
                hasRecording: true}) { nodes { id callSid direction status durationMs duration
            customerPhoneNumber endedReasonKind summary analysis success meta messageCount
            cost { total llm unattributed currency }
            costEntries { nodes { externalId service amount usageAmount } }
            recordings { nodes { externalId kind url } }
            messages { nodes { externalId role content name } }
            transcript { nodes { externalId speaker content segmentStart } } } } }"""
    )
    assert answer["data"]["calls"]["nodes"] == [
        {
            "id": call_id,
            "callSid": "c-1",
            "direction": "OUTBOUND",
            "status": "COMPLETED",
            "durationMs": "300000",
            "duration": 300,
            "customerPhoneNumber": "+15550100001",
            "endedReasonKind": "CUSTOMER_HANGUP",
            "summary": "A question.",
            "analysis": {"topic": "invoice"},
            "success": "SUCCESS",
            "meta": {"campaign": "autumn"},
            "messageCount": 1,
            "cost": {
                "total": "0.020000",
                "llm": "0.020000",
                "unattributed": "0.000000",
                "currency": "USD",
            },
            "costEntries": {
                "nodes": [
                    {
                        "externalId": "llm/1",
                        "service": "LLM",
                        "amount": "0.020000",
                        "usageAmount": 1200,
                    }
                ]
            },
            "recordings": {
                "nodes": [
                    {"externalId": "r1", "kind": "CUSTOMER", "url": "https://r.example.com/1"}
                ]
            },
            "messages": {
                "nodes": [
                    {"externalId": "m1", "role": "USER", "content": "Hello?", "name": None},
                    {"externalId": "m2", "role": "TOOL", "content": "", "name": "find"},
                ]
            },
            "transcript": {
                "nodes": [
                    {
                        "externalId": "s1",
                        "speaker": "OTHER",
                        "content": "Hello?",
                        "segmentStart": 0.5,
                    }
                ]
            },
        }
    ]


async def test_an_item_that_is_refused_does_not_stop_the_others(fresh_graphql: GraphQL) -> None:
    answer = await send(
        fresh_graphql,
        "upsertCalls",
        calls=[
            {"externalId": "", "occurredAt": FIRST, "analysis": [1]},
            {"externalId": "ahead", "occurredAt": "2099-01-01T00:00:00Z"},
            {"externalId": "good", "occurredAt": FIRST, "status": "ONGOING"},
        ],
    )

    blank, ahead, good = answer["results"]
    assert blank == {
        "status": "REFUSED",
        "callId": None,
        "graphSessionId": None,
        "problems": [
            {
                "message": "String should have at least 1 character",
                "code": "INVALID",
                "path": ["input", "calls", "0", "externalId"],
            },
            {
                "message": "Input should be a valid dictionary",
                "code": "INVALID",
                "path": ["input", "calls", "0", "analysis"],
            },
        ],
    }
    assert (ahead["status"], ahead["problems"][0]["path"]) == ("REFUSED", ["input", "calls", "1"])
    assert ahead["problems"][0]["message"].startswith("occurredAt is more than 5 minutes ahead")
    assert (good["status"], good["problems"]) == ("CREATED", [])


async def test_a_correction_outranks_what_the_source_says_later(fresh_graphql: GraphQL) -> None:
    call = {"externalId": "c-2", "occurredAt": FIRST, "summary": "Wrong."}
    await send(fresh_graphql, "upsertCalls", calls=[call])
    correction = {**call, "summary": "Right."}
    await send(fresh_graphql, "upsertCalls", calls=[correction], isCorrection=True)

    await send(fresh_graphql, "upsertCalls", calls=[{**call, "occurredAt": LATER}])

    answer = await fresh_graphql('{ call(callSid: "c-2") { summary } }')
    assert answer == {"data": {"call": {"summary": "Right."}}}


async def test_a_hundred_items_take_as_many_statements_as_two(
    fresh_graphql: GraphQL, fresh_statements: Counting
) -> None:
    counts = []
    await send(fresh_graphql, "upsertCalls", calls=[{"externalId": "0", "occurredAt": FIRST}])
    for size in (2, 100):
        calls = [{"externalId": f"{size}-{n}", "occurredAt": FIRST} for n in range(size)]
        with fresh_statements() as ran:
            answer = await send(fresh_graphql, "upsertCalls", calls=calls)
        assert [each["status"] for each in answer["results"]] == ["CREATED"] * size
        counts.append(ran.count)
    too_many = await send(fresh_graphql, "upsertCalls", calls=[calls[0]] * 1_001)

    assert counts == [2, 2]  # the calls that there may be, and one INSERT
    assert too_many == {
        "results": [],
        "userErrors": [
            {
                "message": "calls has 1,001 items, but may have at most 1,000",
                "code": "TOO_MANY",
                "path": ["input", "calls"],
            }
        ],
    }


async def test_a_batch_sent_again_under_its_key_answers_as_the_first_time(
    fresh_graphql: GraphQL,
) -> None:
    calls = [{"externalId": "c-3", "occurredAt": FIRST}, {"externalId": "", "occurredAt": FIRST}]
    values = {"calls": calls, "idempotencyKey": "batch-1"}

    first = await send(fresh_graphql, "upsertCalls", **values)

    assert [each["status"] for each in first["results"]] == ["CREATED", "REFUSED"]
    assert await send(fresh_graphql, "upsertCalls", **values) == first


async def test_each_organization_has_its_own_calls(
    fresh: Copy, fresh_app: Any, fresh_database: Database
) -> None:
    del fresh_database
    values = {"source": "retell", "calls": [{"externalId": "same", "occurredAt": FIRST}]}
    body = {"query": batch("upsertCalls"), "variables": {"input": values}}
    async with connect(fresh_app) as client:
        answers = [
            (await client.post("/graphql", json=body, headers=bearer(owner))).json()
            for owner in fresh.organizations[:2]
        ]

    rows = [answer["data"]["batch"]["results"][0] for answer in answers]
    assert [row["status"] for row in rows] == ["CREATED", "CREATED"]
    assert rows[0]["callId"] != rows[1]["callId"]


async def key_with(graphql: GraphQL, permission: str) -> dict[str, str]:
    """The headers of a new key that has one permission."""
    values = {"name": permission, "permissions": [permission]}
    answer = await graphql(CREATE_KEY, {"input": values})
    secret = answer["data"]["made"]["secret"]
    accept = "application/graphql-response+json"
    return {"Authorization": f"Bearer {secret}", "Accept": accept}


async def test_bringing_in_needs_its_permission(
    fresh_graphql: GraphQL, fresh_client: httpx2.AsyncClient
) -> None:
    reader = await key_with(fresh_graphql, "READ")

    for name, items in BATCHES.items():
        body = {
            "query": batch(name),
            "variables": {"input": {"source": "retell", items: []}},
        }
        refused = await fresh_client.post("/graphql", json=body, headers=reader)

        assert (refused.status_code, list(refused.json())) == (403, ["errors"]), name
        [error] = refused.json()["errors"]
        assert error["message"] == "This needs the ingest permission, which your credential lacks."
        assert error["extensions"]["code"] == "FORBIDDEN"


async def test_a_key_that_may_only_bring_in_does_that_and_nothing_else(
    fresh_graphql: GraphQL, fresh_client: httpx2.AsyncClient
) -> None:
    sender = await key_with(fresh_graphql, "INGEST")
    step = {"call": "c-9", "session": "w-9", "key": "1", "occurredAt": FIRST, "toNode": "sales"}
    values = {"source": "retell", "idempotencyKey": "k", "transitions": [step]}
    fragment = """fragment Step on Mutation {
        recordGraphTransitions(input: $input) { results { status } } }"""

    async def post(selection: str) -> httpx2.Response:
        query = f"mutation ($input: RecordGraphTransitionsInput!) {{ {selection} }} {fragment}"
        body = {"query": query, "variables": {"input": values}}
        return await fresh_client.post("/graphql", json=body, headers=sender)

    both = await post("...Step deleteGraph(input: {id: 1}) { name }")
    assert both.status_code == 403
    [error] = both.json()["errors"]
    assert error["message"] == "This needs the write permission, which your credential lacks."
    query = {"query": "{ calls { totalCount } }"}
    assert (await fresh_client.post("/graphql", json=query, headers=sender)).status_code == 403
    done = await post("... { ...Step } ...Step")
    assert done.status_code == 200
    assert done.json() == {"data": {"recordGraphTransitions": {"results": [{"status": "CREATED"}]}}}


async def test_sms_are_recorded_and_read(fresh_graphql: GraphQL) -> None:
    numbers = {"fromNumber": "+15550100001", "toNumber": "+15550100002", "direction": "INBOUND"}
    written = {**numbers, "messageId": "SM1", "occurredAt": FIRST, "body": "Open?"}
    report = {"messageId": "SM1", "occurredAt": LATER, "status": "received", "segments": 1}
    document = batch("recordSms").replace("callId", "callId smsConversationId")
    values = {
        "source": "twilio",
        "messages": [written, report, {**written, "fromNumber": ""}, {**report, "messageId": "?"}],
    }

    answer = await fresh_graphql(document, {"input": values})

    first, second, refused, waiting = answer["data"]["batch"]["results"]
    conversation = first["smsConversationId"]
    assert first == {
        "status": "CREATED",
        "callId": None,
        "graphSessionId": None,
        "smsConversationId": conversation,
        "problems": [],
    }
    assert second == {**first, "status": "UPDATED"}
    assert (refused["status"], refused["problems"][0]["path"]) == (
        "REFUSED",
        ["input", "messages", "2", "fromNumber"],
    )
    assert (waiting["status"], waiting["smsConversationId"]) == ("WAITING", None)
    answer = await fresh_graphql(
        """query ($id: ID!) { node(id: $id) { ... on SmsConversation { status direction
            customerPhoneNumber assistantPhoneNumber messageCount lastActivity
            messages { nodes { externalId role content deliveryStatus segments } } } } }""",
        {"id": conversation},
    )
    assert answer["data"]["node"] == {
        "status": "ACTIVE",
        "direction": "INBOUND",
        "customerPhoneNumber": "+15550100001",
        "assistantPhoneNumber": "+15550100002",
        "messageCount": 1,
        "lastActivity": FIRST,
        "messages": {
            "nodes": [
                {
                    "externalId": "SM1",
                    "role": "USER",
                    "content": "Open?",
                    "deliveryStatus": "received",
                    "segments": 1,
                }
            ]
        },
    }
