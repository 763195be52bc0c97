"""Verified and refused credentials, cached for a few seconds per process."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from cachetools import TLRUCache

from gql.auth.credential import Verified
from gql.database.failures import translate_failures
from gql.errors import Unauthenticated
from gql.single_flight import SingleFlight

MAX_VERIFIED = 10_000
"""Most verified credentials in the cache; the least recently used is evicted first."""

MAX_REFUSED = 1_000
"""Most refused credentials in a cache of their own: a flood of them evicts no verified one."""

LOOKUP_SECONDS = 5.0
"""How long a lookup may take: it goes on when the requests that wait for it have ended."""

Key = tuple[str, bytes]
"""The method and the sha-256 of the secret; the secret itself is not kept.

The method belongs to it: an API key put into a cookie must not find the entry of the API key.
"""

Verify = Callable[[], Coroutine[Any, Any, Verified]]

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Entry(Generic[Answer]):
    answer: Answer
    expires: float


class CredentialCache:
    """Verifies a credential once, however many requests bring it within `ttl` seconds.

    The seconds count from the start of the lookup. Counted from its end, a key that is revoked
    during a slow lookup would work for longer than `ttl`.

    Args:
        ttl: Seconds that an answer is good for; less when the credential itself ends earlier.
        timer: Seconds from any origin, never going back.
    """

    def __init__(self, ttl: float, timer: Callable[[], float]) -> None:
        self._ttl = ttl
        self._timer = timer
        self._verified: TLRUCache[Key, _Entry[Verified], float] = _cache(MAX_VERIFIED, timer)
        self._refused: TLRUCache[Key, _Entry[str], float] = _cache(MAX_REFUSED, timer)
        # A lookup is finished even when its callers went away: its answer is worth caching.
        self._lookups = SingleFlight[tuple[Key, int], Verified | str](cancel_abandoned=False)
        self._changes = 0

    def __len__(self) -> int:
        return len(self._verified) + len(self._refused) + len(self._lookups)

    @property
    def changes(self) -> int:
        """How often something was forgotten: copies of entries are good until the next time."""
        return self._changes

    def expiry(self, key: Key) -> float:
        """Until when the entry of a verified credential is good, by the timer; 0 without one."""
        try:
            return self._verified[key].expires
        except KeyError:
            return 0.0

    def get(self, key: Key) -> Verified | None:
        """Whom the credential stands for, if it was verified and the entry has not expired."""
        try:
            return self._verified[key].answer  # `get` of cachetools looks twice
        except KeyError:
            return None

    def forget(self, organization: int | None) -> None:
        """Have the credentials of an organization, or of all, verified anew when they come again.

        A lookup that runs now may have read what was so before: it answers those who wait for it,
        and nobody who comes later.
        """
        self._changes += 1
        for key, entry in list(self._verified.items()):
            holder = entry.answer.identity.organization_id
            if organization in {None, holder}:
                self._verified.pop(key, None)

    async def verify(self, key: Key, verify: Verify) -> Verified:
        """The cached answer, or that of `verify`, which concurrent callers share.

        Raises:
            Unauthenticated: when the credential is not valid.
            Unavailable: when it could not be verified in time; that is not cached.
        """
        cached = self.get(key)
        if cached is not None:
            return cached
        refusal = self._refused.get(key)
        if refusal is not None:
            raise Unauthenticated(refusal.answer)
        answer = await self._lookups.run((key, self._changes), partial(self._look_up, key, verify))
        if isinstance(answer, str):
            raise Unauthenticated(answer)
        return answer

    async def _look_up(self, key: Key, verify: Verify) -> Verified | str:
        """Whom the credential stands for, or the message of its refusal; cached."""
        started, changes = self._timer(), self._changes
        try:
            with translate_failures():
                async with asyncio.timeout(LOOKUP_SECONDS):
                    verified = await verify()
        except Unauthenticated as error:
            self._refused[key] = _Entry(error.message, self._timer() + self._ttl)
            return error.message
        if changes == self._changes:
            self._verified[key] = _Entry(verified, started + min(self._ttl, verified.seconds))
        return verified


def _cache(size: int, timer: Callable[[], float]) -> TLRUCache[Key, Any, float]:
    return TLRUCache(size, lambda _key, entry, _now: entry.expires, timer)
