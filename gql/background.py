"""Tasks that run beside the requests until the application ends."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any


class RepeatedTask:
    """Does something again and again, and lets it finish when stopped.

    Args:
        run: Does it once; returns the seconds to wait before the next time. It never raises.
        first_wait: Seconds to wait before the first time.
    """

    def __init__(self, run: Callable[[], Awaitable[float]], *, first_wait: float) -> None:
        self._run = run
        self._first_wait = first_wait
        self._signal = asyncio.Event()
        self._is_stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin in the running event loop."""
        self._is_stopping = False
        self._signal.clear()
        self._task = asyncio.create_task(self._repeat())

    def wake(self) -> None:
        """Do it as soon as it is not being done."""
        self._signal.set()

    async def stop(self) -> None:
        """End after the run that goes on now; does nothing after the first call."""
        self._is_stopping = True
        self._signal.set()
        task, self._task = self._task, None
        if task is not None:
            await task

    async def _repeat(self) -> None:
        wait = self._first_wait
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._signal.wait()
            if self._is_stopping:
                return
            # It goes before the work, so that what comes during it is not forgotten.
            self._signal.clear()
            wait = await self._run()


class GrowingPause:
    """How long to wait after a failure: a second after the first, then twice as long each time.

    Args:
        longest: Most seconds.

    Attributes:
        failures: How many there were since the last success.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self.failures = 0

    def record_failure(self) -> None:
        """It has failed once more."""
        self.failures += 1

    def record_success(self) -> None:
        """It works again."""
        self.failures = 0

    @property
    def seconds(self) -> float:
        """After the last failure; at least one has been recorded."""
        return min(2.0 ** min(self.failures - 1, 20), self._longest)


async def cancel(task: asyncio.Task[Any] | None) -> None:
    """End a task where it waits, and wait until it has ended; None is ended already.

    What it raised is raised here.
    """
    if task is not None:
        task.cancel()
        # Not `await task`: it raises the same for the task and for the caller, who may be
        # cancelled too.
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()
