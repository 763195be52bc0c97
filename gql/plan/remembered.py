"""What a process remembers, bounded by weight, and not emptied by a flood of new things."""

import sys
from collections.abc import Callable, Hashable
from operator import itemgetter
from typing import Any, Generic, TypeVar

from cachetools import LRUCache

from gql.plan.turn import Turn

Thing = TypeVar("Thing")

Room = LRUCache[Hashable, tuple[float, Thing]]
"""Things by key, each with its weight."""

NEW_SHARE = 0.2
"""How much of the room is for things that were asked for once."""

MOST_HEAVY = 1_000
"""How many things are known by name alone, as they are too heavy for the small room."""


class Remembered(Generic[Thing]):
    """Things by key, in two rooms.

    A new thing waits in the small room, and moves to the large one when it is asked for again. So
    things that are asked for once, however many, only push each other out. A thing too heavy for
    the small room is made twice: the second time it goes to the large one, if it fits there.

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
        self._new: Room[Thing] = _room(room * NEW_SHARE)
        self._proven: Room[Thing] = _room(room * (1 - NEW_SHARE))
        # By hash: their keys may be heavy too, and taking one for another only keeps it early.
        self._heavy: LRUCache[int, bool] = LRUCache(MOST_HEAVY)

    def get(self, key: Hashable) -> Thing | None:
        """The thing, or None when it is not remembered."""
        try:
            return self._proven[key][1]  # `get` looks twice
        except KeyError:
            found = self._new.pop(key, None)
        if found is None:
            return None
        self._proven[key] = found
        self._tell(found[1])
        return found[1]

    def put(self, key: Hashable, thing: Thing, *, key_weight: float = 0) -> None:
        """Remember a new thing, unless it is too heavy for that; what had its key is forgotten.

        Args:
            key: By which it is found.
            thing: What is found.
            key_weight: What the key weighs, where that counts.
        """
        weight = self._weigh(thing) + key_weight
        proven = key in self._proven
        self.forget(key)
        if weight <= self._new.maxsize and not proven:
            self._new[key] = weight, thing
        elif weight <= self._proven.maxsize and (
            proven or self._heavy.pop(hash(key), default=False)
        ):
            self._proven[key] = weight, thing
        else:
            self._heavy[hash(key)] = True

    async def make(
        self, key: Hashable, make: Callable[[], Thing], turn: Turn, *, key_weight: float = 0
    ) -> Thing:
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
        for room in (self._new, self._proven):
            weight, thing = room.pop(key, (0, None))
            if thing is not None and weight + more <= room.maxsize:
                room[key] = weight + more, thing

    def forget(self, key: Hashable) -> None:
        """Remember a thing no longer, if it was."""
        self._new.pop(key, None)
        self._proven.pop(key, None)

    def __contains__(self, key: Hashable) -> bool:
        """Whether a thing is remembered; to ask this is not to ask for it."""
        return key in self._proven or key in self._new

    def size(self) -> tuple[int, float]:
        """How many things are remembered, and what they weigh together."""
        return len(self), self.weight

    def __len__(self) -> int:
        """How many things are remembered."""
        return len(self._new) + len(self._proven)

    @property
    def weight(self) -> float:
        """What everything weighs together."""
        return float(self._new.currsize + self._proven.currsize)


def bytes_of(key: Any) -> int:
    """What a key takes in memory: its texts, and the tuples that they are in."""
    if isinstance(key, tuple):
        return sys.getsizeof(key) + sum(map(bytes_of, key))
    return sys.getsizeof(key) if isinstance(key, str) else 0


def _room(size: float) -> Room[Any]:
    return LRUCache(size, getsizeof=itemgetter(0))
