"""The connections to Redis, or to a server that speaks its protocol."""

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff

CONNECT_SECONDS = 1.0
"""How long connecting may take."""

ANSWER_SECONDS = 1.5
"""How long an answer may take."""

RETRIES = 1
"""How often a command is sent again, on a new connection, before Redis counts as unavailable."""

IDLE_SECONDS = 30
"""A connection that was idle for longer is checked before it is used."""


def redis_client(url: str, *, connections: int, retries: int = RETRIES) -> Redis:
    """A client that connects at its first command.

    Args:
        url: `redis://`, `rediss://` (TLS) or `unix://`.
        connections: How many it has at most; more commands at once wait for one.
        retries: See `RETRIES`; 0 for commands that must not be sent twice.
    """
    return Redis.from_pool(
        BlockingConnectionPool.from_url(
            url,
            max_connections=connections,
            timeout=ANSWER_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            health_check_interval=IDLE_SECONDS,
            retry=Retry(ExponentialWithJitterBackoff(cap=0.2, base=0.02), retries),
            # RESP2, which every compatible server speaks; nothing here needs a newer one.
            protocol=2,
        )
    )
