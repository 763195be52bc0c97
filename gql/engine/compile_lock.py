"""Taking turns on the event loop: long steps run one at a time, and short ones between two."""

import asyncio
from types import TracebackType

YIELDS = 10
"""Rounds of the event loop before each long step; a known document needs about five."""


class CompileLock:
    """`async with turn:` waits until no other long step runs, and lets others go first."""

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
