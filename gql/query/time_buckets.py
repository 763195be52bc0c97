"""Hours, days, weeks and months of a named time zone, as the instants between which they lie.

They are worked out here and handed to the database as a list, so that PostgreSQL and SQLite agree
about a change to summer time, whatever time zones either knows.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from gql.errors import BadInput

MAX_BUCKETS = 10_000
"""Most buckets of one grouping: a year has 8,760 hours."""

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_LONGEST_NAME = 64


class Bucket(StrEnum):
    """How long a bucket is. A day has 23 to 25 hours, as the clocks of its zone say."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


_AT_LEAST = {
    Bucket.HOUR: _HOUR,
    Bucket.DAY: _DAY,
    Bucket.WEEK: 7 * _DAY,
    Bucket.MONTH: 28 * _DAY,
}


def time_zone(name: str) -> ZoneInfo:
    """The zone of a name of the IANA time zone database, https://www.iana.org/time-zones.

    Raises:
        BadInput: when there is none.
    """
    try:
        if len(name) <= _LONGEST_NAME:
            return ZoneInfo(name)
    except (OSError, ValueError):
        pass
    except KeyError:  # `ZoneInfoNotFoundError`
        pass
    raise BadInput(
        f"`{name[:_LONGEST_NAME]}` is no time zone: use a name like `Europe/Berlin` or `UTC`."
    )


def bucket_bounds(
    bucket: Bucket, zone: ZoneInfo, lower: datetime, upper: datetime
) -> tuple[datetime, ...]:
    """The starts of the buckets that reach from `lower` to `upper`, and the end of the last one.

    Raises:
        BadInput: when there are more than `MAX_BUCKETS`, or one reaches beyond the calendar.
    """
    number = max(upper - lower, timedelta(0)) // _AT_LEAST[bucket]
    if number > MAX_BUCKETS:
        raise BadInput(
            f"{bucket.name} makes about {number:,} groups of `filter.startedAt`, but there may be"
            f" at most {MAX_BUCKETS:,}: shorten the range, or group by longer periods."
        )
    bounds = []
    try:
        for bound in _starts(bucket, zone, lower):
            bounds.append(bound)
            if bound >= upper and len(bounds) > 1:
                break
    except OverflowError:
        raise BadInput("`filter.startedAt` reaches beyond the calendar: shorten it.") from None
    return tuple(bounds)


def previous_range(zone: ZoneInfo, lower: datetime, upper: datetime) -> tuple[datetime, datetime]:
    """The period before one: as many whole months or days of the zone, else as long a time.

    Raises:
        BadInput: when there is none in the calendar.
    """
    try:
        start, end = lower.astimezone(zone), upper.astimezone(zone)
        if _is_midnight(start) and _is_midnight(end):
            if start.day == end.day == 1:
                months = _month(end.date()) - _month(start.date())
                return _midnight(_first_of(_month(start.date()) - months), zone), lower
            days = end.date() - start.date()
            return _midnight(start.date() - days, zone), lower
        return lower - (upper - lower), lower
    except (OverflowError, ValueError):
        raise BadInput("There is no period before `filter.startedAt`.") from None


def _starts(bucket: Bucket, zone: ZoneInfo, lower: datetime) -> Iterator[datetime]:
    """The starts of the bucket that `lower` is in and of all after it."""
    local = lower.astimezone(zone)
    if bucket == Bucket.HOUR:
        # An hour is sixty minutes, in every zone and on every day.
        into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        start = lower.astimezone(UTC) - into
        while True:
            yield start
            start += _HOUR
    day = local.date()
    if bucket == Bucket.MONTH:
        month = _month(day)
        while True:
            yield _midnight(_first_of(month), zone)
            month += 1
    step = _DAY
    if bucket == Bucket.WEEK:
        step, day = 7 * _DAY, day - timedelta(days=day.weekday())
    while True:
        yield _midnight(day, zone)
        day += step


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day; where clocks skip midnight, that of the change (PEP 495)."""
    return datetime.combine(day, time(0), zone).astimezone(UTC)


def _is_midnight(local: datetime) -> bool:
    return local.timetz().replace(tzinfo=None) == time(0)


def _month(day: date) -> int:
    return 12 * day.year + day.month - 1


def _first_of(month: int) -> date:
    """The first day of a month, as `_month` numbers it.

    Raises:
        OverflowError: beyond the calendar.
    """
    year, index = divmod(month, 12)
    if not date.min.year <= year <= date.max.year:
        raise OverflowError
    return date(year, index + 1, 1)
