"""The two transports of subscriptions, as plainly as they can be spoken."""

import json
from collections.abc import AsyncGenerator
from typing import Any, NamedTuple

from websockets.asyncio.client import connect as connect_socket
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from benchmarks.abuse.requests import HOST, connect, post

LOST = (OSError, EOFError, TimeoutError, WebSocketException)
"""What ends a subscription of a client that then comes again."""

SUBPROTOCOL = Subprotocol("graphql-transport-ws")


class Answer(NamedTuple):
    """One answer of a subscription.

    Attributes:
        id: As the transport names the event; None where it does not.
        body: `data` or `errors`.
    """

    id: str | None
    body: dict[str, Any]


Answers = AsyncGenerator[Answer, None]


async def by_events(port: int, key: str, query: str, after: str | None) -> Answers:
    """A subscription over Server-Sent Events, which begins after an event by `Last-Event-ID`.

    Lines of the stream end in a line feed alone, and those of its chunks in two characters.

    Raises:
        OSError: when the connection ends, or is answered by a refusal.
    """
    headers = "Accept: text/event-stream\r\n"
    if after is not None:
        headers += f"Last-Event-ID: {after}\r\n"
    async with connect(port) as (reader, writer):
        writer.write(post("/graphql", {"query": query}, key, headers=headers))
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise ConnectionError(head[:200])
        named: str | None = None
        while line := await reader.readline():
            if line.startswith(b"id: "):
                named = line[4:-1].decode()
            elif line.startswith(b"data: "):
                yield Answer(named, json.loads(line[6:]))
        raise ConnectionResetError("the stream has ended")


async def by_socket(port: int, key: str, query: str, after: str | None) -> Answers:
    """A subscription over a WebSocket of its own, which begins after an event by a variable.

    Raises:
        OSError: when the connection ends, or the operation is refused.
        WebSocketException: the same.
    """
    url = f"ws://{HOST}:{port}/graphql"
    async with connect_socket(
        url, subprotocols=[SUBPROTOCOL], compression=None, open_timeout=60, close_timeout=1
    ) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"apiKey": key}}))
        await socket.recv()
        payload = {"query": query, "variables": {"after": after}}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "next":
                yield Answer(None, message["payload"])
            elif message["type"] == "error":
                yield Answer(None, {"errors": message["payload"]})
        raise ConnectionResetError("the socket was closed")


TRANSPORTS = {"Server-Sent Events": by_events, "WebSocket": by_socket}
"""By the name in reports."""
