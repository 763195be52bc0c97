"""A round of the event loop is shared: a flood waits behind its own steps, and nobody else's."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from gql.loop_shares import (
    ALLOWANCE,
    CHARGED_TASK,
    MOST_SERVED,
    LoopShares,
    SharedTask,
    charge_subtasks,
    wait_for_share,
)
from tests.auth.auth_app import Clock

FLOOD, OTHER = 1, 2


class Loop:
    """Tasks whose steps take seconds of a clock, and the order in which they ran."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.shares = LoopShares(self.clock)
        self.order: list[int] = []

    def begin(self, holder: int, *, steps: int, seconds: float) -> asyncio.Task[str]:
        async def work() -> str:
            for number in range(steps):
                self.order.append(holder)
                self.clock.seconds += seconds
                if number < steps - 1:
                    await asyncio.sleep(0)
            return "done"

        async def run() -> str:
            return await SharedTask(self.shares, self.shares.of(holder), work())

        return asyncio.create_task(run())


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.mark.parametrize("seconds", [ALLOWANCE / 8, ALLOWANCE, 5 * ALLOWANCE])
async def test_each_step_waits_for_one_allowance_of_a_flood_at_most(
    loop: Loop, seconds: float
) -> None:
    flood = [loop.begin(FLOOD, steps=5, seconds=seconds) for _ in range(200)]
    await asyncio.sleep(0)
    other = loop.begin(OTHER, steps=5, seconds=ALLOWANCE / 100)

    assert await other == "done"

    before_each_step = "".join(map(str, loop.order)).split(str(OTHER))
    # Its first step came after the first of all, whose length nobody knew.
    allowance = max(1, round(ALLOWANCE / seconds))
    assert [len(each) <= 2 * allowance for each in before_each_step] == [True] * 6
    assert await asyncio.gather(*flood) == ["done"] * 200
    assert loop.order.count(FLOOD) == 1_000
    assert loop.shares.waiting == 0


async def test_long_steps_among_short_ones_do_not_come_all_in_one_round(loop: Loop) -> None:
    """Let in by what steps usually take, sixteen of 24 long ones ran in one round."""
    flood = [
        loop.begin(FLOOD, steps=1, seconds=ALLOWANCE / 50 if number < 60 else ALLOWANCE)
        for number in range(84)
    ]
    ended: list[int] = []
    for number, task in enumerate(flood):
        task.add_done_callback(_appending(ended, number))
    await asyncio.sleep(0)
    other = loop.begin(OTHER, steps=40, seconds=0.0)
    before_each_step: list[float] = []

    async def watch() -> None:
        while not other.done():
            before_each_step.append(loop.clock.seconds)
            await asyncio.sleep(0)

    await asyncio.gather(watch(), other, *flood)

    rounds = [after - before for before, after in pairwise(before_each_step)]
    assert max(rounds) <= 2 * ALLOWANCE
    assert ended == list(range(84))
    assert loop.shares.waiting == 0


async def test_a_long_step_is_paid_for_by_many_rounds(loop: Loop) -> None:
    flood = [loop.begin(FLOOD, steps=1, seconds=10 * ALLOWANCE) for _ in range(2)]
    other = loop.begin(OTHER, steps=8, seconds=0.0)

    await asyncio.gather(*flood, other)

    assert loop.order == [FLOOD, *[OTHER] * 8, FLOOD]


async def test_steps_of_one_holder_keep_their_order(loop: Loop) -> None:
    ended: list[int] = []
    tasks = [loop.begin(FLOOD, steps=1, seconds=ALLOWANCE / 4) for _ in range(50)]
    for number, task in enumerate(tasks):
        task.add_done_callback(_appending(ended, number))

    await asyncio.gather(*tasks)

    assert ended == list(range(50))


async def test_nobody_waits_while_there_is_one_small_request(loop: Loop) -> None:
    for _ in range(100):
        await loop.begin(FLOOD, steps=3, seconds=ALLOWANCE / 10)

    # Every twentieth step uses up what was left, and the next one waits for a round.
    assert loop.shares.postponed <= 100 * 3 / 10


async def test_few_are_served_in_one_round_however_many_have_used_more(loop: Loop) -> None:
    many = [loop.begin(holder, steps=2, seconds=ALLOWANCE) for holder in range(10, 30)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    loop.order.clear()

    other = loop.begin(OTHER, steps=4, seconds=0.0)
    await asyncio.gather(*many, other)

    positions = [number for number, holder in enumerate(loop.order) if holder == OTHER]
    gaps = [after - before - 1 for before, after in pairwise(positions)]
    assert max(gaps) <= MOST_SERVED


@pytest.mark.parametrize("has_been_let_in", [False, True])
async def test_who_is_cancelled_while_waiting_lets_the_next_one_go_on(
    loop: Loop, *, has_been_let_in: bool
) -> None:
    tasks = [loop.begin(FLOOD, steps=1, seconds=1.5 * ALLOWANCE) for _ in range(4)]
    await asyncio.sleep(0)
    if has_been_let_in:
        await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.wait(tasks)

    assert [task.cancelled() for task in tasks] == [False, True, False, False]
    assert loop.order == [FLOOD] * 3


async def test_work_is_ended_where_it_is_and_its_errors_are_its_caller_s(loop: Loop) -> None:
    seen: list[str] = []

    async def fails() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise ValueError("bad") from None

    async def run() -> None:
        await SharedTask(loop.shares, loop.shares.of(FLOOD), fails())

    task = asyncio.create_task(run())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(ValueError, match="bad"):
        await task
    assert seen == ["cancelled"]


async def test_a_task_moves_to_the_share_of_whoever_it_turns_out_to_be_for(loop: Loop) -> None:
    async def work() -> list[bool]:
        has_to_wait = [task.move_to(FLOOD)]
        loop.clock.seconds += 3 * ALLOWANCE
        await asyncio.sleep(0)
        return [*has_to_wait, loop.shares.of("address").must_wait]

    task: SharedTask[list[bool]] = SharedTask(loop.shares, loop.shares.of("address"), work())

    assert await task == [False, False]
    assert loop.shares.postponed == 1


def _appending(numbers: list[int], number: int) -> Callable[[object], None]:
    return lambda _: numbers.append(number)


async def test_tasks_that_a_task_creates_are_charged_to_its_share_until_it_has_ended(
    loop: Loop,
) -> None:
    charge_subtasks()
    charge_subtasks()  # another application of the process: once is enough
    goes_on = asyncio.Event()
    left: list[asyncio.Task[None]] = []

    async def step(seconds: float) -> float:
        await asyncio.sleep(0)
        loop.clock.seconds += seconds
        return seconds

    async def background() -> None:
        await goes_on.wait()
        loop.clock.seconds += ALLOWANCE

    async def work() -> list[float]:
        left.append(asyncio.create_task(background()))
        return await asyncio.gather(*(step(ALLOWANCE / 16) for _ in range(4)))

    share = loop.shares.of(FLOOD)
    task = SharedTask(loop.shares, share, work())
    CHARGED_TASK.set(task)

    assert await task == [ALLOWANCE / 16] * 4
    assert share.used == pytest.approx(ALLOWANCE / 4)
    # The task, each of four twice, and the background once until it waits.
    assert share.steps == 2 + 4 * 2 + 1
    goes_on.set()
    await left[0]
    assert share.used == pytest.approx(ALLOWANCE / 4)


async def test_errors_and_cancellations_of_subtasks_are_theirs(loop: Loop) -> None:
    charge_subtasks()

    async def fail() -> None:
        await asyncio.sleep(0)
        raise LookupError("mine")

    async def work() -> Any:
        endless = asyncio.create_task(asyncio.Event().wait())
        await asyncio.sleep(0)
        endless.cancel()
        return await asyncio.gather(fail(), endless, return_exceptions=True)

    task = SharedTask(loop.shares, loop.shares.of(FLOOD), work())
    CHARGED_TASK.set(task)

    assert [type(each) for each in await task] == [LookupError, asyncio.CancelledError]


async def test_a_batch_waits_for_the_share_that_its_fields_have_used_up(loop: Loop) -> None:
    charge_subtasks()
    postponed: list[int] = []

    async def batch() -> None:
        loop.clock.seconds += 3 * ALLOWANCE
        await asyncio.sleep(0)  # in which a round pays for one of them
        postponed.append(loop.shares.postponed)
        await wait_for_share()
        postponed.append(loop.shares.postponed)

    async def work() -> None:
        await asyncio.create_task(batch())

    task = SharedTask(loop.shares, loop.shares.of(FLOOD), work())
    CHARGED_TASK.set(task)
    await task
    await wait_for_share()  # of nobody's, as it has ended and paid

    assert postponed == [0, 1]
    assert loop.shares.waiting == 0
