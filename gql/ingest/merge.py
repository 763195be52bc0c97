"""The state of a call as items about it leave it, in whatever order and however often they come.

An item says one thing about a call: how far it has come, some of its fields, or elements of a set,
such as its messages. Each item has a stamp. The state is a join semilattice: every rule below takes
the greater of two stamped values, and so is commutative, associative and idempotent; see
https://en.wikipedia.org/wiki/Conflict-free_replicated_data_type. There is no clock of ours in it.

- A group of fields is what the item with the greatest stamp says.
- A call never goes back: a later phase wins over an earlier one whatever their times are, and of
  two ends the later one wins, with its reason. It began at the earliest beginning that was named.
- A snapshot of a set removes the elements that it does not contain and that are not newer than it.
  A single element counts when it is newer than the snapshot; an older snapshot says nothing more.
- A call that a person has corrected keeps the correction until it is withdrawn.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple


class Stamp(NamedTuple):
    """The order of items: by when something happened, then by rank, then by content.

    Attributes:
        occurred_at: Microseconds since 1970, by the source's clock.
        rank: The source's own order of what happened in one instant, from 0.
        digest: The SHA-256 of the item's canonical JSON, so that no two different items are equal.
    """

    occurred_at: int
    rank: int
    digest: str


def stamp(occurred_at: int, rank: int, content: Any) -> Stamp:
    """The stamp of an item with this content."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Stamp(occurred_at, rank, hashlib.sha256(canonical.encode()).hexdigest())


class Phase(IntEnum):
    """How far a call has come. Ends are equal: the later one wins."""

    QUEUED = 0
    RINGING = 1
    ONGOING = 2
    ENDED = 3


@dataclass(frozen=True)
class Life:
    """An item on how far a call has come.

    Attributes:
        stamp: The item's stamp.
        phase: How far.
        values: What travels with the phase: status, end, reason, duration.
        started_at: Microseconds since 1970, where the item names the beginning.
    """

    stamp: Stamp
    phase: Phase
    values: Mapping[str, Any]
    started_at: int | None = None


@dataclass(frozen=True)
class Fields:
    """An item on fields that travel together, such as the two numbers and the direction.

    Attributes:
        stamp: The item's stamp.
        group: The name of the group; a key of the metadata is a group by itself.
        values: What they are; null is a value.
        corrects: Whether a person says so, which no source overrules.
        withdrawn: Whether the correction with an earlier stamp is taken back.
    """

    stamp: Stamp
    group: str
    values: Mapping[str, Any]
    corrects: bool = False
    withdrawn: bool = False


@dataclass(frozen=True)
class Element:
    """An item on one element of a set.

    Attributes:
        stamp: The item's stamp.
        of: The name of the set.
        key: The element's key in the set.
        value: The element.
    """

    stamp: Stamp
    of: str
    key: str
    value: Any


@dataclass(frozen=True)
class SetSnapshot:
    """An item with all elements of a set at one instant.

    Attributes:
        stamp: The item's stamp.
        of: The name of the set.
        elements: The elements, by key.
    """

    stamp: Stamp
    of: str
    elements: Mapping[str, Any]


Item = Life | Fields | Element | SetSnapshot


class Stamped(NamedTuple):
    """A value, and the stamp of the item that brought it."""

    stamp: Stamp
    value: Any


@dataclass
class StampedSet:
    """The elements of a set, and the stamp of its last snapshot."""

    elements: dict[str, Stamped] = field(default_factory=dict)
    snapshot: Stamp | None = None

    def add(self, item: Element) -> None:
        """Take one element."""
        if self.snapshot is None or item.stamp > self.snapshot:
            self._take(item.key, item.stamp, item.value)

    def replace(self, item: SetSnapshot) -> None:
        """Take a snapshot, unless it is older than the last one."""
        if self.snapshot is not None and item.stamp <= self.snapshot:
            return
        for key in [
            key
            for key, element in self.elements.items()
            if element.stamp <= item.stamp and key not in item.elements
        ]:
            del self.elements[key]
        for key, value in item.elements.items():
            self._take(key, item.stamp, value)
        self.snapshot = item.stamp

    def _take(self, key: str, stamp: Stamp, value: Any) -> None:
        current = self.elements.get(key)
        if current is None or stamp > current.stamp:
            self.elements[key] = Stamped(stamp, value)


@dataclass
class CallState:
    """What all items about one call together say."""

    life: Life | None = None
    started_at: int | None = None
    fields: dict[str, Stamped] = field(default_factory=dict)
    corrections: dict[str, Stamped] = field(default_factory=dict)
    sets: dict[str, StampedSet] = field(default_factory=dict)

    def apply(self, items: Iterable[Item]) -> None:
        """Take items, in any order."""
        for item in items:
            match item:
                case Life():
                    self._live(item)
                case Fields():
                    self._set(item)
                case Element():
                    self.sets.setdefault(item.of, StampedSet()).add(item)
                case SetSnapshot():
                    self.sets.setdefault(item.of, StampedSet()).replace(item)

    def values(self, group: str) -> Mapping[str, Any] | None:
        """The fields of a group; None when no item named them."""
        correction = self.corrections.get(group)
        if correction is not None and correction.value is not None:
            return correction.value  # type: ignore[no-any-return]
        current = self.fields.get(group)
        return None if current is None else current.value

    def _live(self, item: Life) -> None:
        if self.life is None or (item.phase, item.stamp) > (self.life.phase, self.life.stamp):
            self.life = item
        if item.started_at is not None:
            earliest = item.started_at if self.started_at is None else self.started_at
            self.started_at = min(earliest, item.started_at)

    def _set(self, item: Fields) -> None:
        groups = self.corrections if item.corrects else self.fields
        current = groups.get(item.group)
        if current is None or item.stamp > current.stamp:
            groups[item.group] = Stamped(item.stamp, None if item.withdrawn else item.values)
