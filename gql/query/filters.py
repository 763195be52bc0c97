"""How a list is filtered: conditions as data, and the comparators that turn them into SQL."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from sqlalchemy import ColumnElement, FromClause, and_, false, func

from gql.models.call import phone_digits
from gql.sql.json_text import json_text
from gql.sql.keys import is_among

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


class Criterion(Protocol):
    """What a list can be filtered by.

    It works in two steps, so that a statement written once can be run with other values: `prepare`
    turns what a caller gave into the values that are bound, `condition` writes SQL around them,
    whether they are values or parameters still to be filled.
    """

    def prepare(self, comparator: str, value: Any) -> tuple[Any, ...] | None:
        """The values to bind, always as many for a comparator; None when nothing can match."""
        ...

    def condition(self, table: FromClause, comparator: str, *values: Any) -> ColumnElement[bool]:
        """The SQL condition on the table or an alias of it."""
        ...


def literal_pattern(value: str) -> str:
    """`value` for use inside LIKE: `%`, `_` and the escape itself stand for themselves."""
    for character in (ESCAPE, "%", "_"):
        value = value.replace(character, ESCAPE + character)
    return value


def prepared(comparator: str, value: Any) -> Any:
    """What is bound for one of `COMPARATORS`: a pattern for those that compare parts of text."""
    if comparator == "contains":
        return f"%{literal_pattern(value)}%"
    if comparator == "starts_with":
        return f"{literal_pattern(value)}%"
    return value


def _like(column: ColumnElement[Any], pattern: Any) -> ColumnElement[bool]:
    """Whatever the case; a pattern comes from `prepared`."""
    return func.lower(column).like(func.lower(pattern), escape=ESCAPE)


def _is_null(column: ColumnElement[Any], value: bool) -> ColumnElement[bool]:
    return column.is_(None) if value else column.is_not(None)


COMPARATORS: Mapping[str, Callable[[ColumnElement[Any], Any], ColumnElement[bool]]] = {
    "eq": lambda column, value: column == value,
    "in": is_among,
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "contains": _like,
    "starts_with": _like,
    "is_null": _is_null,
}
"""Every comparator, on a prepared value. A row without a value passes only `is_null: true`."""


@dataclass(frozen=True)
class compare:  # noqa: N801, it reads as the function that makes a criterion
    """A criterion on a column of the row itself."""

    name: str

    def prepare(self, comparator: str, value: Any) -> tuple[Any, ...]:
        """One value, or a pattern."""
        return (prepared(comparator, value),)

    def condition(self, table: FromClause, comparator: str, *values: Any) -> ColumnElement[bool]:
        """The column beside the value."""
        return COMPARATORS[comparator](table.c[self.name], values[0])


@dataclass(frozen=True)
class digits:  # noqa: N801, as above
    """A criterion on a phone number, by its digits alone; a value without digits matches nothing.

    `eq` compares whole numbers, `contains` a part of one.
    """

    name: str

    def prepare(self, comparator: str, value: str) -> tuple[str] | None:
        """The digits, as a pattern for `contains`."""
        wanted = phone_digits(value)
        if not wanted:
            return None
        return (wanted if comparator == "eq" else f"%{wanted}%",)

    def condition(self, table: FromClause, comparator: str, *values: Any) -> ColumnElement[bool]:
        """The column of digits beside the digits."""
        column = table.c[self.name]
        wanted = values[0]
        return column == wanted if comparator == "eq" else column.like(wanted)


@dataclass(frozen=True)
class key_equals:  # noqa: N801, as above
    """A criterion on one top-level key of a JSON object: the value is the pair (key, text).

    Text, numbers and booleans are compared as the text JSON prints for them.
    """

    name: str

    def prepare(self, _comparator: str, value: tuple[str, str]) -> tuple[str, str]:
        """The key and the text."""
        return value

    def condition(self, table: FromClause, _comparator: str, *values: Any) -> ColumnElement[bool]:
        """The key's text beside the wanted one."""
        key, wanted = values
        equal: ColumnElement[bool] = json_text(table.c[self.name], key) == wanted
        return equal


def conditions(
    filters: Mapping[str, Criterion], table: FromClause, wanted: Filter
) -> ColumnElement[bool] | None:
    """The SQL of a filter, or None when every row passes."""
    if not wanted:
        return None
    return and_(*(holds(filters[field], table, *rest) for field, *rest in wanted))


def holds(
    criterion: Criterion, table: FromClause, comparator: str, value: Any
) -> ColumnElement[bool]:
    """The SQL of one condition."""
    values = criterion.prepare(comparator, value)
    return false() if values is None else criterion.condition(table, comparator, *values)
