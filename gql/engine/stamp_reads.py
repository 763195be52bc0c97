"""Reads change stamps once for all who ask for them at the same time.

A hundred open dashboards that poll are a hundred tiny statements. But a statement that runs already
may be too old for somebody who comes now: what was committed meanwhile is not in it. So whoever
comes while one runs waits for its end, and shares the next one with all who came like them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable

Read = Callable[[], Awaitable[bytes | None]]
"""Reads the stamps; None where they cannot be read."""

_Waiter = asyncio.Future[bytes | None]


class StampReads:
    """The reads of one process: at most one at a time of each key."""

    def __init__(self) -> None:
        self._waiters: dict[Hashable, list[_Waiter]] = {}
        """Who waits for the next read, by the key of those that run."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, key: Hashable, read: Read) -> bytes | None:
        """The stamps of a key, by a read that has not begun before this call.

        Raises:
            Exception: whatever the read raises.
        """
        waiters = self._waiters.get(key)
        if waiters is not None:
            waiter: _Waiter = asyncio.get_running_loop().create_future()
            waiters.append(waiter)
            return await waiter
        self._waiters[key] = []
        try:
            return await read()
        finally:  # also where it was cancelled: the others have not
            self._go_on(key, read)

    def _go_on(self, key: Hashable, read: Read) -> None:
        waiters = [each for each in self._waiters.pop(key) if not each.done()]
        if waiters:
            self._waiters[key] = []
            task = asyncio.create_task(self._read_for(waiters, key, read))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _read_for(self, waiters: list[_Waiter], key: Hashable, read: Read) -> None:
        stamps: bytes | None = None
        failure: Exception | None = None
        try:
            stamps = await read()
        except Exception as error:  # noqa: BLE001 -- raised by whoever waits
            failure = error
        finally:
            self._go_on(key, read)
        for each in waiters:
            if each.done():
                continue
            if failure is None:
                each.set_result(stamps)
            else:
                each.set_exception(failure)
