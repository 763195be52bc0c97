"""How a list is filtered: conditions as data, and the comparators that turn them into SQL."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    and_,
    false,
    func,
    literal_column,
    not_,
    or_,
    true,
)

from gql.errors import BadInput
from gql.models.call import phone_digits
from gql.query.weights import Weight
from gql.sql.json_paths import json_member_text
from gql.sql.keys import is_among
from gql.sql.text import without_case

ESCAPE = "!"
"""In LIKE. Not a backslash, which settings of PostgreSQL may make an escape of all literals."""

LONGEST_TEXT = 1_000
"""Most characters of a text to filter by.

SQLite refuses a LIKE pattern of more than 50,000, and its time grows with pattern and text both.
"""


NO_ROW_PASSES: ColumnElement[bool] = literal_column("1") == literal_column("0")
"""The condition that is always false, in words that SQLAlchemy leaves alone.

Of `organization_id = $1 AND false` it makes `false`, and the statement does not bind its
organization any more.
"""


class Condition(NamedTuple):
    """One comparison that a row must pass.

    Attributes:
        field: A name in the resource's `filters`.
        comparator: One of the criterion's: `eq`, `in`, `gt`, `contains`, ...
        value: Hashable; a tuple for `in` and `not_in`.
    """

    field: str
    comparator: str
    value: Any


class AnyOf(NamedTuple):
    """Filters of which a row must pass at least one or, where it is negated, none.

    Attributes:
        filters: Where there are none, no row passes one.
        negated: Whether the rows are meant that pass none of them.
    """

    filters: tuple["Filter", ...]
    negated: bool = False


Filter = tuple[Condition | AnyOf, ...]
"""All conditions must hold; the empty tuple lets every row pass."""


MAX_CONDITIONS = 100
"""Most conditions of one filter, in `any` and `none` too; each filter in those is one more."""


class FilterField(NamedTuple):
    """One field of a `filter` input: what its conditions are made of, whoever makes them.

    Attributes:
        name: Of the field, and of the criterion.
        comparators: The criterion's, by the names of the fields of the field's own input; none
            where its value is `true` or `false`, or one text.
        conditions: Makes the conditions of the field's value, or raises `BadInput`.
        condition: Makes the condition of one of `comparators` by its name, and of its value, which
            is there; or raises `BadInput`.
    """

    name: str
    comparators: Mapping[str, str]
    conditions: Callable[[Any], list[Condition]]
    condition: Callable[[str, Any], Condition]


@dataclass(frozen=True)
class OwnerCondition:
    """Passed by the rows of few owners, such as the calls of the assistants that have a name.

    Attributes:
        column: Of the row: the id of its owner.
        owners: The owners' table, under an alias of its own.
        conditions: What an owner has to pass.
    """

    column: str
    owners: FromClause
    conditions: tuple[ColumnElement[bool], ...]


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
        return comparator.removeprefix("key_") not in {"eq", "ne", "in", "not_in", "is_null"}

    def lookup(self, _comparator: str) -> Weight | None:
        """What it weighs that indexes find the few rows that pass by one value.

        None where no index does, beside those on a column of the row.
        """
        return None

    def prepare(self, comparator: str, value: Any) -> tuple[Any, ...] | None:
        """The values to bind, always as many for a comparator; None when nothing can match."""
        raise NotImplementedError

    def condition(self, table: FromClause, comparator: str, *values: Any) -> ColumnElement[bool]:
        """The SQL condition on the table or an alias of it."""
        raise NotImplementedError

    def own_condition(
        self, table: FromClause, comparator: str, *values: Any
    ) -> ColumnElement[bool]:
        """The condition without what `owner_condition` finds."""
        return self.condition(table, comparator, *values)

    def owner_condition(self, _comparator: str, *_values: Any) -> OwnerCondition | None:
        """Which other rows pass `condition`, by their owners; None when no others do."""
        return None


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
            return NO_ROW_PASSES
        return filters[self.field].condition(table, self.comparator, *self.values)

    def by_owner(self, filters: Mapping[str, Criterion]) -> OwnerCondition | None:
        """As `Criterion.owner_condition`."""
        if self.values is None:
            return None
        return filters[self.field].owner_condition(self.comparator, *self.values)


class OwnCondition(PreparedCondition):
    """A condition that is passed by what the row itself has."""

    def sql(self, filters: Mapping[str, Criterion], table: FromClause) -> ColumnElement[bool]:
        """The condition without the rows that pass it by their owners."""
        return filters[self.field].own_condition(table, self.comparator, *self.values or ())


class PreparedAnyOf(NamedTuple):
    """As `AnyOf`, with the values that SQL is written around."""

    filters: tuple["PreparedFilter", ...]
    negated: bool = False

    def sql(self, filters: Mapping[str, Criterion], table: FromClause) -> ColumnElement[bool]:
        """The condition on a table that has the columns of the criteria."""
        every = [
            and_(true(), *(condition.sql(filters, table) for condition in each))
            for each in self.filters
        ]
        passed = or_(false(), *every) if every else NO_ROW_PASSES
        # Where a row has no value SQL knows no answer, and NOT would know none either.
        return not_(func.coalesce(passed, false())) if self.negated else passed


PreparedFilter = tuple[PreparedCondition | PreparedAnyOf, ...]


def prepare_filter(filters: Mapping[str, Criterion], filter: Filter) -> PreparedFilter:
    """A filter with the values that are bound for it.

    Raises:
        BadInput: when a text is longer than `LONGEST_TEXT`.
    """
    return tuple(
        PreparedAnyOf(
            tuple(prepare_filter(filters, each) for each in condition.filters), condition.negated
        )
        if isinstance(condition, AnyOf)
        else prepare_condition(filters, condition)
        for condition in filter
    )


def prepare_condition(filters: Mapping[str, Criterion], condition: Condition) -> PreparedCondition:
    """A condition with the values that are bound for it.

    Raises:
        BadInput: when a text is longer than `LONGEST_TEXT`.
    """
    field, comparator, value = condition
    _check_length(value)
    return PreparedCondition(field, comparator, filters[field].prepare(comparator, value))


def _check_length(value: Any) -> None:
    """Refuse texts that are too long, in lists too."""
    if isinstance(value, tuple):
        for item in value:
            _check_length(item)
    elif isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise BadInput(
            f"A text to filter by has at most {LONGEST_TEXT} characters, not {len(value)}.",
            most=LONGEST_TEXT,
        )


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
    """Each letter is compared by its own lower case; a pattern comes from `prepared`.

    Full case folding, by which `ß` is `ss`, is in no PostgreSQL before 18, and an index of trigrams
    has to be on the very expression that is compared (migration 0002).
    """
    return without_case(column).like(func.lower(pattern), escape=ESCAPE)


def _is_null(column: ColumnElement[Any], value: bool) -> ColumnElement[bool]:
    return column.is_(None) if value else column.is_not(None)


def _is_other(column: ColumnElement[Any], values: Any) -> ColumnElement[bool]:
    """It is none of the values. Of no values NULL would be none too."""
    return and_(column.is_not(None), not_(is_among(column, values)))


COMPARATORS: Mapping[str, Callable[[ColumnElement[Any], Any], ColumnElement[bool]]] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column != value,
    "in": is_among,
    "not_in": _is_other,
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


NO_DIGITS = "-"
"""Stands for a phone number without digits, which no row has."""


@dataclass(frozen=True)
class digits(ColumnCriterion):  # noqa: N801, as above
    """A criterion on a phone number, by its digits alone; a value without digits is no number.

    `contains` compares a part of a number, the others whole numbers. The column holds digits only.
    """

    comparators = frozenset({"eq", "ne", "in", "not_in", "contains"})

    def prepare(self, comparator: str, value: Any) -> tuple[Any, ...] | None:
        if isinstance(value, tuple):
            return (tuple(phone_digits(each) or NO_DIGITS for each in value),)
        number = phone_digits(value)
        if comparator == "contains":
            return (f"%{number}%",) if number else None
        return (number or NO_DIGITS,)

    def condition(self, table: FromClause, comparator: str, *values: Any) -> ColumnElement[bool]:
        number = self.number(table)
        if comparator == "contains":
            return number.like(values[0])
        return COMPARATORS[comparator](number, values[0])

    def number(self, table: FromClause) -> ColumnElement[str]:
        """The digits of a row's number."""
        column: ColumnElement[str] = table.c[self.column]
        return column


@dataclass(frozen=True)
class key_equals(ColumnCriterion):  # noqa: N801, as above
    """A criterion on one top-level key of a JSON object: the value is the pair (key, text).

    Text, numbers and booleans are compared as the text JSON prints for them. `key_in` and
    `key_not_in` take (key, texts).
    """

    comparators = frozenset({"key_eq", "key_ne", "key_in", "key_not_in"})

    def prepare(self, _comparator: str, value: tuple[str, Any]) -> tuple[str, Any]:
        return value

    def condition(self, table: FromClause, comparator: str, *values: Any) -> ColumnElement[bool]:
        key, text = values
        member = json_member_text(table.c[self.column], key)
        return COMPARATORS[comparator.removeprefix("key_")](member, text)
