"""Every construct means the same on both databases, for the first and last values too."""

import json
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    Double,
    Integer,
    Text,
    bindparam,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlmodel.sql.sqltypes import UTCDateTime

from gql.database import Database
from gql.money import MAX_MICROS
from gql.sql.construct import Construct
from gql.sql.instants import (
    LAST_DAY,
    Period,
    compact_instant,
    day_end,
    day_number,
    day_start,
    month_end,
    month_number,
    month_start,
    padded_instant,
    seconds_between,
    trimmed_instant,
    utc_period,
)
from gql.sql.json_paths import is_array_index, json_value
from gql.sql.json_sql import (
    concatenated,
    int32,
    json_boolean,
    json_decimal_number,
    json_decimal_string,
    json_double,
    json_integer,
    json_member_number,
    json_string,
    json_verbatim,
    literal_text,
    or_null,
    require_not_null,
)
from gql.sql.text import hexadecimal, uppercase

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
instants = st.datetimes(timezones=st.just(UTC))
micros = st.integers(-MAX_MICROS, MAX_MICROS)


def instant(value: datetime | None) -> ColumnElement[Any]:
    return bindparam(None, value, type_=UTCDateTime())


def integer(value: int | None) -> ColumnElement[Any]:
    return bindparam(None, value, type_=BigInteger())


def document(value: Any) -> ColumnElement[Any]:
    return select(bindparam(None, value, type_=JSON()).label("document")).subquery().c.document


async def value_of(database: Database, expression: ColumnElement[Any]) -> Any:
    async with database.engine.connect() as connection:
        return (await connection.execute(select(expression))).scalar_one()


def constructs(base: type[Construct[Any]] = Construct) -> Iterator[type[Construct[Any]]]:
    for construct in base.__subclasses__():
        yield construct
        yield from constructs(construct)


def test_every_construct_is_written_for_both_databases() -> None:
    unwritten = {
        construct.__name__
        for construct in constructs()
        if "template" not in vars(construct) and not {"postgresql", "sqlite"} <= {*dir(construct)}
    }

    # A base; and what SQLite has a table of its own for.
    assert unwritten == {"_Condition", "indexed_words"}


@pytest.mark.parametrize(
    ("value", "trimmed", "padded", "compact"),
    [
        (
            datetime(2025, 1, 19, 10, tzinfo=UTC),
            "2025-01-19T10:00:00Z",
            "2025-01-19T10:00:00Z",
            "20250119T100000Z",
        ),
        (
            datetime(2025, 1, 19, 10, 0, 0, 500_000, tzinfo=UTC),
            "2025-01-19T10:00:00.5Z",
            "2025-01-19T10:00:00.500000Z",
            "20250119T100000.5Z",
        ),
        (FIRST, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "00010101T000000Z"),
        (
            LAST,
            "9999-12-31T23:59:59.999999Z",
            "9999-12-31T23:59:59.999999Z",
            "99991231T235959.999999Z",
        ),
        (None, None, None, None),
    ],
)
async def test_instants_are_printed(
    database: Database, value: datetime | None, trimmed: str, padded: str, compact: str
) -> None:
    assert await value_of(database, trimmed_instant(instant(value))) == trimmed
    assert await value_of(database, padded_instant(instant(value))) == padded
    assert await value_of(database, compact_instant(instant(value))) == compact


@settings(max_examples=40)
@given(instants)
@example(FIRST + timedelta(microseconds=1))
@example(LAST - timedelta(microseconds=1))
@example(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
async def test_printed_instants_are_those_that_were_stored(
    database: Database, value: datetime
) -> None:
    for construct in (trimmed_instant, padded_instant):
        text = await value_of(database, construct(instant(value)))
        assert datetime.fromisoformat(text) == value


@settings(max_examples=40)
@given(instants)
@example(FIRST)
@example(LAST)
@example(datetime(2024, 2, 29, tzinfo=UTC))
@example(datetime(2024, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
async def test_an_instant_is_on_its_day_in_its_month(database: Database, value: datetime) -> None:
    day = await value_of(database, day_number(instant(value)))
    number = bindparam(None, day, type_=Integer())
    start = await value_of(database, day_start(number))
    end = await value_of(database, day_end(number))

    assert day == (value.date() - date.min).days
    assert start == FIRST + timedelta(days=day)
    assert end == (LAST if day == LAST_DAY else start + timedelta(days=1, microseconds=-1))
    assert await value_of(database, month_number(number)) == 12 * value.year + value.month - 1
    first, days_in_month = day - value.day + 1, monthrange(value.year, value.month)[1]
    assert await value_of(database, month_start(number)) == first
    assert await value_of(database, month_end(number)) == first + days_in_month - 1
    assert start <= value <= end


@pytest.mark.parametrize(
    ("value", "day", "week", "month"),
    [
        (datetime(2025, 1, 19, 23, 59, 59, tzinfo=UTC), "2025-01-19", "2025-01-13", "2025-01"),
        (datetime(2025, 1, 20, tzinfo=UTC), "2025-01-20", "2025-01-20", "2025-01"),
        (datetime(2025, 1, 1, tzinfo=UTC), "2025-01-01", "2024-12-30", "2025-01"),
        (None, None, None, None),
    ],
)
async def test_periods_are_those_of_utc(
    database: Database, value: datetime | None, day: str, week: str, month: str
) -> None:
    assert await value_of(database, utc_period(instant(value), Period.DAY)) == day
    assert await value_of(database, utc_period(instant(value), Period.WEEK)) == week
    assert await value_of(database, utc_period(instant(value), Period.MONTH)) == month


async def test_seconds_go_by(database: Database) -> None:
    start = datetime(2025, 1, 19, 10, tzinfo=UTC)
    later = start + timedelta(days=2, milliseconds=250)

    forward = await value_of(database, seconds_between(instant(start), instant(later)))
    back = await value_of(database, seconds_between(instant(later), instant(start)))
    without_end = await value_of(database, seconds_between(instant(start), instant(None)))

    assert round(forward, 3) == 172_800.25
    assert round(back, 3) == -172_800.25
    assert without_end is None


@settings(max_examples=60)
@given(st.floats(allow_nan=False, allow_infinity=False))
@example(0.1)
@example(-0.5)
@example(24.0)
@example(1e15)
@example(1e22)
@example(5e-324)
async def test_doubles_are_printed_with_every_digit(database: Database, value: float) -> None:
    text = await value_of(database, json_double(bindparam(None, value, type_=Double())))
    parsed = json.loads(text)

    assert (parsed, type(parsed)) == (value, float)


@settings(max_examples=40)
@given(micros)
@example(0)
@example(-1)
@example(50_000)
@example(2**53 + 1)
async def test_money_is_exact(database: Database, value: int) -> None:
    amount = Decimal(value).scaleb(-6)
    text = await value_of(database, json_decimal_string(integer(value)))
    number = await value_of(database, json_decimal_number(integer(value)))

    assert text == f'"{amount:.6f}"'
    assert float(number) == float(amount)


@pytest.mark.parametrize("value", [0, -1, 2**31 - 1, -(2**31), None])
async def test_an_int_of_graphql_is_printed(database: Database, value: int | None) -> None:
    text = None if value is None else str(value)
    assert await value_of(database, int32(integer(value))) == text


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 2**63 - 1, -(2**63)])
async def test_a_statement_fails_for_a_larger_one(database: Database, value: int) -> None:
    with pytest.raises(DBAPIError, match=r"out of range|overflow"):
        await value_of(database, int32(integer(value)))
    assert await value_of(database, json_integer(integer(value))) == str(value)


async def test_a_statement_fails_without_what_must_be_there(database: Database) -> None:
    await value_of(database, require_not_null(integer(1)))
    with pytest.raises(DBAPIError, match=r"division by zero|overflow"):
        await value_of(database, require_not_null(integer(None)))


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ({"x": 3}, 3),
        ({"x": -0.5}, -0.5),
        ({"x": 0.1}, 0.1),
        ({"x": 1e22}, 1e22),
        ({"x": None}, None),
        ({"y": 3}, None),
        ({}, None),
    ],
)
async def test_a_member_is_a_number_or_nothing(database: Database, value: Any, number: Any) -> None:
    member = or_null(json_member_number(document(value), literal_text("x")))
    assert json.loads(await value_of(database, concatenated([" ", member]))) == number


@pytest.mark.parametrize("value", [{"x": "3"}, {"x": True}, {"x": [3]}, {"x": {}}])
async def test_a_statement_fails_for_any_other_member(database: Database, value: Any) -> None:
    with pytest.raises(DBAPIError, match=r"division by zero|overflow"):
        await value_of(database, json_member_number(document(value), literal_text("x")))


@pytest.mark.parametrize(
    ("tokens", "value"),
    [
        (["a", "0"], {"0": [1, 2]}),
        (["a", "0", "0", "1"], 2),
        (["a", "1"], "text"),
        (["a", "01"], None),
        (["a", "-1"], None),
        (["a", "2"], None),
        (["a", "length"], None),
        (["a/b"], True),
        (["~"], None),
    ],
)
async def test_tokens_lead_into_json(database: Database, tokens: list[str], value: Any) -> None:
    stored = document({"a": [{"0": [1, 2]}, "text"], "a/b": True, "~": None})
    bound = [(bindparam(None, token, type_=Text()), is_array_index(token)) for token in tokens]
    text = await value_of(database, or_null(json_verbatim(json_value(stored, bound))))

    assert json.loads(text) == value


@settings(max_examples=40)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8))
@example('"\\/\b\f\n\r\t\x01\x7f\u2028')
async def test_text_is_printed_as_json_and_as_bytes(database: Database, value: str) -> None:
    text = bindparam(None, value, type_=Text())

    assert json.loads(await value_of(database, json_string(text))) == value
    assert await value_of(database, hexadecimal(text)) == value.encode().hex()


async def test_words_and_flags(database: Database) -> None:
    flags = [json_boolean(bindparam(None, flag, type_=Boolean())) for flag in (True, False, None)]

    assert await value_of(database, uppercase(bindparam(None, "in_progress", type_=Text()))) == (
        "IN_PROGRESS"
    )
    assert [await value_of(database, flag) for flag in flags] == ["true", "false", None]
