"""One compilation runs at a time; requests whose plan is cached are answered in between."""

import asyncio

from gql.engine.compile_lock import YIELDS, CompileLock


async def test_others_are_served_between_two_compilations() -> None:
    lock = CompileLock()
    order: list[str] = []

    async def serve_cached() -> None:
        for _ in range(YIELDS):
            await asyncio.sleep(0)
        order.append("cached")

    async def compile_new(name: str) -> None:
        async with lock:
            order.append(name)
        if name != "c":
            await serve_cached()

    await asyncio.gather(*(compile_new(name) for name in "abc"))

    assert order == ["a", "cached", "b", "cached", "c"]


async def test_a_cancelled_compilation_releases_the_lock() -> None:
    lock = CompileLock()
    order: list[str] = []

    async def compile_new(name: str) -> None:
        async with lock:
            order.append(name)

    tasks = [asyncio.create_task(compile_new(name)) for name in "abc"]
    await asyncio.sleep(0)
    tasks[0].cancel()  # while it yields, with the lock held
    tasks[1].cancel()  # while it waits for the lock
    await asyncio.wait(tasks)

    assert [task.cancelled() for task in tasks] == [True, True, False]
    assert order == ["c"]
