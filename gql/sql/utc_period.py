"""The UTC day, week or month of an instant as text, the same on both databases."""

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class Period(StrEnum):
    """What instants are grouped by."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class _Start(FunctionElement[str]):
    """The column, of which each dialect cuts the day its own way.

    One class per period, as a parameter would be another one in SELECT than in GROUP BY.
    """

    inherit_cache = True
    type = Text()
    postgresql: ClassVar[str]
    sqlite: ClassVar[str]


class _Day(_Start):
    inherit_cache = True
    postgresql = "to_char({utc}, 'YYYY-MM-DD')"
    sqlite = "substr({utc}, 1, 10)"


class _Week(_Start):
    inherit_cache = True
    postgresql = "to_char(date_trunc('week', {utc}), 'YYYY-MM-DD')"
    sqlite = "date(substr({utc}, 1, 10), 'weekday 0', '-6 days')"


class _Month(_Start):
    inherit_cache = True
    postgresql = "to_char({utc}, 'YYYY-MM')"
    sqlite = "substr({utc}, 1, 7)"


_STARTS = {Period.DAY: _Day, Period.WEEK: _Week, Period.MONTH: _Month}


def utc_period(column: ColumnElement[Any], period: Period) -> ColumnElement[str]:
    """`2025-01-19` for a day, the Monday for a week, `2025-01` for a month."""
    return _STARTS[period](column)


@compiles(_Start, "postgresql")
def _postgresql(element: _Start, compiler: Any, **kw: Any) -> str:
    column = compiler.process(element.clauses, **kw)
    return element.postgresql.format(utc=f"({column} AT TIME ZONE 'UTC')")


@compiles(_Start, "sqlite")
def _sqlite(element: _Start, compiler: Any, **kw: Any) -> str:
    """SQLite keeps instants as text in UTC that begins with the date."""
    return element.sqlite.format(utc=compiler.process(element.clauses, **kw))
