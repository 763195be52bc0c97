"""How a list is filtered: conditions as data, and the comparators that turn them into SQL."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import ColumnElement, FromClause, false, func

from gql.errors import BadInput
from gql.models.call import phone_digits
from gql.sql.json_paths import json_member_text
from gql.sql.keys import is_among

ESCAPE = "!"
"""In LIKE. Not a backslash, which settings of PostgreSQL may make an escape of all literals."""

LONGEST_TEXT = 1_000
"""Most characters of a text to filter by.

SQLite refuses a LIKE pattern of more than 50,000, and its time grows with pattern and text both.
"""


class Condition(NamedTuple):
    """One comparison that a row must pass.

    Attributes:
        field: A name in the resource's `filters`.
        comparator: One of the criterion's: `eq`, `in`, `gt`, `contains`, ...
        value: Hashable; a tuple for `in`.
    """

    field: str
    comparator: str
    value: Any


Filter = tuple[Condition, ...]
"""All conditions must hold; the empty tuple lets every row pass."""


class Criterion:
    """What a list can be filtered by.

    A statement is written once and run with many values, so a criterion works in two steps:
    `prepare` turns the value of a request into the values that are bound, and `condition` writes
    SQL around them, whether they are values or parameters still to be filled.

    Attributes:
        comparators: The comparators it can be used with.
    """

    comparators: ClassVar[frozenset[str]]

    def is_selective(self, comparator: str) -> bool:
        """Whether few or many rows pass depending on the value, so that each needs its own plan.

        Parts of text and ranges do; of equal values there are about as many rows of each.
        """
        return comparator not in {"eq", "in", "is_null", "key_equals"}

    def prepare(self, comparator: str, value: Any) -> tuple[Any, ...] | None:
        """The values to bind, always as many for a comparator; None when nothing can match."""
        raise NotImplementedError

    def condition(self, table: FromClause, comparator: str, *values: Any) -> ColumnElement[bool]:
        """The SQL condition on the table or an alias of it."""
        raise NotImplementedError


class PreparedCondition(NamedTuple):
    """A condition with the values that SQL is written around.

    Attributes:
        field: A name in the resource's `filters`.
        comparator: As in `Condition`.
        values: Values to bind, or parameters to be filled; None when nothing can match.
    """

    field: str
    comparator: str
    values: tuple[Any, ...] | None

    def sql(self, filters: Mapping[str, Criterion], table: FromClause) -> ColumnElement[bool]:
        """The condition on a table that has the columns of the criterion."""
        if self.values is None:
            return false()
        return filters[self.field].condition(table, self.comparator, *self.values)


def prepare_filter(
    filters: Mapping[str, Criterion], filter: Filter
) -> tuple[PreparedCondition, ...]:
    """A filter with the values that are bound for it.

    Raises:
        BadInput: when a text is longer than `LONGEST_TEXT`.
    """
    return tuple(prepare_condition(filters, condition) for condition in filter)


def prepare_condition(filters: Mapping[str, Criterion], condition: Condition) -> PreparedCondition:
    """A condition with the values that are bound for it.

    Raises:
        BadInput: when a text is longer than `LONGEST_TEXT`.
    """
    field, comparator, value = condition
    for text in value if isinstance(value, tuple) else (value,):
        if isinstance(text, str) and len(text) > LONGEST_TEXT:
            raise BadInput(
                f"A text to filter by has at most {LONGEST_TEXT} characters, not {len(text)}.",
                most=LONGEST_TEXT,
            )
    return PreparedCondition(field, comparator, filters[field].prepare(comparator, value))


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
    """The case does not matter; a pattern comes from `prepared`."""
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
class ColumnCriterion(Criterion):
    """A criterion on one column of the row itself."""

    column: str


@dataclass(frozen=True)
class compare(ColumnCriterion):  # noqa: N801, it reads as the function that makes a criterion
    """A criterion that compares a column with a value."""

    comparators = frozenset(COMPARATORS)

    def prepare(self, comparator: str, value: Any) -> tuple[Any, ...]:
        return (prepared(comparator, value),)

    def condition(self, table: FromClause, comparator: str, *values: Any) -> ColumnElement[bool]:
        return COMPARATORS[comparator](table.c[self.column], values[0])


@dataclass(frozen=True)
class digits(ColumnCriterion):  # noqa: N801, as above
    """A criterion on a phone number, by its digits alone; a value without digits matches nothing.

    `eq` compares whole numbers, `contains` a part of one. The column holds digits only.
    """

    comparators = frozenset({"eq", "contains"})

    def prepare(self, comparator: str, value: str) -> tuple[str] | None:
        number = phone_digits(value)
        if not number:
            return None
        return (number if comparator == "eq" else f"%{number}%",)

    def condition(self, table: FromClause, comparator: str, *values: Any) -> ColumnElement[bool]:
        column = table.c[self.column]
        return column == values[0] if comparator == "eq" else column.like(values[0])


@dataclass(frozen=True)
class key_equals(ColumnCriterion):  # noqa: N801, as above
    """A criterion on one top-level key of a JSON object: the value is the pair (key, text).

    Text, numbers and booleans are compared as the text JSON prints for them.
    """

    comparators = frozenset({"key_equals"})

    def prepare(self, _comparator: str, value: tuple[str, str]) -> tuple[str, str]:
        return value

    def condition(self, table: FromClause, _comparator: str, *values: Any) -> ColumnElement[bool]:
        key, text = values
        equal: ColumnElement[bool] = json_member_text(table.c[self.column], key) == text
        return equal
