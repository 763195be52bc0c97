"""Verified and refused credentials, cached for a few seconds per process."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from cachetools import TLRUCache, TTLCache

from gql.auth.credential import Verified
from gql.errors import Unauthenticated
from gql.single_flight import SingleFlight

GOOD = 10_000
"""Most good credentials in the cache; the least recently used is evicted first."""

BAD = 1_000
"""Most refused credentials in their own cache, so that a flood of them evicts no good one."""

Key = tuple[str, bytes]
"""The method and the sha-256 of the secret; the secret itself is not kept.

The method belongs to it: an API key put into a cookie must not find the entry of the API key.
"""

Verify = Callable[[], Coroutine[Any, Any, Verified]]


@dataclass(frozen=True, slots=True)
class _Entry:
    verified: Verified
    until: float


class CredentialCache:
    """Verifies a credential once, however many requests bring it within `ttl` seconds.

    The seconds count from before the database was asked. Counted from the answer, a key revoked
    while a slow answer was on its way would live longer than promised.

    Args:
        ttl: Seconds that an answer is good for; less when the credential itself ends earlier.
        timer: Seconds from any origin, never going back.
    """

    def __init__(self, ttl: float, timer: Callable[[], float]) -> None:
        self._ttl = ttl
        self._timer = timer
        self._good = TLRUCache[Key, _Entry, float](GOOD, lambda _k, entry, _t: entry.until, timer)
        self._bad = TTLCache[Key, str, float](BAD, ttl, timer)
        # A lookup is finished even when its callers went away: its answer is worth caching.
        self._lookups = SingleFlight[Key, Verified | str](cancel_abandoned=False)

    def __len__(self) -> int:
        return len(self._good) + len(self._bad) + len(self._lookups)

    def get(self, key: Key) -> Verified | None:
        """The cached answer, when that is that the credential is good."""
        try:
            return self._good[key].verified  # `get` looks twice
        except KeyError:
            return None

    async def verify(self, key: Key, verify: Verify) -> Verified:
        """The cached answer, or that of `verify`, which concurrent callers share.

        Raises:
            Unauthenticated: when the credential is not good.
            Unavailable: when it could not be verified; that is not cached.
        """
        cached = self.get(key)
        if cached is not None:
            return cached
        answer: Verified | str | None = self._bad.get(key)
        if answer is None:
            answer = await self._lookups.run(key, partial(self._look_up, key, verify))
        if isinstance(answer, str):
            raise Unauthenticated(answer)
        return answer

    async def _look_up(self, key: Key, verify: Verify) -> Verified | str:
        """Whom the credential stands for, or the message of its refusal; cached."""
        started = self._timer()
        try:
            verified = await verify()
        except Unauthenticated as error:
            self._bad[key] = error.message
            return error.message
        self._good[key] = _Entry(verified, started + min(self._ttl, verified.seconds))
        return verified
