"""Counts logins that failed, per key within a sliding window: here in this process."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cachetools import TTLCache

from gql.errors import RateLimited

MOST_KEYS = 100_000
"""Most keys that a process counts; the least recently used is evicted first."""

Attempt = float | str
"""An attempt that was counted: what it takes to give it back."""

Pair = tuple[str, str]
"""A digest of an account, and the address that somebody logs in to it from."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many attempts one key may have in a window.

    Attributes:
        key: What attempts are counted by: `("address", "192.0.2.1")`.
        most: Attempts that are let through.
    """

    key: tuple[str, str]
    most: int


class Throttle(Protocol):
    """What is counted of failed logins, and from where accounts were logged in to before."""

    async def take(self, limits: Sequence[Limit]) -> Attempt:
        """Count an attempt against every limit, or against none.

        It counts before its outcome is known: if only failures counted, a thousand guesses at once
        would all be let through before the first one fails.

        Raises:
            RateLimited: when one of the limits is reached; that does not count as an attempt.
        """
        ...

    async def give_back(self, limits: Sequence[Limit], attempt: Attempt) -> None:
        """Forget an attempt that was counted: it was no failure."""
        ...

    async def note_login(self, pair: Pair) -> None:
        """Keep that somebody logged in to this account from this address."""
        ...

    async def had_login(self, pair: Pair) -> bool:
        """Whether somebody did, not too long ago."""
        ...

    async def close(self) -> None:
        """End its connections."""
        ...


class ProcessThrottle:
    """Implements `Throttle` in this process; several let through several times as much.

    Args:
        window: Seconds after which an attempt is forgotten.
        login_ttl: Seconds after which a login is forgotten.
        timer: Seconds from any origin, never going back.
    """

    def __init__(
        self, window: float, login_ttl: float, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._window = window
        self._timer = timer
        self._attempts = TTLCache[tuple[str, str], tuple[float, ...]](MOST_KEYS, window, timer)
        self._logins = TTLCache[Pair, None](MOST_KEYS, login_ttl, timer)

    async def take(self, limits: Sequence[Limit]) -> Attempt:
        instant = self._timer()
        counted = [(limit, self._recent(limit.key, instant)) for limit in limits]
        waits = [
            recent[-limit.most] + self._window - instant
            for limit, recent in counted
            if len(recent) >= limit.most
        ]
        if waits:
            raise too_many(max(waits))
        for limit, recent in counted:
            self._attempts[limit.key] = (*recent, instant)
        return instant

    async def give_back(self, limits: Sequence[Limit], attempt: Attempt) -> None:
        for limit in limits:
            recent = list(self._attempts.get(limit.key, ()))
            if attempt in recent:
                recent.remove(float(attempt))
                self._attempts[limit.key] = tuple(recent)

    async def note_login(self, pair: Pair) -> None:
        self._logins[pair] = None

    async def had_login(self, pair: Pair) -> bool:
        return pair in self._logins

    async def close(self) -> None:
        """Does nothing."""

    def _recent(self, key: tuple[str, str], instant: float) -> tuple[float, ...]:
        attempts = self._attempts.get(key, ())
        return tuple(at for at in attempts if at > instant - self._window)


def too_many(seconds: float) -> RateLimited:
    """The refusal of an attempt that may be made again after so many seconds."""
    return RateLimited("Too many failed logins; try again later.", seconds)
