"""The parts of a list that indexes have in its order, so that a page reads the first rows of each.

An index on (status, duration) has the calls of each status in order, and serves a page of one
status by itself. The first 100 calls of all are among the first 100 of every status: four short
walks along one index, where a second index without the status would cost every write.

An index that is sorted from the largest value down to NULL gives, backwards, NULL before the
smallest value, and no index gives the smallest value first and NULL last. There the rows without a
value are a part of their own, and so they are behind a cursor, whose condition would be an OR
otherwise, which no index answers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, FromClause

from gql.query.filters import COMPARATORS, PreparedCondition
from gql.query.paging import Paging, bounds_among, sort_key
from gql.query.record_list import RecordList, RowSource
from gql.query.resource import LeadingColumn
from gql.sql.json_sql import literal_text


@dataclass(frozen=True)
class Branch:
    """A part of a list.

    Attributes:
        records: The list, where leading columns have the values that the part is of.
        paging: The page of the list.
        once: What the list's filters say of those values; no row is read to tell.
        has_key: Whether its rows have a value in the column that is sorted by; None for all rows.
    """

    records: RecordList
    paging: Paging
    once: tuple[ColumnElement[bool], ...] = ()
    has_key: bool | None = None

    def rows(self, parent: FromClause | None) -> RowSource:
        """Its rows between the cursors, under an alias of its own."""
        rows = self.records.rows(parent)
        rows.conditions += self.once
        rows.conditions += bounds_among(rows.resource, rows.table, self.paging, self.has_key)
        return rows

    @property
    def in_index_order(self) -> bool:
        """Whether an index gives the rows in the order of the list itself."""
        nullable = self.records.resource.orders[self.paging.order].nullable
        return not nullable or self.paging.descending

    def ordering(self, table: FromClause) -> tuple[ColumnElement[Any], ...]:
        """ORDER BY as the index has it: NULL is less than every value."""
        resource = self.records.resource
        order = resource.orders[self.paging.order]
        key = sort_key(resource, table, self.paging.order)
        descending = self.paging.descending != self.paging.backward
        by_id = table.c.id.desc() if descending else table.c.id.asc()
        if order.label == "id":
            return (by_id,)
        by_key = key.desc() if descending else key.asc()
        if order.nullable:
            by_key = by_key.nulls_last() if descending else by_key.nulls_first()
        return (by_key, by_id)


def branches(records: RecordList, paging: Paging) -> list[Branch]:
    """The parts that a page is read of, which together are the list; often it is one."""
    order = records.resource.orders[paging.order]
    parted = [each for each in order.leading if _is_parted(records, each)]
    choices = [[(each.field, value) for value in each.values] for each in parted]
    return [
        Branch(*_with_values(records, paging, dict(values)), has_key)
        for values in product(*choices)
        for has_key in _key_choices(paging, nullable=order.nullable)
    ]


def _with_values(
    records: RecordList, paging: Paging, values: Mapping[str, str]
) -> tuple[RecordList, Paging, tuple[ColumnElement[bool], ...]]:
    """The rows of a list that have certain values in leading columns."""
    on_rows, once = [], []
    for each in records.conditions:
        if isinstance(each, PreparedCondition) and each.field in values and each.values:
            value = literal_text(values[each.field])
            once.append(COMPARATORS[each.comparator](value, each.values[0]))
        else:
            on_rows.append(each)
    fixed = (PreparedCondition(field, "eq", (value,)) for field, value in values.items())
    return replace(records, conditions=(*on_rows, *fixed)), paging, tuple(once)


def _is_parted(records: RecordList, leading: LeadingColumn) -> bool:
    """Whether a list has rows of several values of a leading column that are walked apart."""
    if records.compares(leading.field, "eq"):
        return False
    match leading.used:
        case "always":
            return True
        case "unless_short":
            return not records.is_short()
        case "if_filtered":
            return records.compares(leading.field) and not records.is_short()


def _key_choices(paging: Paging, *, nullable: bool) -> Iterator[bool | None]:
    """Whether the rows of a part have a sort key: of both kinds in one part, or each in its own."""
    if not nullable or (paging.descending and paging.after is None and paging.before is None):
        yield None
        return
    after, before = paging.after, paging.before
    if after is None or after.key is not None:
        yield True
    if before is None or before.key is None:
        yield False
