"""A graph session as its row has it, and as items change it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gql.ingest.items import SessionItem, TransitionItem
from gql.ingest.merge import (
    Correction,
    Registers,
    Stamp,
    StampedSet,
    earlier,
    instant_of,
    later,
    microseconds,
    named_fields,
    parsed_instant,
)
from gql.ingest.merged_call import CallKey, as_json

SessionKey = tuple[str, str]
"""The source of a session, and its id there."""

_CONTEXT = "context."
_VALUES = ("graph", "node", "ended_at")
"""Fields whose values are kept beside their stamps, as no column has them whole."""


def session_key(item: SessionItem | TransitionItem) -> SessionKey:
    """The session that an item is about."""
    return item.source, item.external_id if isinstance(item, SessionItem) else item.session


def _field_values(item: SessionItem | TransitionItem) -> Iterator[tuple[str, Any]]:
    """The fields that an item has, under the names by which they are merged."""
    if isinstance(item, TransitionItem):
        yield "node", [item.to_node, item.to_assistant_name]
        return
    named = named_fields(item)
    for name in ("graph", "ended_at"):
        if name in named:
            yield name, as_json(named[name])
    if named.get("current_node") is not None:
        yield "node", [named["current_node"], named.get("assistant_name")]
    for key, value in (named.get("context") or {}).items():
        yield f"{_CONTEXT}{key}", value


@dataclass
class MergedSession:
    """A session while a batch of items is merged.

    Attributes:
        key: Its natural key.
        call: Its call.
        row: As it is stored; nothing for a new one.
        registers: Its fields.
        values: The values of `_VALUES`.
        started_at: The earliest beginning that was named, in microseconds since 1970.
        first: The earliest instant of any item.
        newest: The latest one.
        transitions: By key.
        is_changed: Whether its row has to be written.
    """

    key: SessionKey
    call: CallKey
    row: Mapping[str, Any] = field(default_factory=dict)
    registers: Registers = field(default_factory=Registers)
    values: dict[str, Any] = field(default_factory=dict)
    started_at: int | None = None
    first: int | None = None
    newest: int | None = None
    transitions: StampedSet = field(default_factory=StampedSet)
    is_changed: bool = False

    @classmethod
    def stored(cls, row: Mapping[str, Any], call: CallKey) -> "MergedSession":
        """From a row of the table, and the call that has its `callSid`."""
        state = row["merge_state"] or {}
        session = cls((row["source"], row["external_id"]), call, row, Registers.from_json(state))
        session.values = dict(state.get("values", {}))
        session.started_at = state.get("started_at")
        session.first, session.newest = state.get("first"), state.get("newest")
        return session

    @property
    def has_moved(self) -> bool:
        """Whether it is at another node, or in another graph, than its row has."""
        return not self.row or not self.registers.changed.keys().isdisjoint(("graph", "node"))

    def take(self, item: SessionItem | TransitionItem, stamp: Stamp) -> bool:
        """Take the fields of an item on the session itself; whether that changes anything."""
        at = microseconds(item.occurred_at)
        before = self.first, self.newest, self.started_at
        self.first, self.newest = earlier(self.first, at), later(self.newest, at)
        if isinstance(item, SessionItem) and item.started_at is not None:
            self.started_at = earlier(self.started_at, microseconds(item.started_at))
        changes = [before != (self.first, self.newest, self.started_at)]
        for name, value in _field_values(item):
            if item.producer == "manual":
                correction = Correction(stamp, value)
                changes.append(self.registers.correct(name, correction, self.value))
            else:
                changes.append(self.registers.put(name, stamp, value))
        for name in _VALUES:
            if name in self.registers.changed:
                self.values[name] = self.registers.changed[name]
        self.is_changed |= any(changes)
        return any(changes)

    def value(self, name: str) -> Any:
        """The value of a field, as JSON has it."""
        if name.startswith(_CONTEXT):
            key = name.removeprefix(_CONTEXT)
            return self.registers.changed.get(name, self._stored_context().get(key))
        return self.values.get(name)

    def columns(self) -> dict[str, Any]:
        """The columns of the row, but for those of graph and node."""
        ended_at = parsed_instant(self.value("ended_at"))
        context = dict(self._stored_context())
        for name, value in self.registers.changed.items():
            if name.startswith(_CONTEXT):
                context[name.removeprefix(_CONTEXT)] = value
        started_at = self.started_at if self.started_at is not None else self.first or 0
        state = {
            "values": dict(sorted(self.values.items())),
            "started_at": self.started_at,
            "first": self.first,
            "newest": self.newest,
        }
        present = {name: value for name, value in state.items() if value is not None}
        return {
            "source": self.key[0],
            "external_id": self.key[1],
            "conversation_context": {
                key: value for key, value in sorted(context.items()) if value is not None
            },
            "is_active": ended_at is None,
            "started_at": instant_of(started_at),
            "ended_at": ended_at,
            "occurred_at": None if self.newest is None else instant_of(self.newest),
            "merge_state": {**self.registers.to_json(), **present},
        }

    def _stored_context(self) -> Mapping[str, Any]:
        return self.row["conversation_context"] or {} if self.row else {}
