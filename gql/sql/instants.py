"""Instants as text, the UTC periods that they are in, and the time between two.

SQLite keeps instants as text in UTC, `2025-01-19 10:00:00.500000`, always with six digits of a
fraction (`gql/migrations/sqlite_forms.py`); PostgreSQL as `timestamptz`.

PostgreSQL's may also be infinite, and ours are: asyncpg stores Python's first instant,
`datetime.min`, as `-infinity` and its last, `datetime.max`, as `infinity`, and reads them back the
same way. A client may send both (a filter "until the end of time"), so each template below says
what is printed for them, and what day they are in: arithmetic and `to_char` would fail or yield
NULL. See `infinity_datetime` in asyncpg's `pgproto/codecs/datetime.pyx`.
"""

from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Float, Integer
from sqlmodel.sql.sqltypes import UTCDateTime

from gql.sql.construct import Construct

# -- text ------------------------------------------------------------------------------------------


def _printed(change: str, *, first: str, last: str) -> str:
    """PostgreSQL's template of an instant as text.

    `to_json` prints ISO 8601 without trailing zeros, in 60 % of the time that `to_char` takes.

    Args:
        change: What is done with that text, which is its `{0}`.
        first: What `-infinity` is printed as.
        last: What `infinity` is printed as.
    """
    text = change.format("btrim(to_json({0} AT TIME ZONE 'UTC')::text, '\"')")
    return (
        f"(CASE WHEN isfinite({{0}}) THEN ({text}) || 'Z'"
        f" WHEN {{0}} > 'epoch' THEN '{last}' WHEN {{0}} < 'epoch' THEN '{first}' END)"
    )


_FIRST, _LAST = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"
_TRIMMED = "rtrim(rtrim({0}, '0'), '.')"


class trimmed_instant(Construct[str]):
    """`2025-01-19T10:00:00.5Z`: the fraction without trailing zeros, or none."""

    postgresql = _printed("{0}", first=_FIRST, last=_LAST)
    sqlite = f"(replace({_TRIMMED}, ' ', 'T') || 'Z')"


class padded_instant(Construct[str]):
    """`2025-01-19T10:00:00.500000Z`: with six digits of a fraction, or without one."""

    postgresql = _printed(
        "CASE WHEN {{0}}::timestamptz(0) = {{0}} THEN {0} ELSE rpad({0}, 26, '0') END",
        first=_FIRST,
        last=_LAST,
    )
    sqlite = "(replace(replace({0}, '.000000', ''), ' ', 'T') || 'Z')"


class compact_instant(Construct[str]):
    """`20250119T100000.5Z`: the trimmed text without dashes and colons, as cursors have it."""

    postgresql = _printed(
        "replace(replace({0}, '-', ''), ':', '')",
        first="00010101T000000Z",
        last="99991231T235959.999999Z",
    )
    sqlite = f"(replace(replace(replace({_TRIMMED}, ' ', 'T'), '-', ''), ':', '') || 'Z')"


# -- distance --------------------------------------------------------------------------------------


class seconds_between(Construct[float]):
    """Seconds from the first instant to the second, to the millisecond; NULL when either is."""

    type = Float()
    postgresql = "CAST(EXTRACT(EPOCH FROM ({1} - {0})) AS DOUBLE PRECISION)"
    sqlite = "(86400.0 * (julianday({1}) - julianday({0})))"


# -- periods ---------------------------------------------------------------------------------------


class Period(StrEnum):
    """What instants are grouped by."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class _Day(Construct[str]):
    postgresql = "to_char(({0} AT TIME ZONE 'UTC'), 'YYYY-MM-DD')"
    sqlite = "substr({0}, 1, 10)"


class _Monday(Construct[str]):
    postgresql = "to_char(date_trunc('week', ({0} AT TIME ZONE 'UTC')), 'YYYY-MM-DD')"
    sqlite = "date(substr({0}, 1, 10), 'weekday 0', '-6 days')"


class _Month(Construct[str]):
    postgresql = "to_char(({0} AT TIME ZONE 'UTC'), 'YYYY-MM')"
    sqlite = "substr({0}, 1, 7)"


# One construct each: a period as a parameter would be another one in SELECT than in GROUP BY.
_PERIODS: dict[Period, type[Construct[str]]] = {
    Period.DAY: _Day,
    Period.WEEK: _Monday,
    Period.MONTH: _Month,
}


def utc_period(instant: ColumnElement[Any], period: Period) -> ColumnElement[str]:
    """`2025-01-19` for a day, the Monday for a week, `2025-01` for a month."""
    return _PERIODS[period](instant)


# -- numbered days and months ----------------------------------------------------------------------

# Days are counted from 0001-01-01, as the triggers of `call_rollup` count them, and months from
# January of the year 0. Every instant is in one: what PostgreSQL has before the year 1 or after
# 9999, the infinities among them, is in the first and in the last.

LAST_DAY = 3_652_058
"""The number of 9999-12-31."""

_FIRST_DAY, _FIRST_JULIAN_DAY = "DATE '0001-01-01'", 1721425.5


class day_number(Construct[int]):
    """The number of the UTC day that an instant is in."""

    type = Integer()
    postgresql = (
        "((LEAST(GREATEST({0}, '0001-01-01 00:00:00Z'::timestamptz),"
        " '9999-12-31 00:00:00Z'::timestamptz) AT TIME ZONE 'UTC')::date"
        f" - {_FIRST_DAY})"
    )
    sqlite = f"CAST(julianday(substr({{0}}, 1, 10)) - {_FIRST_JULIAN_DAY} AS INTEGER)"


class day_start(Construct[Any]):
    """The first instant of a day, from its number."""

    type = UTCDateTime()
    postgresql = (
        "(CASE WHEN {0} <= 0 THEN '-infinity'::timestamptz"
        f" ELSE ({_FIRST_DAY} + {{0}})::timestamp AT TIME ZONE 'UTC' END)"
    )
    sqlite = f"(date({_FIRST_JULIAN_DAY} + {{0}}) || ' 00:00:00.000000')"


class day_end(Construct[Any]):
    """The last instant of a day, from its number."""

    type = UTCDateTime()
    postgresql = (
        f"(CASE WHEN {{0}} >= {LAST_DAY} THEN 'infinity'::timestamptz"
        f" ELSE ({_FIRST_DAY} + {{0}} + 1)::timestamp AT TIME ZONE 'UTC'"
        " - interval '1 microsecond' END)"
    )
    sqlite = (
        f"(CASE WHEN {{0}} >= {LAST_DAY} THEN '9999-12-31'"
        f" ELSE date({_FIRST_JULIAN_DAY} + {{0}}) END || ' 23:59:59.999999')"
    )


class month_number(Construct[int]):
    """The number of the month that a day is in, from the number of the day."""

    type = Integer()
    postgresql = (
        f"(12 * EXTRACT(YEAR FROM {_FIRST_DAY} + {{0}})::integer"
        f" + EXTRACT(MONTH FROM {_FIRST_DAY} + {{0}})::integer - 1)"
    )
    sqlite = (
        f"(12 * CAST(strftime('%Y', {_FIRST_JULIAN_DAY} + {{0}}) AS INTEGER)"
        f" + CAST(strftime('%m', {_FIRST_JULIAN_DAY} + {{0}}) AS INTEGER) - 1)"
    )


class month_start(Construct[int]):
    """The number of the first day of the month that a day is in, from the number of the day."""

    type = Integer()
    postgresql = f"(date_trunc('month', ({_FIRST_DAY} + {{0}})::timestamp)::date - {_FIRST_DAY})"
    sqlite = (
        f"CAST(julianday({_FIRST_JULIAN_DAY} + {{0}}, 'start of month') - {_FIRST_JULIAN_DAY}"
        " AS INTEGER)"
    )


class month_end(Construct[int]):
    """The number of its last day. SQLite knows no day after the last month of the year 9999."""

    type = Integer()
    postgresql = (
        f"((date_trunc('month', ({_FIRST_DAY} + {{0}})::timestamp) + interval '1 month')::date"
        f" - {_FIRST_DAY} - 1)"
    )
    sqlite = (
        f"COALESCE(CAST(julianday({_FIRST_JULIAN_DAY} + {{0}}, 'start of month', '+1 month')"
        f" - {_FIRST_JULIAN_DAY} - 1 AS INTEGER), {LAST_DAY})"
    )
