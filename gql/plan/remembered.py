"""What a process remembers, bounded by weight, and not emptied by a flood of new things."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from cachetools import LRUCache

Thing = TypeVar("Thing")

NEW_SHARE = 0.2
"""How much of the room is for things that were asked for once."""


class Remembered(Generic[Thing]):
    """Things by key, in two rooms.

    A new thing waits in the small room, and moves to the large one when it is asked for again. So
    things that are asked for once, however many, only push each other out.

    Args:
        room: How much everything may weigh together.
        weigh: What a thing weighs.
        proven: Told of each thing that moves to the large room.
    """

    def __init__(
        self,
        room: float,
        weigh: Callable[[Thing], float],
        *,
        proven: Callable[[Thing], object] = lambda _: None,
    ) -> None:
        self._weigh = weigh
        self._tell = proven
        self._new: LRUCache[Hashable, Thing] = LRUCache(room * NEW_SHARE, getsizeof=weigh)
        self._proven: LRUCache[Hashable, Thing] = LRUCache(room * (1 - NEW_SHARE), getsizeof=weigh)

    def get(self, key: Hashable) -> Thing | None:
        """The thing, or None when it is not remembered."""
        try:
            return self._proven[key]  # `get` looks twice
        except KeyError:
            found = self._new.pop(key, None)
        if found is not None:
            self._proven[key] = found
            self._tell(found)
        return found

    def put(self, key: Hashable, thing: Thing) -> None:
        """Remember a new thing, unless it is too large for that."""
        if self._weigh(thing) <= self._new.maxsize:
            self._new[key] = thing

    def __len__(self) -> int:
        """How many things are remembered."""
        return len(self._new) + len(self._proven)

    @property
    def weight(self) -> float:
        """What everything weighs together."""
        return float(self._new.currsize + self._proven.currsize)
