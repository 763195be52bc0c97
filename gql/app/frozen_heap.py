"""Keeps garbage collection away from what lives as long as the process does."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (50_000, 20, 20)
"""Requests make few reference cycles: collect less often than after Python's 700 allocations."""


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
