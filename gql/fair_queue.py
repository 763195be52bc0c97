"""Shares slots for heavy work among organizations, by the time that each has used."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Self

from gql.errors import RETRY_AFTER, RateLimited


class FairQueue:
    """A slot that becomes free goes to the organization that has used least time.

    This is start-time fair queueing (https://doi.org/10.1109/90.649569) with measured times: what a
    piece of work takes is known only afterwards, and charged then. First come, first served would
    let the one with most requests have most slots, and all others wait behind them.

    Args:
        slots: How many pieces of work run at a time.
        slots_per_organization: How many of one organization.
        most_waiting: How many of one organization wait.
        noun: What they are called, for the refusal: `heavy operations`.
        timer: Seconds from any origin, never going back.

    Attributes:
        timer: The same.
        refused: How many pieces of work found too many waiting.
    """

    def __init__(
        self,
        slots: int,
        *,
        slots_per_organization: int,
        most_waiting: int,
        noun: str = "operations",
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free = slots
        self._slots_per_organization = slots_per_organization
        self._most_waiting = most_waiting
        self._noun = noun
        self.timer = timer
        self._running: dict[int, int] = {}
        self._waiting: dict[int, deque[asyncio.Future[None]]] = {}
        # The seconds used by organizations since nobody waited last. One that comes in later begins
        # with `_floor`, or it would be served alone until it had caught up with the others.
        self._used: dict[int, float] = {}
        self._floor = 0.0
        self.refused = 0

    @property
    def running(self) -> int:
        """How many pieces of work run."""
        return sum(self._running.values())

    @property
    def waiting(self) -> int:
        """How many pieces of work wait."""
        return sum(map(len, self._waiting.values()))

    def hold(self, organization_id: int, *, has_begun: bool = False) -> "Slot":
        """A slot, held inside an `async with`, which waits for one at its beginning.

        Args:
            organization_id: Whose work.
            has_begun: Whether it is the next piece of work that cannot be refused any more, so that
                it waits behind however many.

        Raises:
            RateLimited: at the beginning, when too many of the organization wait already.
        """
        return Slot(self, organization_id, has_begun=has_begun)

    def enter(self, organization_id: int) -> bool:
        """Take a slot, if that needs no waiting; tells if it was taken."""
        if organization_id in self._waiting or not self._may_run(organization_id):
            return False
        self._begin(organization_id)
        return True

    async def wait(self, organization_id: int, *, has_begun: bool = False) -> None:
        """Wait for a slot and take it; the arguments are those of `hold`.

        Raises:
            RateLimited: when too many of the organization wait already.
        """
        queue = self._waiting.setdefault(organization_id, deque())
        if len(queue) >= self._most_waiting and not has_begun:
            self.refused += 1
            raise RateLimited(
                f"Your organization has {self._most_waiting} {self._noun} waiting, the most"
                " at a time; send fewer at once.",
                RETRY_AFTER,
            )
        admission = asyncio.get_running_loop().create_future()
        queue.append(admission)
        try:
            await admission
        except asyncio.CancelledError:
            if admission.cancelled():
                self._drop(organization_id, admission)
                self._let_in()
            else:  # it was let in at the same moment
                self.leave(organization_id, 0.0)
            raise

    def leave(self, organization_id: int, seconds: float) -> None:
        """Give a slot back after so many seconds."""
        self._free += 1
        running = self._running[organization_id] - 1
        if running:
            self._running[organization_id] = running
        else:
            del self._running[organization_id]
        if self._waiting:
            self._used[organization_id] = self._used_by(organization_id) + seconds
            self._let_in()

    def _may_run(self, organization_id: int) -> bool:
        running = self._running.get(organization_id, 0)
        return self._free > 0 and running < self._slots_per_organization

    def _begin(self, organization_id: int) -> None:
        self._free -= 1
        self._running[organization_id] = self._running.get(organization_id, 0) + 1

    def _let_in(self) -> None:
        """Give free slots to those who wait and have used least."""
        while candidates := [each for each in self._waiting if self._may_run(each)]:
            organization_id = min(candidates, key=self._used_by)
            self._floor = self._used_by(organization_id)
            admission = self._waiting[organization_id][0]
            self._drop(organization_id, admission)
            if not admission.cancelled():  # else its task has not noticed yet
                self._begin(organization_id)
                admission.set_result(None)
        if not self._waiting:
            self._used.clear()
            self._floor = 0.0

    def _used_by(self, organization_id: int) -> float:
        return max(self._used.get(organization_id, 0.0), self._floor)

    def _drop(self, organization_id: int, admission: asyncio.Future[None]) -> None:
        """Take somebody out of the queue, who may have been taken out before."""
        queue = self._waiting.get(organization_id, deque())
        if admission in queue:
            queue.remove(admission)
            if not queue:
                del self._waiting[organization_id]


class Slot:
    """One slot of a queue; `contextlib`'s way would take three times as long to enter."""

    __slots__ = ("_has_begun", "_organization_id", "_queue", "_start")

    def __init__(self, queue: FairQueue, organization_id: int, *, has_begun: bool) -> None:
        self._has_begun = has_begun
        self._queue = queue
        self._organization_id = organization_id
        self._start = 0.0

    async def __aenter__(self) -> Self:
        if not self._queue.enter(self._organization_id):
            await self._queue.wait(self._organization_id, has_begun=self._has_begun)
        self._start = self._queue.timer()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._queue.leave(self._organization_id, self._queue.timer() - self._start)
