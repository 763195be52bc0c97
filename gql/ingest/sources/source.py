"""What a source is: how it signs, how its events are told apart, and what items they become."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

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
        items: What it says; empty where this gateway has no place for it.
    """

    kind: str
    subject: str | None
    items: Sequence[ItemFields]


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
    """

    name: str
    title: str
    scheme: Scheme | None
    read: Callable[[Payload, datetime], Event]
    page: str
    is_carrier: bool = False


def without_absent(**fields: Any) -> ItemFields:
    """The fields that have a value: what a source leaves out is not said to be nothing."""
    return {name: value for name, value in fields.items() if value is not None}


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
