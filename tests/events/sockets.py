"""A client of WebSockets that speaks ASGI to the application, without a network."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
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
        last_event_id: What `connection_ack` says of it.
        takes: How many more it takes before `is_reading` is cleared; None for ever more.
    """

    sent: "asyncio.Queue[Message]" = field(default_factory=asyncio.Queue)
    received: "asyncio.Queue[Message]" = field(default_factory=asyncio.Queue)
    is_reading: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: "asyncio.Queue[Message]" = field(default_factory=asyncio.Queue)
    last_event_id: str | None = None
    takes: int | None = None

    async def take(self, message: Message) -> None:
        """Takes what the application sends, once the client reads."""
        if not self.is_reading.is_set():
            self.waiting.put_nowait(message)
            await self.is_reading.wait()
        self.received.put_nowait(message)
        if self.takes is not None:
            self.takes -= 1
            if not self.takes:
                self.is_reading.clear()
                self.takes = None

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
        """What `connection_init` is answered, without the position that an acknowledgement has."""
        message = {"type": "connection_init"}
        self.send(message if payload is None else {**message, "payload": payload})
        answer = await self.next()
        if isinstance(answer, dict):
            self.last_event_id = answer.pop("payload", {}).get("lastEventId")
        return answer

    def leave(self) -> None:
        """Hang up."""
        self.sent.put_nowait({"type": "websocket.disconnect", "code": 1001})


@asynccontextmanager
async def connected(
    app: ASGIApp, headers: Mapping[str, str], subprotocol: str = SUBPROTOCOL
) -> AsyncIterator[Socket]:
    """A WebSocket of GraphQL that was accepted; the client leaves at the end of the block."""
    chosen = subprotocol if subprotocol == SUBPROTOCOL else None
    async with opened(app, "/graphql", headers, offered=[subprotocol], chosen=chosen) as socket:
        yield socket


@asynccontextmanager
async def opened(
    app: ASGIApp,
    path: str,
    headers: Mapping[str, str],
    *,
    query: str = "",
    offered: Sequence[str] = (),
    chosen: str | None = None,
    takes: int | None = None,
) -> AsyncIterator[Socket]:
    """A WebSocket that was accepted; the client leaves at the end of the block.

    Args:
        app: The application.
        path: Where.
        headers: Of the handshake.
        query: Its query string.
        offered: Subprotocols.
        chosen: The one that the application must choose.
        takes: After how many messages it stops reading, the acceptance included.
    """
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"127.0.0.1"), *raw],
        "client": ("127.0.0.1", 1),
        "root_path": "",
        "http_version": "1.1",
        "scheme": "ws",
        "server": ("127.0.0.1", 80),
        "subprotocols": list(offered),
        "state": {},
    }
    socket = Socket(takes=takes)
    socket.is_reading.set()
    socket.sent.put_nowait({"type": "websocket.connect"})

    async def run() -> None:
        await app(scope, socket.sent.get, socket.take)

    task = asyncio.create_task(run())
    try:
        accepted = await socket.received.get()
        assert accepted["type"] == "websocket.accept"
        assert accepted["subprotocol"] == chosen
        yield socket
        socket.leave()
        socket.is_reading.set()
        await task
    finally:
        await cancel(task)
