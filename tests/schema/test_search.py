"""What was said and written, searched by its words; Python's own words say what is right."""

import json
import re
from collections import Counter
from datetime import UTC, datetime
from heapq import merge
from typing import Any

import httpx2
import pytest
from sqlalchemy import delete, insert, select, text, update

from gql.database import Database
from gql.domain.sms import CALL_RECORDS
from gql.domain.text_indexes import TEXT_INDEXES
from gql.models.call import Call
from gql.models.message import ChatMessage, Transcript
from gql.models.scope import parameters, table_of
from gql.query.record_list import RecordList
from gql.query.search_words import SearchWords
from gql.query.text_indexes import SearchedText
from gql.query.text_search import SearchOrderField, SearchRequest, TextSearch
from gql.query.weights import WORDS
from gql.settings import Settings
from tests.conftest import Counting, GraphQL, bearer
from tests.databases import Copy
from tests.schema.text_oracle import searches, stored_texts

SEARCH = """query ($text: String!, $in: [SearchedText!], $filter: CallRecordFilter, $first: Int,
    $after: String, $order: SearchOrderField) {
    search(text: $text, in: $in, filter: $filter, first: $first, after: $after, orderBy: $order) {
        edges { cursor }
        nodes { kind rank snippet(before: "[", after: "]") record { databaseId channel }
            message { databaseId content } transcript { databaseId content } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
CALLS, MESSAGES, TRANSCRIPTS = table_of(Call), table_of(ChatMessage), table_of(Transcript)


def keys(nodes: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """The kind and the id of each text of an answer."""
    return [
        (node["kind"], (node["message"] or node["transcript"] or node["record"])["databaseId"])
        for node in nodes
    ]


async def pages(graphql: GraphQL, **variables: Any) -> list[dict[str, Any]]:
    """The nodes of all pages."""
    nodes: list[dict[str, Any]] = []
    after = None
    while True:
        answer = await graphql(SEARCH, {"first": 100, **variables, "after": after})
        assert "errors" not in answer, answer
        page = answer["data"]["search"]
        nodes += page["nodes"]
        info = page["pageInfo"]
        assert info["hasPreviousPage"] is (after is not None)
        cursors = [edge["cursor"] for edge in page["edges"]]
        ends = [cursors[0], cursors[-1]] if cursors else [None, None]
        assert [info["startCursor"], info["endCursor"]] == ends
        if not info["hasNextPage"]:
            return nodes
        after = info["endCursor"]


def by_kind(those: list[tuple[str, int]]) -> dict[str, list[int]]:
    """The ids of each kind, in order."""
    return {kind.name: [key for each, key in those if each == kind.name] for kind in SearchedText}


async def test_texts_are_those_that_have_all_words(graphql: GraphQL, database: Database) -> None:
    texts = await stored_texts(database)
    assert {each.kind for each in texts} >= {"MESSAGES", "TRANSCRIPTS"}
    tried = 0
    for words, passes in searches(texts):
        expected = [(each.kind, each.id) for each in texts if passes(each)]
        assert expected
        nodes = await pages(graphql, text=words)

        assert by_kind(keys(nodes)) == by_kind(expected), words
        by_key = {(each.kind, each.id): each for each in texts}
        for key, node in zip(keys(nodes), nodes, strict=True):
            assert node["record"]["databaseId"] == by_key[key].call
            text = node["message"] or node["transcript"]
            assert text is None or text["content"] == by_key[key].text
            assert re.search(r"\[.+?\]", node["snippet"])
        tried += 1
    assert tried == 6


async def test_pages_go_on_where_the_last_one_ended(graphql: GraphQL, database: Database) -> None:
    texts = await stored_texts(database)
    often = Counter(word for each in texts for word in dict.fromkeys(each.words))
    word = next(each for each, number in often.items() if 15 <= number <= 60)
    for order in ("NEWEST", "RANK"):
        whole = await pages(graphql, text=word, order=order)
        small = await pages(graphql, text=word, order=order, first=4)

        assert len(whole) == often[word]
        assert small == whole
        for kind in SearchedText:
            alone = await pages(graphql, text=word, order=order, **{"in": [kind.name]})
            assert [(each["kind"], each["snippet"]) for each in alone] == [
                (each["kind"], each["snippet"]) for each in whole if each["kind"] == kind.name
            ]


async def test_of_the_next_texts_of_each_kind_the_one_written_last_comes_first(
    graphql: GraphQL, database: Database
) -> None:
    texts = await stored_texts(database)
    often = Counter(word for each in texts for word in dict.fromkeys(each.words))
    spread = {kind.name for kind in SearchedText}
    word = max(
        (each for each, number in often.items() if number > 30),
        key=lambda word: min(
            sum(1 for each in texts if each.kind == kind and each.count(word)) for kind in spread
        ),
    )
    matching = {
        kind.name: [each for each in texts if each.kind == kind.name and each.count(word)]
        for kind in SearchedText
    }
    merged = merge(*matching.values(), key=lambda each: each.written_at, reverse=True)

    nodes = await pages(graphql, text=word, first=7)

    assert sum(map(bool, matching.values())) > 1
    assert keys(nodes) == [(each.kind, each.id) for each in merged]


async def test_by_rank_those_come_first_that_say_little_else(
    graphql: GraphQL, database: Database
) -> None:
    texts = await stored_texts(database)
    often = Counter(word for each in texts for word in dict.fromkeys(each.words))
    word = next(each for each, number in often.items() if 15 <= number <= 60)
    ranks = {(each.kind, each.id): each.count(word) / len(each.words) for each in texts}

    nodes = await pages(graphql, text=word, order="RANK")

    for key, node in zip(keys(nodes), nodes, strict=True):
        assert node["rank"] == pytest.approx(ranks[key], abs=0.0001)
    assert [node["rank"] for node in nodes] == sorted((n["rank"] for n in nodes), reverse=True)


async def test_only_texts_of_conversations_that_pass_a_filter(
    graphql: GraphQL, database: Database
) -> None:
    texts = await stored_texts(database)
    channels = {
        channel: Counter(
            word for each in texts if each.channel == channel for word in dict.fromkeys(each.words)
        )
        for channel in ("SMS", "VOICE")
    }
    word = max(
        channels["SMS"], key=lambda each: min(channels["SMS"][each], channels["VOICE"][each])
    )
    for channel, often in channels.items():
        nodes = await pages(graphql, text=word, filter={"channel": {"eq": channel}})

        assert len(nodes) == often[word]
        assert {node["record"]["channel"] for node in nodes} == {channel}


async def test_it_takes_one_statement_and_one_for_each_kind_of_record(
    graphql: GraphQL, statements: Counting, database: Database
) -> None:
    texts = await stored_texts(database)
    often = Counter(word for each in texts for word in dict.fromkeys(each.words))
    ((word, _),) = often.most_common(1)
    await graphql("{ __typename }")  # so that the key is known
    with statements() as ran:
        answer = await graphql(SEARCH, {"text": word, "first": 100})

    assert len(answer["data"]["search"]["nodes"]) == 100
    kinds = {node["kind"] for node in answer["data"]["search"]["nodes"]}
    assert ran.count == 2 + len(kinds - {"SUMMARIES"})


MESSAGE: dict[str, Any] = {
    "role": "user",
    "message_index": 900,
    "timestamp": datetime(2026, 3, 1, tzinfo=UTC),
}
COUNT = "query ($text: String!) { search(text: $text) { nodes { snippet record { id } } } }"


async def test_indexes_follow_every_write(fresh_graphql: GraphQL, fresh_database: Database) -> None:
    async def snippets(words: str) -> list[str]:
        answer = await fresh_graphql(COUNT, {"text": words})
        return [node["snippet"] for node in answer["data"]["search"]["nodes"]]

    async def write(*written: Any) -> None:
        async with fresh_database.transaction() as connection:
            for each in written:
                await connection.execute(each)

    call = {"id": 800_001, "organization_id": 1, "call_sid": "CA-words", "status": "completed"}
    of_call = {"organization_id": 1, "call_id": 800_001}
    message = {**MESSAGE, **of_call, "id": 900_001, "content": "The quokkas' nest"}
    segment = {**of_call, "id": 900_002, "speaker": "user", "content": "A quokka, again"}
    await write(
        insert(CALLS).values(**call, summary="Wants a quokka."),
        insert(MESSAGES).values(message),
        insert(TRANSCRIPTS).values(segment),
    )
    assert len(await snippets("quokka")) == 2
    assert sorted(await snippets("quokka*")) == [
        *("A **quokka**, again", "The **quokkas**' nest", "Wants a **quokka**.")
    ]

    one = MESSAGES.c.id == 900_001
    await write(update(MESSAGES).where(one).values(content="A wombat"))
    assert (await snippets("quokkas"), await snippets("wombat")) == ([], ["A **wombat**"])
    await write(update(MESSAGES).where(one).values(role="tool"))
    assert await snippets("wombat") == []
    await write(update(MESSAGES).where(one).values(role="assistant"))
    assert await snippets("wombat") == ["A **wombat**"]
    await write(update(CALLS).where(CALLS.c.id == 800_001).values(summary=None))
    assert await snippets("quokka") == ["A **quokka**, again"]
    await write(update(CALLS).where(CALLS.c.id == 800_001).values(summary="An echidna"))
    await write(delete(MESSAGES).where(one))
    assert (await snippets("wombat"), await snippets("echidna")) == ([], ["An **echidna**"])
    await write(delete(CALLS).where(CALLS.c.id == 800_001))
    assert await snippets("quokka*") == await snippets("echidna") == []


async def test_nobody_finds_what_another_organization_said(
    fresh_graphql: GraphQL, fresh_database: Database, fresh: Copy
) -> None:
    async with fresh_database.transaction() as connection:
        first = select(CALLS.c.id, CALLS.c.organization_id).order_by(CALLS.c.id)
        theirs = first.where(CALLS.c.organization_id == 2, ~CALLS.c.is_archived).limit(1)
        call = (await connection.execute(theirs)).one()
        # Words that look like those of an owner are words.
        content = "o1 #1 quokka owner content"
        values = {**MESSAGE, "organization_id": 2, "call_id": call.id, "content": content}
        await connection.execute(insert(MESSAGES).values(**values))

    for words in ("quokka", "o1 quokka", "quokka #1", "o1*", "owner:o2"):
        answer = await fresh_graphql(COUNT, {"text": words})
        assert answer == {"data": {"search": {"nodes": []}}}, words
    answer = await fresh_graphql(
        COUNT, {"text": "o1 quokka"}, headers=bearer(fresh.organizations[1])
    )
    assert [each["snippet"] for each in answer["data"]["search"]["nodes"]] == [
        "**o1** #1 **quokka** owner content"
    ]


ODD = (
    *("'", '"', '"a', "a'b\\", "a AND", "NOT a", "OR", "NEAR(a b)", "owner:o1", "a*b", "^a", "-a"),
    *("a -b", "{owner}: x", "a:*", "a & !b", "<->", "a <-> b", "\U0001f600", "\U0001f600 a"),
    *("naïve", "हिन्दी", "李娜", "1e5 3.50 10:30", "x@y.example/z?q=1", "%", "a%"),
    *("\u0301", "a" * 200),
)


async def test_whatever_is_typed_is_no_error_of_syntax(graphql: GraphQL) -> None:
    for words in ODD:
        answer = await graphql(COUNT, {"text": words})

        if any(map(str.isalnum, words)):
            assert "errors" not in answer, words
        else:
            (error,) = answer["errors"]
            no_word = "`text` has no word: give letters or digits to search for."
            assert (error["message"], error["extensions"]["code"]) == (no_word, "BAD_USER_INPUT")


REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"text": "a" * 201}, "BAD_USER_INPUT"),
    ({"text": "a", "first": 101}, "BAD_USER_INPUT"),
    ({"text": "a", "first": -1}, "BAD_USER_INPUT"),
    ({"text": "a", "in": []}, "BAD_USER_INPUT"),
    ({"text": "a", "filter": {"callSid": None}}, "BAD_USER_INPUT"),
    ({"text": "a", "after": "1~search~rank~1~0~5"}, "BAD_CURSOR"),
    ({"text": "a", "after": "1~search~newest~1~2"}, "BAD_CURSOR"),
    ({"text": "a", "after": "1~search~newest~1~2~x"}, "BAD_CURSOR"),
    ({"text": "a", "after": f"1~search~newest~1~2~{2**63}"}, "BAD_CURSOR"),
    ({"text": "a", "after": "1~call~id~desc~5~5"}, "BAD_CURSOR"),
)


async def test_what_cannot_be_used_is_refused(graphql: GraphQL) -> None:
    for variables, code in REFUSED:
        answer = await graphql(SEARCH, variables)

        assert answer["data"] == {"search": None}, variables
        assert answer["errors"][0]["extensions"]["code"] == code


async def test_the_price_follows_the_size_of_the_page(
    client: httpx2.AsyncClient, owner: dict[str, str]
) -> None:
    async def points(arguments: str) -> int:
        query = f'{{ search(text: "a", {arguments}) {{ nodes {{ kind rank }} }} }}'
        headers = {**owner, "Jackfield-Cost": "dry-run"}
        response = await client.post("/graphql", json={"query": query}, headers=headers)
        cost: int = response.json()["extensions"]["cost"]["points"]
        return cost

    # Two points for each object, and one for each of its two fields.
    assert await points("first: 100") - await points("first: 20") == 80 * 4
    # The words of the search, and those of its filter.
    once = await points("first: 0")
    assert await points('first: 0, filter: {said: {contains: "b"}}') - once == WORDS.points
    both = 'first: 0, filter: {any: [{said: {contains: "b"}}, {said: {contains: "c"}}]}'
    assert await points(both) - once == 2 * WORDS.points


async def test_an_answer_is_not_modified_where_its_marks_are_the_same(
    client: httpx2.AsyncClient, owner: dict[str, str]
) -> None:
    query = """query ($mark: String!) { search(text: "i") { nodes { snippet(before: $mark) } } }"""

    async def get(mark: str, tag: str = "none") -> httpx2.Response:
        params = {"query": query, "variables": json.dumps({"mark": mark})}
        headers = {**owner, "if-none-match": tag}
        return await client.get("/graphql", params=params, headers=headers)

    first = await get("[")
    tag = first.headers["etag"]

    assert "[i**" in first.json()["data"]["search"]["nodes"][0]["snippet"].lower()
    assert (await get("[", tag)).status_code == 304
    other = await get("(", tag)
    assert other.status_code == 200
    assert "(i**" in other.json()["data"]["search"]["nodes"][0]["snippet"].lower()


async def explained(database: Database, words: str, *, embedded: bool) -> list[str]:
    """The plan of a search by both databases, and how PostgreSQL ran it."""
    request = SearchRequest.checked(
        SearchWords.read(words), SearchedText, (), SearchOrderField.NEWEST, 20, None
    )
    search = TextSearch(request, RecordList(CALL_RECORDS), TEXT_INDEXES)
    compiled = search.statement(embedded=embedded).compile(dialect=database.engine.dialect)
    values = compiled.construct_params(parameters(1))
    prefix = "EXPLAIN QUERY PLAN" if embedded else "EXPLAIN (ANALYZE, BUFFERS)"
    async with database.engine.connect() as connection:
        rows = await connection.exec_driver_sql(
            f"{prefix} {compiled} /* sent by a test */",
            tuple(
                value if isinstance(value := values[name], int) else str(value)
                for name in compiled.positiontup or ()
            ),
        )
        return [str(row[-1]) for row in rows]


async def test_fts5_is_read_no_further_than_the_page(
    database: Database, settings: Settings
) -> None:
    if not settings.embedded:
        pytest.skip("PostgreSQL has no FTS5")
    plan = await explained(database, 'refund "next friday"', embedded=True)

    for table in ("chat_message", "transcript", "call"):
        (step,) = [each for each in plan if f"SCAN {table}_words VIRTUAL TABLE" in each]
        assert ":M" in step
    # FTS5 gives its rows from the newest on, so that it is read no further than the page: only what
    # was read is sorted, to merge the kinds.
    newest = plan[: next(number for number, each in enumerate(plan) if "TEMP B-TREE" in each)]
    assert sum("VIRTUAL TABLE" in each for each in newest) >= 1, plan


MANY_TEXTS = """
    INSERT INTO chat_message
        (id, organization_id, call_id, role, content, message_index, timestamp, interrupted)
    SELECT 5000000 + n, 1, (SELECT min(id) FROM call WHERE organization_id = 1 AND NOT is_archived),
        'user', CASE WHEN n = 7 THEN 'seldom' WHEN n % 3 = 0 THEN 'everybody' ELSE 'nobody' END
        || repeat(' -', 300), n, now(), false
    FROM generate_series(1, 8000) AS n
"""
"""Some 600 pages of eight kibibytes."""

FEW_BUFFERS = 450


async def test_words_of_many_and_of_few_texts_read_few_pages_of_postgresql(
    fresh: Copy, fresh_database: Database
) -> None:
    """Words that many texts have fill the page before the index is asked, which knows the others.

    Neither reads the table, nor does a word that is in no text.
    """
    if fresh.kind == "sqlite":
        pytest.skip("SQLite tells no pages; it reads FTS5 no further than the page")
    async with fresh_database.transaction() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(text(MANY_TEXTS))
    async with fresh_database.engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.execute(text("VACUUM ANALYZE chat_message"))

    index = "Bitmap Index Scan on ix_chat_message_words"
    for words, reads_index in (("everybody", False), ("seldom", True), ("unheard", True)):
        plan = await explained(fresh_database, words, embedded=False)

        (scan,) = [each for each in plan if index in each]
        assert ("never executed" not in scan) is reads_index, words
        shared = next(each for each in plan if "Buffers: shared" in each)
        buffers = sum(map(int, re.findall(r"(?:hit|read)=(\d+)", shared)))
        assert buffers < FEW_BUFFERS, words
