"""`said`: conversations in which something was said or written; Python finds the same ones."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from gql.database import Database
from gql.domain.calls import CALLS as CALL_RESOURCE
from gql.models.scope import parameters
from gql.query.filters import Condition
from gql.query.page_statement import total
from gql.query.record_list import RecordList
from gql.settings import Settings
from tests.conftest import Counting, GraphQL, bearer
from tests.databases import Copy
from tests.schema.lists import CALLS, RECORDS, SMS, ids, read, refusal, rows_of
from tests.schema.text_oracle import MESSAGES, StoredText, searches, stored_texts

LISTS = ((CALLS, "STARTED_AT"), (RECORDS, "STARTED_AT"), (SMS, "LAST_ACTIVITY"))


async def spoken_texts(database: Database) -> list[StoredText]:
    """The texts that somebody said or wrote: no summary."""
    texts = await stored_texts(database, archived=True)
    return [each for each in texts if each.kind != "SUMMARIES"]


async def test_conversations_in_which_one_text_has_all_words(
    graphql: GraphQL, database: Database
) -> None:
    texts = await spoken_texts(database)
    matching = 0
    for words, passes in searches(texts):
        conversations = {each.call for each in texts if passes(each)}
        for listed, order in LISTS:
            rows = listed.sorted(await rows_of(database, listed), order, descending=True)
            expected = [row["id"] for row in rows if row["id"] in conversations]
            assert await ids(graphql, listed, {"said": {"contains": words}}) == expected, words
            matching += len(expected)
    assert matching > 10


async def test_it_goes_with_every_other_condition(graphql: GraphQL, database: Database) -> None:
    texts = await spoken_texts(database)
    often = Counter(
        word for each in texts if each.channel == "VOICE" for word in dict.fromkeys(each.words)
    )
    word = next(each for each, number in often.items() if 15 <= number <= 60)
    conversations = {each.call for each in texts if each.count(word)}
    rows = CALLS.sorted(await rows_of(database, CALLS), "STARTED_AT", descending=True)
    said = {"said": {"contains": word}}
    completed = {"status": {"eq": "COMPLETED"}}
    cases: list[tuple[dict[str, Any], Callable[[Any], bool]]] = [
        ({"none": [said]}, lambda row: row["id"] not in conversations),
        ({**said, **completed}, lambda row: row["id"] in conversations and is_completed(row)),
        ({"any": [said, completed]}, lambda row: row["id"] in conversations or is_completed(row)),
        (
            {"any": [said], "none": [completed]},
            lambda row: row["id"] in conversations and not is_completed(row),
        ),
    ]
    for criteria, passes in cases:
        expected = [row["id"] for row in rows if passes(row)]
        assert expected
        assert await ids(graphql, CALLS, criteria) == expected, criteria
    for order in CALLS.orders:
        for direction in ("ASC", "DESC"):
            expected = [
                row["id"]
                for row in CALLS.sorted(rows, order, descending=direction == "DESC")
                if row["id"] in conversations
            ]
            by = {"field": order, "direction": direction}
            assert await ids(graphql, CALLS, said, order=by, size=4) == expected


def is_completed(row: Any) -> bool:
    return bool(row["status"] == "completed")


async def test_costs_and_the_lists_of_assistants_take_it(
    graphql: GraphQL, database: Database
) -> None:
    texts = await spoken_texts(database)
    often = Counter(
        word for each in texts if each.channel == "VOICE" for word in dict.fromkeys(each.words)
    )
    word = next(each for each, number in often.items() if 15 <= number <= 60)
    conversations = {each.call for each in texts if each.count(word)}
    rows = [row for row in await rows_of(database, CALLS) if row["id"] in conversations]
    query = """query ($filter: CallFilter) {
        costs(filter: $filter) { groups { calls } }
        calls(first: 0, filter: $filter) { summary { calls } }
        assistants(first: 100) { nodes { databaseId calls(filter: $filter) { totalCount } } } }"""

    answer = await graphql(query, {"filter": {"said": {"contains": word}}})

    data = answer["data"]
    assert sum(each["calls"] for each in data["costs"]["groups"]) == len(rows)
    assert sum(each["calls"] for each in data["calls"]["summary"]) == len(rows)
    counted = Counter(row["assistant_id"] for row in rows)
    assert {
        each["databaseId"]: each["calls"]["totalCount"] for each in data["assistants"]["nodes"]
    } == {row: counted[row] for row in (each["databaseId"] for each in data["assistants"]["nodes"])}
    assert counted


async def test_a_page_is_one_statement(graphql: GraphQL, statements: Counting) -> None:
    await graphql("{ __typename }")  # so that the key is known
    with statements() as ran:
        answer = await graphql('{ calls(filter: {said: {contains: "a*"}}) { nodes { id } } }')

    assert answer["data"]["calls"]["nodes"]
    assert ran.count == 1


async def test_nobody_finds_what_another_organization_said(
    fresh_graphql: GraphQL, fresh_database: Database, fresh: Copy
) -> None:
    foreign = await read(fresh_database, CALLS.model, 2)
    call = next(row["id"] for row in foreign if row["channel"] == "voice")
    values = {
        "organization_id": 2,
        "call_id": call,
        "role": "user",
        "content": "o1 quokka",
        "timestamp": datetime(2026, 3, 1, tzinfo=UTC),
    }
    async with fresh_database.transaction() as connection:
        await connection.execute(insert(MESSAGES).values(values))
    query = 'query { calls(filter: {said: {contains: "quokka"}}) { nodes { databaseId } } }'

    answers = [await fresh_graphql(query, headers=bearer(each)) for each in fresh.organizations[:2]]

    assert answers == [
        {"data": {"calls": {"nodes": []}}},
        {"data": {"calls": {"nodes": [{"databaseId": call}]}}},
    ]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"contains": "--"}, "`said.contains` has no word: give letters or digits to search for."),
        (
            {"contains": "a" * 201},
            "`said.contains` has 201 characters, but may have at most 200.",
        ),
        ({"contains": None}, "`said.contains` is null: leave it out."),
        ({}, "`said` compares nothing: leave it out, or use `contains`."),
    ],
    ids=["no word", "too long", "null", "empty"],
)
async def test_what_cannot_be_used_is_refused(graphql: GraphQL, said: Any, message: str) -> None:
    for listed, _ in LISTS:
        for criteria in ({"said": said}, {"none": [{"said": said}]}):
            answer = await refusal(graphql, listed.query("totalCount"), {"filter": criteria})
            assert answer == ("BAD_USER_INPUT", message)


async def test_indexes_are_read(database: Database, settings: Settings) -> None:
    """On PostgreSQL with the index for want of a faster scan: the demo is small."""
    said = (Condition("said", "contains", 'refund "next friday"'),)
    statement = select(total(RecordList.filtered(CALL_RESOURCE, said)))
    compiled = statement.compile(dialect=database.engine.dialect)
    values = compiled.construct_params(parameters(1))
    prefix = "EXPLAIN QUERY PLAN" if settings.embedded else "EXPLAIN"
    async with database.engine.connect() as connection:
        if not settings.embedded:
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
            await connection.execute(text("SET LOCAL enable_indexscan = off"))
        rows = await connection.exec_driver_sql(
            f"{prefix} {compiled} /* sent by a test */",
            tuple(values[name] for name in compiled.positiontup or ()),
        )
        plan = [str(row[-1]) for row in rows]

    for table in ("chat_message", "transcript"):
        if settings.embedded:
            (step,) = [each for each in plan if f"SCAN {table}_words VIRTUAL TABLE" in each]
            assert ":M" in step
        else:
            assert any(f"Bitmap Index Scan on ix_{table}_words" in each for each in plan), plan
    scanned = [each for each in plan if "Seq Scan" in each or each.startswith("SCAN call")]
    assert scanned == []
