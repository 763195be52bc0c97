"""WebSocket connections with a bound on the time in which a client takes what it is sent."""

import asyncio
import logging
from asyncio.transports import BaseTransport
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from gql.app.http_connection import SendWatch, Watched
from gql.http.socket_closing import CloseCode

_log = logging.getLogger(__name__)
_log.setLevel(logging.WARNING)


class BoundedSocketProtocol(WebSocketsSansIOProtocol, Watched):
    """One WebSocket, which `ConnectionWatch` looks at as at the connection that it began as.

    uvicorn lets a client that reads nothing keep it open for ever: a WebSocket is closed only when
    all before that is sent.

    Args:
        send_seconds: In which a client must take 32 KB of what it is sent, or the rest; give it by
            `functools.partial`.
        arguments: uvicorn's.
    """

    def __init__(self, *, send_seconds: float, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._send_seconds = send_seconds
        # uvicorn logs each address whole, and its library the headers: there are keys in both.
        self.logger = self.conn.logger = _log
        self.conn.debug = False

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        writing = cast("asyncio.Transport", transport)
        self._sending = SendWatch(writing, self._send_seconds, self.loop.time())

    def shutdown(self) -> None:
        """Have the application close the WebSocket, as the process is about to end.

        uvicorn would close it at once, without a reason, and end what runs over it.
        """
        if self.handshake_complete and not self.close_sent:
            code = int(CloseCode.SERVICE_RESTART)
            self.queue.put_nowait({"type": "websocket.disconnect", "code": code})
        else:
            super().shutdown()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._sending.has_resumed = True

    def end_if_late(self, now: float) -> None:
        """End it when hardly anything was taken of what is to be sent."""
        self._sending.end_if_late(now)
