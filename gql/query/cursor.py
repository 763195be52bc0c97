"""Cursors: where a page ended, written so that a database could print them too.

A cursor is `1~call~started_at~desc~20250119T100000.5Z~101`: version, resource, order, direction,
the value that is sorted by, and the id that breaks ties. It names only what its holder has
already seen, so it needs no signature: a forged one can skip rows of a list but never reaches
another organization's. The format is stored by clients; a change of it is a new version, never an
edit of this one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gql.errors import BadCursor
from gql.models.types import MAX_ID
from gql.query.resource import Order, Record, Resource

VERSION = "1"
NONE = "-"

SortKey = datetime | int | str | None


@dataclass(frozen=True)
class Cursor:
    """The position of a row in an ordered list: the value it is sorted by, and its id."""

    key: SortKey
    id: int


def write_cursor(resource: Resource, order: str, *, descending: bool, record: Record) -> str:
    """The cursor of a record in a list of its resource."""
    spec = resource.orders[order]
    key = _WRITERS[spec.kind](getattr(record, spec.label))
    direction = "desc" if descending else "asc"
    return "~".join((VERSION, resource.name, order, direction, key, str(record.id)))


def read_cursor(text: str, resource: Resource, order: str, *, descending: bool) -> Cursor:
    """The position that a cursor names.

    Raises:
        BadCursor: when it is damaged, or of another list, order or direction.
    """
    expected = [VERSION, resource.name, order, "desc" if descending else "asc"]
    parts = text.split("~")
    if len(parts) != len(expected) + 2:
        raise BadCursor("The cursor is damaged; use one from `pageInfo` or `edges` as it is.")
    if parts[: len(expected)] != expected:
        raise BadCursor("The cursor belongs to another list or order; start again without it.")
    try:
        return Cursor(_read_key(parts[-2], resource.orders[order]), _read_id(parts[-1]))
    except ValueError as error:
        raise BadCursor(
            "The cursor is damaged; use one from `pageInfo` or `edges` as it is."
        ) from error


def _read_key(text: str, order: Order) -> SortKey:
    if text != NONE:
        key: SortKey = _READERS[order.kind](text)
        return key
    if order.nullable:
        return None
    raise ValueError("this order has a value in every row")


def _read_id(text: str) -> int:
    value = _read_integer(text)
    if 0 < value <= MAX_ID:
        return value
    raise ValueError("out of range")


def write_instant(value: datetime | None) -> str:
    """An instant without the colons, so that it stays as it is in a URL."""
    if value is None:
        return NONE
    fraction = f".{value.microsecond:06d}".rstrip("0") if value.microsecond else ""
    value = value.astimezone(UTC)
    return f"{value.year:04d}{value:%m%dT%H%M%S}{fraction}Z"


def _read_instant(text: str) -> datetime:
    layout = "%Y%m%dT%H%M%S.%fZ" if "." in text else "%Y%m%dT%H%M%SZ"
    value = datetime.strptime(text, layout).replace(tzinfo=UTC)
    if write_instant(value) != text:
        raise ValueError("not written by us")
    return value


def _write_integer(value: int | None) -> str:
    return NONE if value is None else str(value)


def _read_integer(text: str) -> int:
    if not text.isascii() or len(text) > len(str(-MAX_ID)):
        raise ValueError("not a number of ours")
    value = int(text)
    if str(value) != text or abs(value) > MAX_ID:
        raise ValueError("not a number of ours")
    return value


def _write_text(value: str | None) -> str:
    return NONE if value is None else value.encode().hex()


def _read_text(text: str) -> str:
    value = bytes.fromhex(text).decode()
    if "\0" in value or value.encode().hex() != text:
        raise ValueError("not written by us")
    return value


_WRITERS: dict[str, Any] = {
    "instant": write_instant,
    "integer": _write_integer,
    "text": _write_text,
    "chronology": _write_text,
}
_READERS: dict[str, Any] = {
    "instant": _read_instant,
    "integer": _read_integer,
    "text": _read_text,
    "chronology": _read_text,
}
