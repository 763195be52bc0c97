"""Long work gives way to the event loop where it says that it may pause."""

import asyncio
from contextvars import ContextVar

import pytest

from gql import steps
from gql.queueing import is_queued
from gql.steps import in_steps, pause_if_long

NAME: ContextVar[str] = ContextVar("NAME")


@pytest.fixture
def _every_step_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "STEP_SECONDS", 0.0)


def work(done: list[str], number: int) -> int:
    for each in range(number):
        done.append(f"step {each}")
        pause_if_long()
    return number


@pytest.mark.usefixtures("_every_step_is_long")
async def test_others_run_at_each_pause_of_long_work() -> None:
    done: list[str] = []

    async def other() -> None:
        for each in range(3):
            done.append(f"other {each}")
            await asyncio.sleep(0)

    result, _ = await asyncio.gather(in_steps(work, done, 3), other())

    assert result == 3
    assert done == ["step 0", "other 0", "step 1", "other 1", "step 2", "other 2"]


@pytest.mark.usefixtures("_every_step_is_long")
async def test_work_that_is_ended_at_a_pause_was_waiting_for_others() -> None:
    done: list[str] = []
    task = asyncio.create_task(in_steps(work, done, 3))
    await asyncio.sleep(0)

    task.cancel()
    with pytest.raises(asyncio.CancelledError) as ended:
        await task

    assert done == ["step 0"]
    assert is_queued(ended.value)


async def test_short_work_does_not_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "STEP_SECONDS", 3_600.0)
    done: list[str] = []
    others = asyncio.create_task(asyncio.sleep(0))

    assert await in_steps(work, done, 3) == 3
    assert not others.done()


def test_outside_of_steps_there_is_nobody_to_pause_for() -> None:
    done: list[str] = []
    assert work(done, 2) == 2


@pytest.mark.usefixtures("_every_step_is_long")
async def test_what_is_raised_arrives_and_the_context_is_the_caller_s() -> None:
    NAME.set("caller")

    def fails() -> None:
        pause_if_long()
        raise ValueError(NAME.get())

    with pytest.raises(ValueError, match="caller"):
        await in_steps(fails)


@pytest.mark.usefixtures("_every_step_is_long")
async def test_who_is_cancelled_leaves_the_work_where_it_is() -> None:
    left: list[str] = []

    def endless() -> None:
        try:
            while True:
                pause_if_long()
        finally:
            left.append("left")

    task = asyncio.create_task(in_steps(endless))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])

    assert (task.cancelled(), left) == (True, ["left"])
