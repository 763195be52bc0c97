"""Messages and transcripts: pages under every conversation at once, oldest first."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gql.database import Database
from gql.models.message import ChatMessage, Transcript
from gql.schema.scalars import print_instant
from tests.conftest import Counting, GraphQL
from tests.schema.lists import Row, read

PAGES: list[tuple[str, slice]] = [
    ("first: 3", slice(3)),
    ("last: 20", slice(-20, None)),
    ("last: 1", slice(-1, None)),
    ("first: 5, offset: 2", slice(2, 7)),
    ("last: 0", slice(0, 0)),
    ("first: 2, orderBy: {field: MESSAGE_INDEX, direction: DESC}", slice(None, -3, -1)),
    ("last: 2, orderBy: {field: MESSAGE_INDEX, direction: DESC}", slice(1, None, -1)),
]


async def messages_of(database: Database, *, system: bool) -> dict[int, list[Row]]:
    """The messages of each call or conversation, by their index."""
    messages: dict[int, list[Row]] = {}
    rows = await read(database, ChatMessage)
    for row in sorted(rows, key=lambda row: (row["message_index"], row["id"])):
        if system or row["role"] != "system":
            messages.setdefault(row["call_id"], []).append(row)
    return messages


def chronology(row: Row) -> str:
    """The key that a message of the demo is sorted by: its instant, its index and no id."""
    microseconds = (row["timestamp"] - datetime(1, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return f"{microseconds:018d}{row['message_index']:010d}"


@pytest.mark.parametrize(("paging", "part"), PAGES, ids=[paging for paging, _ in PAGES])
async def test_pages_of_all_threads_are_one_statement_and_right_for_each(
    graphql: GraphQL, database: Database, statements: Counting, paging: str, part: slice
) -> None:
    threads = await messages_of(database, system=False)
    query = f"""{{ smsConversations(first: 100) {{ nodes {{ databaseId messages({paging}) {{
        nodes {{ databaseId messageIndex }} }} }} }} }}"""
    await graphql(query)

    with statements() as ran:
        nodes = (await graphql(query))["data"]["smsConversations"]["nodes"]

    for node in nodes:
        assert node["messages"]["nodes"] == [
            {"databaseId": row["id"], "messageIndex": row["message_index"]}
            for row in threads[node["databaseId"]][part]
        ]
    assert max(len(threads[node["databaseId"]]) for node in nodes) > 20
    assert ran.count == 2


async def test_totals_and_page_info_of_all_threads(
    graphql: GraphQL, database: Database, statements: Counting
) -> None:
    threads = await messages_of(database, system=False)
    query = """{ smsConversations(first: 100) { nodes { databaseId messageCount messages(last: 5) {
        totalCount edges { cursor node { databaseId } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }"""
    await graphql(query)

    with statements() as ran:
        nodes = (await graphql(query))["data"]["smsConversations"]["nodes"]

    for node in nodes:
        own = threads[node["databaseId"]]
        cursors = [
            f"1~message~occurred_at~asc~{chronology(row).encode().hex()}~{row['id']}" for row in own
        ]
        assert node == {
            "databaseId": node["databaseId"],
            "messageCount": len(own),
            "messages": {
                "totalCount": len(own),
                "edges": [
                    {"cursor": cursor, "node": {"databaseId": row["id"]}}
                    for cursor, row in zip(cursors[-5:], own[-5:], strict=True)
                ],
                "pageInfo": {
                    "hasNextPage": False,
                    "hasPreviousPage": len(own) > 5,
                    "startCursor": cursors[-5:][0],
                    "endCursor": cursors[-1],
                },
            },
        }
    assert ran.count == 3


async def test_a_long_thread_is_read_from_its_end_in_pages(
    graphql: GraphQL, database: Database
) -> None:
    threads = await messages_of(database, system=False)
    query = """query($id: ID!, $before: String) { smsConversation(id: $id) {
        messages(last: 7, before: $before) { nodes { databaseId }
        pageInfo { hasPreviousPage startCursor } } } }"""
    answer = await graphql("{ smsConversations(first: 100) { nodes { databaseId messageCount } } }")
    longest = max(
        answer["data"]["smsConversations"]["nodes"], key=lambda node: node["messageCount"]
    )["databaseId"]
    ids: list[int] = []
    before = None
    while True:
        answer = await graphql(query, {"id": longest, "before": before})
        page = answer["data"]["smsConversation"]["messages"]
        ids = [*(node["databaseId"] for node in page["nodes"]), *ids]
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break

    assert ids == [row["id"] for row in threads[longest]]


async def test_the_prompt_is_part_of_a_call_and_not_of_a_thread(
    graphql: GraphQL, database: Database
) -> None:
    every, spoken = [await messages_of(database, system=flag) for flag in (True, False)]
    selection = """nodes { databaseId messageCount messages(first: 100) { totalCount
        nodes { databaseId role } }
        system: messages(filter: {role: {eq: SYSTEM}}) { totalCount } }"""
    query = (
        f"{{ calls(first: 100) {{ {selection} }}"
        f" sms: smsConversations(first: 100) {{ {selection} }} }}"
    )

    answer = (await graphql(query))["data"]

    for field, contents in (("calls", every), ("sms", spoken)):
        for node in answer[field]["nodes"]:
            own = contents.get(node["databaseId"], [])
            prompts = [row for row in own if row["role"] == "system"]
            assert node == {
                "databaseId": node["databaseId"],
                "messageCount": len(spoken.get(node["databaseId"], [])),
                "messages": {
                    "totalCount": len(own),
                    "nodes": [
                        {"databaseId": row["id"], "role": row["role"].upper()} for row in own
                    ],
                },
                "system": {"totalCount": len(prompts)},
            }
    assert sum(len(rows) for rows in every.values()) > sum(len(rows) for rows in spoken.values())


async def test_messages_are_filtered(graphql: GraphQL, database: Database) -> None:
    threads = await messages_of(database, system=False)
    cases: list[tuple[str, Any]] = [
        ("role: {eq: USER}", lambda row: row["role"] == "user"),
        ("role: {in: [USER, ASSISTANT]}", lambda _: True),
        ("role: {in: []}", lambda _: False),
        ('content: {contains: "THE"}', lambda row: "the" in row["content"].lower()),
        ('content: {contains: "%"}', lambda row: "%" in row["content"]),
        (
            'role: {eq: ASSISTANT}, content: {contains: "you"}',
            lambda row: row["role"] == "assistant" and "you" in row["content"].lower(),
        ),
    ]
    for filter_, passes in cases:
        query = f"""{{ smsConversations(first: 100) {{ nodes {{ databaseId
            messages(first: 100, filter: {{{filter_}}}) {{ nodes {{ databaseId }} }} }} }} }}"""
        for node in (await graphql(query))["data"]["smsConversations"]["nodes"]:
            own = [row["id"] for row in threads[node["databaseId"]] if passes(row)]
            assert [each["databaseId"] for each in node["messages"]["nodes"]] == own, filter_


async def test_transcripts_are_their_rows_and_are_filtered(
    graphql: GraphQL, database: Database
) -> None:
    rows = await read(database, Transcript)
    query = """{ calls(first: 100) { nodes { databaseId transcript(first: 100) { totalCount nodes {
        id databaseId content speaker isFinal segmentStart segmentEnd confidence sttTimestamps
        createdAt } } said: transcript(first: 100, filter: {speaker: {eq: USER}, isFinal: true}) {
        nodes { databaseId } } } } }"""

    transcripts = 0
    for call in (await graphql(query))["data"]["calls"]["nodes"]:
        own = [row for row in rows if row["call_id"] == call["databaseId"]]
        own.sort(key=lambda row: (row["created_at"], row["id"]))
        transcripts += len(own)
        assert call["transcript"] == {
            "totalCount": len(own),
            "nodes": [
                {
                    "id": f"transcript_{row['id']}",
                    "databaseId": row["id"],
                    "content": row["content"],
                    "speaker": row["speaker"].upper(),
                    "isFinal": row["is_final"],
                    "segmentStart": row["segment_start"],
                    "segmentEnd": row["segment_end"],
                    "confidence": row["confidence"],
                    "sttTimestamps": row["stt_timestamps"],
                    "createdAt": print_instant(row["created_at"]),
                }
                for row in own
            ],
        }
        spoken = [row["id"] for row in own if row["speaker"] == "user" and row["is_final"]]
        assert [each["databaseId"] for each in call["said"]["nodes"]] == spoken
    assert transcripts > 20
