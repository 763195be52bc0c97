"""What a process remembers, bounded by weight, and not emptied by a flood of new things."""

import sys
from collections.abc import Callable, Hashable
from operator import itemgetter
from typing import Any, Generic, TypeVar

from cachetools import LRUCache

from gql.engine.compile_lock import CompileLock

Value = TypeVar("Value")

Segment = LRUCache[Hashable, tuple[float, Value]]
"""Things by key, each with its weight."""

PROBATION_SHARE = 0.2
"""How much of the room is for things that were asked for once."""

MOST_OVERSIZED = 1_000
"""How many things are known by name alone, as they are too heavy for the small room."""


class SegmentedCache(Generic[Value]):
    """Things by key, in two rooms.

    A new thing waits in the small room, and moves to the large one when it is asked for again. So
    things that are asked for once, however many, only push each other out. A thing too heavy for
    the small room is made twice: the second time it goes to the large one, if it fits there.

    Args:
        capacity: How much everything may weigh together.
        weigh: What a thing weighs.
        on_promote: Told of each thing that moves to the large room.
    """

    def __init__(
        self,
        capacity: float,
        weigh: Callable[[Value], float],
        *,
        on_promote: Callable[[Value], object] = lambda _: None,
    ) -> None:
        self._weigh = weigh
        self._on_promote = on_promote
        self._probation: Segment[Value] = _segment(capacity * PROBATION_SHARE)
        self._protected: Segment[Value] = _segment(capacity * (1 - PROBATION_SHARE))
        # By hash: their keys may be heavy too, and taking one for another only keeps it early.
        self._oversized: LRUCache[int, bool] = LRUCache(MOST_OVERSIZED)

    def get(self, key: Hashable) -> Value | None:
        """The thing, or None when it is not remembered."""
        try:
            return self._protected[key][1]  # `get` looks twice
        except KeyError:
            found = self._probation.pop(key, None)
        if found is None:
            return None
        self._protected[key] = found
        self._on_promote(found[1])
        return found[1]

    def put(self, key: Hashable, value: Value, *, key_weight: float = 0) -> None:
        """Remember a new thing, unless it is too heavy for that; what had its key is forgotten.

        Args:
            key: By which it is found.
            value: What is found.
            key_weight: What the key weighs, where that counts.
        """
        weight = self._weigh(value) + key_weight
        proven = key in self._protected
        self.forget(key)
        if weight <= self._probation.maxsize and not proven:
            self._probation[key] = weight, value
        elif weight <= self._protected.maxsize and (
            proven or self._oversized.pop(hash(key), default=False)
        ):
            self._protected[key] = weight, value
        else:
            self._oversized[hash(key)] = True

    async def make(
        self, key: Hashable, make: Callable[[], Value], turn: CompileLock, *, key_weight: float = 0
    ) -> Value:
        """A thing that was not remembered, made when its turn has come.

        Of those who ask for it at the same time, the first makes it.

        Args:
            key: By which it is found from now on.
            make: Makes it, without waiting.
            turn: Whoever else takes long steps shares it.
            key_weight: What the key weighs, where that counts.
        """
        async with turn:
            thing = self.get(key)
            if thing is None:
                thing = make()
                self.put(key, thing, key_weight=key_weight)
            return thing

    def grow(self, key: Hashable, more: float) -> None:
        """Weigh a thing more than when it was put, as it has grown; too large, it is forgotten."""
        for room in (self._probation, self._protected):
            weight, thing = room.pop(key, (0, None))
            if thing is not None and weight + more <= room.maxsize:
                room[key] = weight + more, thing

    def forget(self, key: Hashable) -> None:
        """Remember a thing no longer, if it was."""
        self._probation.pop(key, None)
        self._protected.pop(key, None)

    def __contains__(self, key: Hashable) -> bool:
        """Whether a thing is remembered; to ask this is not to ask for it."""
        return key in self._protected or key in self._probation

    def size(self) -> tuple[int, float]:
        """How many things are remembered, and what they weigh together."""
        return len(self), self.weight

    def __len__(self) -> int:
        """How many things are remembered."""
        return len(self._probation) + len(self._protected)

    @property
    def weight(self) -> float:
        """What everything weighs together."""
        return float(self._probation.currsize + self._protected.currsize)


def bytes_of(key: Any) -> int:
    """What a key takes in memory: its texts, and the tuples that they are in."""
    if isinstance(key, tuple):
        return sys.getsizeof(key) + sum(map(bytes_of, key))
    return sys.getsizeof(key) if isinstance(key, str) else 0


def _segment(size: float) -> Segment[Any]:
    return LRUCache(size, getsizeof=itemgetter(0))
