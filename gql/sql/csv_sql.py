"""How a database prints the cells of a CSV file, as Python's `csv` writes them (RFC 4180).

https://www.rfc-editor.org/rfc/rfc4180
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, func

from gql.money import MICROS_PER_UNIT
from gql.sql.construct import Construct
from gql.sql.instants import padded_instant
from gql.sql.json_sql import (
    json_boolean,
    json_decimal_number,
    json_integer,
    literal_text,
)

_FORMULA = "-=+@\t\r\n\uff1d\uff0b\uff0d\uff20"
"""What a text begins with that a spreadsheet takes for a formula; `-` first, as in a set."""
_PHONE_NUMBER = r"\+[0-9](?:[ ().-]{0,2}[0-9]){5,19}"


def spreadsheet_text(value: str) -> str:
    """A text that no spreadsheet runs as a formula.

    One that begins like a formula gets an apostrophe in front, which spreadsheets take as "this is
    text". A phone number can do no harm and stays what it is.
    """
    is_formula = value.startswith(tuple(_FORMULA)) and not re.fullmatch(_PHONE_NUMBER, value)
    return f"'{value}" if is_formula else value


def _quoted(needs_quotes: str, text: str) -> str:
    """A template: the text, in quotes where the condition holds."""
    doubled = f"replace({text}, '\"', '\"\"')"
    return f"(CASE WHEN {needs_quotes} THEN '\"' || {doubled} || '\"' ELSE {text} END)"


def _on_postgresql() -> str:
    # Without regular expressions, which take a microsecond each, but for what may be a number.
    phone_number = _PHONE_NUMBER.replace("{", "{{").replace("}", "}}")
    first_letters = ", ".join(str(ord(letter)) for letter in _FORMULA)
    text = (
        f"CASE WHEN ascii({{0}}) IN ({first_letters}) AND {{0}} !~ '^{phone_number}$'"
        " THEN '''' || {0} ELSE {0} END"
    )
    return _quoted(" OR ".join(f"strpos({{0}}, '{each}') > 0" for each in '",\r\n'), text)


def _on_sqlite() -> str:
    # Python is called for what may be a formula alone: a call takes a microsecond, and waits while
    # the event loop has the interpreter.
    is_number = (
        "({0} GLOB '+[0-9]*' AND substr({0}, 2) NOT GLOB '*[^0-9]*'"
        " AND length({0}) BETWEEN 7 AND 21)"
    )
    text = (
        f"CASE WHEN {{0}} GLOB '[{_FORMULA}]*' AND NOT {is_number}"
        " THEN spreadsheet_text({0}) ELSE {0} END"
    )
    return _quoted("{0} GLOB '*[\",\r\n]*'", text)


class csv_text(Construct[str]):
    """Text as a cell; see `spreadsheet_text`."""

    postgresql = _on_postgresql()
    sqlite = _on_sqlite()


class csv_amount(Construct[str]):
    """Micro-units as a number of whole units, as Python prints it: `0.05`, `300.0`, `7e-06`."""

    postgresql = json_decimal_number.postgresql
    sqlite = (
        f"(CASE WHEN {{0}} % {MICROS_PER_UNIT} = 0 THEN ({{0}} / {MICROS_PER_UNIT}) || '.0'"
        f" WHEN {{0}} BETWEEN -99 AND 99 THEN double_text({{0}} / {MICROS_PER_UNIT}.0)"
        f" ELSE rtrim({json_decimal_number.sqlite}, '0') END)"
    )


CELLS: Mapping[str, Callable[[ColumnElement[Any]], ColumnElement[str]]] = {
    "boolean": json_boolean,
    "decimal": csv_amount,
    "enum_value": lambda column: column,
    "integer": json_integer,
    "text": csv_text,
    "timestamp": padded_instant,
}
"""How each kind of column is printed as a cell, as `PRINTERS` has it for JSON."""


def csv_cell(kind: str, column: ColumnElement[Any]) -> ColumnElement[str]:
    """A value as a cell; an empty one for NULL."""
    return func.coalesce(CELLS[kind](column), literal_text(""))
