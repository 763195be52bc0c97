"""Comparators as SQL: on both databases a row passes when the same comparison is true in Python."""

import operator
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, ColumnElement, FromClause, Text, bindparam, select
from sqlalchemy.types import TypeEngine

from gql.database import Database
from gql.domain.call_search import SEARCHED_CALLS
from gql.models.call import Call, phone_digits
from gql.models.scope import table_of
from gql.query.filters import (
    Condition,
    Criterion,
    compare,
    digits,
    literal_pattern,
    prepare_filter,
)

INSTANT: TypeEngine[Any] = table_of(Call).c.started_at.type

bounded = settings(max_examples=30)
texts = st.text(st.sampled_from("aAbB%_\\'\"*? éÉñÑßẞжЖ李🎧"), max_size=6)
instants = st.datetimes(timezones=st.just(UTC))
RANGES: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def row_of(kind: TypeEngine[Any]) -> FromClause:
    """A table of one row, whose column `stored` is bound when a statement runs."""
    return select(bindparam("stored", type_=kind).label("stored")).subquery()


async def passes(
    database: Database,
    condition: Callable[[FromClause], ColumnElement[bool]],
    stored: Any,
    kind: TypeEngine[Any] | None = None,
) -> bool:
    """Whether a row with this value passes; not known (SQL's NULL) does not pass."""
    row = row_of(kind or Text())
    statement = select(row.c.stored).where(condition(row))
    async with database.engine.connect() as connection:
        return len((await connection.execute(statement, {"stored": stored})).all()) == 1


def by(comparator: str, value: Any, criterion: Criterion | None = None) -> Any:
    """The condition on the row's value."""
    filters = {"stored": criterion or compare("stored")}
    (condition,) = prepare_filter(filters, (Condition("stored", comparator, value),))
    return lambda row: condition.sql(filters, row)


@bounded
@given(text=texts, part=texts)
@example("100 %", "%")
@example("100", "%")
@example("a_b", "_")
@example("ab", "_")
@example("a\\b", "\\")
@example("ab", "\\")
@example("Straße ÉTÉ", "SSE été")
@example("ЖУРНАЛ", "журнал")
async def test_contains_and_starts_with_take_text_as_it_is_whatever_the_case(
    database: Database, text: str, part: str
) -> None:
    low, low_part = text.lower(), part.lower()

    assert await passes(database, by("contains", part), text) == (low_part in low)
    assert await passes(database, by("starts_with", part), text) == low.startswith(low_part)


@bounded
@given(text=texts, other=texts)
async def test_equal_text_is_equal_to_the_letter(database: Database, text: str, other: str) -> None:
    assert await passes(database, by("eq", text), text)
    assert await passes(database, by("eq", other), text) == (text == other)
    assert not await passes(database, by("eq", text + " "), text)


@bounded
@given(text=texts, others=st.lists(texts, max_size=100))
async def test_in_is_any_of_them_and_never_any_of_none(
    database: Database, text: str, others: list[str]
) -> None:
    assert await passes(database, by("in", tuple(others)), text) == (text in others)
    assert await passes(database, by("not_in", tuple(others)), text) == (text not in others)
    assert not await passes(database, by("in", ()), text)
    assert await passes(database, by("not_in", ()), text)


@bounded
@given(stored=st.integers(-(2**63) + 1, 2**63 - 1), value=st.integers(-(2**63) + 1, 2**63 - 1))
async def test_whole_numbers_compare_as_numbers(
    database: Database, stored: int, value: int
) -> None:
    for comparator, means in RANGES.items():
        passed = await passes(database, by(comparator, value), stored, BigInteger())
        assert passed == means(stored, value)


@bounded
@given(stored=instants, value=instants)
@example(datetime(2025, 1, 19, 10, tzinfo=UTC), datetime(2025, 1, 19, 10, 0, 0, 1, UTC))
async def test_instants_compare_to_the_microsecond(
    database: Database, stored: datetime, value: datetime
) -> None:
    for comparator, means in RANGES.items():
        assert await passes(database, by(comparator, value), stored, INSTANT) == means(
            stored, value
        )


@pytest.mark.parametrize("comparator", [*RANGES, "contains", "starts_with"])
async def test_a_row_without_a_value_passes_no_comparison(
    database: Database, comparator: str
) -> None:
    assert not await passes(database, by(comparator, ""), None)


@pytest.mark.parametrize("values", [(), ("a",)])
async def test_a_row_without_a_value_is_no_other_one(
    database: Database, values: tuple[str, ...]
) -> None:
    assert not await passes(database, by("in", values), None)
    assert not await passes(database, by("not_in", values), None)


async def test_only_is_null_finds_a_row_without_a_value(database: Database) -> None:
    passed = {
        (stored, value): await passes(database, by("is_null", value), stored)
        for stored in (None, "")
        for value in (True, False)
    }

    assert passed == {
        (None, True): True,
        (None, False): False,
        ("", True): False,
        ("", False): True,
    }


@pytest.mark.parametrize(
    ("number", "equal", "contained"),
    [
        ("+1 (555) 987-6543", True, True),
        ("15559876543", True, True),
        ("1.555.987.6543", True, True),
        (" 15559876543 ", True, True),
        ("555-98", False, True),
        ("98 76", False, True),
        ("+", False, False),
        ("", False, False),
        ("call me", False, False),
        ("%", False, False),
        ("_", False, False),
        ("\u0665", False, False),
        ("5559876544", False, False),
        ("155598765430", False, False),
    ],
)
async def test_a_phone_number_is_its_digits(
    database: Database, *, number: str, equal: bool, contained: bool
) -> None:
    stored = phone_digits("+1 555 987 6543")

    assert await passes(database, by("eq", number, digits("stored")), stored) == equal
    assert await passes(database, by("contains", number, digits("stored")), stored) == contained
    assert await passes(database, by("ne", number, digits("stored")), stored) != equal
    for several in ((number,), (number, "1"), ("", number)):
        assert await passes(database, by("in", several, digits("stored")), stored) == equal
        assert await passes(database, by("not_in", several, digits("stored")), stored) != equal


def test_a_pattern_escapes_every_sign_of_like_and_the_escape_itself() -> None:
    assert literal_pattern("100 %_! \\ done") == "100 !%!_!! \\ done"


@pytest.mark.parametrize(
    ("criterion", "selective"),
    [
        ("status", set()),
        ("duration", {"gt", "gte", "lt", "lte"}),
        ("call_sid", {"contains", "starts_with"}),
        ("customer_phone_number", {"contains"}),
        ("assistant_name", {"eq", "ne", "in", "not_in", "contains", "starts_with"}),
        ("anywhere", {"contains"}),
        ("meta", set()),
    ],
)
def test_the_values_of_some_comparisons_need_plans_of_their_own(
    criterion: str, selective: set[str]
) -> None:
    """Those that few or many rows pass, depending on the value."""
    offered = {
        "status": {"eq", "ne", "in", "not_in"},
        "duration": {*RANGES, "is_null"},
        "call_sid": {"eq", "in", "contains", "starts_with"},
    }.get(criterion, SEARCHED_CALLS.filters[criterion].comparators)

    assert {
        comparator
        for comparator in offered
        if SEARCHED_CALLS.filters[criterion].is_selective(comparator)
    } == selective
