"""Background tasks: who is cancelled ends, and what fails is tried again less and less often."""

import asyncio
from typing import Any, cast

import pytest

from gql.background import cancel
from gql.database import Database
from gql.errors import DatabaseUnavailable
from gql.events import hub as hub_module
from gql.events.hub import Hub
from gql.events.reading import EventCursor, StoredEvent

STEPS = 100
"""Of the event loop: many more than ending a task takes."""


async def _take_steps() -> None:
    for _ in range(STEPS):
        await asyncio.sleep(0)


async def test_a_hub_ends_that_is_woken_in_the_moment_of_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def last_event(*_: Any) -> EventCursor:
        return EventCursor(0, 0)

    async def read_events(*_: Any) -> list[StoredEvent]:
        return []

    monkeypatch.setattr(hub_module, "last_event", last_event)
    monkeypatch.setattr(hub_module, "read_events", read_events)
    hub = Hub(cast("Database", None), 1)
    await _take_steps()
    hub.wake()
    closing = asyncio.create_task(hub.close())
    await _take_steps()

    assert closing.done()


async def test_a_hub_asks_a_dead_database_less_and_less_often(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    outage, fault = DatabaseUnavailable("It restarts."), RuntimeError("a fault of ours")
    outcomes: list[Exception | None] = [*[outage] * 6, None, fault, None]
    pauses: list[float] = []
    is_done, sleep = asyncio.Event(), asyncio.sleep

    async def last_event(*_: Any) -> EventCursor:
        return EventCursor(0, 0)

    async def read_events(*_: Any) -> list[StoredEvent]:
        if not outcomes:
            is_done.set()
            await asyncio.Event().wait()
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome
        hub.wake()
        return []

    async def pause(seconds: float) -> None:
        # Applications that tests share pause in this loop, too.
        is_of_hub = asyncio.current_task() is hub._task  # noqa: SLF001
        if is_of_hub:
            pauses.append(seconds)
        await sleep(0 if is_of_hub else seconds)

    monkeypatch.setattr(hub_module, "last_event", last_event)
    monkeypatch.setattr(hub_module, "read_events", read_events)
    monkeypatch.setattr(asyncio, "sleep", pause)
    hub = Hub(cast("Database", None), 1)
    await is_done.wait()
    await hub.close()

    assert pauses == [1, 2, 4, 8, 10, 10, 1]
    logged = [each for each in caplog.records if each.name == "gql.events.hub"]
    assert [(each.levelname, each.getMessage()) for each in logged] == [
        ("WARNING", f"events cannot be read for now: {outage!r}"),
        ("ERROR", f"events cannot be read for now: {fault!r}"),
    ]


async def test_who_ends_a_task_can_be_cancelled_meanwhile() -> None:
    goes_on = asyncio.Event()

    async def end_late() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await goes_on.wait()

    late = asyncio.create_task(end_late())
    await asyncio.sleep(0)
    ending = asyncio.create_task(cancel(late))
    await asyncio.sleep(0)
    ending.cancel()
    await _take_steps()
    goes_on.set()
    await _take_steps()

    assert ending.cancelled()
    assert late.cancelled()


async def test_what_a_task_raised_is_raised_to_who_ends_it() -> None:
    async def fail() -> None:
        raise ConnectionError

    failing = asyncio.create_task(fail())
    await asyncio.sleep(0)

    with pytest.raises(ConnectionError):
        await cancel(failing)
    await cancel(None)
