"""A connection's conditions, its total and its deep offset; the last two by tally where it can."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, FromClause, Select, bindparam, func, select

from gql.engine.bind import ConditionVariant
from gql.engine.row_source import RowSource
from gql.query import rollup
from gql.query.paging import Paging
from gql.query.resource import Link

Column = ColumnElement[Any]


def terms(name: str, given: Sequence[ConditionVariant]) -> Iterator[rollup.PreparedCondition]:
    """The conditions of a slot, with parameters in place of values.

    Args:
        name: What the names of the slot's parameters begin with.
        given: The conditions in the shape of the slot.
    """
    for number, term in enumerate(given):
        values: tuple[Any, ...] | None = None
        if term.literal is not None:
            values = (term.literal,)
        elif term.parameters is not None:
            values = tuple(bindparam(f"{name}_{number}_{n}") for n in range(term.parameters))
        yield rollup.PreparedCondition(term.field, term.comparator, values)


def total(
    under: RowSource,
    link: Link | None,
    wanted: Sequence[rollup.PreparedCondition],
    conditions: Sequence[Column],
) -> Column:
    """How many rows the whole list has.

    Args:
        under: Its rows.
        link: To the parent that it is under.
        wanted: What it is filtered by.
        conditions: The same, and whatever else holds for its rows.
    """
    known = rollup.total(_listed(under, link, wanted))
    if known is not None:
        return known
    counting = select(func.count()).select_from(under.from_clause).where(*conditions)
    return _correlated(counting, under.parent).scalar_subquery()


def passed(
    rows: Select[Any],
    under: RowSource,
    wanted: Sequence[rollup.PreparedCondition],
    asked: Paging,
    offset: BindParameter[int],
) -> Select[Any]:
    """The rows of a list that come after an offset.

    A list under a parent is walked: SQLite knows no columns of a parent in OFFSET.
    """
    if under.parent is None:
        skip = rollup.seek(_listed(under, None, wanted), under.table, asked, offset)
        if skip is not None:
            return rows.where(skip.condition).offset(skip.offset)
    return rows.offset(offset)


def _listed(
    under: RowSource, link: Link | None, wanted: Sequence[rollup.PreparedCondition]
) -> rollup.CountableList:
    parent = under.parent
    if link is None or parent is None:
        return rollup.CountableList(under.resource, wanted)
    return rollup.CountableList(under.resource, wanted, link, parent)


def _correlated(statement: Select[Any], parent: FromClause | None) -> Select[Any]:
    return statement if parent is None else statement.correlate(parent)
