"""A call as its row has it, and as items change it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic.alias_generators import to_snake

from gql.ingest.bills import Bill
from gql.ingest.items import CallItem, External, Item, named_fields
from gql.ingest.merge import (
    Correction,
    Phase,
    Registers,
    Stamp,
    StampedSet,
    instant_of,
    microseconds,
    phased,
)
from gql.ingest.phone_numbers import split_address, without_channel
from gql.models.enums import CallStatus, Channel, Direction

CallKey = tuple[str, str]
"""The source of a call, and what the source calls it."""

_PHASES = {
    "queued": Phase.QUEUED,
    "ringing": Phase.RINGING,
    "active": Phase.ONGOING,
    "ongoing": Phase.ONGOING,
    "completed": Phase.ENDED,
    "failed": Phase.ENDED,
}
_NEVER_NULL = frozenset({"direction", "channel", "status", "started_at"})
_INSTANTS = ("answered_at", "ended_at")
_PLAIN = (
    *("direction", "channel", "carrier_call_id", *_INSTANTS, "summary", "analysis", "success"),
    *("sentiment", "latency"),
)
"""Fields that are columns by the same names."""

_REASON = ("ended_reason", "ended_reason_kind", "ended_message")
_LIFE = frozenset({"status", "ended_at", "duration_ms", "reason"})
"""What counts by how far the call has come first."""

_BY_KEY = {"meta": "call_meta", "source_ids": "source_ids"}
"""Fields whose top-level keys are merged each by itself, and their columns."""

_PAIRS = {
    "assistant": ("external_assistant_id", "assistant_name"),
    "graph": ("external_graph_id", "graph_name"),
}
_AS_NAMED = (*_PLAIN, *_PAIRS, "status", "started_at", "duration_ms")
"""Fields that are merged by the names that items have for them."""

_RENAMED = {"customer_phone_number": "customer", **dict.fromkeys(_REASON, "reason")}
_NAMES = frozenset({*_PLAIN, *_PAIRS, *_LIFE, "started_at", "customer", "to_phone_number"})

_OLDEST = "0"
"""The stamp of what a row had before any item came."""


def register_name(field_name: str) -> str | None:
    """Under which name a field of an item is merged; None for one that cannot be corrected."""
    name, dot, key = field_name.partition(".")
    if dot:
        return field_name if name in _BY_KEY and key else None
    snake = to_snake(name)
    merged = _RENAMED.get(snake, snake)
    return merged if merged in _NAMES else None


def as_json(value: Any) -> Any:
    """A field's value as JSON has it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, External):
        return [value.external_id, value.name]
    return str(value) if isinstance(value, str) else value


def named_values(item: CallItem) -> Iterator[tuple[str, Any]]:
    """What an item says, by the names under which it is merged."""
    named = named_fields(item)
    for name in _AS_NAMED:
        if name in named and (named[name] is not None or name not in _NEVER_NULL):
            yield name, as_json(named[name])
    if named.get("to_phone_number") is not None:
        yield "to_phone_number", without_channel(named["to_phone_number"])
    if "customer_phone_number" in named:
        yield "customer", named["customer_phone_number"]
    if not named.keys().isdisjoint(_REASON):
        yield "reason", [as_json(named.get(name)) for name in _REASON]
    for name in _BY_KEY:
        for key, value in (named.get(name) or {}).items():
            yield f"{name}.{key}", value


@dataclass
class MergedCall:
    """A call while a batch of items is merged.

    Attributes:
        key: Its natural key.
        row: As it is stored; nothing for a new one.
        registers: Its fields.
        status: The word that the source has for its status.
        duration_ms: The source's own figure; the column has ours where there is none.
        sid: The `callSid` that was named first, and the stamp of the item.
        started_at: The earliest beginning that was named, in microseconds since 1970.
        first: The earliest instant of any item.
        newest: The latest one.
        sets: Its elements, by the name of the set.
        bill: What it costs.
        opening: Of an SMS conversation that messages have made: when the first of them was
            written, in microseconds since 1970, and its key.
        is_changed: Whether its row has to be written.
    """

    key: CallKey
    row: Mapping[str, Any] = field(default_factory=dict)
    registers: Registers = field(default_factory=Registers)
    status: str | None = None
    duration_ms: int | None = None
    sid: tuple[Stamp, str] | None = None
    started_at: int | None = None
    first: int | None = None
    newest: int | None = None
    sets: dict[str, StampedSet] = field(default_factory=dict)
    bill: Bill = field(default_factory=Bill)
    opening: tuple[int, str] | None = None
    is_changed: bool = False

    @classmethod
    def stored(cls, row: Mapping[str, Any]) -> "MergedCall":
        """From a row of the table."""
        state = row["merge_state"]
        if state is None:
            return cls._written_by_others(row)
        call = cls((row["source"], row["external_id"]), row, Registers.from_json(state))
        call.status, call.duration_ms = state.get("status"), state.get("duration_ms")
        call.sid = (state["sid"][0], state["sid"][1]) if "sid" in state else None
        call.started_at = state.get("started_at")
        call.first, call.newest = state.get("first"), state.get("newest")
        call.sets = {
            name: StampedSet(snapshot=stamp) for name, stamp in state.get("snapshots", {}).items()
        }
        call.bill = Bill.from_json(state.get("totals", {}))
        call.opening = (state["opening"][0], state["opening"][1]) if "opening" in state else None
        return call

    @classmethod
    def _written_by_others(cls, row: Mapping[str, Any]) -> "MergedCall":
        """From a row that no item has made: what it says is older than every item."""
        call = cls((row["source"], row["external_id"]), row)
        call.status, call.duration_ms = row["status"], row["duration_ms"]
        call.sid = (_OLDEST, row["call_sid"])
        call.started_at = call.first = call.newest = microseconds(row["started_at"])
        names = [name for name in sorted(_NAMES) if call._column_value(name) is not None]
        names += [f"{name}.{key}" for name, of in _BY_KEY.items() for key in row[of] or {}]
        for name in names:
            phase = _PHASES[row["status"]]
            call.registers.stamps[name] = phased(phase, _OLDEST) if name in _LIFE else _OLDEST
        return call

    @property
    def call_sid(self) -> str:
        """What was named first; else what the source calls it."""
        return self.key[1] if self.sid is None else self.sid[1]

    def notice(self, item: Item) -> bool:
        """Take the time of an item that is about the call; whether that changes the call."""
        at = microseconds(item.occurred_at)
        before = self.first, self.newest
        self.first = at if self.first is None else min(self.first, at)
        self.newest = at if self.newest is None else max(self.newest, at)
        is_other = before != (self.first, self.newest)
        self.is_changed |= is_other
        return is_other

    def take(self, item: CallItem, stamp: Stamp) -> bool:
        """Take what an item says of the call itself; whether that changes anything."""
        changes = [self.notice(item), self._take_sid(item, stamp)]
        if item.producer == "manual":
            changes += [
                self.registers.correct(name, correction, self.value)
                for name, correction in _corrections(item, stamp)
            ]
        else:
            phase = Phase.ENDED if item.status is None else _PHASES[item.status]
            of_life = phased(phase, stamp)
            changes += [
                self._put(name, value, of_life if name in _LIFE else stamp)
                for name, value in named_values(item)
            ]
            if item.status is None and item.ended_at is not None:
                # Before every end that is named, and after all that is not the end.
                unnamed = phased(Phase.ENDED, "")
                changes.append(self.registers.put("status", unnamed, CallStatus.COMPLETED.value))
        self.status = self.registers.changed.get("status", self.status)
        self.duration_ms = self.registers.changed.get("duration_ms", self.duration_ms)
        self.is_changed |= any(changes)
        return any(changes)

    def open(self, opening: tuple[int, str], direction: Direction, sides: tuple[str, str]) -> None:
        """Let an SMS conversation be what its first message says, where no item on it says more.

        Args:
            opening: Of a message that may be the first one.
            direction: Of the message.
            sides: The addresses of the customer and of the organization.
        """
        if self.opening is not None and self.opening < opening:
            return
        began = opening[0] if self.started_at is None else min(self.started_at, opening[0])
        self.is_changed |= (began, opening) != (self.started_at, self.opening)
        self.started_at, self.opening = began, opening
        customer, own = sides
        fields = {
            "channel": Channel.SMS.value,
            "direction": direction.value,
            "customer": customer,
            "to_phone_number": without_channel(own),
        }
        for name, value in fields.items():
            is_from_item = self.registers.stamps.get(name, _OLDEST) != _OLDEST
            if (
                not is_from_item
                and not self.registers.is_corrected(name)
                and self.value(name) != value
            ):
                self.registers.stamps[name] = _OLDEST
                self.registers.changed[name] = value
                self.is_changed = True

    def value(self, name: str) -> Any:
        """The value of a field, as JSON has it."""
        if name in self.registers.changed or not self.row:
            return self.registers.changed.get(name)
        if self.registers.is_corrected(name):
            return self.registers.corrections[name].value
        return self._column_value(name) if name in self.registers.stamps else None

    def columns(self) -> dict[str, Any]:
        """The columns of the row, but for the ids of what it names, and what it costs."""
        plain = {name: self.value(name) for name in _PLAIN}
        number, address = split_address(self.value("customer"))
        pairs: dict[str, Any] = {}
        for name, columns in _PAIRS.items():
            pairs.update(zip(columns, self.value(name) or (None, None), strict=True))
        reason = self.value("reason") or (None, None, None)
        return {
            **plain,
            **pairs,
            **dict(zip(_REASON, reason, strict=True)),
            **self._life(),
            "source": self.key[0],
            "external_id": self.key[1],
            "call_sid": self.call_sid,
            "channel": plain["channel"] or Channel.VOICE.value,
            "direction": plain["direction"] or Direction.INBOUND.value,
            "to_phone_number": self.value("to_phone_number") or "",
            "customer_phone_number": number,
            "customer_address": address,
            "occurred_at": None if self.newest is None else instant_of(self.newest),
            "call_meta": self._by_key("meta") or {},
            "source_ids": self._by_key("source_ids"),
            "merge_state": self._state(),
        }

    def _take_sid(self, item: CallItem, stamp: Stamp) -> bool:
        if item.call_sid is None or (self.sid is not None and self.sid[0] <= stamp):
            return False
        self.sid = (stamp, item.call_sid)
        return True

    def _put(self, name: str, value: Any, stamp: Stamp) -> bool:
        if name == "started_at":
            at = microseconds(datetime.fromisoformat(value))
            is_earlier = self.started_at is None or at < self.started_at
            self.started_at = at if is_earlier else self.started_at
            return is_earlier
        return self.registers.put(name, stamp, value)

    def _column_value(self, name: str) -> Any:  # noqa: PLR0911, one for each form of a field
        """What the row says of a field."""
        row = self.row
        if not row or name == "started_at":
            return None
        if name in _PAIRS:
            pair = [row[column] for column in _PAIRS[name]]
            return pair if any(pair) else None
        if name == "reason":
            reason = [row[column] for column in _REASON]
            return reason if any(reason) else None
        if name == "customer":
            return row["customer_address"] or row["customer_phone_number"] or None
        field_name, dot, key = name.partition(".")
        if dot:
            return (row[_BY_KEY[field_name]] or {}).get(key)
        if name in {"status", "duration_ms"}:
            return getattr(self, name)
        return row[name] or None if name == "to_phone_number" else as_json(row[name])

    def _life(self) -> dict[str, Any]:
        """How far the call has come, and its times."""
        word, ended_at = self.value("status"), _instant(self.value("ended_at"))
        is_over = _PHASES.get(word or "") is Phase.ENDED
        status = word if is_over else CallStatus.ONGOING.value
        if self.value("channel") == Channel.SMS:
            status = CallStatus.COMPLETED.value if is_over else CallStatus.ACTIVE.value
        first = self.started_at if self.started_at is not None else self.first or 0
        started_at = _instant(self.value("started_at")) or instant_of(first)
        milliseconds = self.value("duration_ms")
        if milliseconds is None and is_over and ended_at is not None:
            milliseconds = max(0, (microseconds(ended_at) - microseconds(started_at)) // 1000)
        return {
            "status": status,
            "started_at": started_at,
            "answered_at": _instant(self.value("answered_at")),
            "ended_at": ended_at,
            "duration_ms": milliseconds,
            "duration": None if milliseconds is None else (milliseconds + 500) // 1000,
        }

    def _by_key(self, name: str) -> dict[str, Any] | None:
        """A JSON object of which each key is merged by itself."""
        merged = dict(self.row[_BY_KEY[name]] or {}) if self.row else {}
        prefix = f"{name}."
        for changed, value in self.registers.changed.items():
            if changed.startswith(prefix):
                merged[changed.removeprefix(prefix)] = value
        present = {key: value for key, value in sorted(merged.items()) if value is not None}
        return present or None

    def _state(self) -> dict[str, Any]:
        """What the next items have to be compared with, and no column has."""
        snapshots = {name: each.snapshot for name, each in sorted(self.sets.items())}
        state = {
            "status": self.status,
            "duration_ms": self.duration_ms,
            "sid": None if self.sid is None else list(self.sid),
            "started_at": self.started_at,
            "first": self.first,
            "newest": self.newest,
            "snapshots": {name: stamp for name, stamp in snapshots.items() if stamp} or None,
            "totals": self.bill.to_json() or None,
            "opening": None if self.opening is None else list(self.opening),
        }
        named = {name: value for name, value in state.items() if value is not None}
        return {**self.registers.to_json(), **named}


def _corrections(item: CallItem, stamp: Stamp) -> Iterator[tuple[str, Correction]]:
    """What a person says with an item, and what they take back."""
    for field_name in item.withdrawn:
        name = register_name(field_name)
        if name is not None:
            yield name, Correction(stamp, None, withdrawn=True)
    for name, value in named_values(item):
        yield name, Correction(stamp, value)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
