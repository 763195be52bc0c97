"""`ne`, `notIn`, `any` and `none`, against the same rows, filtered by Python."""

from typing import Any

import pytest

from gql.database import Database
from gql.query.filters import MAX_CONDITIONS
from tests.conftest import Counting, GraphQL
from tests.schema.lists import CALLS, GRAPHS, List, Row, ids, refusal
from tests.schema.oracle import Passes, agrees, calls_of


def names(row: Row) -> set[str]:
    """What a call is listed under: the name of then and the one that its assistant has now."""
    return {name for name in (row["assistant_name"], row["now"]) if name is not None}


def attempts(row: Row) -> str | None:
    value = row["call_meta"].get("attempts")
    return None if value is None else str(value)


NEGATED: list[tuple[Any, Passes]] = [
    ({"status": {"ne": "COMPLETED"}}, lambda row: row["status"] != "completed"),
    ({"status": {"notIn": ["COMPLETED", "FAILED"]}}, lambda row: row["status"] == "ongoing"),
    ({"direction": {"in": ["OUTBOUND"]}}, lambda row: row["direction"] == "outbound"),
    ({"direction": {"notIn": []}}, lambda _: True),
    (
        {"duration": {"ne": 240}},
        lambda row: row["duration"] is not None and row["duration"] != 240,
    ),
    (
        {"duration": {"notIn": [240, 0]}},
        lambda row: row["duration"] is not None and row["duration"] not in {240, 0},
    ),
    ({"duration": {"in": [240, 0]}}, lambda row: row["duration"] in {240, 0}),
    ({"duration": {"notIn": []}}, lambda row: row["duration"] is not None),
    (
        {"totalCost": {"ne": "0.05"}},
        lambda row: row["total_cost"] is not None and row["total_cost"] != 50_000,
    ),
    (
        {"assistantId": {"ne": "assistant_1"}},
        lambda row: row["assistant_id"] is not None and row["assistant_id"] != 1,
    ),
    (
        {"assistantId": {"notIn": ["1", "assistant_2"]}},
        lambda row: row["assistant_id"] is not None and row["assistant_id"] not in {1, 2},
    ),
    (
        {"assistantName": {"ne": "Receptionist"}},
        lambda row: bool(names(row)) and "Receptionist" not in names(row),
    ),
    (
        {"assistantName": {"notIn": ["Receptionist", "Support Agent"]}},
        lambda row: bool(names(row)) and not names(row) & {"Receptionist", "Support Agent"},
    ),
    ({"meta": {"key": "attempts", "in": ["1", "2"]}}, lambda row: attempts(row) in {"1", "2"}),
    (
        {"meta": {"key": "attempts", "ne": "2"}},
        lambda row: attempts(row) not in {None, "2"},
    ),
    (
        {"meta": {"key": "attempts", "notIn": ["1", "2"]}},
        lambda row: attempts(row) not in {None, "1", "2"},
    ),
]


@pytest.mark.parametrize(("filter", "passes"), NEGATED, ids=[str(each[0]) for each in NEGATED])
async def test_other_values(
    graphql: GraphQL, database: Database, filter: Any, passes: Passes
) -> None:
    """An object without a value is no other value either; every one of these finds some."""
    assert await agrees(graphql, await calls_of(database), filter, passes) > 0


async def test_other_phone_numbers(graphql: GraphQL, database: Database) -> None:
    rows = await calls_of(database)
    number, other = rows[0]["customer_phone_number"], rows[-1]["customer_phone_number"]
    both = {rows[0]["customer_phone_digits"], rows[-1]["customer_phone_digits"]}
    assert len(both) == 2
    for comparator, value, passes in (
        ("in", [number, other, "nobody"], lambda row: row["customer_phone_digits"] in both),
        ("notIn", [number, other, ""], lambda row: row["customer_phone_digits"] not in both),
        (
            "ne",
            other,
            lambda row: row["customer_phone_digits"] != rows[-1]["customer_phone_digits"],
        ),
        ("ne", "nobody", lambda _: True),
    ):
        call_filter = {"customerPhoneNumber": {comparator: value}}
        assert await agrees(graphql, rows, call_filter, passes) > 0


def long(row: Row) -> bool:
    return row["duration"] is not None and row["duration"] > 200


COMBINED: list[tuple[Any, Passes]] = [
    (
        {"any": [{"status": {"eq": "FAILED"}}, {"duration": {"gt": 200}}]},
        lambda row: row["status"] == "failed" or long(row),
    ),
    (
        {"any": {"status": {"eq": "FAILED"}}},
        lambda row: row["status"] == "failed",
    ),
    # Calls without a duration are not long, and so they pass.
    ({"none": [{"duration": {"gt": 200}}]}, lambda row: not long(row)),
    (
        {"none": [{"assistantId": {"in": ["1", "2"]}}, {"endedAt": {"isNull": True}}]},
        lambda row: row["assistant_id"] not in {1, 2} and row["ended_at"] is not None,
    ),
    (
        {
            "direction": {"eq": "INBOUND"},
            "any": [
                {"status": {"eq": "FAILED"}, "none": [{"duration": {"eq": 0}}]},
                {"any": [{"assistantName": {"contains": "sales"}}, {"duration": {"gt": 200}}]},
            ],
            "none": [{"meta": {"key": "attempts", "eq": "2"}, "status": {"eq": "COMPLETED"}}],
        },
        lambda row: (
            row["direction"] == "inbound"
            and (
                (row["status"] == "failed" and row["duration"] != 0)
                or any("sales" in name.lower() for name in names(row))
                or long(row)
            )
            and not (attempts(row) == "2" and row["status"] == "completed")
        ),
    ),
    ({"none": []}, lambda _: True),
    ({"none": [{"status": {"notIn": []}}]}, lambda _: False),
]


@pytest.mark.parametrize(("filter", "passes"), COMBINED, ids=range(len(COMBINED)))
async def test_any_and_none(
    graphql: GraphQL, database: Database, filter: Any, passes: Passes
) -> None:
    rows = await calls_of(database)

    assert await agrees(graphql, rows, filter, passes) == sum(map(passes, rows))


async def test_any_of_nothing_is_nothing(graphql: GraphQL, database: Database) -> None:
    assert await agrees(graphql, await calls_of(database), {"any": []}, lambda _: False) == 0


async def test_they_are_one_statement_with_the_list(graphql: GraphQL, statements: Counting) -> None:
    query = CALLS.query("nodes { databaseId }")
    combined, _ = COMBINED[4]

    with statements() as ran:
        answer = await graphql(query, {"filter": combined})

    assert "errors" not in answer
    assert ran.count == 1


async def test_a_filter_is_the_same_as_a_literal_and_as_variables(graphql: GraphQL) -> None:
    query = """query ($status: CallStatus!, $long: CallFilter!) {
        written: calls(filter: {any: [{status: {eq: FAILED}}, {duration: {gt: 200}}]}) {
            totalCount }
        variable: calls(filter: {any: [{status: {eq: $status}}, $long]}) { totalCount } }"""

    answer = await graphql(query, {"status": "FAILED", "long": {"duration": {"gt": 200}}})

    assert answer["data"]["written"] == answer["data"]["variable"]
    assert answer["data"]["written"]["totalCount"] > 0


@pytest.mark.parametrize(
    ("filter", "message"),
    [
        ({"any": None}, "`any` is null: leave it out."),
        ({"none": None}, "`none` is null: leave it out."),
        (
            {"any": [{"duration": {"eq": 1}}, {}]},
            "`any` has an empty filter at 1: leave it out.",
        ),
        ({"none": [{}]}, "`none` has an empty filter at 0: leave it out."),
        ({"any": [{"status": {"ne": None}}]}, "`status.ne` is null: leave it out."),
        (
            {"none": [{"meta": {"key": "a"}}]},
            "`meta` compares nothing: leave it out, or use `eq`, `ne`, `in` or `notIn`.",
        ),
        (
            {"status": {"notIn": ["FAILED"] * 101}},
            "`notIn` has 101 values, but may have at most 100.",
        ),
        (
            {"any": [{"duration": {"eq": 1}}] * 51},
            f"`filter` has 102 conditions, but may have at most {MAX_CONDITIONS}.",
        ),
    ],
)
async def test_what_cannot_be_meant_is_refused(graphql: GraphQL, filter: Any, message: str) -> None:
    variables = {"filter": filter}

    assert await refusal(graphql, CALLS.query("totalCount"), variables) == (
        "BAD_USER_INPUT",
        message,
    )


@pytest.mark.parametrize(
    ("each", "field", "column"),
    [(CALLS, "startedAt", "started_at"), (GRAPHS, "createdAt", "created_at")],
)
async def test_a_bare_date_is_its_first_instant_in_utc(
    graphql: GraphQL, each: List, field: str, column: str
) -> None:
    for comparator in ("gt", "gte", "lt", "lte"):
        bare = await ids(graphql, each, {field: {comparator: "2025-12-15"}})
        instant = await ids(graphql, each, {field: {comparator: "2025-12-15T00:00:00Z"}})

        assert bare == instant, column

    month = await ids(graphql, each, {field: {"gte": "2024-01-01", "lt": "2030-01-01"}})
    assert month


@pytest.mark.parametrize("text", ["2026-02-30", "2026-6-1", "20260601", "2026-06", "0000-01-01"])
async def test_what_is_no_date_is_refused(graphql: GraphQL, text: str) -> None:
    answer = await graphql(CALLS.query("totalCount"), {"filter": {"startedAt": {"gte": text}}})

    assert "is not a DateTime" in answer["errors"][0]["message"]
