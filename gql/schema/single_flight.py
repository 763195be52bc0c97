"""Taking turns: what takes long on the event loop is done once, and one thing at a time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from gql.engine.compile_lock import CompileLock
from gql.errors import Overloaded

Result = TypeVar("Result")

MOST_WAITING = 200
"""How many different things may wait: at some milliseconds each, about a second."""

RETRY_AFTER = 1.0
"""Seconds until most of what waits is done."""


@dataclass
class _Waited(Generic[Result]):
    """A thing that is being made, and how many wait for it."""

    task: asyncio.Task[Result]
    waiting: int = 0


class SingleFlight(Generic[Result]):
    """Makes things from text, each in its turn; those who want the same one share it.

    Args:
        make: Makes one; it does not wait, so nothing else happens meanwhile.
        turn: Whoever else takes long steps shares it.
    """

    def __init__(self, make: Callable[[str], Result], turn: CompileLock) -> None:
        self._make = make
        self._turn = turn
        self._waited: dict[str, _Waited[Result]] = {}

    def __len__(self) -> int:
        """How many things wait, or are being made."""
        return len(self._waited)

    async def take(self, text: str) -> Result:
        """What is made of a text, when its turn has come; whoever is cancelled gives it back.

        Raises:
            Overloaded: when too many wait already.
            Exception: whatever `make` raises.
        """
        waited = self._waited.get(text)
        if waited is None:
            if len(self._waited) >= MOST_WAITING:
                raise Overloaded(
                    f"{MOST_WAITING} other new documents wait to be read; try again in a second.",
                    RETRY_AFTER,
                )
            waited = self._waited[text] = _Waited(asyncio.create_task(self._in_turn(text)))
        waited.waiting += 1
        try:
            # One of those who wait may be cancelled; the others still want it.
            return await asyncio.shield(waited.task)
        finally:
            waited.waiting -= 1
            if not waited.waiting:
                del self._waited[text]
                waited.task.cancel()

    async def _in_turn(self, text: str) -> Result:
        async with self._turn:
            return self._make(text)
