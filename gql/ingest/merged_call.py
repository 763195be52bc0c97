"""A call as its row has it, and as items change it.

Both on one page, long as it is: every field is read, merged and written by the same names, and a
field that only one of them knew would be lost.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic.alias_generators import to_snake

from gql.ingest.bills import Bill
from gql.ingest.items import CallItem, External, Item
from gql.ingest.merge import (
    OLDEST,
    Correction,
    Phase,
    Registers,
    Stamp,
    StampedSet,
    earlier,
    instant_of,
    later,
    microseconds,
    named_fields,
    parsed_instant,
    phased,
)
from gql.ingest.phone_numbers import split_address, without_channel
from gql.models.enums import CallStatus, Channel, Direction

CallKey = tuple[str, str]
"""The source of a call, and its id there."""


class FirstText(NamedTuple):
    """The first SMS of a conversation: when it was written, in microseconds since 1970; its key."""

    at: int
    source: str
    message_id: str


PHASES = {
    "queued": Phase.QUEUED,
    "ringing": Phase.RINGING,
    "active": Phase.ONGOING,
    "ongoing": Phase.ONGOING,
    "completed": Phase.ENDED,
    "failed": Phase.ENDED,
}
NEVER_NULL = frozenset({"direction", "channel", "status", "started_at", "to_phone_number"})
_INSTANTS = ("answered_at", "ended_at")
_PLAIN = (
    *("direction", "channel", "carrier_call_id", *_INSTANTS, "summary", "analysis", "success"),
    *("sentiment", "latency"),
)
"""Fields that are columns by the same names."""

REASON = ("ended_reason", "ended_reason_kind", "ended_message")
PROGRESS = frozenset({"status", "ended_at", "duration_ms", "reason"})
"""Fields of which a later phase of the call counts more than a later instant."""

OBJECTS = {"meta": "call_meta", "source_ids": "source_ids"}
"""JSON objects whose keys are merged one by one, and their columns."""

EXTERNALS = {
    "assistant": ("external_assistant_id", "assistant_name"),
    "graph": ("external_graph_id", "graph_name"),
}
"""Fields that are an id of the source and a name, and their columns."""

_RENAMED = {"customer_phone_number": "customer", **dict.fromkeys(REASON, "reason")}
REGISTERS = {
    **{name: name for name in (*_PLAIN, *EXTERNALS, "status", "started_at", "duration_ms")},
    "to_phone_number": "to_phone_number",
    "customer_phone_number": "customer",
}
"""Fields of items that are merged by themselves, and the names under which they are."""

_NAMES = frozenset({*_PLAIN, *EXTERNALS, *PROGRESS, "started_at", "customer", "to_phone_number"})


def qualified_sid(source: str, sid: str) -> str:
    """The `callSid` of a call where another source has a call with that one already."""
    return f"{source}:{sid}"


def register_name(field_name: str) -> str | None:
    """The name under which a field of an item is merged; None for one that cannot be corrected."""
    name, dot, key = field_name.partition(".")
    if dot:
        return field_name if name in OBJECTS and key else None
    snake = to_snake(name)
    merged = _RENAMED.get(snake, snake)
    return merged if merged in _NAMES else None


def as_json(value: Any) -> Any:
    """A field's value as JSON has it."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    # Not isinstance, which pydantic has replaced for its classes, by one that takes longer than
    # all else here.
    if type(value) is External:
        return [value.external_id, value.name]
    return value


def field_values(item: CallItem) -> Iterator[tuple[str, Any]]:
    """The fields that an item has, under the names by which they are merged."""
    named = named_fields(item)
    for name, value in named.items():
        merged_name = REGISTERS.get(name)
        if merged_name is None or (value is None and name in NEVER_NULL):
            continue
        yield merged_name, without_channel(value) if name == "to_phone_number" else as_json(value)
    if not named.keys().isdisjoint(REASON):
        yield "reason", [as_json(named.get(name)) for name in REASON]
    for name in OBJECTS:
        for key, value in (named.get(name) or {}).items():
            yield f"{name}.{key}", value


def status_of(word: str | None, *, is_sms: bool) -> str:
    """The column of a status from the source's word."""
    is_over = PHASES.get(word or "") is Phase.ENDED
    if is_sms:
        return CallStatus.COMPLETED.value if is_over else CallStatus.ACTIVE.value
    return word if word and is_over else CallStatus.ONGOING.value


@dataclass
class MergedCall:
    """A call while a batch of items is merged.

    Attributes:
        key: Its natural key.
        row: As it is stored; nothing for a new one.
        registers: Its fields.
        status: The source's own word.
        duration_ms: The source's own figure; without one, the column has the time between beginning
            and end.
        sid: The `callSid` that was named first, and the stamp of the item.
        has_qualified_sid: Whether a call of another source has it.
        started_at: The earliest beginning that was named, in microseconds since 1970.
        first: The earliest instant of any item on the call; None where SMS alone have made it.
        newest: The latest one.
        sets: Its elements, by the name of the set.
        bill: What it costs.
        first_text: Of an SMS conversation: the first SMS in it that items tell of.
        texted: The latest instant of any item on an SMS in it.
        is_unnamed: Whether it has no key by which items can name it: its row is left as it is.
        is_changed: Whether its row has to be written.
    """

    key: CallKey
    row: Mapping[str, Any] = field(default_factory=dict)
    registers: Registers = field(default_factory=Registers)
    status: str | None = None
    duration_ms: int | None = None
    sid: tuple[Stamp, str] | None = None
    has_qualified_sid: bool = False
    started_at: int | None = None
    first: int | None = None
    newest: int | None = None
    sets: dict[str, StampedSet] = field(default_factory=dict)
    bill: Bill = field(default_factory=Bill)
    first_text: FirstText | None = None
    texted: int | None = None
    is_unnamed: bool = False
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
        call.has_qualified_sid = row["call_sid"] == qualified_sid(call.key[0], call.call_sid)
        call.started_at = state.get("started_at")
        call.first, call.newest = state.get("first"), state.get("newest")
        call.sets = {
            name: StampedSet(snapshot=stamp) for name, stamp in state.get("snapshots", {}).items()
        }
        call.bill = Bill.from_json(state.get("totals", {}))
        call.first_text = FirstText(*state["first_text"]) if "first_text" in state else None
        call.texted = state.get("texted")
        return call

    @classmethod
    def _written_by_others(cls, row: Mapping[str, Any]) -> "MergedCall":
        """From a row that no item has made: its values are older than every item."""
        call = cls((row["source"], row["external_id"]), row)
        call.status, call.duration_ms = row["status"], row["duration_ms"]
        call.sid = (OLDEST, row["call_sid"])
        call.started_at = call.first = call.newest = microseconds(row["started_at"])
        names = [name for name in sorted(_NAMES) if call._column_value(name) is not None]
        names += [f"{name}.{key}" for name, of in OBJECTS.items() for key in row[of] or {}]
        for name in names:
            phase = PHASES[row["status"]]
            call.registers.stamps[name] = phased(phase, OLDEST) if name in PROGRESS else OLDEST
        return call

    @property
    def call_sid(self) -> str:
        """The `callSid` that was named first, else the source's id of the call; both qualified."""
        sid = self.key[1] if self.sid is None else self.sid[1]
        return qualified_sid(self.key[0], sid) if self.has_qualified_sid else sid

    def notice(self, item: Item) -> bool:
        """Take the time of an item that is about the call; whether that changes the call."""
        at = microseconds(item.occurred_at)
        before = self.first, self.newest
        self.first, self.newest = earlier(self.first, at), later(self.newest, at)
        is_changed = before != (self.first, self.newest)
        self.is_changed |= is_changed
        return is_changed

    def take(self, item: CallItem, stamp: Stamp) -> bool:
        """Take the fields of an item on the call itself; whether that changes anything."""
        changes = [self.notice(item), self._take_sid(item, stamp)]
        if item.producer == "manual":
            changes += [
                self.registers.correct(name, correction, self.value)
                for name, correction in _corrections(item, stamp)
            ]
        else:
            phase = Phase.ENDED if item.status is None else PHASES[item.status]
            phased_stamp = phased(phase, stamp)
            for name, value in field_values(item):
                if name == "started_at":
                    changes.append(self._begin(value))
                else:
                    own = phased_stamp if name in PROGRESS else stamp
                    changes.append(self.registers.put(name, own, value))
            if item.status is None and item.ended_at is not None:
                # Less than every end whose status is named, and greater than every earlier phase.
                least_end = phased(Phase.ENDED, "")
                changes.append(self.registers.put("status", least_end, CallStatus.COMPLETED.value))
        self.status = self.registers.changed.get("status", self.status)
        self.duration_ms = self.registers.changed.get("duration_ms", self.duration_ms)
        self.is_changed |= any(changes)
        return any(changes)

    @property
    def is_opened_by_sms(self) -> bool:
        """Whether SMS alone have made it: no item has named it yet."""
        return self.first_text is not None and self.first is None

    def hold(
        self, text: FirstText, texted: int, direction: Direction, sides: tuple[str, str]
    ) -> None:
        """Take the times of an SMS that belongs to it, and its fields, where no item names those.

        Args:
            text: The SMS.
            texted: The latest instant of any item on it.
            direction: Of the SMS.
            sides: The addresses of the customer and of the organization.
        """
        before = self.first_text, self.texted
        self.texted = later(self.texted, texted)
        if self.first_text is None or text <= self.first_text:
            self.first_text = text
            if self.first is None:
                self._open(direction, sides)
        self.is_changed |= before != (self.first_text, self.texted)

    def _open(self, direction: Direction, sides: tuple[str, str]) -> None:
        customer, own = sides
        fields = {
            "channel": Channel.SMS.value,
            "direction": direction.value,
            "customer": customer,
            "to_phone_number": without_channel(own),
        }
        for name, value in fields.items():
            if self.value(name) != value:
                self.registers.stamps[name] = OLDEST
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
        """The columns of the row, without costs and without the ids of assistant and graph."""
        # A new call has what has changed, and nothing else.
        value = self.value if self.row else self.registers.changed.get
        plain = {name: value(name) for name in _PLAIN}
        number, address = split_address(value("customer"))
        pairs: dict[str, Any] = {}
        for name, columns in EXTERNALS.items():
            pairs.update(zip(columns, value(name) or (None, None), strict=True))
        reason = value("reason") or (None, None, None)
        objects = self._merged_objects()
        return {
            **plain,
            **pairs,
            **dict(zip(REASON, reason, strict=True)),
            **self._progress_columns(),
            "source": self.key[0],
            "external_id": self.key[1],
            "call_sid": self.call_sid,
            "channel": plain["channel"] or Channel.VOICE.value,
            "direction": plain["direction"] or Direction.INBOUND.value,
            "to_phone_number": value("to_phone_number") or "",
            "customer_phone_number": number,
            "customer_address": address,
            "occurred_at": instant_of(max(self.newest or 0, self.texted or 0)),
            **objects,
            "call_meta": objects["call_meta"] or {},
            "merge_state": self._merge_state(),
        }

    def _take_sid(self, item: CallItem, stamp: Stamp) -> bool:
        if item.call_sid is None or (self.sid is not None and self.sid[0] <= stamp):
            return False
        self.sid = (stamp, item.call_sid)
        return True

    def _begin(self, started_at: str) -> bool:
        """Take a beginning that an item names; whether it is the earliest so far."""
        at = microseconds(datetime.fromisoformat(started_at))
        is_earlier = self.started_at is None or at < self.started_at
        self.started_at = at if is_earlier else self.started_at
        return is_earlier

    def _column_value(self, name: str) -> Any:  # noqa: PLR0911, one for each form of a field
        """The value of a field in the row."""
        row = self.row
        if not row or name == "started_at":
            return None
        if name in EXTERNALS:
            pair = [row[column] for column in EXTERNALS[name]]
            return pair if any(pair) else None
        if name == "reason":
            reason = [row[column] for column in REASON]
            return reason if any(reason) else None
        if name == "customer":
            return row["customer_address"] or row["customer_phone_number"] or None
        field_name, dot, key = name.partition(".")
        if dot:
            return (row[OBJECTS[field_name]] or {}).get(key)
        if name in {"status", "duration_ms"}:
            return getattr(self, name)
        return row[name] or None if name == "to_phone_number" else as_json(row[name])

    def _progress_columns(self) -> dict[str, Any]:
        """The columns of the status and of the times."""
        word, ended_at = self.value("status"), parsed_instant(self.value("ended_at"))
        is_over = PHASES.get(word or "") is Phase.ENDED
        first = self._first() if self.started_at is None else self.started_at
        started_at = parsed_instant(self.value("started_at")) or instant_of(first)
        milliseconds = self.value("duration_ms")
        if milliseconds is None and is_over and ended_at is not None:
            milliseconds = max(0, (microseconds(ended_at) - microseconds(started_at)) // 1000)
        return {
            "status": status_of(word, is_sms=self.value("channel") == Channel.SMS),
            "started_at": started_at,
            "answered_at": parsed_instant(self.value("answered_at")),
            "ended_at": ended_at,
            "duration_ms": milliseconds,
            "duration": None if milliseconds is None else (milliseconds + 500) // 1000,
        }

    def _first(self) -> int:
        """The earliest instant of any item on the call or on an SMS of it."""
        texted = None if self.first_text is None else self.first_text.at
        return min((each for each in (self.first, texted) if each is not None), default=0)

    def _merged_objects(self) -> dict[str, dict[str, Any] | None]:
        """The columns of `OBJECTS`; None for one without a key."""
        row = self.row
        merged = {name: dict(row[of] or {}) if row else {} for name, of in OBJECTS.items()}
        for changed, value in self.registers.changed.items():
            name, dot, key = changed.partition(".")
            if dot:
                merged[name][key] = value
        return {
            OBJECTS[name]: {key: each[key] for key in sorted(each) if each[key] is not None} or None
            for name, each in merged.items()
        }

    def _merge_state(self) -> dict[str, Any]:
        """What later items are compared with, where no column has it."""
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
            "first_text": None if self.first_text is None else list(self.first_text),
            "texted": self.texted,
        }
        named = {name: value for name, value in state.items() if value is not None}
        return {**self.registers.to_json(), **named}


def _corrections(item: CallItem, stamp: Stamp) -> Iterator[tuple[str, Correction]]:
    """The corrections of an item, and their withdrawals."""
    for field_name in item.withdrawn:
        name = register_name(field_name)
        if name is not None:
            yield name, Correction(stamp, None, withdrawn=True)
    for name, value in field_values(item):
        yield name, Correction(stamp, value)
