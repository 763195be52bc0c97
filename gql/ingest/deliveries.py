"""Deliveries of the inbox as items: decoded, then read by their source's adapter."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from pydantic import ValidationError

from gql.accounts.hook_endpoints import StoredEndpoint
from gql.ingest.inbox import PULLED, body_of
from gql.ingest.item_faults import faults_line
from gql.ingest.items import ITEM, AnyItem, CallItem, OfCall, in_region, not_ahead
from gql.ingest.phone_numbers import with_country_code
from gql.ingest.sources import SOURCE_BY_NAME
from gql.ingest.sources.source import Event, ItemFields, Payload, Source, UnnamedCall
from gql.models.enums import DeliveryState, HookRole

_FORM = "application/x-www-form-urlencoded"
_MOST_FAULTS = 3
_LONGEST_ERROR = 1_000


class UnreadableError(Exception):
    """A body that is neither JSON nor a form."""


@dataclass(eq=False)
class Reading:
    """One delivery while it is processed.

    Attributes:
        row: Of the inbox.
        endpoint: That received it.
        first_received_at: When the same body came first.
        payload: The decoded body.
        event: The payload as its source's adapter reads it.
        items: The valid items of the event.
        faults: What is wrong with its other items.
        state: Its state after processing.
        error: The reason of the state.
    """

    row: Any
    endpoint: StoredEndpoint
    first_received_at: datetime
    payload: Payload = field(default_factory=dict)
    event: Event = field(default_factory=lambda: Event("unknown", None, []))
    items: list[AnyItem] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    state: DeliveryState = DeliveryState.DONE
    error: str | None = None

    @property
    def source(self) -> Source:
        return SOURCE_BY_NAME[self.endpoint.source]

    @property
    def unnamed_call(self) -> UnnamedCall | None:
        """The numbers of its call, where it has no key of it."""
        unnamed = self.source.unnamed_call(self.payload)
        if unnamed is None:
            return None
        return replace(
            unnamed,
            customer=with_country_code(unnamed.customer, self.region),
            called=with_country_code(unnamed.called, self.region),
        )

    @property
    def region(self) -> str | None:
        """The country of numbers without its code."""
        return self.endpoint.region

    @property
    def is_of_carrier(self) -> bool:
        """Whether it is a carrier's, about a call that another source may have reported."""
        is_carrier = self.endpoint.role == HookRole.CARRIER
        return is_carrier and any(isinstance(item, CallItem | OfCall) for item in self.items)

    @property
    def deadline(self) -> datetime:
        """Until when it waits for its call."""
        received_at: datetime = self.row.received_at
        return received_at + timedelta(hours=int(self.endpoint.settings.get("wait_hours", 24)))

    def read(self) -> None:
        """Have the adapter read the body.

        Raises:
            Exception: of any kind, when the adapter cannot cope with it.
        """
        try:
            self.payload = decoded(body_of(self.row), self.row.content_type or "")
        except UnreadableError as error:
            self.state, self.error = DeliveryState.UNKNOWN, str(error)
            return
        self._read_payload()

    def assign_call(self, key: str) -> None:
        """Read it again as a report on the call with this key."""
        self.payload = self.source.with_call_key(self.payload, key)
        self._read_payload()

    def add_faults(self, faults: Sequence[str]) -> None:
        """Add what is wrong with items; with a fault, the delivery is dead."""
        self.faults += faults
        if self.faults:
            more = len(self.faults) - _MOST_FAULTS
            text = "; ".join(self.faults[:_MOST_FAULTS])
            rest = f"; and {more} more" if more > 0 else ""
            self.state, self.error = DeliveryState.DEAD, text[:_LONGEST_ERROR] + rest

    def _read_payload(self) -> None:
        self.event = self.source.read(self.payload, self.first_received_at)
        if self.row.method == PULLED:
            pulled = [_as_pulled(fields) for fields in self.event.items]
            self.event = replace(self.event, items=pulled)
        self.items, faults = as_items(self.event, self.row.received_at, self.region)
        self.state, self.error = DeliveryState.DONE, None
        self.add_faults(faults)
        if not self.event.items:
            self.state = DeliveryState.UNKNOWN
            self.error = f"Events of the type {self.event.kind!r} have nothing that is stored."


def _as_pulled(fields: ItemFields) -> ItemFields:
    """An item of a platform's list, whose bill counts before that of a webhook: see `Producer`."""
    return {**fields, "producer": "pull"} if fields.get("producer") == "webhook" else fields


def decoded(body: bytes, content_type: str) -> Payload:
    """The payload of a body: a form, or JSON.

    Several JSON objects, as an array or in lines, are the `items` of one.

    Raises:
        UnreadableError: when it is neither.
    """
    try:
        text = body.decode()
        if content_type.partition(";")[0].strip().lower() == _FORM:
            return dict(parse_qsl(text, keep_blank_values=True))
        value = json.loads(text)
    except UnicodeDecodeError as error:
        raise UnreadableError("The body is not UTF-8.") from error
    except json.JSONDecodeError:
        value = _lines(body)
    except RecursionError as error:
        raise UnreadableError("The body is nested too deeply.") from error
    if isinstance(value, list):
        return {"items": value}
    if isinstance(value, dict):
        return value
    raise UnreadableError("The body is JSON, but no object.")


def _lines(body: bytes) -> list[Any]:
    try:
        return [json.loads(line) for line in body.splitlines() if line.strip()]
    except (json.JSONDecodeError, RecursionError) as error:
        raise UnreadableError("The body is neither JSON nor a form.") from error


def as_items(
    event: Event, received_at: datetime, region: str | None = None
) -> tuple[list[AnyItem], list[str]]:
    """The items of an event, and what is wrong with others.

    An instant too far ahead of its receipt is replaced: see `not_ahead`.
    """
    items, faults = [], []
    for fields in event.items:
        try:
            item = ITEM.validate_python(fields, context=in_region(region))
        except ValidationError as error:
            faults.append(f"{fields.get('kind', 'item')}: {faults_line(error)}")
            continue
        occurred_at = not_ahead(item.occurred_at, received_at)
        if occurred_at != item.occurred_at:
            item = item.model_copy(update={"occurred_at": occurred_at})
        items.append(item)
    return items, faults
