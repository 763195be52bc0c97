"""The lock around parsing, planning and compiling, which block the event loop for milliseconds."""

import asyncio
from types import TracebackType

YIELDS = 10
"""Rounds of the event loop before each compilation; a request whose plan is cached needs five."""


class CompileLock:
    """`async with lock:` runs one compilation at a time, with cached requests in between.

    Compiling does not await, so nothing else runs meanwhile. Without this lock fifty new documents
    that arrive together would be compiled back to back, and everybody else would wait for all of
    them. The lock makes them queue, and each yields to the event loop before it begins.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> None:
        await self._lock.acquire()
        try:
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
