"""How lists are sorted: every order, both ways, the same on both databases."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert

from gql.database import Database
from gql.models.assistant import Assistant
from gql.models.scope import table_of
from tests.conftest import GraphQL
from tests.schema.lists import ASSISTANTS, CALLS, LISTS, List, ids, refusal, rows_of

SORTINGS = [
    (each, order, direction)
    for each in LISTS
    for order in each.orders
    for direction in ("ASC", "DESC")
]


@pytest.mark.parametrize(
    ("each", "order", "direction"),
    SORTINGS,
    ids=[f"{each.field}-{order}-{direction}" for each, order, direction in SORTINGS],
)
async def test_every_order_sorts_as_python_does(
    graphql: GraphQL, database: Database, each: List, order: str, direction: str
) -> None:
    rows = each.sorted(await rows_of(database, each), order, descending=direction == "DESC")

    listed = await ids(graphql, each, order={"field": order, "direction": direction})

    assert listed == [row["id"] for row in rows]
    assert len(listed) > 8


@pytest.mark.parametrize("each", LISTS, ids=lambda each: each.field)
async def test_an_order_that_is_not_given_is_the_lists_own(
    graphql: GraphQL, database: Database, each: List
) -> None:
    rows = each.sorted(await rows_of(database, each), each.order, descending=each.descending)

    assert await ids(graphql, each) == [row["id"] for row in rows]


@pytest.mark.parametrize(
    ("each", "order"), [(each, order) for each in LISTS for order in each.orders]
)
async def test_names_ascend_and_all_else_descends_by_default(
    graphql: GraphQL, database: Database, each: List, order: str
) -> None:
    rows = each.sorted(await rows_of(database, each), order, descending=order != "NAME")

    for by in ({"field": order}, {"field": order, "direction": None}):
        assert await ids(graphql, each, order=by) == [row["id"] for row in rows]


async def test_the_data_has_ties_and_gaps(database: Database) -> None:
    """Without them the tests here would prove little."""
    rows = await rows_of(database, CALLS)
    for column in ("started_at", "duration", "total_cost"):
        values = [row[column] for row in rows if row[column] is not None]
        assert len(set(values)) < len(values)
    for column in ("duration", "total_cost"):
        assert 10 < sum(row[column] is None for row in rows) < 100


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_calls_without_a_value_come_last_both_ways(graphql: GraphQL, direction: str) -> None:
    query = CALLS.query("nodes { duration }")
    answers = [
        await graphql(
            query,
            {
                "first": 100,
                "offset": offset,
                "order": {"field": "DURATION", "direction": direction},
            },
        )
        for offset in (0, 100, 200)
    ]
    durations = [node["duration"] for each in answers for node in each["data"]["list"]["nodes"]]

    present = [duration for duration in durations if duration is not None]
    assert durations == [
        *sorted(present, reverse=direction == "DESC"),
        *[None] * durations.count(None),
    ]


async def test_names_are_sorted_by_code_points(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    """PostgreSQL's own collation would put `a` before `B`, and both beside `Ä`."""
    names = [
        "a",
        "B",
        "Ä",
        "ä",
        "A b",
        "A-b",
        "_",
        "~",
        "z",
        "é",
        "e",
        "李",
        "🎧",
        "\uffff",
        "",
        "a",
    ]
    now = datetime(2026, 1, 1, tzinfo=UTC)
    async with fresh_database.transaction() as connection:
        values: list[dict[str, Any]] = [
            {"organization_id": 1, "name": name, "created_at": now, "updated_at": now}
            for name in names
        ]
        await connection.execute(insert(table_of(Assistant)), values)
    query = ASSISTANTS.query("nodes { name databaseId }")

    answer = await fresh_graphql(
        query, {"first": 100, "order": {"field": "NAME", "direction": "ASC"}}
    )

    listed = [(node["name"], node["databaseId"]) for node in answer["data"]["list"]["nodes"]]
    assert listed == sorted(listed)
    assert len(listed) > len(names)


async def test_an_order_needs_a_field(graphql: GraphQL) -> None:
    code, message = await refusal(graphql, "{ calls(orderBy: {direction: ASC}) { totalCount } }")

    assert code == "GRAPHQL_VALIDATION_FAILED"
    assert "'CallOrder' to include required field 'field'" in message
