"""Live SMS sessions in Redis, for more than one machine: keys that Redis itself expires."""

import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import RedisError

from gql.database import DatabaseAccess, Snapshot, dump_json
from gql.errors import BadInput, Unavailable
from gql.models.call import phone_digits

CONNECT_SECONDS = 1.0
"""How long a connection may take; a Redis is near, or it is not there."""

ANSWER_SECONDS = 1.5
"""How long an answer may take."""

RETRIES = 1
"""How often a command is sent again, on a new connection, before the store is unavailable."""

CONNECTIONS = 20
"""Most connections of a process; more commands at once wait for one."""

IDLE_SECONDS = 30
"""A connection that was idle for longer is tried before it is used."""

SCANNED = 1_000
"""Keys that one SCAN looks at, and at most about as many that one UNLINK removes."""

_log = logging.getLogger(__name__)


class RedisSmsSessions:
    """Implements `SmsSessions` with the keys `jackfield:{7}:sms:session:15559876543:124`.

    The braces keep the keys of organization 7 together where keys are spread over servers. Keys
    are found with SCAN and removed with UNLINK, batch by batch: nobody else's command waits for
    long, though counting looks at every key of the Redis database, so it should be ours alone.

    Args:
        url: `redis://`, `rediss://` (TLS) or `unix://`.
        ttl: Seconds that a state lives.
    """

    joins_transactions = False

    def __init__(self, url: str, ttl: int) -> None:
        self.ttl = ttl
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=ANSWER_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            health_check_interval=IDLE_SECONDS,
            retry=Retry(ExponentialWithJitterBackoff(cap=0.2, base=0.02), RETRIES),
            # What every Redis since 2.6 and every look-alike speaks; we need nothing newer.
            protocol=2,
        )
        self._redis = Redis.from_pool(pool)

    def within(self, database: DatabaseAccess, snapshot: Snapshot) -> "RedisSmsSessions":  # noqa: ARG002
        """The same: Redis knows nothing of the database's transactions."""
        return self

    async def start(
        self, organization_id: int, phone_number: str, assistant_id: int, state: Mapping[str, Any]
    ) -> None:
        """Set the pair's key, and its time to live with the same command."""
        if not phone_digits(phone_number):
            raise BadInput(f"{phone_number[:60]!r} is not a phone number: it has no digits.")
        key = _key(organization_id, phone_number, assistant_id)
        with _reachable():
            await self._redis.set(key, dump_json(dict(state)), ex=self.ttl)

    async def find(
        self, organization_id: int, phone_number: str, assistant_id: int
    ) -> dict[str, Any] | None:
        """The value of the pair's key."""
        with _reachable():
            state = await self._redis.get(_key(organization_id, phone_number, assistant_id))
        return None if state is None else orjson.loads(state)

    async def count(self, organization_id: int) -> int:
        """How many keys the organization has; SCAN may name a key twice."""
        return len({key async for batch in self._batches(organization_id) for key in batch})

    async def end(self, organization_id: int, phone_number: str, assistant_id: int) -> bool:
        """Remove the pair's key."""
        with _reachable():
            return await self._unlink(_key(organization_id, phone_number, assistant_id)) > 0

    async def clear(self, organization_id: int) -> int:
        """Remove every key of the organization; one that is set meanwhile may stay."""
        removed = 0
        async for batch in self._batches(organization_id):
            if batch:
                with _reachable():
                    removed += await self._unlink(*batch)
        return removed

    async def clean_up(self, organization_id: int) -> int:  # noqa: ARG002
        """Nothing: Redis has removed what has run out. It only answers whether it is there."""
        with _reachable():
            await self._redis.ping()
        return 0

    async def close(self) -> None:
        """Close every connection."""
        await self._redis.aclose()

    async def _unlink(self, *keys: bytes | str) -> int:
        return int(await self._redis.unlink(*keys))

    async def _batches(self, organization_id: int) -> AsyncIterator[list[bytes | str]]:
        """Every key of the organization that is there all the time, some of them twice."""
        cursor = 0
        while True:
            with _reachable():
                cursor, keys = await self._redis.scan(
                    cursor, match=f"{_prefix(organization_id)}*", count=SCANNED
                )
            yield keys
            if cursor == 0:
                return


def _prefix(organization_id: int) -> str:
    return f"jackfield:{{{organization_id}}}:sms:session:"


def _key(organization_id: int, phone_number: str, assistant_id: int) -> str:
    return f"{_prefix(organization_id)}{phone_digits(phone_number)}:{assistant_id}"


@contextmanager
def _reachable() -> Iterator[None]:
    """Turn a Redis that cannot be reached, or refuses, into `Unavailable`."""
    try:
        yield
    except (RedisError, OSError) as error:
        _log.warning("the store of SMS sessions (Redis) cannot be used: %r", error)
        raise Unavailable(
            "The store of SMS sessions (Redis) cannot be reached right now; try again."
        ) from error
