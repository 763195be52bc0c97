"""Concurrent callers of one key share one task; its end, failure and cancellation are theirs."""

import asyncio

import pytest

from gql.single_flight import SingleFlight


class Upper:
    """Work that turns a key into capitals once it may, and records which keys it was begun for."""

    def __init__(self, *, cancel_abandoned: bool = True) -> None:
        self.begun: list[str] = []
        self.may_end = asyncio.Event()
        self.flights = SingleFlight[str, str](cancel_abandoned=cancel_abandoned)

    async def __call__(self, key: str) -> str:
        async def work() -> str:
            self.begun.append(key)
            await self.may_end.wait()
            if key == "bad":
                raise ValueError(key)
            return key.upper()

        return await self.flights.run(key, work)


async def _start(*calls: asyncio.Task[str]) -> None:
    """Let the calls come as far as they can."""
    for _ in calls:
        await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_concurrent_callers_of_one_key_share_its_result() -> None:
    upper = Upper()
    upper.may_end.set()

    results = await asyncio.gather(*(upper(key) for key in "aabacb"))

    assert results == ["A", "A", "B", "A", "C", "B"]
    assert upper.begun == ["a", "b", "c"]
    assert len(upper.flights) == 0


async def test_a_failure_is_raised_to_every_caller_and_the_next_call_begins_again() -> None:
    upper = Upper()
    upper.may_end.set()

    results = await asyncio.gather(*(upper("bad") for _ in range(3)), return_exceptions=True)

    assert [type(result) for result in results] == [ValueError] * 3
    with pytest.raises(ValueError, match="bad"):
        await upper("bad")
    assert upper.begun == ["bad", "bad"]


async def test_a_key_is_in_it_while_its_work_runs() -> None:
    upper = Upper()
    call = asyncio.create_task(upper("a"))
    await _start(call)

    assert ("a" in upper.flights, "b" in upper.flights, len(upper.flights)) == (True, False, 1)
    upper.may_end.set()
    await call
    assert "a" not in upper.flights


async def test_the_work_goes_on_for_the_callers_that_are_left() -> None:
    upper = Upper()
    leaves, stays = (asyncio.create_task(upper("a")) for _ in range(2))
    await _start(leaves, stays)

    leaves.cancel()
    upper.may_end.set()

    assert await stays == "A"
    assert (leaves.cancelled(), upper.begun) == (True, ["a"])


async def test_abandoned_work_is_cancelled_and_begun_again_by_the_next_call() -> None:
    upper = Upper()
    leaves = asyncio.create_task(upper("a"))
    await _start(leaves)

    leaves.cancel()
    await asyncio.sleep(0)
    assert len(upper.flights) == 0
    upper.may_end.set()

    assert await upper("a") == "A"
    assert upper.begun == ["a", "a"]


async def test_abandoned_work_is_finished_where_it_should_be() -> None:
    upper = Upper(cancel_abandoned=False)
    leaves = asyncio.create_task(upper("a"))
    await _start(leaves)
    leaves.cancel()
    await asyncio.sleep(0)
    joins = asyncio.create_task(upper("a"))
    await _start(joins)

    upper.may_end.set()

    assert await joins == "A"
    assert upper.begun == ["a"]


async def test_abandoned_work_that_fails_is_not_reported() -> None:
    upper = Upper(cancel_abandoned=False)
    leaves = asyncio.create_task(upper("bad"))
    await _start(leaves)
    leaves.cancel()
    upper.may_end.set()
    reports: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, report: reports.append(report))

    for _ in range(10):  # more often than the work and its end need
        await asyncio.sleep(0)

    asyncio.get_running_loop().set_exception_handler(None)
    assert (len(upper.flights), reports) == (0, [])
