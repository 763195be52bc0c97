"""Keeps garbage collection away from what lives as long as the process does."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (2_000, 10, 300)
"""After how many allocations, or collections of the generation before, one is collected.

The event loop stands still meanwhile, at about a microsecond per object: 2 ms for the youngest, of
which 50,000 made 60. The next are not collected sooner, as what is in use then grows old, and goes
with the oldest alone. Those are collected after some six million allocations: with eighteen, a
flood of documents for resolvers took 470 MiB until then, and with one the loop stood still for a
second and more.

https://docs.python.org/3/library/gc.html#gc.set_threshold
"""


class FrozenHeap:
    """No collection traverses what was allocated before, while at least one application serves.

    Several applications may run in one process: the first freezes, the last undoes it. They are
    counted here, since `gc.get_freeze_count` walks through every frozen object.
    """

    def __init__(self) -> None:
        self._holders = 0
        self._thresholds = gc.get_threshold()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """From start-up to shutdown."""
        if self._holders == 0:
            self._thresholds = gc.get_threshold()
            gc.collect()
            gc.freeze()
            gc.set_threshold(*THRESHOLDS)
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1
            if self._holders == 0:
                gc.unfreeze()
                gc.set_threshold(*self._thresholds)


FROZEN_HEAP = FrozenHeap()
