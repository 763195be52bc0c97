"""How many rows of a list the database looks at, judged by indexes alone: what prices are made of.

A condition on an indexed value is found; any other is a look at each row. How many rows that are is
nowhere known before the statement runs, so each list is declared with a usual length: an estimate
that is the same for every organization, and made once per document.
"""

from dataclasses import dataclass
from enum import Enum

from gql.query import rollup
from gql.query.filters import (
    ColumnCriterion,
    PreparedAnyOf,
    PreparedCondition,
    PreparedFilter,
)
from gql.query.record_list import RecordList
from gql.query.resource import Link, Resource
from gql.query.table_indexes import has_index
from gql.query.weights import COMPARED_ROW, COUNTED_ROW, KEY, SORTED_ROW, SUMMED_CALL

_COMPARED = frozenset({"contains", "starts_with", "ne", "not_in"})
"""Comparators that no index helps with."""


class Access(Enum):
    """How rows that pass a condition are found."""

    KEYED = "an index finds the few rows with the value"
    TALLIED = "the rollup counts the rows with the value apart"
    RANGED = "a range of an index has them"
    COMPARED = "each row is looked at"


@dataclass(frozen=True, slots=True)
class RowsRead:
    """How many rows are looked at, by why.

    Attributes:
        counted: Entries of an index, one after another.
        compared: Rows with a value that no index finds.
        sorted: Rows in an order that no index has.
        passed: Rows before an offset.
        summed: Calls whose costs are added up.
    """

    counted: int = 0
    compared: int = 0
    sorted: int = 0
    passed: int = 0
    summed: int = 0

    @property
    def points(self) -> int:
        """What looking at them costs."""
        return (
            COUNTED_ROW.points * (self.counted + self.passed)
            + COMPARED_ROW.points * self.compared
            + SORTED_ROW.points * self.sorted
            + SUMMED_CALL.points * self.summed
        )


def read_by_total(
    resource: Resource, link: Link | None, conditions: PreparedFilter, usual: int
) -> RowsRead:
    """What counting a list reads.

    Args:
        resource: Whose records are listed.
        link: How they find their parent; None at the root.
        conditions: What it is filtered by, with whatever values.
        usual: How many rows the list usually has.
    """
    used = {access(resource, each) for each in conditions}
    if Access.KEYED in used or rollup.is_countable(RecordList(resource, conditions, link)):
        return RowsRead()
    if Access.COMPARED in used:
        return RowsRead(compared=usual * _comparisons(resource, conditions))
    return RowsRead(counted=usual)


def read_by_page(
    resource: Resource,
    link: Link | None,
    conditions: PreparedFilter,
    usual: int,
    *,
    order: str,
    offset: int = 0,
) -> RowsRead:
    """What finding the rows of a page reads, which may be the last ones of the list.

    Args:
        resource: As for a total, and so on.
        link: As there.
        conditions: As there.
        usual: As there.
        order: One of the resource's orders.
        offset: Rows before the page.
    """
    sort_key = resource.orders[order].indexed_by or resource.orders[order].label
    used = {
        how
        for each in conditions
        if (how := access(resource, each)) != Access.RANGED
        or (isinstance(each, PreparedCondition) and _column(resource, each.field) != sort_key)
    }
    if Access.KEYED in used:
        return RowsRead()
    parent = () if link is None else (link.column or "",)
    return RowsRead(
        counted=usual if Access.RANGED in used else 0,
        compared=usual * _comparisons(resource, conditions) if Access.COMPARED in used else 0,
        sorted=0 if _has_index(resource, *parent, sort_key) else usual,
        passed=min(offset, usual),
    )


def access(resource: Resource, condition: PreparedCondition | PreparedAnyOf) -> Access:
    """How rows that pass a condition on the resource's filters are found."""
    if isinstance(condition, PreparedAnyOf):
        # Both databases find the rows of each filter by an index of its own and put them together;
        # SQLite does so for single values alone.
        keyed = condition.filters and all(
            any(
                isinstance(each, PreparedCondition)
                and each.comparator == "eq"
                and access(resource, each) == Access.KEYED
                for each in alternative
            )
            for alternative in condition.filters
        )
        return Access.KEYED if keyed and not condition.negated else Access.COMPARED
    comparator = condition.comparator
    if resource.filters[condition.field].lookup(comparator) is not None:
        return Access.KEYED
    column = _column(resource, condition.field)
    if column is None or comparator in _COMPARED:
        return Access.COMPARED
    is_equal = comparator in {"eq", "in"}
    tallied = resource.rollup and {resource.rollup.owner, *resource.rollup.columns}
    if tallied and column in tallied and is_equal:
        return Access.TALLIED
    if not _has_index(resource, column):
        return Access.COMPARED
    return Access.KEYED if is_equal else Access.RANGED


def lookup_points(resource: Resource, conditions: PreparedFilter) -> int:
    """What it costs that indexes find the values in a filter."""
    points = 0
    for condition in conditions:
        if isinstance(condition, PreparedAnyOf):
            points += sum(lookup_points(resource, each) for each in condition.filters)
        elif access(resource, condition) == Access.KEYED:
            value, *_ = condition.values or (None,)
            number = len(value) if isinstance(value, list) else 1
            weight = resource.filters[condition.field].lookup(condition.comparator) or KEY
            points += number * weight.points
    return points


def most_lookup_points(resource: Resource, most_values: int) -> int:
    """The most that one condition on the resource's filters costs that way.

    Args:
        resource: Whose filters.
        most_values: How many values a comparator takes.
    """
    weights = (
        criterion.lookup(comparator)
        for criterion in resource.filters.values()
        for comparator in criterion.comparators
    )
    return max(KEY.points * most_values, *(each.points for each in weights if each is not None), 0)


def _comparisons(resource: Resource, conditions: PreparedFilter) -> int:
    """How many times each row is looked at: once, and for every condition in an `any` or `none`."""
    return max(
        1,
        sum(
            _leaves(each)
            for each in conditions
            if isinstance(each, PreparedAnyOf) and access(resource, each) == Access.COMPARED
        ),
    )


def _leaves(condition: PreparedCondition | PreparedAnyOf) -> int:
    if isinstance(condition, PreparedCondition):
        return 1
    return sum(_leaves(each) for alternative in condition.filters for each in alternative)


def _has_index(resource: Resource, *columns: str) -> bool:
    return has_index(resource.table, *columns, leading=resource.leading_fields)


def _column(resource: Resource, field: str) -> str | None:
    """The column that a filter compares; None where it compares something else."""
    criterion = resource.filters[field]
    return criterion.column if isinstance(criterion, ColumnCriterion) else None
