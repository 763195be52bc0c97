"""The locks around parsing, planning and compiling, which take the event loop for milliseconds."""

import asyncio
from types import TracebackType
from weakref import WeakValueDictionary

from gql.queueing import waiting_for_others

YIELDS = 10
"""Rounds of the event loop before each compilation; a request whose plan is cached needs five."""


class CompileLock:
    """`async with lock:` runs one compilation at a time, with cached requests in between.

    Without it fifty new documents of an organization that arrive together would be compiled back to
    back, and its other requests would wait for all of them. The lock makes them queue, and each
    yields to the event loop before it begins.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> None:
        with waiting_for_others():
            await self._lock.acquire()
        try:
            with waiting_for_others():
                for _ in range(YIELDS):
                    await asyncio.sleep(0)
        except BaseException:
            self._lock.release()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()


class CompileLocks:
    """A lock for each organization: what one compiles is nothing that another waits for."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[int, CompileLock] = WeakValueDictionary()

    def of(self, organization_id: int) -> CompileLock:
        """The lock of an organization, which is kept as long as somebody uses it."""
        lock = self._locks.get(organization_id)
        if lock is None:
            lock = self._locks[organization_id] = CompileLock()
        return lock
