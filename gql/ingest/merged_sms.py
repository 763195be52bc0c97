"""An SMS as its row in the carrier's log has it, and as items change it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gql.ingest.items import SmsItem
from gql.ingest.merge import (
    OLDEST,
    Correction,
    Registers,
    Stamp,
    earlier,
    instant_of,
    later,
    microseconds,
    named_fields,
)
from gql.ingest.merged_call import FirstText
from gql.ingest.phone_numbers import split_address, without_channel
from gql.ingest.words import SMS_UNKNOWN, sms_progress
from gql.models.call import phone_digits
from gql.models.enums import Direction, Role

SmsKey = tuple[str, str]
"""The source of an SMS, and its id there."""

_PLAIN = {
    "from_number": "from_number",
    "to_number": "to_number",
    "direction": "direction",
    "body": "body",
    "media": "media_urls",
    "segments": "segment_count",
}
"""Fields that are merged one by one, and their columns."""

_NEVER_NULL = frozenset({"from_number", "to_number", "direction"})
_PROGRESS = ("status", "error_code", "error_message")
_PROGRESS_COLUMNS = ("provider_status", "error_code", "error_message")
"""The columns of `_PROGRESS`, which are merged together: a later status wins whatever the times."""


def sms_key(item: SmsItem) -> SmsKey:
    """The SMS that an item is about."""
    return item.source, item.message_id


def _field_values(item: SmsItem) -> Iterator[tuple[str, Any]]:
    """The fields that an item has, under the names by which they are merged."""
    named = named_fields(item)
    for name in _PLAIN:
        value = named.get(name)
        if name == "body" and name in named:
            yield name, value or ""
        elif name in named and (value is not None or name not in _NEVER_NULL):
            yield name, str(value) if isinstance(value, str) else value
    if not named.keys().isdisjoint(_PROGRESS):
        yield "progress", [named.get(name) for name in _PROGRESS]


@dataclass
class MergedSms:
    """An SMS while a batch of items is merged.

    Attributes:
        key: Its natural key.
        row: As it is stored; nothing for a new one.
        registers: Its fields.
        first: The earliest instant of any item, in microseconds since 1970: when it was written.
        newest: The latest one.
        stamp: The greatest one of any item.
        had_content: Whether its content had come before this batch.
        is_changed: Whether its row has to be written.
    """

    key: SmsKey
    row: Mapping[str, Any] = field(default_factory=dict)
    registers: Registers = field(default_factory=Registers)
    first: int | None = None
    newest: int | None = None
    stamp: Stamp = ""
    had_content: bool = False
    is_changed: bool = False

    @classmethod
    def stored(cls, row: Mapping[str, Any]) -> "MergedSms":
        """From a row of the table."""
        sms = cls((row["provider"], row["provider_message_id"]), row)
        if row["merge_state"] is None:  # no item has made it
            sms.registers.stamps = dict.fromkeys((*_PLAIN, "progress"), OLDEST)
        else:
            sms.registers = Registers.from_json(row["merge_state"])
        sms.first = microseconds(row["occurred_at"] or row["created_at"])
        sms.newest = microseconds(row["updated_at"] or row["occurred_at"] or row["created_at"])
        sms.stamp = row["stamp"] or ""
        sms.had_content = sms.has_content
        return sms

    def take(self, item: SmsItem, stamp: Stamp) -> bool:
        """Take the fields of an item; whether that changes anything."""
        at, before = microseconds(item.occurred_at), (self.first, self.newest, self.stamp)
        self.first, self.newest = earlier(self.first, at), later(self.newest, at)
        self.stamp = max(self.stamp, stamp)
        changes = [before != (self.first, self.newest, self.stamp)]
        for name, value in _field_values(item):
            if item.producer == "manual":
                correction = Correction(stamp, value)
                changes.append(self.registers.correct(name, correction, self.value))
            else:
                level = f"{sms_progress(value[0])[0]}/" if name == "progress" else ""
                changes.append(self.registers.put(name, f"{level}{stamp}", value))
        self.is_changed |= any(changes)
        return any(changes)

    def value(self, name: str) -> Any:
        """The value of a field, as JSON has it."""
        if name in self.registers.changed or not self.row:
            return self.registers.changed.get(name)
        if name not in self.registers.stamps and not self.registers.is_corrected(name):
            return None
        if name == "progress":
            return [self.row[column] for column in _PROGRESS_COLUMNS]
        return self.row[_PLAIN[name]]

    @property
    def at(self) -> datetime:
        """When it was written."""
        return instant_of(self.first or 0)

    @property
    def text(self) -> FirstText:
        """Its place among the SMS of a conversation."""
        return FirstText(self.first or 0, *self.key)

    @property
    def direction(self) -> Direction:
        """Which way it went.

        Carriers that leave it out report on what they were to send. An SMS from a number to a name
        is received all the same, as no customer is a name.
        """
        named = self.value("direction")
        if named is not None:
            return Direction(named)
        is_received = self.status == "received" or (
            has_number(self.value("from_number")) and not has_number(self.value("to_number"))
        )
        return Direction.INBOUND if is_received else Direction.OUTBOUND

    @property
    def status(self) -> str:
        """How far it has come, as one of our statuses."""
        word = (self.value("progress") or (None,))[0]
        return SMS_UNKNOWN if word is None else sms_progress(word)[1]

    @property
    def sides(self) -> tuple[str, str] | None:
        """The addresses of the customer and of the organization; None while one is not known."""
        sides = self.value("from_number"), self.value("to_number")
        if not all(sides):
            return None
        return sides if self.direction is Direction.INBOUND else sides[::-1]

    @property
    def has_content(self) -> bool:
        """Whether its content has come: a report on its delivery does not repeat that."""
        names = ("body", "media")
        return any(
            name in self.registers.stamps or self.registers.is_corrected(name) for name in names
        )

    def columns(self, conversation_id: int) -> dict[str, Any]:
        """The columns of the row in a conversation."""
        progress = self.value("progress") or (None, None, None)
        plain = {column: self.value(name) for name, column in _PLAIN.items()}
        return {
            **plain,
            "call_id": conversation_id,
            **dict(zip(_PROGRESS_COLUMNS, progress, strict=True)),
            "provider": self.key[0],
            "provider_message_id": self.key[1],
            "status": self.status,
            "direction": self.direction.value,
            "body": plain["body"] or "",
            "created_at": self.at,
            "occurred_at": self.at,
            "updated_at": instant_of(self.newest or 0),
            "stamp": self.stamp,
            "merge_state": self.registers.to_json(),
        }

    def message(self) -> dict[str, Any]:
        """The columns of its message in the conversation, but for what carriers report."""
        role = Role.USER if self.direction is Direction.INBOUND else Role.ASSISTANT
        return {
            "role": role.value,
            "content": self.value("body") or "",
            "message_index": 0,
            "position": 0,
            "timestamp": self.at,
            "occurred_at": self.at,
        }

    def delivery(self) -> dict[str, Any]:
        """The columns of its message that carriers report."""
        progress = self.value("progress")
        return {
            "media": self.value("media"),
            "segments": self.value("segments"),
            "delivery_status": None if progress is None else self.status,
            "error_code": None if progress is None else progress[1],
        }


def has_number(address: str | None) -> bool:
    """Whether an address is a phone number, not a name or another kind of address."""
    return bool(phone_digits(split_address(address)[0]))


def party(address: str) -> str:
    """The form in which the addresses of a side are compared: digits, where it is a number."""
    return phone_digits(split_address(address)[0]) or without_channel(address).casefold()
