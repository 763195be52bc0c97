"""Live SMS sessions in Redis, for more than one machine; Redis expires them."""

import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from redis.exceptions import RedisError

from gql.database import DatabaseAccess, Snapshot, dump_json
from gql.errors import RETRY_AFTER, BadInput, Unavailable
from gql.models.call import phone_digits
from gql.stores.redis_client import redis_client
from gql.stores.sms_sessions import CONVERSATION, SmsActivity, newest_of_pairs

CONNECTIONS = 20
"""Most connections of a process; more commands at once wait for one."""

SCANNED = 1_000
"""Keys that one SCAN looks at, and at most about as many that one UNLINK removes."""

_REFRESH = """
local now = redis.call('TIME')
local lives = tonumber(ARGV[1]) - now[1] * 1000 - math.floor(now[2] / 1000)
if lives <= 0 or lives <= redis.call('PTTL', KEYS[1]) then return 0 end
local state = redis.call('GET', KEYS[1])
local is_read, document = pcall(cjson.decode, state or '')
local name = ARGV[3]
if is_read and type(document) == 'table' and document[name] == cjson.decode(ARGV[2])[name] then
  return redis.call('PEXPIRE', KEYS[1], lives)
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', lives)
return 1
"""
"""Has a key live until a time in milliseconds since 1970, with a new state unless it is the same
conversation's. One script, so that of two messages at once the older one cannot come last."""

_log = logging.getLogger(__name__)


class RedisSmsSessions:
    """Implements `SmsSessionStore` with the keys `jackfield:{7}:sms:session:15559876543:124`.

    The braces keep the keys of organization 7 on one server of a cluster. Keys are listed with SCAN
    and deleted with UNLINK, in batches, so that no other command waits for long. Still, counting
    looks at every key of the Redis database, which should therefore hold nothing else.
    https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags

    Args:
        url: `redis://`, `rediss://` (TLS) or `unix://`.
        ttl: Seconds until a state expires.
    """

    joins_transactions = False

    def __init__(self, url: str, ttl: int) -> None:
        self.ttl = ttl
        self._redis = redis_client(url, connections=CONNECTIONS)

    def within(self, database: DatabaseAccess, snapshot: Snapshot) -> "RedisSmsSessions":  # noqa: ARG002
        """Itself: Redis takes no part in the database's transactions."""
        return self

    async def start(
        self, organization_id: int, phone_number: str, assistant_id: int, state: Mapping[str, Any]
    ) -> None:
        if not phone_digits(phone_number):
            raise BadInput(f"{phone_number[:60]!r} is not a phone number: it has no digits.")
        key = _key(organization_id, phone_number, assistant_id)
        with _reachable():
            await self._redis.set(key, dump_json(dict(state)), ex=self.ttl)

    async def refresh(self, organization_id: int, activities: Sequence[SmsActivity]) -> None:
        newest = newest_of_pairs(activities)
        if not newest:
            return
        with _reachable():
            async with self._redis.pipeline(transaction=False) as pipeline:
                for each in newest:
                    ends = int(each.at.timestamp() * 1000) + self.ttl * 1000
                    state = dump_json({CONVERSATION: each.conversation_id})
                    key = _key(organization_id, each.phone_number, each.assistant_id)
                    pipeline.eval(_REFRESH, 1, key, ends, state, CONVERSATION)
                await pipeline.execute()

    async def find(
        self, organization_id: int, phone_number: str, assistant_id: int
    ) -> dict[str, Any] | None:
        with _reachable():
            state = await self._redis.get(_key(organization_id, phone_number, assistant_id))
        return None if state is None else orjson.loads(state)

    async def count(self, organization_id: int) -> int:
        """How many keys the organization has; SCAN may name a key twice."""
        return len({key async for batch in self._batches(organization_id) for key in batch})

    async def end(self, organization_id: int, phone_number: str, assistant_id: int) -> bool:
        with _reachable():
            return await self._unlink(_key(organization_id, phone_number, assistant_id)) > 0

    async def clear(self, organization_id: int) -> int:
        """Delete every key of the organization; one that is set meanwhile may stay."""
        removed = 0
        async for batch in self._batches(organization_id):
            if batch:
                with _reachable():
                    removed += await self._unlink(*batch)
        return removed

    async def clean_up(self, organization_id: int) -> int:  # noqa: ARG002
        """0: Redis deletes expired keys by itself. It raises when Redis cannot be reached."""
        with _reachable():
            await self._redis.ping()
        return 0

    async def close(self) -> None:
        await self._redis.aclose()

    async def _unlink(self, *keys: bytes | str) -> int:
        return int(await self._redis.unlink(*keys))

    async def _batches(self, organization_id: int) -> AsyncIterator[list[bytes | str]]:
        """Every key of the organization that exists throughout, some of them twice: see SCAN."""
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
    """Raise `Unavailable` when Redis cannot be reached, or answers with an error."""
    try:
        yield
    except (RedisError, OSError) as error:
        _log.warning("the store of SMS sessions (Redis) cannot be used: %r", error)
        raise Unavailable(
            "The store of SMS sessions (Redis) cannot be reached right now; try again.", RETRY_AFTER
        ) from error
