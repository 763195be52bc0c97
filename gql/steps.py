"""Long work without an await in it, done in steps with rounds of the event loop in between."""

import asyncio
import time
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

from gql.queueing import waiting_for_others

STEP_SECONDS = 0.001
"""How long a step takes, about."""

Result = TypeVar("Result")


class _Steps(greenlet):
    """The work, on a stack of its own that can be left and entered again."""

    ends: float


async def in_steps(work: Callable[..., Result], *arguments: Any) -> Result:
    """What a function returns that calls `pause_if_long` on its way, from whatever depth.

    Validating and compiling a long document takes a hundred milliseconds, of libraries that know
    no event loop. A thread would not do: it would have the interpreter's lock half of the time. So
    the function has a stack of its own, as SQLAlchemy's have that await (https://greenlet.readthedocs.io).
    """
    steps = _Steps(work)
    steps.gr_context = copy_context()
    steps.ends = time.perf_counter() + STEP_SECONDS
    result = steps.switch(*arguments)
    while not steps.dead:
        try:
            with waiting_for_others():
                await asyncio.sleep(0)
        except BaseException:
            steps.throw()  # leaves the function where it is
            raise
        steps.ends = time.perf_counter() + STEP_SECONDS
        result = steps.switch()
    value: Result = result
    return value


def pause_if_long() -> None:
    """Let the event loop go round, if the step that runs took long; nothing outside of one."""
    steps = getcurrent()
    if isinstance(steps, _Steps) and time.perf_counter() >= steps.ends and steps.parent is not None:
        steps.parent.switch()
