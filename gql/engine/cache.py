"""A cache bounded by weight in which values that were read once cannot push out the others."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from cachetools import LRUCache

Value = TypeVar("Value")

PROBATION_SHARE = 0.2
"""How much of the capacity is for values that have not been read again."""

MOST_OVERSIZED = 1_000
"""How many keys are kept of values that were too heavy for the probation segment."""


class SegmentedCache(Generic[Value]):
    """Values by key in two segments, each an LRU cache bounded by weight.

    A plain LRU cache is emptied by a flood: ten thousand documents that nobody sends a second time
    push out the few that every client sends. Here a new value goes into the probation segment, and
    the first time that it is read it moves to the protected one. The flood fills the small segment
    and pushes out nothing but itself. This is the policy of Karedla, Love and Wherry, "Caching
    strategies to improve disk system performance" (1994), without the way back: what the protected
    segment pushes out is gone.

    A value too heavy for the probation segment is not kept, but its key is: put a second time, it
    is protected at once.

    Weight is in bytes, roughly, since entries differ by a factor of a thousand. A value may grow
    after it was put (a document gains plans, a plan gains statements); `reweigh` says so.

    Args:
        capacity: What all values may weigh together.
        weigh: What a value weighs now.
    """

    def __init__(self, capacity: float, weigh: Callable[[Value], float]) -> None:
        self._weigh = weigh
        self._probation: LRUCache[Hashable, Value] = LRUCache(capacity * PROBATION_SHARE, weigh)
        self._protected: LRUCache[Hashable, Value] = LRUCache(
            capacity * (1 - PROBATION_SHARE), weigh
        )
        # By hash, since keys may be heavy too; to take one for another only protects it early.
        self._oversized: LRUCache[int, bool] = LRUCache(MOST_OVERSIZED)

    def get(self, key: Hashable) -> Value | None:
        """The value, which is protected from now on."""
        try:
            return self._protected[key]  # its method `get` would look twice
        except KeyError:
            value: Value | None = self._probation.pop(key, None)
        if value is not None:
            self._protect(key, value)
        return value

    def put(self, key: Hashable, value: Value) -> None:
        """Keep a value in place of the one that has its key."""
        if key in self._protected:
            self._protect(key, value)
        elif self._weigh(value) <= self._probation.maxsize:
            self._probation[key] = value
        else:
            self._probation.pop(key, None)
            if self._oversized.pop(hash(key), default=False):
                self._protect(key, value)
            else:
                self._oversized[hash(key)] = True

    def reweigh(self, key: Hashable) -> None:
        """Weigh a value again that has changed, if it is still here."""
        for segment in (self._protected, self._probation):
            if key in segment:
                self.put(key, segment[key])

    def _protect(self, key: Hashable, value: Value) -> None:
        try:
            self._protected[key] = value
        except ValueError:  # heavier than the whole segment
            self._protected.pop(key, None)

    def __contains__(self, key: Hashable) -> bool:
        """Whether the value is here; to ask this is not to read it."""
        return key in self._protected or key in self._probation

    def __len__(self) -> int:
        return len(self._probation) + len(self._protected)

    @property
    def weight(self) -> float:
        """What all values weigh together."""
        return float(self._probation.currsize + self._protected.currsize)
