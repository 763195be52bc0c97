"""Shares slots for heavy work among organizations, by the time that each has used."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

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
        timer: Seconds from any origin, never going back.

    Attributes:
        refused: How many pieces of work found too many waiting.
    """

    def __init__(
        self,
        slots: int,
        *,
        slots_per_organization: int,
        most_waiting: int,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free = slots
        self._slots_per_organization = slots_per_organization
        self._most_waiting = most_waiting
        self._timer = timer
        self._running: Counter[int] = Counter()
        self._waiting: dict[int, deque[asyncio.Future[None]]] = {}
        # The seconds used by organizations since nobody waited last. One that comes in later begins
        # with `_floor`, or it would be served alone until it had caught up with the others.
        self._used: dict[int, float] = {}
        self._floor = 0.0
        self.refused = 0

    @property
    def running(self) -> int:
        """How many pieces of work run."""
        return self._running.total()

    @property
    def waiting(self) -> int:
        """How many pieces of work wait."""
        return sum(map(len, self._waiting.values()))

    @asynccontextmanager
    async def hold(self, organization_id: int) -> AsyncIterator[None]:
        """Hold a slot inside the block, and wait for one before.

        Raises:
            RateLimited: when too many of the organization wait already.
        """
        await self._enter(organization_id)
        start = self._timer()
        try:
            yield
        finally:
            self._leave(organization_id, self._timer() - start)

    async def _enter(self, organization_id: int) -> None:
        if organization_id not in self._waiting and self._may_run(organization_id):
            self._begin(organization_id)
            return
        queue = self._waiting.setdefault(organization_id, deque())
        if len(queue) >= self._most_waiting:
            self.refused += 1
            raise RateLimited(
                f"Your organization has {self._most_waiting} heavy operations waiting, the most"
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
                self._leave(organization_id, 0.0)
            raise

    def _may_run(self, organization_id: int) -> bool:
        return self._free > 0 and self._running[organization_id] < self._slots_per_organization

    def _begin(self, organization_id: int) -> None:
        self._free -= 1
        self._running[organization_id] += 1

    def _leave(self, organization_id: int, seconds: float) -> None:
        self._free += 1
        self._running[organization_id] -= 1
        self._running += Counter()  # drops the organizations that run nothing
        self._used[organization_id] = self._used_by(organization_id) + seconds
        self._let_in()

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
