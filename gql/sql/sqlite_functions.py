"""What SQLite lacks, in Python: functions that every connection to it gets."""

import sqlite3
from collections.abc import Callable
from fractions import Fraction
from math import isfinite
from typing import Any, NamedTuple

from gql.money import MOST_PRICED
from gql.sql.csv_sql import spreadsheet_text
from gql.sql.json_paths import json_at


def lower(value: Any) -> Any:
    """PostgreSQL's `lower`, letter by letter; SQLite's own knows ASCII alone.

    `str.lower` looks at a whole word: it makes a sigma at the end another letter.
    """
    if not isinstance(value, str):
        return value
    return value.lower() if value.isascii() else "".join(letter.lower()[0] for letter in value)


def double_text(value: Any) -> str | None:
    """A double with the shortest digits that read back as the same one, as JSON writes it."""
    return None if value is None else repr(float(value))


def quantity_price(quantity: Any, price: int, units: int) -> int | None:
    """What a quantity costs: see `gql.sql.aggregates.priced`.

    SQLite stores a decimal as the double next to it, whose shortest digits are the decimal again
    where it has fifteen or fewer.
    """
    if not isinstance(quantity, int | float) or not isfinite(quantity) or quantity < 0:
        return None
    exact = quantity if isinstance(quantity, int) else Fraction(repr(quantity))
    amount = Fraction(exact * price, units)
    return round(amount) if amount <= MOST_PRICED else None


class SqliteFunction(NamedTuple):
    """A function of SQLite.

    Attributes:
        name: In SQL.
        arguments: How many it takes; -1 for any number.
        function: What is called.
    """

    name: str
    arguments: int
    function: Callable[..., Any]


SQLITE_FUNCTIONS = (
    SqliteFunction("lower", 1, lower),
    SqliteFunction("double_text", 1, double_text),
    SqliteFunction("quantity_price", 3, quantity_price),
    SqliteFunction("json_at", -1, json_at),
    SqliteFunction("spreadsheet_text", 1, spreadsheet_text),
)


def add_functions(connection: sqlite3.Connection) -> None:
    """Let the statements of a connection call them."""
    for name, arguments, function in SQLITE_FUNCTIONS:
        connection.create_function(name, arguments, function, deterministic=True)
