"""Weeks, counted from the Monday that began the year 1, the same on both databases.

Every instant is in one: those that PostgreSQL has before the year 1 or after the year 9999 are in
the first and in the last one. Python's own first and last instants are among them, because asyncpg
stores those as infinities.
"""

from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel.sql.sqltypes import UTCDateTime

LAST = 521_722
"""The week that the year 9999 ends in."""

_FIRST_DAY, _FIRST_JULIAN_DAY = "DATE '0001-01-01'", 1721425.5


class _OfWeek(FunctionElement[Any]):
    """An instant or the number of a week, of which each dialect makes the other its own way."""

    inherit_cache = True
    postgresql: ClassVar[str]
    sqlite: ClassVar[str]


class _Number(_OfWeek):
    """SQLite keeps instants as text in UTC that begins with the date."""

    inherit_cache = True
    type = Integer()
    postgresql = (
        "((LEAST(GREATEST({}, '0001-01-01 00:00:00Z'::timestamptz),"
        " '9999-12-31 00:00:00Z'::timestamptz) AT TIME ZONE 'UTC')::date"
        f" - {_FIRST_DAY}) / 7"
    )
    sqlite = f"CAST(julianday(substr({{}}, 1, 10)) - {_FIRST_JULIAN_DAY} AS INTEGER) / 7"


class _Start(_OfWeek):
    inherit_cache = True
    type = UTCDateTime()
    postgresql = (
        "CASE WHEN {} <= 0 THEN '-infinity'::timestamptz"
        f" ELSE ({_FIRST_DAY} + 7 * {{}})::timestamp AT TIME ZONE 'UTC' END"
    )
    sqlite = f"date({_FIRST_JULIAN_DAY} + 7 * {{}}) || ' 00:00:00.000000'"


class _End(_OfWeek):
    inherit_cache = True
    type = UTCDateTime()
    postgresql = (
        f"CASE WHEN {{}} >= {LAST} THEN 'infinity'::timestamptz"
        f" ELSE ({_FIRST_DAY} + 7 * {{}} + 7)::timestamp AT TIME ZONE 'UTC'"
        " - interval '1 microsecond' END"
    )
    sqlite = (
        f"CASE WHEN {{}} >= {LAST} THEN '9999-12-31'"
        f" ELSE date({_FIRST_JULIAN_DAY} + 7 * {{}} + 6) END || ' 23:59:59.999999'"
    )


def week_of(instant: ColumnElement[Any]) -> ColumnElement[int]:
    """The number of the week that an instant is in."""
    return _Number(instant)


def start_of(week: ColumnElement[int]) -> ColumnElement[Any]:
    """The first instant of a week."""
    return _Start(week)


def end_of(week: ColumnElement[int]) -> ColumnElement[Any]:
    """The last instant of a week."""
    return _End(week)


@compiles(_OfWeek, "postgresql")
def _postgresql(element: _OfWeek, compiler: Any, **kw: Any) -> str:
    return f"({element.postgresql.replace('{}', compiler.process(element.clauses, **kw))})"


@compiles(_OfWeek, "sqlite")
def _sqlite(element: _OfWeek, compiler: Any, **kw: Any) -> str:
    return f"({element.sqlite.replace('{}', compiler.process(element.clauses, **kw))})"
