"""What a source is: how it signs, and how its events become items."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from gql.ingest.signatures import Scheme

Payload = Mapping[str, Any]
"""The decoded body of a delivery."""

ItemFields = dict[str, Any]
"""The fields of one item (see `gql/ingest/items.py`), as JSON would have them."""


@dataclass(frozen=True)
class Event:
    """What a delivery is about.

    Attributes:
        kind: The source's word for it.
        subject: The key of the call or message that it is about; deliveries on one subject are
            processed in order.
        items: Its content; empty where this gateway has no place for it.
        event_id: The source's id of the delivery or of what it reports, where it has one.
        aliases: Other ids by which an assistant platform may name a carrier's call.
    """

    kind: str
    subject: str | None
    items: Sequence[ItemFields]
    event_id: str | None = None
    aliases: Sequence[str] = ()


@dataclass(frozen=True)
class Reply:
    """How a delivery is answered that was kept."""

    body: bytes = b"{}"
    media_type: str = "application/json"


@dataclass(frozen=True)
class UnnamedCall:
    """The call of a report that has no key of it.

    Attributes:
        customer: The customer's number.
        called: The organization's number.
        seconds: How long the call was; None where the report has no duration.
    """

    customer: str
    called: str
    seconds: float | None


@dataclass(frozen=True)
class Source:
    """A system that sends webhooks.

    Attributes:
        name: The word in addresses and in `Call.source`.
        title: What people call it.
        scheme: How it signs.
        read: The event of a body, given the instant of its first receipt.
        page: The documentation that `read` follows, and the day on which it was read.
        is_carrier: Whether it may only add to the calls of another source.
        other_schemes: How it may sign too, by the header that a delivery then has.
        issuer: Who makes the secret: `platform` shows it in its console, `gateway` makes it,
            to be typed in there, and `nobody` where nothing is signed.
        setup: What to do in the source's console, in sentences; `{url}` is the address.
        most_bytes: Largest body that is kept.
        reply: How a delivery is answered.
        dropped: What the beginning of a body matches that is answered and not kept; a source with
            such deliveries is answered too when one is too long.
        unnamed_call: The call of a payload that has no key of it; None where it has the key, or is
            about something else.
        with_call_key: The payload with the key of its call.
    """

    name: str
    title: str
    scheme: Scheme | None
    read: Callable[[Payload, datetime], Event]
    page: str
    is_carrier: bool = False
    other_schemes: Mapping[str, Scheme] = field(default_factory=dict)
    issuer: Literal["platform", "gateway", "nobody"] = "platform"
    setup: str = ""
    most_bytes: int = 2_000_000
    reply: Reply = Reply()
    dropped: re.Pattern[bytes] | None = None
    unnamed_call: Callable[[Payload], UnnamedCall | None] = lambda _payload: None
    with_call_key: Callable[[Payload, str], Payload] = lambda payload, _key: payload


def without_absent(**fields: Any) -> ItemFields:
    """The fields that have a value; in an item, null would mean that there is none."""
    return {name: value for name, value in fields.items() if value is not None}


def aware_instant(written: Any) -> datetime | None:
    """An instant in ISO 8601, in UTC where it has no zone; None for anything else."""
    if not isinstance(written, str):
        return None
    try:
        instant = datetime.fromisoformat(written)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def of_milliseconds(value: Any) -> datetime | None:
    """An instant from milliseconds since 1970; None for anything else than a positive number."""
    return of_seconds(value / 1000) if _is_number(value) else None


def of_seconds(value: Any) -> datetime | None:
    """An instant from seconds since 1970; None for anything else than a positive number."""
    if not _is_number(value) or value <= 0:
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; nothing where there is no list."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def mapping(value: Any) -> Mapping[str, Any]:
    """An object, or an empty one in place of anything else."""
    return value if isinstance(value, Mapping) else {}


def text(value: Any) -> str | None:
    """A text that is not empty, or None."""
    return value if isinstance(value, str) and value else None
