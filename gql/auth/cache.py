"""What this process remembers of credentials: the good ones briefly, the bad ones in few places."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cachetools import TLRUCache, TTLCache

from gql.auth.credential import Verified
from gql.errors import Unauthenticated

GOOD = 10_000
"""Most credentials remembered as good; the least recently used goes first."""

BAD = 1_000
"""Most credentials remembered as bad, apart from the good ones: a flood pushes out only itself."""

Key = tuple[str, bytes]
"""The method and the sha-256 of the secret; the secret itself is not kept.

The method belongs to it: an API key put into a cookie must not find the entry of the API key.
"""

Ask = Callable[[], Awaitable[Verified]]


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
        self._asking: dict[Key, asyncio.Task[Verified | str]] = {}

    def __len__(self) -> int:
        return len(self._good) + len(self._bad) + len(self._asking)

    def recall(self, key: Key) -> Verified | None:
        """The remembered answer, when that is that the credential is good."""
        try:
            return self._good[key].verified  # `get` looks twice
        except KeyError:
            return None

    async def verify(self, key: Key, ask: Ask) -> Verified:
        """The remembered answer, or that of `ask`, which concurrent callers share.

        Raises:
            Unauthenticated: when the credential is not good.
            Unavailable: when it could not be verified; that is not remembered.
        """
        known = self.recall(key)
        if known is not None:
            return known
        answer = self._bad.get(key) or await self._shared(key, ask)
        if isinstance(answer, str):
            raise Unauthenticated(answer)
        return answer

    async def _shared(self, key: Key, ask: Ask) -> Verified | str:
        """The answer of the task that is asking; it goes on when a caller goes away."""
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._ask(key, ask))
            task.add_done_callback(_seen)
        return await asyncio.shield(task)

    async def _ask(self, key: Key, ask: Ask) -> Verified | str:
        started = self._timer()
        try:
            verified = await ask()
        except Unauthenticated as error:
            self._bad[key] = error.message
            return error.message
        finally:
            del self._asking[key]
        self._good[key] = _Entry(verified, started + min(self._ttl, verified.seconds))
        return verified


def _seen(task: asyncio.Task[Verified | str]) -> None:
    """Look at the outcome, or asyncio reports an error that nobody was left to hear."""
    if not task.cancelled():
        task.exception()
