"""A client of graphql-transport-ws that speaks ASGI to the application, without a network."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message

from gql.background import cancel

SUBPROTOCOL = "graphql-transport-ws"


@dataclass
class Socket:
    """One end of a WebSocket.

    Attributes:
        sent: What the application has not received yet.
        received: What the client has not looked at yet.
        is_reading: Cleared while the client takes nothing of what it is sent.
        waiting: What the application tried to send meanwhile.
    """

    sent: "asyncio.Queue[Message]" = field(default_factory=asyncio.Queue)
    received: "asyncio.Queue[Message]" = field(default_factory=asyncio.Queue)
    is_reading: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: "asyncio.Queue[Message]" = field(default_factory=asyncio.Queue)

    async def take(self, message: Message) -> None:
        """Takes what the application sends, once the client reads."""
        if not self.is_reading.is_set():
            self.waiting.put_nowait(message)
            await self.is_reading.wait()
        self.received.put_nowait(message)

    def send(self, message: Any) -> None:
        """Send a message: JSON of a value, or a text or bytes as they are."""
        key = "bytes" if isinstance(message, bytes) else "text"
        text = message if isinstance(message, (str, bytes)) else json.dumps(message)
        self.sent.put_nowait({"type": "websocket.receive", key: text})

    def subscribe(self, query: str, id: str = "1", /, **variables: Any) -> None:
        """Ask for an operation."""
        payload = {"query": query, "variables": variables}
        self.send({"id": id, "type": "subscribe", "payload": payload})

    async def next(self) -> Any:
        """The next message; code and reason when the WebSocket is closed."""
        event = await self.received.get()
        if event["type"] == "websocket.close":
            return event["code"], event["reason"]
        assert event["type"] == "websocket.send", event
        return json.loads(event["text"])

    async def init(self, payload: Any = None) -> Any:
        """What `connection_init` is answered."""
        message = {"type": "connection_init"}
        self.send(message if payload is None else {**message, "payload": payload})
        return await self.next()

    def leave(self) -> None:
        """Hang up."""
        self.sent.put_nowait({"type": "websocket.disconnect", "code": 1001})


@asynccontextmanager
async def connected(
    app: ASGIApp, headers: Mapping[str, str], subprotocol: str = SUBPROTOCOL
) -> AsyncIterator[Socket]:
    """A WebSocket that was accepted; the client leaves at the end of the block."""
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "websocket",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), *raw],
        "client": ("127.0.0.1", 1),
        "root_path": "",
        "http_version": "1.1",
        "scheme": "ws",
        "server": ("127.0.0.1", 80),
        "subprotocols": [subprotocol],
        "state": {},
    }
    socket = Socket()
    socket.is_reading.set()
    socket.sent.put_nowait({"type": "websocket.connect"})

    async def run() -> None:
        await app(scope, socket.sent.get, socket.take)

    task = asyncio.create_task(run())
    try:
        accepted = await socket.received.get()
        assert accepted["type"] == "websocket.accept"
        assert accepted["subprotocol"] == (subprotocol if subprotocol == SUBPROTOCOL else None)
        yield socket
        socket.leave()
        socket.is_reading.set()
        await task
    finally:
        await cancel(task)
