"""The values of cells: instants, durations, money and phone numbers, as people write them.

Each raises ValueError with what it would have read instead.
"""

import re
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2}(?:\.\d+)?)")
_CURRENCY_SIGNS = "$€£ \u00a0"
_LEAST_MILLISECONDS = 10**11
"""A number of this size is milliseconds since 1970: as seconds it would be the year 5138."""

MILLISECONDS_PER = {"ms": 1, "s": 1_000, "min": 60_000}
"""By unit of a duration."""


def instant(text: str, zone: tzinfo = UTC, form: str | None = None) -> datetime:
    """An instant from ISO 8601, RFC 2822, or seconds or milliseconds since 1970.

    Args:
        text: The cell.
        zone: Of a time that names none.
        form: How the time is written instead, for `strptime`.
    """
    moment = _moment(text) if form is None else datetime.strptime(text, form)  # noqa: DTZ007
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    if _NUMBER.fullmatch(text):
        number = float(text)
        seconds = number / 1000 if number >= _LEAST_MILLISECONDS else number
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, OSError) as error:
            raise ValueError(
                "as a time in seconds or milliseconds since 1970 it is out of range"
            ) from error
    try:
        return parsedate_to_datetime(text)
    except ValueError as error:
        raise ValueError(
            "write times like 2026-11-28T09:30:00Z, or say how they are written, for example"
            " --time-format '%m/%d/%Y %H:%M'"
        ) from error


def milliseconds(text: str, unit: str) -> int:
    """A duration: a number of `unit` (`ms`, `s` or `min`), or hours, minutes and seconds."""
    clock = _CLOCK.fullmatch(text)
    if clock:
        hours, minutes, seconds = clock.groups()
        total = int(hours or 0) * 3_600 + int(minutes) * 60 + Decimal(seconds)
        return round(total * 1_000)
    if not _NUMBER.fullmatch(text) or text.startswith("-"):
        raise ValueError("a duration is a number, or like 1:02:03")
    return round(Decimal(text) * MILLISECONDS_PER[unit])


def exact_amount(text: str) -> Decimal:
    """An exact amount, with or without the sign of a currency."""
    try:
        amount = Decimal(text.strip(_CURRENCY_SIGNS))
    except InvalidOperation as error:
        raise ValueError("an amount is like 0.0125") from error
    if not amount.is_finite():
        raise ValueError("an amount is like 0.0125")
    return amount
