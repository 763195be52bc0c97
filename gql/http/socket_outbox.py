"""What is sent over one WebSocket: message after message, and never more than may wait."""

import asyncio
from contextlib import suppress

from starlette.requests import ClientDisconnect
from starlette.types import Send

from gql.http.socket_closing import Close, CloseCode

DISCONNECTED = (OSError, RuntimeError)
"""What `send` raises when the connection is lost, and uvicorn where it has closed it by itself."""


class Outbox:
    """Sends messages of many tasks.

    Args:
        send: Of the ASGI connection; it waits while the client does not take what was sent.
        most_bytes: How much may wait here; a single message is taken whatever its length.
        seconds: How long a client may take to receive a message.
    """

    def __init__(self, send: Send, most_bytes: int, seconds: float) -> None:
        self._send = send
        self._most_bytes = most_bytes
        self._seconds = seconds
        self._lock = asyncio.Lock()
        self._waiting_bytes = 0

    async def send(self, message: bytes) -> None:
        """Send a message once those before it are sent.

        Raises:
            Close: when the client takes too long for what it is sent.
            ClientDisconnect: when it has gone.
        """
        too_slow = Close(CloseCode.TRY_AGAIN_LATER, "You receive more slowly than there is news.")
        if self._waiting_bytes and self._waiting_bytes + len(message) > self._most_bytes:
            raise too_slow
        self._waiting_bytes += len(message)
        try:
            async with self._lock, asyncio.timeout(self._seconds):
                await self._send({"type": "websocket.send", "text": message.decode()})
        except TimeoutError:
            raise too_slow from None
        except DISCONNECTED as error:
            raise ClientDisconnect from error
        finally:
            self._waiting_bytes -= len(message)

    async def close(self, close: Close) -> None:
        """Close the WebSocket; does nothing where the client has gone, or takes nothing more."""
        with suppress(*DISCONNECTED):  # a TimeoutError is an OSError
            async with asyncio.timeout(self._seconds):
                event = {"type": "websocket.close", "code": int(close.code), "reason": close.reason}
                await self._send(event)
