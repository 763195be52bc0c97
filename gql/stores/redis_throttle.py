"""Counts logins that failed in Redis, for all processes together."""

import hashlib
import logging
import secrets
from collections.abc import Sequence
from typing import Any

from redis.exceptions import RedisError

from gql.stores.redis_client import redis_client
from gql.stores.throttle import Attempt, Limit, Pair, Throttle, too_many

CONNECTIONS = 4
"""Most connections of a process: passwords are checked one after another."""

_TAKE = """
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local window, wait = tonumber(ARGV[1]), 0
for number, key in ipairs(KEYS) do
  local most = tonumber(ARGV[2 + number])
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
  local oldest = redis.call('ZREVRANGE', key, most - 1, most - 1, 'WITHSCORES')[2]
  if oldest then wait = math.max(wait, oldest + window - now) end
end
if wait == 0 then
  for _, key in ipairs(KEYS) do
    redis.call('ZADD', key, now, ARGV[2])
    redis.call('PEXPIRE', key, window)
  end
end
return wait
"""
"""Milliseconds to wait; 0 when the attempt was counted. Keys are sorted sets of attempts by time.

One script, so that of a hundred guesses at once, spread over processes, not one more is let through
than of a hundred to one. https://redis.io/docs/latest/develop/programmability/eval-intro/
"""

_log = logging.getLogger(__name__)


class RedisThrottle:
    """Implements `Throttle` with keys such as `jackfield:{login}:failed:<sha-256>`.

    The braces keep all of them on one server of a cluster, as a script needs. Redis is the clock,
    and forgets each key a window after its last attempt. While it is away, each process counts by
    itself: guesses stay bounded, and people can log in.

    Args:
        url: `redis://`, `rediss://` (TLS) or `unix://`.
        window: Seconds after which an attempt is forgotten.
        login_ttl: Seconds after which a login is forgotten.
        alone: Counts while Redis is away.
    """

    def __init__(self, url: str, window: int, login_ttl: int, alone: Throttle) -> None:
        # An attempt that is sent twice would find itself.
        self._redis: Any = redis_client(url, connections=CONNECTIONS, retries=0)
        self._window = window
        self._login_ttl = login_ttl
        self._alone = alone
        self._is_away = False

    async def take(self, limits: Sequence[Limit]) -> Attempt:
        attempt = secrets.token_hex(8)
        keys = [_key("failed", *limit.key) for limit in limits]
        most = [limit.most for limit in limits]
        try:
            wait = await self._redis.eval(
                _TAKE, len(keys), *keys, self._window * 1_000, attempt, *most
            )
        except (RedisError, OSError) as error:
            self._note_away(error)
            return await self._alone.take(limits)
        self._is_away = False
        if wait:
            raise too_many(int(wait) / 1_000)
        return attempt

    async def give_back(self, limits: Sequence[Limit], attempt: Attempt) -> None:
        if not isinstance(attempt, str):
            await self._alone.give_back(limits, attempt)
            return
        try:
            for limit in limits:
                await self._redis.zrem(_key("failed", *limit.key), attempt)
        except (RedisError, OSError) as error:
            self._note_away(error)

    async def note_login(self, pair: Pair) -> None:
        await self._alone.note_login(pair)
        try:
            await self._redis.set(_key("from", *pair), 1, ex=self._login_ttl)
        except (RedisError, OSError) as error:
            self._note_away(error)

    async def had_login(self, pair: Pair) -> bool:
        if await self._alone.had_login(pair):
            return True
        try:
            return bool(await self._redis.exists(_key("from", *pair)))
        except (RedisError, OSError) as error:
            self._note_away(error)
            return False

    async def close(self) -> None:
        await self._redis.aclose()

    def _note_away(self, error: Exception) -> None:
        if not self._is_away:
            _log.warning("each process counts failed logins alone, as Redis is away: %r", error)
        self._is_away = True


def _key(kind: str, *parts: str) -> str:
    """Neither accounts nor addresses can be read in Redis."""
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return f"jackfield:{{login}}:{kind}:{digest}"
