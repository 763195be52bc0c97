"""Any other program: items in the form of the ingest, signed by the Standard Webhooks.

The body is one item, an array of them, or an object whose `items` (or, as the Standard Webhooks
have it, whose `data`) is one of the two. What an item does not say of its source and its time is
the endpoint's.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gql.ingest.signatures import STANDARD
from gql.ingest.sources.source import Event, ItemFields, Payload, Source, objects, text

NAME = "generic"


def read(payload: Payload, received_at: datetime) -> Event:
    """The event of a delivery."""
    items = [_item(each, received_at) for each in _items(payload)]
    kind = text(payload.get("type")) or (str(items[0].get("kind")) if items else "unknown")
    return Event(kind, _subject(items), items, text(payload.get("id")))


def _items(payload: Payload) -> list[Mapping[str, Any]]:
    for name in ("items", "data"):
        value = payload.get(name)
        if isinstance(value, list):
            return objects(value)
        if isinstance(value, Mapping) and "kind" in value:
            return [value]
    return [payload] if "kind" in payload else []


def _item(fields: Mapping[str, Any], received_at: datetime) -> ItemFields:
    return {
        "source": NAME,
        "occurredAt": received_at.isoformat(),
        **fields,
        "producer": "webhook",
    }


def _subject(items: list[ItemFields]) -> str | None:
    """The call or message of the first item that names one."""
    names = ("call", "externalId", "messageId", "session")
    keys = (text(item.get(name)) for item in items for name in names)
    return next((key for key in keys if key is not None), None)


SOURCE = Source(
    name=NAME,
    title="any program",
    scheme=STANDARD,
    read=read,
    page="https://www.standardwebhooks.com (2026-11-28)",
    issuer="gateway",
    setup="Send items to {url}, signed as https://www.standardwebhooks.com says: libraries for many"
    " languages do it with this secret.",
    most_bytes=10_000_000,
)
