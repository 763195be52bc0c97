"""Counts attempts per key within a sliding window, in this process."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cachetools import TTLCache

from gql.errors import RateLimited

MOST_KEYS = 100_000
"""Most keys that are counted; the least recently used is evicted first."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many attempts one key may have in a window.

    Attributes:
        key: What attempts are counted by: `("address", "192.0.2.1")`.
        most: Attempts that are let through.
    """

    key: tuple[str, str]
    most: int


class Throttle:
    """One per process, so several processes let through several times as much.

    Args:
        window: Seconds after which an attempt is forgotten.
        timer: Seconds from any origin, never going back.
    """

    def __init__(self, window: float, timer: Callable[[], float] = time.monotonic) -> None:
        self._window = window
        self._timer = timer
        self._attempts = TTLCache[tuple[str, str], tuple[float, ...]](MOST_KEYS, window, timer)

    def take(self, limits: Iterable[Limit]) -> float:
        """Count an attempt against every limit, or against none; when it was counted.

        It counts before its outcome is known: if only failures counted, a thousand guesses at once
        would all be let through before the first one fails.

        Raises:
            RateLimited: when one of the limits is reached; that does not count as an attempt.
        """
        instant = self._timer()
        counted = [(limit, self._recent(limit.key, instant)) for limit in limits]
        waits = [
            recent[-limit.most] + self._window - instant
            for limit, recent in counted
            if len(recent) >= limit.most
        ]
        if waits:
            raise RateLimited("Too many failed logins; try again later.", max(waits))
        for limit, recent in counted:
            self._attempts[limit.key] = (*recent, instant)
        return instant

    def give_back(self, limits: Iterable[Limit], instant: float) -> None:
        """Forget the attempt that was counted at this instant: it was no failure."""
        for limit in limits:
            recent = list(self._attempts.get(limit.key, ()))
            if instant in recent:
                recent.remove(instant)
                self._attempts[limit.key] = tuple(recent)

    def _recent(self, key: tuple[str, str], instant: float) -> tuple[float, ...]:
        attempts = self._attempts.get(key, ())
        return tuple(at for at in attempts if at > instant - self._window)
