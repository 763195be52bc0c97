"""What the SQL of a request depends on beside its plan.

Two requests have the same variant when the same SQL serves both: they filter by the same fields
with the same comparators, page the same way, and differ in values alone. So SQL never asks whether
a parameter is NULL.
"""

from typing import NamedTuple

from gql.query.cost_figures import Grouping
from gql.query.paging import Paging
from gql.query.repricing import RatedServices
from gql.query.text_indexes import SearchedText


class LookupVariant(NamedTuple):
    """A look-up: by which column, and of which resource where the declaration leaves it open.

    Attributes:
        needs_permission: Whether it depends on the caller what is there.
    """

    column: str
    resource: str = ""
    needs_permission: bool = False


class NodesVariant(NamedTuple):
    """A look-up of many records of any resources; see `LookupVariant`."""

    needs_permission: bool


class ConditionVariant(NamedTuple):
    """One condition of a filter.

    Attributes:
        field: A name in the resource's filters.
        comparator: `eq`, `in`, `contains`, ...
        literal: The value of `is_null`, which is other SQL for true and for false.
        parameters: How many values are bound; None when nothing can match.
        selective: Whether few or many rows pass depending on the values.
    """

    field: str
    comparator: str
    literal: bool | None
    parameters: int | None
    selective: bool = False


class AnyOfVariant(NamedTuple):
    """Filters of which one must hold or, where it is negated, none."""

    filters: tuple["FilterConditions", ...]
    negated: bool

    @property
    def selective(self) -> bool:
        return any(condition.selective for each in self.filters for condition in each)


FilterConditions = tuple[ConditionVariant | AnyOfVariant, ...]


class ListVariant(NamedTuple):
    """A page: its paging with placeholders for numbers and cursors, and its conditions."""

    paging: Paging
    conditions: FilterConditions


class PathVariant(NamedTuple):
    """A JSON Pointer: for each of its tokens, whether it may be the index of an array."""

    indexes: tuple[bool, ...]


class FilterVariant(NamedTuple):
    """A whole list: its conditions alone."""

    conditions: FilterConditions


class CostReportVariant(NamedTuple):
    """Groups of records: of which resource and how, its conditions and those of the period before.

    The latter are as many and alike, but for what is said of the start.
    """

    resource: str
    grouping: Grouping
    conditions: FilterConditions
    previous: FilterConditions | None


class CostSummaryVariant(NamedTuple):
    """All records of a connection: what a rate card has prices of, where there is one."""

    rates: RatedServices


class SearchVariant(NamedTuple):
    """A page of texts: of which kinds, whether the first, and the conditions of conversations."""

    kinds: tuple[SearchedText, ...]
    is_first: bool
    conditions: FilterConditions


FieldVariant = (
    LookupVariant
    | NodesVariant
    | ListVariant
    | PathVariant
    | FilterVariant
    | CostReportVariant
    | CostSummaryVariant
    | SearchVariant
    | None
)
"""What the SQL of one parameterized field depends on; None when all values have the same SQL."""

VariantKey = tuple[FieldVariant, ...]
"""The variant of every parameterized field of a plan, in order."""


def is_selective(variant: VariantKey) -> bool:
    """Whether PostgreSQL has to see the values to plan the statement well.

    A prepared statement is planned once, without a look at the values. That is right for
    `status = $1`: there are about as many calls of each status. It is wrong for `call_sid LIKE $1`
    and for `started_at > $1`, where the value decides whether one call passes or all of them. On
    500,000 calls the plan for any value walked the newest calls and filtered them for 1.5 s; the
    plan for the value at hand found the one call by an index of trigrams in 12 ms. To plan costs
    half a millisecond (docs/large-tables.md), so only statements with such a condition are planned
    for each request, by a "custom plan":
    https://www.postgresql.org/docs/current/sql-prepare.html#SQL-PREPARE-NOTES
    """
    return any(
        isinstance(field, SearchVariant)  # its words are in few texts or in many
        or (
            isinstance(field, (ListVariant, FilterVariant, CostReportVariant))
            and any(condition.selective for condition in field.conditions)
        )
        for field in variant
    )


def depends_on_caller(variant: FieldVariant) -> bool:
    """Whether the values of a field are good for its caller alone."""
    return isinstance(variant, (LookupVariant, NodesVariant)) and variant.needs_permission
