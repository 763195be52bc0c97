"""Shares the time of the event loop among those for whom it works."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Hashable
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

ALLOWANCE = 0.001
"""Seconds of the event loop that one share has in a round of it, before others come first."""

MOST_SERVED = 4
"""Shares with more than their allowance that go on in one round: so long may a round get."""

MOST_SHARES = 10_000
"""How many shares are kept."""

_USUAL, _SHORTEST = ALLOWANCE / 16, ALLOWANCE / 100
"""How long a step takes where that was not measured, and at least."""

Result = TypeVar("Result")


class Share:
    """What one organization, or one address, has used of the event loop.

    Attributes:
        used: Seconds that no round has paid for yet.
        owed: What they were when a round paid last.
        steps: How many steps there were since then.
        waiting: The steps that wait for a round, oldest first.
        returned: How many of them, at the front, were let in by a round that had no time left.
        is_owing: Whether rounds have to pay for it.
    """

    __slots__ = ("is_owing", "owed", "returned", "steps", "used", "waiting")

    def __init__(self) -> None:
        self.is_owing = False
        self.used = self.owed = 0.0
        self.steps = self.returned = 0
        self.waiting: deque[asyncio.Future[None]] = deque()

    @property
    def must_wait(self) -> bool:
        """Whether its next step has to wait for a round."""
        return self.used >= ALLOWANCE or bool(self.waiting)


class LoopShares:
    """Lets the steps of each share run for some time in each round of the event loop.

    A step is what a task does between two awaits. asyncio runs all that are ready in one round, so
    that two hundred requests of one organization come before the next step of everybody else. Here
    a share that has used its allowance waits for the next round, behind its own steps and before
    nobody's. This is deficit round robin (https://doi.org/10.1145/217382.217453) with measured
    times: a step that took five allowances is paid for by five rounds.

    Whoever waits is let in by a callback of the next round, so a loop with nothing else to do goes
    round at once, and nothing is lost. While nobody waits, a step costs two looks at the clock.

    Args:
        timer: Seconds from any origin, never going back.

    Attributes:
        postponed: How many steps had to wait.
    """

    def __init__(self, timer: Callable[[], float] = time.perf_counter) -> None:
        self.timer = timer
        self._shares: dict[Hashable, Share] = {}
        self._owing: deque[Share] = deque()
        self._is_paying = False
        self.postponed = 0

    @property
    def waiting(self) -> int:
        """How many steps wait."""
        return sum(len(share.waiting) for share in self._owing)

    def of(self, holder: Hashable) -> Share:
        """The share of an organization by its id, or of an address."""
        share = self._shares.get(holder)
        if share is None:
            if len(self._shares) >= MOST_SHARES:  # what is owed is kept by `_owing`
                self._shares.clear()
            share = self._shares[holder] = Share()
        return share

    async def wait(self, share: Share) -> None:
        """Wait for a round of the event loop in which the share may go on."""
        self.postponed += 1
        admission = asyncio.get_running_loop().create_future()
        share.waiting.append(admission)
        while True:
            try:
                await admission
            except BaseException:
                if admission in share.waiting:
                    share.waiting.remove(admission)
                raise
            if share.used < ALLOWANCE:
                return
            # The steps before it took longer than they usually do: it is among the first of the
            # next round, behind those that were let in before it.
            admission = asyncio.get_running_loop().create_future()
            share.waiting.insert(share.returned, admission)
            share.returned += 1

    def owe(self, share: Share) -> None:
        """Have rounds pay for a share that has used more than its allowance."""
        if share.is_owing:
            return
        share.is_owing = True
        self._owing.append(share)
        if not self._is_paying:
            self._is_paying = True
            asyncio.get_running_loop().call_soon(self._pay)

    def _pay(self) -> None:
        """Give a round's allowance to the shares that have used more, and let in who may go on."""
        for _ in range(min(len(self._owing), MOST_SERVED)):
            share = self._owing.popleft()
            usual = (share.used - share.owed) / share.steps if share.steps else _USUAL
            share.owed = share.used = max(0.0, share.used - ALLOWANCE)
            share.steps = 0
            if share.used < ALLOWANCE:
                _let_in(share, usual)
            share.is_owing = bool(share.waiting) or share.used >= ALLOWANCE
            if share.is_owing:
                self._owing.append(share)
        self._is_paying = bool(self._owing)
        if self._owing:
            # Only now, so that whoever was let in has its step before the next allowance.
            asyncio.get_running_loop().call_soon(self._pay)


def _let_in(share: Share, usual: float) -> None:
    """Let in as many steps as will use up the allowance, if they take what they usually do.

    Each looks again at what is left of it: steps are short and long, and of a few that were let in
    as short ones each may be what fills a round.
    """
    share.returned = 0
    number = max(1, int((ALLOWANCE - share.used) / max(usual, _SHORTEST)))
    for _ in range(min(number, len(share.waiting))):
        admission = share.waiting.popleft()
        if not admission.done():
            admission.set_result(None)


class SharedTask(Generic[Result]):
    """A coroutine whose steps are charged to a share, and wait for it; awaited in its place.

    Attributes:
        shares: Of the event loop.
        share: Of its next step. It may be another one when a step ends than when it began.
        has_ended: Whether its last step is done.
    """

    __slots__ = ("_work", "has_ended", "share", "shares")

    def __init__(self, shares: LoopShares, share: Share, work: Coroutine[Any, Any, Result]) -> None:
        self.shares = shares
        self._work = work
        self.share = share
        self.has_ended = False

    def move_to(self, holder: Hashable) -> bool:
        """Charge this step and the next ones to another share; whether that has to wait now."""
        self.share = self.shares.of(holder)
        return self.share.must_wait

    def charge(self, seconds: float) -> None:
        """Charge a step that took so long."""
        share = self.share
        share.used += seconds
        share.steps += 1
        if share.used >= ALLOWANCE:
            self.shares.owe(share)

    def __await__(self) -> Generator[Any, None, Result]:
        work, shares = self._work, self.shares
        timer = shares.timer
        error: BaseException | None = None
        while True:
            share = self.share
            if error is None and (share.used >= ALLOWANCE or share.waiting):
                try:
                    yield from shares.wait(share).__await__()
                except BaseException as raised:  # noqa: BLE001 -- raised where the work is
                    error = raised
            start = timer()
            try:
                awaited = work.send(None) if error is None else work.throw(error)
            except StopIteration as end:
                self.has_ended = True
                result: Result = end.value
                return result
            except BaseException:
                self.has_ended = True
                raise
            finally:
                self.charge(timer() - start)
            error = None
            try:
                yield awaited
            except BaseException as raised:  # noqa: BLE001 -- as above
                error = raised


CHARGED_TASK: ContextVar[SharedTask[Any] | None] = ContextVar("CHARGED_TASK", default=None)
"""What the tasks that are created in a context belong to."""


async def wait_for_share() -> None:
    """Wait until the share of the task that this one belongs to may go on."""
    task = CHARGED_TASK.get()
    if task is not None and task.share.must_wait:
        await task.shares.wait(task.share)


class Subtask(Coroutine[Any, Any, Result]):
    """The coroutine of a task that another one has created, and whose share is charged for it.

    Its steps do not wait for the share, as those of the task itself do: what the fields of a list
    load together has to be asked for in one round of the event loop, or it is no batch any more.
    Each batch waits, and so do the next steps of everything else that the share has.
    """

    __slots__ = ("_task", "_work")

    def __init__(self, task: SharedTask[Any], work: Coroutine[Any, Any, Result]) -> None:
        self._task = task
        self._work = work

    def send(self, value: Any) -> Any:
        task = self._task
        if task.has_ended:  # it goes on for others: a connection that is settled
            return self._work.send(value)
        timer = task.shares.timer
        start = timer()
        try:
            return self._work.send(value)
        finally:
            task.charge(timer() - start)

    def throw(self, *error: Any) -> Any:
        return self._work.throw(*error)

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Generator[Any, Any, Result]:
        return self._work.__await__()


class SubtaskFactory:
    """Creates the tasks of an event loop; those of a request are charged to its share.

    https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.set_task_factory

    Args:
        create: Creates a task of a coroutine.
    """

    def __init__(self, create: Callable[..., asyncio.Task[Any]]) -> None:
        self._create = create

    def __call__(
        self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **named: Any
    ) -> asyncio.Task[Any]:
        task = CHARGED_TASK.get()
        if task is not None and not task.has_ended:
            work = Subtask(task, work)
        return self._create(loop, work, **named)


def charge_subtasks() -> None:
    """Charge subtasks from now on, in the running event loop."""
    loop = asyncio.get_running_loop()
    factory: Any = loop.get_task_factory()
    if not isinstance(factory, SubtaskFactory):
        subtasks: Any = SubtaskFactory(factory or _create_task)
        loop.set_task_factory(subtasks)


def _create_task(
    loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **named: Any
) -> asyncio.Task[Any]:
    return asyncio.Task(work, loop=loop, **named)
