"""How many rows of a list the database looks at, judged by indexes alone: what prices are made of.

A condition on an indexed value is found; any other is a look at each row. How many rows that are is
nowhere known before the statement runs, so each list is declared with a usual length: an estimate
that is the same for every organization, and made once per document.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache

from sqlalchemy import Table, UniqueConstraint

from gql.query import rollup
from gql.query.filters import ColumnCriterion, PreparedCondition
from gql.query.record_list import RecordList
from gql.query.resource import Link, Resource

_SCOPE = frozenset({"organization_id", "channel"})
"""Columns that every reader of a table fixes, so that indexes begin with them."""

_PARTS_OF_TEXT = frozenset({"contains", "starts_with"})


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
    """

    counted: int = 0
    compared: int = 0
    sorted: int = 0
    passed: int = 0


def read_by_total(
    resource: Resource, link: Link | None, conditions: Iterable[tuple[str, str]], usual: int
) -> RowsRead:
    """What counting a list reads.

    Args:
        resource: Whose records are listed.
        link: How they find their parent; None at the root.
        conditions: Names of the resource's filters, each with a comparator.
        usual: How many rows the list usually has.
    """
    pairs = list(conditions)
    used = {access(resource, *pair) for pair in pairs}
    prepared = tuple(PreparedCondition(name, how, (None,)) for name, how in pairs)
    if Access.KEYED in used or rollup.is_countable(RecordList(resource, prepared, link)):
        return RowsRead()
    if Access.COMPARED in used:
        return RowsRead(compared=usual)
    return RowsRead(counted=usual)


def read_by_page(
    resource: Resource,
    link: Link | None,
    conditions: Iterable[tuple[str, str]],
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
    sort_key = resource.orders[order].label
    used = {
        how
        for field, comparator in conditions
        if (how := access(resource, field, comparator)) != Access.RANGED
        or _column(resource, field) != sort_key
    }
    if Access.KEYED in used:
        return RowsRead()
    parent = () if link is None else (link.column or "",)
    return RowsRead(
        counted=usual if Access.RANGED in used else 0,
        compared=usual if Access.COMPARED in used else 0,
        sorted=0 if has_index(resource.table, *parent, sort_key) else usual,
        passed=min(offset, usual),
    )


def access(resource: Resource, field: str, comparator: str) -> Access:
    """How rows that pass a condition on one of the resource's filters are found."""
    column = _column(resource, field)
    if column is None or comparator in _PARTS_OF_TEXT:
        return Access.COMPARED
    is_equal = comparator in {"eq", "in"}
    tallied = resource.rollup and {resource.rollup.owner, *resource.rollup.columns}
    if tallied and column in tallied and is_equal:
        return Access.TALLIED
    if not has_index(resource.table, column):
        return Access.COMPARED
    return Access.KEYED if is_equal else Access.RANGED


@cache
def has_index(table: Table, *columns: str) -> bool:
    """Whether an index, scope aside, begins with these columns."""
    unique = (each.columns for each in table.constraints if isinstance(each, UniqueConstraint))
    keys = (*(index.columns for index in table.indexes), *unique)
    names = ([column.name for column in key if column.name not in _SCOPE] for key in keys)
    return any(tuple(name[: len(columns)]) == columns for name in names)


def _column(resource: Resource, field: str) -> str | None:
    """The column that a filter compares; None where it compares something else."""
    criterion = resource.filters[field]
    return criterion.column if isinstance(criterion, ColumnCriterion) else None
