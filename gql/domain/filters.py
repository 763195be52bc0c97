"""How a list is filtered: conditions as data, and the comparators that turn them into SQL."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, and_, false, func

from gql.models.call import phone_digits
from gql.models.json_text import json_text

ESCAPE = "\\"


class Condition(NamedTuple):
    """One comparison that a row must pass.

    Attributes:
        field: A name in the resource's `filters`.
        comparator: `eq`, `in`, `gt`, `contains`, ...
        value: Hashable; a tuple for `in`.
    """

    field: str
    comparator: str
    value: Any


Filter = tuple[Condition, ...]
"""All conditions must hold; the empty tuple lets every row pass."""

Criterion = Callable[[FromClause, str, Any], ColumnElement[bool]]
"""Takes the table, a comparator and a value and gives the SQL condition."""


def literal_pattern(value: str) -> str:
    """`value` for use inside LIKE: `%`, `_` and the escape itself stand for themselves."""
    for character in (ESCAPE, "%", "_"):
        value = value.replace(character, ESCAPE + character)
    return value


def contains(column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    """`column` contains the text, whatever the case."""
    return func.lower(column).like(func.lower(f"%{literal_pattern(value)}%"), escape=ESCAPE)


def _starts_with(column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    return func.lower(column).like(func.lower(f"{literal_pattern(value)}%"), escape=ESCAPE)


def _is_null(column: ColumnElement[Any], value: bool) -> ColumnElement[bool]:
    return column.is_(None) if value else column.is_not(None)


COMPARATORS: Mapping[str, Callable[[ColumnElement[Any], Any], ColumnElement[bool]]] = {
    "eq": lambda column, value: column == value,
    "in": lambda column, value: column.in_(value),
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "contains": contains,
    "starts_with": _starts_with,
    "is_null": _is_null,
}
"""Every comparator. A row without a value passes none of them but `is_null: true`."""


def compare(name: str) -> Criterion:
    """A criterion on a column of the row itself."""
    return lambda table, comparator, value: COMPARATORS[comparator](table.c[name], value)


def digits(name: str) -> Criterion:
    """A criterion on a phone number, by its digits alone; a value without digits matches nothing.

    `eq` compares whole numbers, `contains` a part of one.
    """

    def criterion(table: FromClause, comparator: str, value: str) -> ColumnElement[bool]:
        wanted = phone_digits(value)
        if not wanted:
            return false()
        if comparator == "eq":
            return table.c[name] == wanted
        return table.c[name].like(f"%{wanted}%")

    return criterion


def key_equals(name: str) -> Criterion:
    """A criterion on one top-level key of a JSON object: the value is the pair (key, text).

    Text, numbers and booleans are compared as the text JSON prints for them.
    """

    def criterion(table: FromClause, _comparator: str, value: tuple[str, str]) -> Any:
        key, wanted = value
        return json_text(table.c[name], key) == wanted

    return criterion


def conditions(
    filters: Mapping[str, Criterion], table: FromClause, wanted: Filter
) -> ColumnElement[bool] | None:
    """The SQL of a filter, or None when every row passes."""
    if not wanted:
        return None
    return and_(*(filters[field](table, comparator, value) for field, comparator, value in wanted))
