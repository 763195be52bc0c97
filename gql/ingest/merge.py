"""How items that come in any order, and repeated, make one state.

Every rule takes the greater of two stamped values, and so is commutative, associative and
idempotent: the state is a join semilattice, see
https://en.wikipedia.org/wiki/Conflict-free_replicated_data_type. Our own clock plays no part.

- A field has the value of the item with the greatest stamp among those that name it.
- How far a call has come counts before the time: a later phase wins over an earlier one, and of two
  ends the later one wins (see `phased`). A call began at the earliest beginning that was named.
- A snapshot of a set removes the elements that it does not contain and that are not newer than it.
  A single element counts when it is newer than the snapshot; an older snapshot is ignored.
- What a person corrects stays corrected until that is withdrawn.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import Any

import orjson
from pydantic import BaseModel

Stamp = str
"""The order of items: by when something happened, then by rank, then by content.

It sorts as text: the microseconds since 1970 by the source's clock, the source's own order of what
happened in one instant, and the beginning of the SHA-256 of the item's canonical JSON, so that no
two different items are equal.
"""

OLDEST: Stamp = "0"
"""The stamp of what a row had before any item came: less than that of every item."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DIGITS_OF_DIGEST = 16


def microseconds(instant: datetime) -> int:
    """Since 1970."""
    return (instant - _EPOCH) // _MICROSECOND


def instant_of(microseconds_since_1970: int) -> datetime:
    return _EPOCH + microseconds_since_1970 * _MICROSECOND


def parsed_instant(text: str | None) -> datetime | None:
    """An instant of a register, where it is kept as JSON has it."""
    return None if text is None else datetime.fromisoformat(text)


def earlier(instant: int | None, other: int) -> int:
    """The earlier of two instants, of which there may be only one yet."""
    return other if instant is None else min(instant, other)


def later(instant: int | None, other: int) -> int:
    """The later of two instants, of which there may be only one yet."""
    return other if instant is None else max(instant, other)


def item_stamp(occurred_at: datetime, rank: int, content: BaseModel) -> Stamp:
    """The stamp of an item with this content, whose canonical JSON has the fields that it names."""
    canonical = orjson.dumps(
        named_fields(content), _json_of, orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z
    )
    digest = hashlib.sha256(canonical).hexdigest()[:_DIGITS_OF_DIGEST]
    return f"{max(0, microseconds(occurred_at)):020}:{rank}:{digest}"


def named_fields(content: BaseModel) -> dict[str, Any]:
    """The fields that an item, or a part of one, names, null among them."""
    values = content.__dict__
    return {name: values[name] for name in content.model_fields_set}


def _json_of(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return named_fields(value)
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


class Phase(IntEnum):
    """How far a call has come. Ends are equal: the later one wins."""

    QUEUED = 0
    RINGING = 1
    ONGOING = 2
    ENDED = 3


def phased(phase: Phase, stamp: Stamp) -> Stamp:
    """A stamp that is greater than that of any earlier phase, whatever the times are."""
    return f"{phase:d}/{stamp}"


@dataclass
class Correction:
    """A value that a person has set over the source's; `withdrawn` once it no longer counts."""

    stamp: Stamp
    value: Any
    withdrawn: bool = False


@dataclass
class Registers:
    """Fields of which the greatest stamp counts; values are as JSON has them.

    Attributes:
        stamps: By field, the greatest one so far.
        corrections: By field.
        covered: The values that corrected fields have at their source.
        changed: The new values of the fields that have changed.
    """

    stamps: dict[str, Stamp] = field(default_factory=dict)
    corrections: dict[str, Correction] = field(default_factory=dict)
    covered: dict[str, Any] = field(default_factory=dict)
    changed: dict[str, Any] = field(default_factory=dict)

    def put(self, name: str, stamp: Stamp, value: Any) -> bool:
        """Take the value that a field has at its source; whether it counts."""
        if stamp <= self.stamps.get(name, ""):
            return False
        self.stamps[name] = stamp
        if self.corrections and self.is_corrected(name):
            self.covered[name] = value
        else:
            self.changed[name] = value
        return True

    def correct(self, name: str, correction: Correction, stored: Callable[[str], Any]) -> bool:
        """Take the correction of a field, or its withdrawal; whether it counts.

        Args:
            name: Of the field.
            correction: Its new value, or the withdrawal.
            stored: The value that a field has now.
        """
        before = self.corrections.get(name)
        if before is not None and correction.stamp <= before.stamp:
            return False
        if correction.withdrawn:
            if self.is_corrected(name):
                self.changed[name] = self.covered.pop(name)
        else:
            if not self.is_corrected(name):
                self.covered[name] = stored(name)
            self.changed[name] = correction.value
        self.corrections[name] = correction
        return True

    def is_corrected(self, name: str) -> bool:
        correction = self.corrections.get(name)
        return correction is not None and not correction.withdrawn

    def to_json(self) -> dict[str, Any]:
        """What later items are compared with, grouped by stamp."""
        names: dict[Stamp, list[str]] = {}
        for name in sorted(self.stamps):
            names.setdefault(self.stamps[name], []).append(name)
        document: dict[str, Any] = {"stamps": dict(sorted(names.items()))}
        if self.corrections:
            document["corrections"] = {
                name: [each.stamp, each.value, each.withdrawn]
                for name, each in sorted(self.corrections.items())
            }
            document["covered"] = dict(sorted(self.covered.items()))
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Registers":
        """What `to_json` wrote."""
        stamps = {
            name: stamp for stamp, names in document.get("stamps", {}).items() for name in names
        }
        corrections = {
            name: Correction(*each) for name, each in document.get("corrections", {}).items()
        }
        return cls(stamps, corrections, dict(document.get("covered", {})))


@dataclass
class StampedSet:
    """The elements of a set, and the stamp of its last snapshot.

    Attributes:
        stamps: Of each element, by key.
        snapshot: Of the last snapshot.
        changed: The elements that are new, or other ones now.
        removed: The keys of elements that are stored and count no more.
    """

    stamps: dict[str, Stamp] = field(default_factory=dict)
    snapshot: Stamp = ""
    changed: dict[str, Any] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)

    def add(self, key: str, stamp: Stamp, value: Any) -> bool:
        """Take one element; whether it counts."""
        return stamp > self.snapshot and self._take(key, stamp, value)

    def replace(self, stamp: Stamp, elements: Iterable[tuple[str, Any]]) -> bool:
        """Take a snapshot, unless it is older than the last one; whether it counts."""
        if stamp <= self.snapshot:
            return False
        contained = dict(elements)
        for key in [key for key, each in self.stamps.items() if each <= stamp]:
            if key not in contained:
                del self.stamps[key]
                self.changed.pop(key, None)
                self.removed.add(key)
        for key, value in contained.items():
            self._take(key, stamp, value)
        self.snapshot = stamp
        return True

    def _take(self, key: str, stamp: Stamp, value: Any) -> bool:
        if stamp <= self.stamps.get(key, ""):
            return False
        self.stamps[key] = stamp
        self.changed[key] = value
        self.removed.discard(key)
        return True
