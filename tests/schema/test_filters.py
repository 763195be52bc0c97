"""Filters of calls against an oracle: the same rows, filtered by Python."""

import operator
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gql.database import Database
from gql.schema.scalars import print_instant
from tests.conftest import GraphQL
from tests.schema.lists import (
    ASSISTANTS,
    CALLS,
    GRAPH_SESSIONS,
    GRAPHS,
    SMS,
    List,
    Row,
    refusal,
)
from tests.schema.oracle import Passes, agrees, calls_of

RANGES: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def exact(micros: int) -> str:
    """An amount as the API prints it."""
    return f"{micros // 10**6}.{micros % 10**6:06d}"


PRINTED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "startedAt": ("started_at", print_instant),
    "endedAt": ("ended_at", print_instant),
    "duration": ("duration", int),
    "totalCost": ("total_cost", exact),
}
"""The column of each filter with ranges, and how a value of it is written."""


def some(values: Sequence[Any]) -> list[Any]:
    """The smallest, the largest and two in between."""
    ordered = sorted(set(values))
    return [ordered[0], ordered[len(ordered) // 3], ordered[2 * len(ordered) // 3], ordered[-1]]


@pytest.mark.parametrize("field", PRINTED)
async def test_ranges(graphql: GraphQL, database: Database, field: str) -> None:
    """A call without the value is in no range, above or below."""
    column, write = PRINTED[field]
    rows = await calls_of(database)
    for value in some([row[column] for row in rows if row[column] is not None]):
        for comparator, means in RANGES.items():

            def passes(row: Row, value: Any = value, means: Any = means) -> bool:
                return row[column] is not None and means(row[column], value)

            await agrees(graphql, rows, {field: {comparator: write(value)}}, passes)


@pytest.mark.parametrize("field", ["duration", "totalCost"])
async def test_exact_numbers(graphql: GraphQL, database: Database, field: str) -> None:
    column, write = PRINTED[field]
    rows = await calls_of(database)
    for value in some([row[column] for row in rows if row[column] is not None]):
        call_filter = {field: {"eq": write(value)}}

        def passes(row: Row, expected: Any = value) -> bool:
            return bool(row[column] == expected)

        count = await agrees(graphql, rows, call_filter, passes)

        assert count > 0


async def test_both_ends_of_a_range_hold(graphql: GraphQL, database: Database) -> None:
    rows = await calls_of(database)
    started = sorted(row["started_at"] for row in rows)
    low, high = started[50], started[120]
    call_filter = {"startedAt": {"gte": print_instant(low), "lt": print_instant(high)}}

    count = await agrees(graphql, rows, call_filter, lambda row: low <= row["started_at"] < high)

    assert count >= 70


@pytest.mark.parametrize("field", ["endedAt", "duration", "totalCost"])
async def test_having_no_value(graphql: GraphQL, database: Database, field: str) -> None:
    column, _ = PRINTED[field]
    rows = await calls_of(database)

    without = await agrees(
        graphql, rows, {field: {"isNull": True}}, lambda row: row[column] is None
    )
    with_one = await agrees(
        graphql, rows, {field: {"isNull": False}}, lambda row: row[column] is not None
    )

    assert min(without, with_one) > 0
    assert without + with_one == len(rows)


@pytest.mark.parametrize("word", ["ONGOING", "COMPLETED", "FAILED", "ACTIVE"])
async def test_a_status(graphql: GraphQL, database: Database, word: str) -> None:
    rows = await calls_of(database)

    await agrees(graphql, rows, {"status": {"eq": word}}, lambda row: row["status"] == word.lower())


async def test_one_of_several_statuses(graphql: GraphQL, database: Database) -> None:
    rows = await calls_of(database)
    call_filter = {"status": {"in": ["FAILED", "ONGOING", "FAILED"]}}

    await agrees(graphql, rows, call_filter, lambda row: row["status"] in {"failed", "ongoing"})
    await agrees(graphql, rows, {"status": {"in": []}}, lambda _: False)


@pytest.mark.parametrize("word", ["INBOUND", "OUTBOUND"])
async def test_a_direction(graphql: GraphQL, database: Database, word: str) -> None:
    rows = await calls_of(database)
    call_filter = {"direction": {"eq": word}}

    assert await agrees(graphql, rows, call_filter, lambda row: row["direction"] == word.lower())


@pytest.mark.parametrize(
    ("field", "column", "noun"),
    [("assistantId", "assistant_id", "assistant"), ("graphId", "graph_id", "graph")],
)
async def test_ids_in_both_spellings(
    graphql: GraphQL, database: Database, field: str, column: str, noun: str
) -> None:
    """Those of deleted assistants and graphs too: their calls still carry them."""
    rows = await calls_of(database)
    ids = sorted({row[column] for row in rows if row[column] is not None})
    for value in (ids[0], ids[-1]):
        for text in (str(value), f"{noun}_{value}"):
            count = await agrees(
                graphql,
                rows,
                {field: {"eq": text}},
                lambda row, expected=value: row[column] == expected,  # type: ignore[misc]
            )
            assert count > 0
    several = {field: {"in": [f"{noun}_{ids[0]}", str(ids[-1]), "9999999"]}}
    await agrees(graphql, rows, several, lambda row: row[column] in {ids[0], ids[-1]})


CONDITIONS: dict[str, tuple[Any, Passes]] = {
    "status": ({"in": ["COMPLETED", "FAILED"]}, lambda row: row["status"] != "ongoing"),
    "direction": ({"eq": "INBOUND"}, lambda row: row["direction"] == "inbound"),
    "assistantName": (
        {"contains": "e"},
        lambda row: "e" in f"{row['assistant_name']}{row['now'] or ''}".lower(),
    ),
    "customerPhoneNumber": ({"contains": "15"}, lambda row: "15" in row["customer_phone_digits"]),
    "callSid": ({"startsWith": "ca"}, lambda row: row["call_sid"].lower().startswith("ca")),
    "startedAt": (
        {"gt": "2025-12-01T00:00:00Z", "isNull": False},
        lambda row: row["started_at"] > datetime.fromisoformat("2025-12-01T00:00:00Z"),
    ),
    "endedAt": ({"isNull": False}, lambda row: row["ended_at"] is not None),
    "duration": ({"gte": 60}, lambda row: (row["duration"] or 0) >= 60),
    "totalCost": (
        {"lt": "0.5"},
        lambda row: row["total_cost"] is not None and row["total_cost"] < 500_000,
    ),
    "meta": ({"key": "attempts", "eq": "2"}, lambda row: row["call_meta"].get("attempts") == 2),
}


@settings(max_examples=15)
@given(st.sets(st.sampled_from(sorted(CONDITIONS)), min_size=2, max_size=4))
async def test_all_conditions_hold_together(
    graphql: GraphQL, database: Database, fields: set[str]
) -> None:
    call_filter = {field: CONDITIONS[field][0] for field in fields}

    await agrees(
        graphql,
        await calls_of(database),
        call_filter,
        lambda row: all(CONDITIONS[field][1](row) for field in fields),
    )


PHONE = "`eq`, `ne`, `in`, `notIn` or `contains`"
WITHOUT_VALUE: list[tuple[List, Any, str]] = [
    (CALLS, {"status": {"eq": None}}, "`status.eq` is null: leave it out."),
    (CALLS, {"status": {"in": None}}, "`status.in` is null: leave it out."),
    (
        CALLS,
        {"status": {}},
        "`status` compares nothing: leave it out, or use `eq`, `ne`, `in` or `notIn`.",
    ),
    (CALLS, {"status": None}, "`status` is null: leave it out."),
    (CALLS, {"assistantId": {"eq": None}}, "`assistantId.eq` is null: leave it out."),
    (
        CALLS,
        {"duration": {"eq": None}},
        "`duration.eq` is null: leave it out, or use `isNull`.",
    ),
    (
        CALLS,
        {"endedAt": {"gte": "2026-01-01T00:00:00Z", "lt": None}},
        "`endedAt.lt` is null: leave it out, or use `isNull`.",
    ),
    (
        CALLS,
        {"assistantName": {"startsWith": None}},
        "`assistantName.startsWith` is null: leave it out.",
    ),
    (CALLS, {"duration": {"isNull": None}}, "`duration.isNull` is null: leave it out."),
    (SMS, {"customerPhoneNumber": {"eq": None}}, "`customerPhoneNumber.eq` is null: leave it out."),
    (SMS, {"meta": None}, "`meta` is null: leave it out."),
    (GRAPHS, {"isActive": None}, "`isActive` is null: leave it out."),
    (
        GRAPH_SESSIONS,
        {"callSid": {}},
        (
            "`callSid` compares nothing: leave it out, or use `eq`, `ne`, `in`, `notIn`, `contains`"
            " or `startsWith`."
        ),
    ),
    (ASSISTANTS, {"name": {"contains": None}}, "`name.contains` is null: leave it out."),
]
"""Filters that would let every object pass, and what is said of them."""


@pytest.mark.parametrize(
    ("each", "filter", "message"), WITHOUT_VALUE, ids=[each[2] for each in WITHOUT_VALUE]
)
async def test_a_filter_without_a_value_is_refused(
    graphql: GraphQL, each: List, filter: Any, message: str
) -> None:
    variables = {"filter": filter}
    assert await refusal(graphql, each.query("totalCount"), variables) == (
        "BAD_USER_INPUT",
        message,
    )


@pytest.mark.parametrize(
    ("written", "variables", "message"),
    [
        (
            "{customerPhoneNumber: {eq: $text}}",
            {},
            f"`customerPhoneNumber` compares nothing: leave it out, or use {PHONE}.",
        ),
        (
            "{customerPhoneNumber: {eq: $text}}",
            {"text": None},
            "`customerPhoneNumber.eq` is null: leave it out.",
        ),
        (
            "{customerPhoneNumber: $phone}",
            {"phone": None},
            "`customerPhoneNumber` is null: leave it out.",
        ),
        (
            "{customerPhoneNumber: $phone}",
            {"phone": {}},
            f"`customerPhoneNumber` compares nothing: leave it out, or use {PHONE}.",
        ),
    ],
)
async def test_a_variable_without_a_value_is_no_filter_for_everybody(
    graphql: GraphQL, written: str, variables: dict[str, Any], message: str
) -> None:
    declared = "$phone: PhoneFilter" if "$phone" in written else "$text: String"
    query = f"""query ({declared}) {{
        viewer {{ method }} calls(filter: {written}) {{ totalCount }} }}"""

    answer = await graphql(query, variables)

    assert answer["data"] == {"viewer": {"method": "API_KEY"}, "calls": None}
    (error,) = answer["errors"]
    assert (error["path"], error["message"]) == (["calls"], message)


async def test_a_field_whose_variable_is_absent_is_absent(
    graphql: GraphQL, database: Database
) -> None:
    """As the specification has it for fields of input objects; the others still hold."""
    rows = await calls_of(database)
    query = """query ($phone: PhoneFilter, $most: Int) { calls(filter: {
        status: {eq: FAILED}, customerPhoneNumber: $phone, duration: {gte: 0, lt: $most} })
        { totalCount } }"""

    answer = await graphql(query)

    failed = [row for row in rows if row["status"] == "failed" and row["duration"] is not None]
    assert answer["data"]["calls"]["totalCount"] == len(failed)
    await agrees(graphql, rows, None, lambda _: True)
    await agrees(graphql, rows, {}, lambda _: True)


async def test_in_takes_a_hundred_values_and_no_more(graphql: GraphQL, database: Database) -> None:
    rows = await calls_of(database)
    sids = [row["call_sid"] for row in rows]
    query = CALLS.query("totalCount")

    count = await agrees(
        graphql, rows, {"callSid": {"in": sids[:100]}}, lambda row: row["call_sid"] in sids[:100]
    )

    assert count == 100
    for call_filter in ({"callSid": {"in": sids[:101]}}, {"assistantId": {"in": ["1"] * 101}}):
        assert await refusal(graphql, query, {"filter": call_filter}) == (
            "BAD_USER_INPUT",
            "`in` has 101 values, but may have at most 100.",
        )


async def test_the_ids_of_another_type_are_refused(graphql: GraphQL) -> None:
    for text in ("graph_1", "call_1"):
        assert await refusal(
            graphql, CALLS.query("totalCount"), {"filter": {"assistantId": {"eq": text}}}
        ) == (
            "BAD_USER_INPUT",
            f"`{text}` is not the id of an assistant: this needs `assistant_...`.",
        )
