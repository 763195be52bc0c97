"""Slots go to the organization that has used least time, and to no more of one than it may hold."""

import asyncio
from collections.abc import Sequence

import pytest

from gql.errors import RateLimited
from gql.fair_queue import FairQueue
from tests.auth.auth_app import Clock

FLOOD, OTHER, THIRD = 1, 2, 3


class Work:
    """Pieces of work that take seconds of a clock and end when they are told to."""

    def __init__(self, slots: int, *, per_organization: int, most_waiting: int = 50) -> None:
        self.clock = Clock()
        self.queue = FairQueue(
            slots,
            slots_per_organization=per_organization,
            most_waiting=most_waiting,
            timer=self.clock,
        )
        self.begun: list[int] = []
        self.ends: list[asyncio.Event] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def add(self, *organizations: int) -> None:
        for organization_id in organizations:
            self.tasks.append(asyncio.create_task(self._work(organization_id)))
        await self._settle()

    async def end(self, number: int, seconds: float = 1.0) -> None:
        """Let the piece of work that was begun as this one end, when it took so long."""
        self.clock.seconds += seconds
        self.ends[number].set()
        await self._settle()

    async def end_all(self, seconds: Sequence[float]) -> None:
        """Let one after another end, in the order in which they begin."""
        for number, each in enumerate(seconds):
            await self.end(number, each)
        await asyncio.gather(*self.tasks)

    async def _work(self, organization_id: int) -> None:
        async with self.queue.hold(organization_id):
            self.begun.append(organization_id)
            self.ends.append(asyncio.Event())
            await self.ends[-1].wait()

    async def _settle(self) -> None:
        for _ in range(3 * len(self.tasks)):
            await asyncio.sleep(0)


async def test_one_organization_leaves_slots_to_others() -> None:
    work = Work(4, per_organization=2)

    await work.add(*[FLOOD] * 10, OTHER, THIRD, OTHER)

    assert work.begun == [FLOOD, FLOOD, OTHER, THIRD]
    assert (work.queue.running, work.queue.waiting) == (4, 9)
    await work.end(0)
    assert work.begun[4:] == [OTHER]
    await work.end(3)
    assert work.begun[5:] == [FLOOD]
    await work.end_all([0.0] * 13)
    assert (work.queue.running, work.queue.waiting) == (0, 0)


async def test_who_has_used_least_time_is_next_however_many_wait() -> None:
    work = Work(1, per_organization=1)

    await work.add(*[FLOOD] * 4, *[OTHER] * 4)
    await work.end_all([6, 2, 2, 2, 2, 1, 1, 1])

    assert work.begun == [FLOOD, OTHER, OTHER, OTHER, FLOOD, OTHER, FLOOD, FLOOD]


async def test_who_comes_late_is_not_served_for_the_time_before() -> None:
    work = Work(1, per_organization=1)

    await work.add(*[FLOOD] * 6)
    await work.end(0, 100)
    await work.end(1, 100)
    await work.add(*[OTHER] * 3)
    for number in range(2, 9):
        await work.end(number, 100)
    await asyncio.gather(*work.tasks)

    assert work.begun[3:] == [OTHER, FLOOD, OTHER, FLOOD, OTHER, FLOOD]


async def test_too_many_that_wait_are_refused_and_only_of_their_organization() -> None:
    work = Work(1, per_organization=1, most_waiting=2)

    await work.add(*[FLOOD] * 5, OTHER)

    assert (work.queue.refused, work.queue.waiting) == (2, 3)
    refusals = [each.exception() for each in work.tasks if each.done()]
    assert [type(each) for each in refusals] == [RateLimited, RateLimited]
    for task in work.tasks:
        task.cancel()
    await asyncio.wait(work.tasks)


async def test_work_that_has_begun_waits_behind_however_many() -> None:
    work = Work(1, per_organization=1, most_waiting=1)
    await work.add(FLOOD, FLOOD)

    async def next_piece() -> None:
        async with work.queue.hold(FLOOD, has_begun=True):
            work.begun.append(OTHER)

    piece = asyncio.create_task(next_piece())
    await work.end(0)
    await work.end(1)
    await asyncio.gather(piece, *work.tasks)

    assert (work.begun, work.queue.refused) == ([FLOOD, FLOOD, OTHER], 0)


@pytest.mark.parametrize("is_let_in", [False, True])
async def test_one_that_is_cancelled_keeps_no_slot(*, is_let_in: bool) -> None:
    work = Work(1, per_organization=1)
    await work.add(FLOOD, FLOOD, OTHER)

    if is_let_in:  # and cancelled before it notices
        work.clock.seconds += 1
        work.ends[0].set()
        await asyncio.sleep(0)
        assert work.queue.waiting == 1
    waits = work.tasks[2]
    waits.cancel()
    await work.end(0)
    await work.end(1)
    await asyncio.wait(work.tasks)

    assert (waits.cancelled(), work.begun) == (True, [FLOOD, FLOOD])
    assert (work.queue.running, work.queue.waiting) == (0, 0)


async def test_work_that_fails_gives_its_slot_back() -> None:
    queue = FairQueue(1, slots_per_organization=1, most_waiting=1)

    for _ in range(3):
        with pytest.raises(ValueError, match="bad"):
            async with queue.hold(FLOOD):
                raise ValueError("bad")

    assert (queue.running, queue.waiting) == (0, 0)
