"""What a tally knows of a list: how many rows it has, and where a deep offset begins in it.

A list that is filtered by nothing but what the tally tells apart is not counted row by row. Of a
range of instants the whole weeks are in the tally, and the rows of the one or two weeks that the
range cuts are counted; every row is in exactly one of these parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    cast,
    false,
    func,
    not_,
    select,
    type_coerce,
    union_all,
)

from gql.query.filters import Filter
from gql.query.paging import Paging
from gql.query.resource import Link, Resource, RollupTable
from gql.sql.instants import week_end, week_number, week_start

Expression = ColumnElement[Any]

SEEK_FROM = 1_000
"""From this offset on the tally is asked how far to go."""

_LOWER, _UPPER = frozenset({"gt", "gte"}), frozenset({"lt", "lte"})
_EXACT = frozenset({"eq", "in"})


class PreparedCondition(NamedTuple):
    """A condition whose values are prepared: literals, or parameters still to be filled.

    `values` is None when nothing can match.
    """

    field: str
    comparator: str
    values: tuple[Any, ...] | None

    def holds(self, resource: Resource, table: FromClause) -> Expression:
        """The SQL of it, on a table that has the column."""
        if self.values is None:
            return false()
        criterion = resource.filters[self.field]
        return criterion.condition(table, self.comparator, *self.values)


@dataclass(frozen=True)
class CountableList:
    """A list that may be counted.

    Attributes:
        resource: Whose rows.
        terms: What it is filtered by.
        link: To the parent that it is under.
        parent: The parent's table, which subqueries refer to.
    """

    resource: Resource
    terms: Sequence[PreparedCondition]
    link: Link | None = None
    parent: FromClause | None = None

    def matching(self, table: FromClause) -> list[Expression]:
        """What holds for its rows, on their table or an alias of it."""
        return [
            *self.resource.conditions(table),
            *(term.holds(self.resource, table) for term in self.terms),
            *self.parent_condition(table),
        ]

    def parent_condition(self, table: FromClause) -> list[Expression]:
        """What holds for the rows under the parent, on their table or on the tally."""
        if self.parent is None or self.link is None or self.link.column is None:
            return []
        return [table.c[self.link.column] == self.parent.c.id]


class Seek(NamedTuple):
    """A deep offset: the rows beyond `condition` are passed over, and `offset` more."""

    condition: Expression
    offset: Expression


def depth(offset: int) -> int:
    """The offset that stands for this one in the shape of a statement: none, near or deep."""
    return SEEK_FROM if offset >= SEEK_FROM else min(offset, 1)


def terms_of(resource: Resource, filter: Filter) -> list[PreparedCondition]:
    """The conditions of a filter, with values prepared."""
    return [
        PreparedCondition(field, comparator, resource.filters[field].prepare(comparator, value))
        for field, comparator, value in filter
    ]


def total(listed: CountableList) -> Expression | None:
    """How many rows a list has, as a scalar; None when they have to be counted."""
    parts = _parts(listed)
    if not parts:
        return None
    return reduce(add, (part.total(listed.parent) for part in parts))


def totals_by(
    resource: Resource, terms: Sequence[PreparedCondition], link: Link
) -> Select[Any] | None:
    """Parents, and how many rows each has; None when they have to be counted.

    A parent without rows is left out. The statement is of all parents.
    """
    tally, listed = resource.rollup, CountableList(resource, terms, link)
    if tally is None or link.column != tally.owner or not _is_whole(tally, terms):
        return None
    counts = tally.table.alias()
    parent = counts.c[tally.owner]
    calls = func.sum(counts.c.calls)
    return select(parent, calls).where(*_rolled_up(tally, listed, counts)).group_by(parent)


def seek(listed: CountableList, table: FromClause, asked: Paging, offset: Any) -> Seek | None:
    """How to pass over the rows before a deep offset; None when they have to be walked.

    Args:
        listed: A list that is not under a parent.
        table: That of its rows, or an alias of it.
        asked: The page; its offset says only whether it is deep.
        offset: The real one: a number, or a parameter.
    """
    resource, tally = listed.resource, listed.resource.rollup
    if (
        tally is None
        or asked.offset < SEEK_FROM
        or resource.orders[asked.order].label != tally.instant
    ):
        return None
    parts = _parts(listed)
    if not parts:
        return None
    weeks = union_all(*(part.by_week() for part in parts)).subquery()
    way = weeks.c.week.desc() if asked.descending else weeks.c.week
    upto = cast(func.sum(weeks.c.calls).over(order_by=way), BigInteger)
    passed = select(weeks, upto.label("upto")).subquery()
    edge = week_end(passed.c.week) if asked.descending else week_start(passed.c.week)
    # The first week that reaches beyond the offset, and how far into it the page begins.
    begin = (
        select(edge.label("edge"), (passed.c.calls - passed.c.upto + offset).label("rest"))
        .where(passed.c.upto > offset)
        .order_by(passed.c.upto, passed.c.calls.desc())
        .limit(1)
        .cte()
    )
    bound = select(begin.c.edge).scalar_subquery()
    instant = table.c[tally.instant]
    return Seek(
        instant <= bound if asked.descending else instant >= bound,
        func.coalesce(select(begin.c.rest).scalar_subquery(), 0),
    )


@dataclass(frozen=True)
class _Part:
    """The rows of some weeks, or of a part of one week.

    Attributes:
        source: The tally, or the rows themselves.
        week: Of a row of the source, or the one week.
        calls: The rows of the source, added up.
        conditions: Which rows of the source.
        many: Whether there may be more than one week.
    """

    source: FromClause
    week: Expression
    calls: Expression
    conditions: list[Expression]
    many: bool = False

    def total(self, parent: FromClause | None) -> Expression:
        """All weeks together."""
        calls = select(func.coalesce(self.calls, 0)).select_from(self.source)
        calls = calls.where(*self.conditions)
        return (calls if parent is None else calls.correlate(parent)).scalar_subquery()

    def by_week(self) -> Select[Any]:
        """Each week by itself."""
        columns: list[Any] = [self.week.label("week"), cast(self.calls, Integer).label("calls")]
        weeks: Select[Any] = select(*columns).where(*self.conditions)
        weeks = weeks.select_from(self.source)
        return weeks.group_by(self.week) if self.many else weeks


def _parts(listed: CountableList) -> list[_Part]:
    """Weeks that have no row in common, and together all rows; none when the tally cannot help."""
    tally = listed.resource.rollup
    if tally is None or not _is_known(tally, listed):
        return []
    table, counts = listed.resource.table.alias(), tally.table.alias()
    instant, calls = table.c[tally.instant], func.sum(counts.c.calls)
    rows = listed.matching(table)
    whole = [*_rolled_up(tally, listed, counts), *listed.parent_condition(counts)]
    ends: list[_Part] = []
    for bound in _bounds(tally, listed, _LOWER):
        first = week_number(type_coerce(bound, instant.type))
        whole.append(counts.c.week > first)
        ends.append(_Part(table, first, func.count(), [*rows, instant <= week_end(first)]))
        # Both bounds may be in one week, whose rows are counted already.
        rows = [*rows, instant > week_end(first)]
    for bound in _bounds(tally, listed, _UPPER):
        last = week_number(type_coerce(bound, instant.type))
        whole.append(counts.c.week < last)
        ends.append(_Part(table, last, func.count(), [*rows, instant >= week_start(last)]))
    return [_Part(counts, counts.c.week, calls, whole, many=True), *ends]


def _is_known(tally: RollupTable, listed: CountableList) -> bool:
    """Whether the tally can tell how many rows a list has, with at most one bound on each side."""
    if listed.link is not None and listed.link.column != tally.owner:
        return False
    lower, upper = _bounds(tally, listed, _LOWER), _bounds(tally, listed, _UPPER)
    others = [term for term in listed.terms if term.field != tally.instant]
    bounds = len(listed.terms) - len(others)
    one_each = len(lower) <= 1 and len(upper) <= 1 and bounds == len(lower) + len(upper)
    return one_each and _is_whole(tally, others)


def _is_whole(tally: RollupTable, terms: Sequence[PreparedCondition]) -> bool:
    """Whether the tally tells apart all that the terms do, without cutting a week."""
    return all(
        term.field in {tally.owner, *tally.columns}
        and term.comparator in _EXACT
        and term.values is not None
        for term in terms
    )


def _bounds(tally: RollupTable, listed: CountableList, comparators: frozenset[str]) -> list[Any]:
    """The values that the tally's instant is compared with so."""
    return [
        value
        for term in listed.terms
        if term.field == tally.instant and term.comparator in comparators
        for value in term.values or ()
    ]


def _rolled_up(tally: RollupTable, listed: CountableList, counts: FromClause) -> list[Expression]:
    """Which rows of the tally: those of single owners when a condition, or a link, is on them."""
    terms = [term for term in listed.terms if term.field != tally.instant]
    by_owner = listed.link is not None or any(term.field == tally.owner for term in terms)
    return [
        *listed.resource.conditions(counts),
        counts.c.by_assistant if by_owner else not_(counts.c.by_assistant),
        *(term.holds(listed.resource, counts) for term in terms),
    ]
