"""The header `Retry-After` of answers: https://www.rfc-editor.org/rfc/rfc9110#name-retry-after."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def retry_after(headers: Mapping[str, str], *, longest: float) -> float | None:
    """Seconds to wait, which may be written as the instant when they end; None when none are said.

    Args:
        headers: Of the answer, by names in lower case.
        longest: More seconds count as so many.
    """
    written = headers.get("retry-after")
    if written is None:
        return None
    if written.strip().isdecimal():
        return min(float(written), longest)
    until, sent = http_date(written), http_date(headers.get("date"))
    if until is None or sent is None:
        return None
    return min(max((until - sent).total_seconds(), 0.0), longest)


def http_date(written: str | None) -> datetime | None:
    """https://www.rfc-editor.org/rfc/rfc9110#name-date-time-formats."""
    try:
        instant = parsedate_to_datetime(written or "")
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
