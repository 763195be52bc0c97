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
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Label, Select, and_, func, select

from gql.query.filters import COMPARATORS, OwnCondition, OwnerCondition, PreparedCondition
from gql.query.paging import Paging, bounds_among, ordering, sort_key
from gql.query.record_list import RecordList, RowSource
from gql.query.resource import LeadingColumn
from gql.sql.json_sql import literal_text

FAR = 1_000
"""The offset from which on the rows that are passed over are walked once, and not in each part."""


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

    def first_ids(self, parent: FromClause | None, most: Any) -> Select[Any]:
        """The sort keys and ids of its first rows, at most so many."""
        rows = self.rows(parent)
        return rows.select(*self._keys(rows)).order_by(*self.ordering(rows.table)).limit(most)

    def _keys(self, rows: RowSource) -> list[Label[Any]]:
        key = sort_key(rows.resource, rows.table, self.paging.order)
        label = rows.resource.orders[self.paging.order].label
        return [key.label(label), rows.table.c.id.label("id")][label == "id" :]

    @property
    def in_index_order(self) -> bool:
        """Whether an index gives the rows in the order of the list."""
        nullable = self.records.resource.orders[self.paging.order].nullable
        return not nullable or (self.paging.descending and not self.records.is_short())

    def ordering(self, table: FromClause) -> tuple[ColumnElement[Any], ...]:
        """ORDER BY of its rows; with or without keys it is the index's, NULL being the lowest."""
        resource = self.records.resource
        if self.has_key is None:
            return ordering(resource, table, self.paging)
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


@dataclass(frozen=True)
class OwnerBranch(Branch):
    """The rows of few owners, of which each gives its first ones from an index on the owner.

    A database that only knows that some owners pass walks all rows in the order of the list until
    it has found enough, which is never where nobody passes.

    Attributes:
        by_owner: Which owners.
    """

    by_owner: OwnerCondition = field(kw_only=True)

    def first_ids(self, parent: FromClause | None, most: Any) -> Select[Any]:
        """The sort keys and ids of its first rows, at most so many.

        Owners are joined to their rows by an outer join, though rows that are missing are dropped
        in the end: neither database begins such a join with the rows.
        """
        by_owner, owners = self.by_owner, self.by_owner.owners
        rows, nearest = self.rows(parent), self.rows(parent)
        for each in (rows, nearest):
            each.conditions.append(each.table.c[by_owner.column] == owners.c.id)
        key, row_id = self._keys(rows)
        descending = self.paging.descending != self.paging.backward
        of_one = nearest.select(*self._keys(nearest)).order_by(*self.ordering(nearest.table))
        firsts = of_one.limit(most).correlate(owners).subquery()
        farthest = (func.min if descending else func.max)(firsts.c[0])
        bound = select(farthest).scalar_subquery()
        in_reach = key.element >= bound if descending else key.element <= bound
        joined = owners.outerjoin(rows.table, and_(*rows.conditions, in_reach))
        by_key = (key.element.desc() if descending else key.element.asc()).nulls_last()
        by_id = row_id.element.desc() if descending else row_id.element.asc()
        first = select(key, row_id).select_from(joined).where(*by_owner.conditions)
        return first.order_by(by_key, by_id).limit(most)


def branches(records: RecordList, paging: Paging) -> list[Branch]:
    """The parts that a page is read of, which together are the list; often it is one."""
    order = records.resource.orders[paging.order]
    parted = [each for each in order.leading if _is_parted(records, each)]
    choices = [[(each.field, value) for value in each.values] for each in parted]
    nullable = order.nullable and not records.is_short()
    parts = [
        Branch(*_with_values(records, paging, dict(values)), has_key)
        for values in product(*choices)
        for has_key in _key_choices(paging, nullable=nullable)
    ]
    if order.kind != "instant" or order.nullable or paging.offset >= FAR or records.is_short():
        return parts
    return [branch for part in parts for branch in _by_owners(part)]


def _by_owners(part: Branch) -> Iterator[Branch]:
    """The rows of a part that pass by what they have themselves, and those that do by owner."""
    parts = split_by_owner(part.records)
    if parts is None:
        yield part
        return
    own, others, by_owner = parts
    yield replace(part, records=own)
    yield OwnerBranch(others, part.paging, part.once, part.has_key, by_owner=by_owner)


def split_by_owner(records: RecordList) -> tuple[RecordList, RecordList, OwnerCondition] | None:
    """The rows that pass by what they have themselves, all rows of any owner, and which owners.

    None for a list without a condition that owners may pass for their rows.
    """
    for number, condition in enumerate(records.conditions):
        if not isinstance(condition, PreparedCondition):
            continue
        by_owner = condition.by_owner(records.resource.filters)
        if by_owner is not None:
            others = (*records.conditions[:number], *records.conditions[number + 1 :])
            own = replace(records, conditions=(*others, OwnCondition(*condition)))
            return own, replace(records, conditions=others), by_owner
    return None


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
    choices: list[bool | None] = []
    if paging.after is None or paging.after.key is not None:
        choices.append(True)
    if paging.before is None or paging.before.key is None:
        choices.append(False)
    # Nothing is after a row without a key and before one with a key, as the plain bounds say.
    yield from choices or [None]
