"""Cells of CSV as databases print them."""

import csv
import io
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, select

from gql.database import Database
from gql.money import MAX_MICROS, micros_to_float
from gql.rest.downloads import cell
from gql.sql.csv_sql import csv_cell

_STARTS = ("", *"=+-@\t\r\n\uff1d\uff0b\uff0d\uff20'a")
_NUMBERS = ("+1555", "+15559876543", "+1 (555) 987-6543", "+49.30.69168", "+1-1", "+1555987654x")
TEXTS = (
    *(f"{start}{rest}" for start in _STARTS for rest in ("", "1", 'a,"b"', " x\r\ny", "]^[*?%_\\")),
    *(f"{number}{rest}" for number in _NUMBERS for rest in ("", "\n", ",", '"', " ")),
    *("+" + "1" * length for length in (5, 6, 20, 21)),
    *("+" + "1 ( " * length for length in (5, 6)),
    *(" =1", "Zoë, 日本\u2028", "a\nb", "\x1f", "{0}"),
)
AMOUNTS = (*(10**power for power in range(16)), 0, 7, -7, 99, -99, 100, 123_456_789, -1_500_000)


async def test_a_text_is_printed_as_python_prints_it(database: Database) -> None:
    printed = await _cells(database, "text", TEXTS)

    assert printed == dict(zip(TEXTS, map(_by_python, TEXTS), strict=True))


async def test_an_amount_is_printed_as_python_prints_it(database: Database) -> None:
    printed = await _cells(database, "decimal", AMOUNTS)

    assert printed == {micros: str(micros_to_float(micros)) for micros in AMOUNTS}


async def test_an_amount_of_more_digits_than_a_double_has_is_exact(database: Database) -> None:
    printed = await _cells(database, "decimal", (MAX_MICROS, -MAX_MICROS))

    assert printed == {MAX_MICROS: "9223372036854.775807", -MAX_MICROS: "-9223372036854.775807"}


async def test_nothing_is_an_empty_cell(database: Database) -> None:
    assert await _cells(database, "text", (None,)) == {None: ""}
    assert await _cells(database, "decimal", (None,)) == {None: ""}


def _by_python(text: str) -> str:
    """In a line with another cell: a single empty one is written in quotes."""
    line = io.StringIO()
    csv.writer(line).writerow([cell(text), "end"])
    return line.getvalue().removesuffix(",end\r\n")


async def _cells(database: Database, kind: str, values: tuple[Any, ...]) -> dict[Any, str]:
    """What the database prints, by the value."""
    type_ = Text() if kind == "text" else BigInteger()
    statement = select(csv_cell(kind, bindparam("value", type_=type_)))
    async with database.snapshot() as snapshot:
        return {value: (await snapshot.rows(statement, {"value": value}))[0][0] for value in values}
