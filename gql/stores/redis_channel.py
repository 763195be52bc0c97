"""Messages between processes by publish and subscribe of their Redis."""

from gql.stores.process_messages import CHANNEL, Receive
from gql.stores.redis_client import IDLE_SECONDS, redis_client


class RedisChannel:
    """Implements `MessageChannel`: one connection listens, another one sends.

    https://redis.io/docs/latest/develop/pubsub/

    Args:
        url: `redis://`, `rediss://` (TLS) or `unix://`.
    """

    def __init__(self, url: str) -> None:
        self._redis = redis_client(url, connections=2)

    async def send(self, message: str) -> None:
        await self._redis.publish(CHANNEL, message)

    async def listen(self, receive: Receive) -> None:
        async with self._redis.pubsub() as subscription:
            await subscription.subscribe(CHANNEL)
            while True:
                message = await subscription.get_message(timeout=IDLE_SECONDS)
                kind = None if message is None else message["type"]
                if kind == "subscribe":  # at first, and when the client has connected anew
                    receive(None)
                elif kind == "message":
                    receive(message["data"].decode())

    async def close(self) -> None:
        await self._redis.aclose()
