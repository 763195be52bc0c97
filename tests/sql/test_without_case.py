"""A part of a text is looked for in any case; SQLite scans ASCII text without asking Python."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Text, column, func, literal_column
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from gql.sql.sqlite_functions import lower
from gql.sql.text import without_case

TEXTS = [
    None,
    "",
    "Ada",
    "ADA lovelace",
    "x\0ADA",
    "\u00c9clair ADA",
    "\u00e9clair",
    "\u0130stanbul ada",
    "\u212aelvin",
    "\u039f\u0394\u039f\u03a3",
    "100%_ADA",
]
ASCII = [each for each in TEXTS if each is None or (each.isascii() and "\0" not in each)]


@pytest.fixture
def calls() -> list[Any]:
    return []


@pytest.fixture
def connection(calls: list[Any]) -> Iterator[sqlite3.Connection]:
    def counted(value: Any) -> Any:
        calls.append(value)
        return lower(value)

    opened = sqlite3.connect(":memory:")
    opened.create_function("lower", 1, counted, deterministic=True)
    opened.execute("CREATE TABLE text (n TEXT)")
    opened.executemany("INSERT INTO text VALUES (?)", [(each,) for each in TEXTS])
    yield opened
    opened.close()


def condition(dialect: Any) -> str:
    pattern = func.lower(literal_column("?"))
    like = without_case(column("n", Text)).like(pattern, escape="\\")
    return str(like.compile(dialect=dialect))


@pytest.mark.parametrize(
    "part", ["ada", "ADA", "\u00e9CLAIR", "i", "K", "k", "\u03bf\u03b4\u03bf\u03c3", "%", ""]
)
def test_the_same_rows_are_those_whose_lower_case_has_the_part(
    connection: sqlite3.Connection, part: str
) -> None:
    escaped = f"%{part.replace('%', chr(92) + '%')}%"
    statement = f"SELECT n FROM text WHERE {condition(SQLiteDialect())}"  # noqa: S608
    rows = [row[0] for row in connection.execute(statement, (escaped,))]

    # What follows a zero is no part of a text to SQLite's LIKE, and PostgreSQL stores none.
    stored = [each for each in TEXTS if each is not None and "\0" not in each]
    expected = [each for each in stored if lower(part) in lower(each)]
    assert [each for each in rows if "\0" not in each] == expected


def test_python_is_asked_for_the_pattern_and_for_text_beyond_ascii(
    connection: sqlite3.Connection, calls: list[Any]
) -> None:
    statement = f"SELECT n FROM text WHERE {condition(SQLiteDialect())}"  # noqa: S608
    connection.execute(statement, ("%ada%",)).fetchall()

    assert Counter(calls) == Counter(["%ada%", *(each for each in TEXTS if each not in ASCII)])


def test_postgresql_compares_the_expression_that_the_trigrams_index() -> None:
    dialect = PGDialect(paramstyle="qmark")  # type: ignore[no-untyped-call]
    assert condition(dialect).startswith("lower(n) LIKE lower(?)")
