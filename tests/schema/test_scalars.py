"""Wire formats: instants, amounts, JSON and words, in and out, the same from both databases."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from gql.database import Database
from gql.models.call import Call
from gql.models.graph_session import GraphSession
from gql.models.scope import table_of
from gql.money import MAX_MICROS
from gql.schema.scalars import print_decimal, print_instant, read_decimal, read_instant
from tests.conftest import GraphQL
from tests.engine.differential import GRAPHQL
from tests.schema.lists import CALLS, refusal, rows_of

CALL, SESSION = table_of(Call), table_of(GraphSession)


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_is_read_as_it_was_printed(value: datetime) -> None:
    text = print_instant(value)

    assert read_instant(text) == value
    assert text.endswith("Z")
    assert not text.endswith(("0Z", ".Z")) or "." not in text


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("2025-01-19T10:00:00Z", "2025-01-19T10:00:00Z"),
        ("2025-01-19t10:00:00z", "2025-01-19T10:00:00Z"),
        ("2025-01-19 10:00:00Z", "2025-01-19T10:00:00Z"),
        ("2025-01-19T15:30:00+05:30", "2025-01-19T10:00:00Z"),
        ("2025-01-18T23:00:00-11:00", "2025-01-19T10:00:00Z"),
        ("2025-01-19T10:00:00.5Z", "2025-01-19T10:00:00.5Z"),
        ("2025-01-19T10:00:00.500000Z", "2025-01-19T10:00:00.5Z"),
        ("2025-01-19T10:00:00.000001Z", "2025-01-19T10:00:00.000001Z"),
        ("2025-01-19T10:00:00.000000Z", "2025-01-19T10:00:00Z"),
        ("2025-01-19T10:00:00.1234567899Z", "2025-01-19T10:00:00.123456Z"),
        ("2025-01-19T10:00:00-00:00", "2025-01-19T10:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("2025-01-19", "2025-01-19T00:00:00Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_an_instant_has_a_zone_and_is_printed_in_utc(text: str, printed: str) -> None:
    assert print_instant(read_instant(text)) == printed


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "2025-02-29",
            "2025-1-19",
            "2025-01",
            "2025-01-19T10:00:00",
            "10:00:00Z",
            "now",
            "1737280800",
        ),
        *("2025-02-30T00:00:00Z", "2025-01-19T24:00:00Z", "2025-01-19T10:00:60Z"),
        *("2025-01-19T10:00:00+24:00", "2025-01-19T10:00Z"),
        *("0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", "0000-01-01T00:00:00Z"),
        *(" 2025-01-19T10:00:00Z", "2025-01-19T10:00:00Z\n", "20250119T100000Z"),
        *("\u0662\u0660\u0662\u0665-01-19T10:00:00Z", 1737280800, 1.5, True, None, [], {}),
    ],
    ids=repr,
)
def test_what_is_no_instant_is_refused(value: Any) -> None:
    with pytest.raises(GraphQLError, match="is not a DateTime: write it like"):
        read_instant(value)


RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)",
    re.ASCII,
)
"""The grammar of `date-time` in section 5.6."""


@given(
    st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)),  # noqa: DTZ001
    st.integers(-23 * 60 - 59, 23 * 60 + 59),
    st.text("0123456789", min_size=1, max_size=12),
)
def test_instants_are_those_of_the_specification_that_the_schema_names(
    local: datetime, offset: int, digits: str
) -> None:
    scalar: Any = GRAPHQL.type_map["DateTime"]
    assert scalar.specified_by_url == "https://www.rfc-editor.org/rfc/rfc3339#section-5.6"
    local = local.replace(microsecond=0)
    sign, (hours, minutes) = "-" if offset < 0 else "+", divmod(abs(offset), 60)
    text = f"{local.isoformat()}.{digits}{sign}{hours:02d}:{minutes:02d}"
    assert RFC_3339.fullmatch(text)

    value = read_instant(text)

    assert value == local.replace(tzinfo=UTC) + timedelta(
        minutes=-offset, microseconds=int(digits.ljust(6, "0")[:6])
    )
    assert RFC_3339.fullmatch(print_instant(value))


@given(st.integers(-MAX_MICROS, MAX_MICROS))
def test_an_amount_is_read_as_it_was_printed(micros: int) -> None:
    amount = Decimal(micros).scaleb(-6)
    text = print_decimal(amount)

    assert read_decimal(text) == amount
    assert text.split(".")[1].isdigit()
    assert len(text.split(".")[1]) == 6


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ("0.05", "0.050000"),
        (0.05, "0.050000"),
        (5, "5.000000"),
        (1e3, "1000.000000"),
        ("1e-6", "0.000001"),
        (1e-6, "0.000001"),
        ("-0.5", "-0.500000"),
        ("+2", "2.000000"),
        ("9223372036854.775807", "9223372036854.775807"),
        ("1.000000000000000000000000", "1.000000"),
    ],
    ids=repr,
)
def test_an_amount_keeps_six_decimals(value: float | str, printed: str) -> None:
    assert print_decimal(read_decimal(value)) == printed


@pytest.mark.parametrize(
    "value",
    [
        *("", "NaN", "sNaN", "Infinity", "-inf", "1,5", "1.5.5", "0x10", "1_000", " 1", "1 "),
        *("0.0000001", 1e-7, 0.1 + 0.2, "1.00000000000000000000000000000000000001"),
        *("9223372036854.775808", "1e14", "1e999", "1e999999999", "1e-999999999", "9" * 5_000),
        *(float("nan"), float("inf"), True, None, [], {}, "\u0661"),
    ],
    ids=lambda value: repr(value)[:20] + str(len(repr(value))),
)
def test_what_is_no_exact_amount_is_refused(value: Any) -> None:
    with pytest.raises(GraphQLError, match="is not a Decimal: write it with at most six decimals"):
        read_decimal(value)


@given(st.text() | st.floats() | st.integers(-(10**30), 10**30))
def test_any_value_is_an_amount_or_is_refused(value: float | str) -> None:
    try:
        amount = read_decimal(value)
    except GraphQLError:
        return

    assert amount == Decimal(str(value))
    assert amount * 10**6 == int(amount * 10**6)


@pytest.mark.parametrize(
    "literal", ["9" * 5_000, "1e-400", '"1e999999999"', "true", "[1]", "{a: 1}"]
)
async def test_a_literal_that_is_no_amount_is_refused(graphql: GraphQL, literal: str) -> None:
    query = f"{{ calls(filter: {{totalCost: {{lt: {literal}}}}}) {{ totalCount }} }}"

    code, message = await refusal(graphql, query)

    assert code == "GRAPHQL_VALIDATION_FAILED"
    assert "is not a Decimal: write it with at most six decimals, like 0.05." in message


async def test_a_literal_amount_keeps_every_digit(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    """As a float the largest amount would be half a cent off."""
    async with fresh_database.transaction() as connection:
        await connection.execute(update(CALL).where(CALL.c.id == 101).values(total_cost=MAX_MICROS))
    for literal in ("9223372036854.775807", '"9223372036854.775807"', "9223372036854775807e-6"):
        query = "{ calls(filter: {totalCost: {eq: %s}}) { nodes { id cost { total } } } }"

        answer = await fresh_graphql(query % literal)

        assert answer["data"]["calls"]["nodes"] == [
            {"id": "call_101", "cost": {"total": "9223372036854.775807"}}
        ]


async def test_sums_of_costs_are_exact(graphql: GraphQL, database: Database) -> None:
    """No float comes between: every digit of the stored amount is printed."""
    rows = {row["id"]: row for row in await rows_of(database, CALLS)}
    query = CALLS.query("nodes { databaseId cost { total llm tts stt telephony currency } }")
    nodes = [
        node
        for offset in (0, 100, 200)
        for node in (await graphql(query, {"first": 100, "offset": offset}))["data"]["list"][
            "nodes"
        ]
    ]

    columns = ("total", "llm", "tts", "stt", "telephony")
    for node in nodes:
        row, cost = rows[node["databaseId"]], node["cost"]
        micros = [row[f"{column}_cost"] for column in columns]
        assert [cost[column] and Decimal(cost[column]) * 10**6 for column in columns] == micros
        assert cost["currency"] == row["cost_currency"]
        assert (cost["total"] is None) == (cost["currency"] is None)
    totals = [Decimal(node["cost"]["total"]) for node in nodes if node["cost"]["total"]]
    assert sum(totals) * 10**6 == sum(row["total_cost"] or 0 for row in rows.values())
    assert {"0.000001", "0.000000"} <= {node["cost"]["total"] for node in nodes}
    assert max(totals) > 2**32 / 10**6


async def test_json_keeps_its_values_and_the_order_of_its_keys(
    fresh_client: httpx2.AsyncClient, owner: dict[str, str], fresh_database: Database
) -> None:
    """As text: a parsed answer would not show the order."""
    document = {
        "zebra": 1,
        "apple": {"z": [1, 2.5, -0.0, 1e22, 2**53 + 1, 2**63], "a": None},
        "10": True,
        "9": '李 🎧 \u2028 "quoted" back\\slash </script>',
        "": {},
    }
    async with fresh_database.transaction() as connection:
        change = update(SESSION).where(SESSION.c.id == 501)
        await connection.execute(change.values(conversation_context=document))
    query = "{ graphSession(id: 501) { context } }"

    response = await fresh_client.post("/graphql", json={"query": query}, headers=owner)

    assert response.text == (
        '{"data":{"graphSession":{"context":{"zebra":1,"apple":{"z":[1,2.5,-0.0,1e+22,'
        '9007199254740993,9223372036854775808],"a":null},"10":true,"9":"李 🎧 \u2028 '
        '\\"quoted\\" back\\\\slash </script>","":{}}}}}'
    )


@pytest.mark.parametrize(
    ("stored", "printed"),
    [
        (datetime(2025, 1, 19, 10, 0, 0, 500_000, UTC), "2025-01-19T10:00:00.5Z"),
        (datetime(2025, 1, 19, 10, 0, 0, 1, UTC), "2025-01-19T10:00:00.000001Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
        (datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC), "9999-12-31T23:59:59.999999Z"),
    ],
    ids=str,
)
async def test_stored_instants_are_printed_to_the_microsecond(
    fresh_graphql: GraphQL, fresh_database: Database, stored: datetime, printed: str
) -> None:
    async with fresh_database.transaction() as connection:
        await connection.execute(update(CALL).where(CALL.c.id == 101).values(started_at=stored))
    filter_ = {"startedAt": {"gte": printed, "lte": printed}}
    query = CALLS.query("nodes { databaseId startedAt } edges { cursor }")

    answer = await fresh_graphql(query, {"filter": filter_})
    again = await fresh_graphql(query, {"last": 1, "filter": {"callSid": {"startsWith": "CAxxx"}}})

    assert answer["data"]["list"]["nodes"] == [{"databaseId": 101, "startedAt": printed}]
    assert again == answer
