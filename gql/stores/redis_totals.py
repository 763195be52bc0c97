"""Adds up in Redis what several processes use of the same quotas.

No request waits for Redis. A process counts by itself and sends what it has counted, of all quotas
at once, when a second has passed or when a twentieth of a quota has been used, whichever is first;
with the answer it learns what the others have used. So together they may exceed a quota by what
they let through in between.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from redis.exceptions import RedisError

from gql.background import cancel
from gql.quota import Window
from gql.stores.redis_client import redis_client

SECONDS = 1.0
"""How long a count is kept back at most; and how long Redis may take before it counts as away."""

PARTS = 20
"""Into how many parts a quota is divided: a part that was used is sent at once."""

_log = logging.getLogger(__name__)


class RedisTotals:
    """Implements `SharedTotals` with keys such as `jackfield:{7}:rate:organization:requests:60`.

    A key expires when its window ends, so Redis is the clock of all processes.

    Args:
        url: `redis://`, `rediss://` (TLS) or `unix://`.
        timer: The one by which windows are read.
    """

    def __init__(self, url: str, timer: Callable[[], float] = time.monotonic) -> None:
        # A count that is sent twice would be counted twice.
        self._redis = redis_client(url, connections=1, retries=0)
        self._timer = timer
        self._changed: dict[Window, None] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._sent_at: float | None = None
        self._is_away = False

    def note_use(self, window: Window, now: float) -> None:  # noqa: ARG002
        """See `Synchronizer`; it begins to send in the background."""
        self._changed[window] = None
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        if not window.is_synchronized or window.unsent * PARTS >= window.quota.most:
            self._wake.set()

    def is_reachable(self, now: float) -> bool:
        """See `Synchronizer`."""
        return not self._is_away and (self._sent_at is None or now - self._sent_at < SECONDS)

    async def synchronize(self) -> None:
        """Send what was counted, and learn what others have counted; a failure is logged."""
        windows, self._changed = list(self._changed), {}
        self._sent_at = self._timer()
        sent = [(window, window.ends, window.take_unsent()) for window in windows]
        try:
            answers = await self._exchange(
                [(each.key, each.quota.seconds, n) for each, _, n in sent]
            )
        except (RedisError, OSError) as error:
            for window, ends, amount in sent:
                if window.ends == ends:  # else another window has begun
                    window.unsent += amount
                    self._changed[window] = None
            if not self._is_away:
                _log.warning(
                    "rate limits are counted by each process alone, as Redis is away: %r", error
                )
            self._is_away = True
            return
        finally:
            self._sent_at = None
        if self._is_away:
            _log.info("Redis is back; all processes count rate limits together")
        self._is_away = False
        now = self._timer()
        for (window, ends, amount), (total, seconds) in zip(sent, answers, strict=True):
            if window.ends == ends:
                window.learn(total, amount, now + seconds)

    async def close(self) -> None:
        """See `SharedTotals`."""
        task, self._task = self._task, None
        await cancel(task)
        if self._changed:
            await self.synchronize()
        await self._redis.aclose()

    async def _run(self) -> None:
        """Send once a second, or sooner when woken, until nothing is left to send."""
        while self._changed:
            if self._is_away:
                await asyncio.sleep(SECONDS)
            else:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(SECONDS):
                        await self._wake.wait()
            self._wake.clear()
            await self.synchronize()
        self._task = None

    async def _exchange(self, uses: list[tuple[str, int, int]]) -> list[tuple[int, float]]:
        """Add to each key; its total then, and the seconds until it expires.

        Args:
            uses: Key, seconds of the window and amount of each.
        """
        # Not as one transaction: the keys of two organizations may be on two servers of a cluster.
        async with self._redis.pipeline(transaction=False) as pipeline:
            for key, seconds, amount in uses:
                name = f"jackfield:{key}"
                pipeline.set(name, 0, ex=seconds, nx=True)
                pipeline.incrby(name, amount)
                pipeline.pttl(name)
            answers = await pipeline.execute()
        totals = []
        for (key, seconds, _), total, left in zip(uses, answers[1::3], answers[2::3], strict=True):
            if left < 0:  # it expired between the first command and the second
                await self._redis.expire(f"jackfield:{key}", seconds)
            totals.append((int(total), left / 1_000 if left >= 0 else float(seconds)))
        return totals
