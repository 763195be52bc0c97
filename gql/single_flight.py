"""Concurrent callers that need the same result wait for one task instead of each doing the work."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

Key = TypeVar("Key")
Result = TypeVar("Result")


@dataclass(eq=False)
class _Flight(Generic[Result]):
    """A running task and the number of callers that wait for it."""

    task: asyncio.Task[Result]
    callers: int = 0


class SingleFlight(Generic[Key, Result]):
    """Runs the work for a key once for all callers that ask while it runs.

    It is not a cache: a call after the work has ended begins it again. Named after Go's
    `golang.org/x/sync/singleflight`.

    Args:
        cancel_abandoned: Whether to cancel the work when every caller has been cancelled. Work that
            still waits for a lock should not be done then; a look at the database that fills a
            cache should be finished.
    """

    def __init__(self, *, cancel_abandoned: bool) -> None:
        self._cancel_abandoned = cancel_abandoned
        self._flights: dict[Key, _Flight[Result]] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def __contains__(self, key: Key) -> bool:
        return key in self._flights

    async def run(self, key: Key, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """The result of the work for this key, begun by this call or by an earlier one.

        Raises:
            Exception: whatever the work raises, to every caller.
        """
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.create_task(work()))
            flight.task.add_done_callback(partial(self._end, key, flight))
        flight.callers += 1
        try:
            # A cancelled caller would cancel the task that it awaits, and the others need it.
            return await asyncio.shield(flight.task)
        finally:
            flight.callers -= 1
            if self._cancel_abandoned and not flight.callers and not flight.task.done():
                self._remove(key, flight)
                flight.task.cancel()

    def _end(self, key: Key, flight: _Flight[Result], task: asyncio.Task[Result]) -> None:
        self._remove(key, flight)
        if not task.cancelled():
            # asyncio logs an exception that was never looked at, also when no caller is left.
            task.exception()

    def _remove(self, key: Key, flight: _Flight[Result]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
