"""A client of Server-Sent Events that speaks ASGI to the application, without a network."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message

from gql.background import cancel


@dataclass
class EventSource:
    """What a subscription sends.

    Attributes:
        started: Status and headers, once they came.
        last_id: The id of the last event, as a browser keeps it.
    """

    started: "asyncio.Future[Message]"
    _parts: "asyncio.Queue[bytes | None]" = field(default_factory=asyncio.Queue)
    last_id: str | None = None

    async def next(self) -> Any:
        """The next answer; what comes between is passed over. None at the end."""
        while (lines := await self.part()) is not None:
            if lines.get("event") == "next":
                return json.loads(lines["data"])
        return None

    async def part(self) -> dict[str, str] | None:
        """The fields of whatever is sent next; None at the end."""
        part = await self._parts.get()
        if part is None:
            return None
        lines = dict(line.split(": ", 1) for line in part.decode().splitlines() if ": " in line)
        self.last_id = lines.get("id", self.last_id)
        return lines

    async def send(self, message: Message) -> None:
        """Takes what the application sends."""
        if message["type"] == "http.response.start":
            self.started.set_result(message)
        elif message["body"]:
            self._parts.put_nowait(message["body"])
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self._parts.put_nowait(None)


@asynccontextmanager
async def following(
    app: ASGIApp, query: str, headers: dict[str, str], **variables: Any
) -> AsyncIterator[EventSource]:
    """A subscription that has begun; the client leaves at the end of the block.

    Raises:
        ConnectionError: when there is no answer.
    """
    body = json.dumps({"query": query, "variables": variables}).encode()
    sent = {"content-type": "application/json", "accept": "text/event-stream", **headers}
    raw = [(name.lower().encode(), value.encode()) for name, value in sent.items()]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "headers": raw,
        "client": ("127.0.0.1", 1),
        "root_path": "",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    left, source = asyncio.Event(), EventSource(asyncio.get_running_loop().create_future())
    bodies = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if bodies:
            return bodies.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def run() -> None:
        await app(scope, receive, source.send)
        if not source.started.done():
            source.started.set_exception(ConnectionError())

    task = asyncio.create_task(run())
    await source.started
    try:
        yield source
    finally:
        left.set()
        await cancel(task)
