"""Sums of any size, percentiles, and rows grouped by a list of instants, on both databases."""

from collections.abc import Sequence, Sized
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    DateTime,
    Double,
    FromClause,
    Integer,
    Numeric,
    Text,
    TypeDecorator,
    column,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.types import NullType
from sqlmodel.sql.sqltypes import UTCDateTime

from gql.money import MICRO, MICROS_PER_UNIT, MOST_PRICED, SCALE
from gql.sql.construct import Construct
from gql.sql.instants import day_number, day_start

# -- amounts ---------------------------------------------------------------------------------------

# The sum of 64-bit amounts need not fit in 64 bits. PostgreSQL's is a `numeric` and has every
# digit; SQLite's `sum` fails. So a sum is two: of whole units and of the micro-units beside them.
# On PostgreSQL the latter is the whole sum, and the former 0, which no SQL there reads: worked out
# and sorted by, it was a twentieth of a statement with 221,000 groups.


def _where(clauses: Sized) -> str:
    """The filter of an aggregate, where its second argument is a condition."""
    return " FILTER (WHERE {1})" if len(clauses) > 1 else ""


class sum_of_units(Construct[Any]):
    """The whole units of a sum of micro-units; on SQLite NULL without any.

    It may have a condition as a second argument, and is of the rows that pass it then.
    """

    type = Numeric()

    def template(self, dialect: str) -> str:
        if dialect == "postgresql":
            return "0::numeric"
        return f"sum({{0}} / {MICROS_PER_UNIT}){_where(self.clauses)}"


class sum_of_micros(Construct[Any]):
    """The micro-units beside the whole units, which may be more than a unit and below zero.

    It may have a condition, too.
    """

    type = Numeric()

    def template(self, dialect: str) -> str:
        rest = "" if dialect == "postgresql" else f" % {MICROS_PER_UNIT}"
        return f"sum({{0}}{rest}){_where(self.clauses)}"


class adds_up(Construct[bool]):
    """Whether numbers of rows add up to more than none; NULL without any. It may have a condition.

    PostgreSQL adds 64-bit integers up in 128 bits and compares the sums as `numeric`. Doubles are
    exact to 2^53 and took a fifth less of a statement with 221,000 groups.
    """

    type = NullType()

    def template(self, dialect: str) -> str:
        number = "({0})::float8" if dialect == "postgresql" else "{0}"
        return f"(sum({number}){_where(self.clauses)} > 0)"


_REST = f"((({{1}}) % {MICROS_PER_UNIT} + {MICROS_PER_UNIT}) % {MICROS_PER_UNIT})"
_FLOOR = f"({{0}} + (({{1}}) - {_REST}) / {MICROS_PER_UNIT})"


class whole_units(Construct[Any]):
    """The largest whole number of units that is not above a sum: what sums are sorted by first.

    PostgreSQL sorts once by what is the same as `micros_above`.
    """

    type = Numeric()
    postgresql = "({1})"
    sqlite = _FLOOR


class micros_above(Construct[Any]):
    """The micro-units above that number: what sums are sorted by next."""

    type = Numeric()
    postgresql = "({1})"
    sqlite = _REST


class amount_text(Construct[str]):
    """A sum as a decimal with all its digits, `-0.050000`; NULL for NULL."""

    postgresql = f"(({{1}}) * {MICRO})::text"
    sqlite = (
        f"(CASE WHEN {{0}} IS NULL THEN NULL WHEN {_FLOOR} < 0 AND {_REST} > 0"
        f" THEN printf('-%d.%0{SCALE}d', abs({_FLOOR} + 1), {MICROS_PER_UNIT} - {_REST})"
        f" ELSE printf('%d.%0{SCALE}d', {_FLOOR}, {_REST}) END)"
    )


_DOUBLED, _DIVISOR = "(2 * ({0})::numeric * ({1}) + ({2}))", "(2 * ({2})::numeric)"
_HALF_UP = f"div({_DOUBLED}, {_DIVISOR})"


class priced(Construct[int]):
    """What a quantity costs, in whole millionths; half of one goes to the even neighbour.

    Takes the quantity, the price in millionths, and the number of units that it is for. NULL for a
    quantity below zero, and for more than `MOST_PRICED`.
    """

    type = BigInteger()
    postgresql = (
        "(CASE WHEN ({0}) >= 0"
        f" AND ({{0}})::numeric * ({{1}}) <= ({{2}})::numeric * {MOST_PRICED}"
        f" THEN ({_HALF_UP} - CASE WHEN mod({_DOUBLED}, {_DIVISOR}) = 0 AND mod({_HALF_UP}, 2) = 1"
        " THEN 1 ELSE 0 END)::bigint END)"
    )
    sqlite = "quantity_price({0}, {1}, {2})"


class whole_amount(Construct[int]):
    """A sum as one integer of millionths, of its two; NULL for more than `MOST_PRICED`."""

    type = BigInteger()
    postgresql = f"(CASE WHEN {{1}} <= {MOST_PRICED} THEN ({{1}})::bigint END)"
    sqlite = (
        f"(CASE WHEN {{0}} <= {MOST_PRICED // MICROS_PER_UNIT} AND"
        f" {{0}} * {MICROS_PER_UNIT} + {{1}} <= {MOST_PRICED}"
        f" THEN {{0}} * {MICROS_PER_UNIT} + {{1}} END)"
    )


# -- percentiles -----------------------------------------------------------------------------------


class rank_in_group(Construct[int]):
    """The place of a row's value among those of its group, from 1; those without come last.

    Only SQLite needs it. Takes the value and the columns of the group.
    """

    type = BigInteger()

    def template(self, dialect: str) -> str:
        if dialect == "postgresql":
            return "NULL::bigint"
        keys = ", ".join(f"{{{number}}}" for number in range(1, len(self.clauses)))
        return f"row_number() OVER (PARTITION BY {keys} ORDER BY {{0}} NULLS LAST)"


class values_in_group(Construct[int]):
    """How many rows of a row's group have a value. Only SQLite needs it."""

    type = BigInteger()

    def template(self, dialect: str) -> str:
        if dialect == "postgresql":
            return "NULL::bigint"
        keys = ", ".join(f"{{{number}}}" for number in range(1, len(self.clauses)))
        return f"count({{0}}) OVER (PARTITION BY {keys})"


_AT = "({3} * ({2} - 1))"
_BELOW = f"CAST({_AT} AS INTEGER)"
_LOW = f"max(CASE WHEN {{1}} = {_BELOW} + 1 THEN {{0}} END)"
_HIGH = f"max(CASE WHEN {{1}} = {_BELOW} + 2 THEN {{0}} END)"


class percentile(Construct[float]):
    """The value that a share of a group's values is not above, between two of them; NULL of none.

    Takes the value, `rank_in_group`, `values_in_group` and the share, a constant. As PostgreSQL's
    `percentile_cont`, with the arithmetic of its `float8_lerp`, so that both give the same double.
    https://www.postgresql.org/docs/current/functions-aggregate.html#FUNCTIONS-ORDEREDSET-TABLE
    """

    type = Double()
    postgresql = "percentile_cont({3}) WITHIN GROUP (ORDER BY {0})"
    sqlite = f"({_LOW} + max({_AT} - {_BELOW}) * (coalesce({_HIGH}, {_LOW}) - {_LOW}))"


# -- instants in a list ----------------------------------------------------------------------------


class InstantList(TypeDecorator[Sequence[datetime]]):
    """Instants as one parameter: an array on PostgreSQL, JSON of the stored form on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """How the parameter is declared to the driver."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(ARRAY(DateTime(timezone=True)))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Sequence[datetime] | None, dialect: Dialect) -> Any:
        """The value as the driver takes it."""
        instants = [each.astimezone(UTC) for each in value or ()]
        if dialect.name == "postgresql":
            return instants
        stored = [each.replace(tzinfo=None).isoformat(" ", "microseconds") for each in instants]
        return orjson.dumps(stored).decode()


class _Buckets(Construct[Any]):
    """The bounds of buckets as rows of buckets."""

    _ROWS = (
        "(SELECT bucket_start, bucket_end, position FROM (SELECT value AS bucket_start,"
        " lead(value) OVER (ORDER BY {position}) AS bucket_end, {position} {origin} AS position"
        " FROM {list}) AS bounds WHERE bucket_end IS NOT NULL)"
    )
    postgresql = _ROWS.format(
        position="number",
        origin="::integer",
        list="unnest({0}) WITH ORDINALITY AS listed(value, number)",
    )
    sqlite = _ROWS.format(position="key", origin="+ 1", list="json_each({0})")


BUCKET = ("bucket_start", "bucket_end", "position")
"""The columns of `bucket_rows`."""


def bucket_rows(bounds: BindParameter[Any]) -> FromClause:
    """Buckets as rows: `bucket_start`, `bucket_end`, and `position` from 1.

    Args:
        bounds: An `InstantList` of their starts and of the last one's end.
    """
    return _Buckets(bounds).table_valued(
        column("bucket_start", UTCDateTime()),
        column("bucket_end", UTCDateTime()),
        column("position", Integer()),
    )


class _IsInBucket(Construct[bool]):
    """An instant; a bucket's start, end and position; the bounds of all buckets.

    PostgreSQL finds the bucket of a row by bisection, SQLite the rows of a bucket by an index.
    """

    type = NullType()
    postgresql = "width_bucket({0}, {4}) = {3}"
    sqlite = "({0} >= {1} AND {0} < {2})"


def is_in_bucket(
    instant: ColumnElement[Any], buckets: FromClause, bounds: BindParameter[Any]
) -> ColumnElement[bool]:
    """Whether an instant is in one of the `bucket_rows`."""
    each = buckets.c
    return _IsInBucket(instant, each.bucket_start, each.bucket_end, each.position, bounds)


class _IsDayInBucket(Construct[bool]):
    """The start of a day and its number; the numbers of a bucket's first day and of the first day
    after it; the bucket's position; the bounds of all buckets.

    As `_IsInBucket`, but SQLite finds the days by an index on their numbers.
    """

    type = NullType()
    postgresql = "width_bucket({0}, {5}) = {4}"
    sqlite = "({1} >= {2} AND {1} < {3})"


def is_day_in_bucket(
    day: ColumnElement[Any], buckets: FromClause, bounds: BindParameter[Any]
) -> ColumnElement[bool]:
    """Whether a numbered day is in one of the `bucket_rows`, all of whole days of UTC."""
    each = buckets.c
    first, end = day_number(each.bucket_start), day_number(each.bucket_end)
    return _IsDayInBucket(day_start(day), day, first, end, each.position, bounds)


class not_by_index(Construct[int]):
    """An integer that SQLite is to compare, but not to look for in an index.

    https://www.sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_
    """

    type = Integer()
    postgresql = "{0}"
    sqlite = "+{0}"
