"""Receivers of webhooks: small HTTP servers of the test, which answer as it says."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Received:
    """A webhook as it came.

    Attributes:
        headers: By names in lower case.
        body: As it was signed.
    """

    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def seq(self) -> int:
        return int(self.id.partition("-")[0])

    @property
    def subject(self) -> str:
        """What was written, of a body of the usual document."""
        return str(self.json["data"]["events"]["changedId"])


@dataclass(frozen=True)
class Answer:
    """What a receiver answers."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def raw(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Answer", f"content-length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body


OK = Answer()


@dataclass
class Receiver:
    """What came to one address.

    Attributes:
        url: The address.
        received: All that came, in order, also what was refused.
        accepted: What was answered by 2xx.
        answer: Says what is answered; the test may replace it.
        unanswered: How many are being answered.
        most_unanswered: The most at a time.
    """

    url: str = ""
    received: list[Received] = field(default_factory=list)
    accepted: list[Received] = field(default_factory=list)
    answer: Callable[[Received], Awaitable[Answer]] | None = None
    unanswered: int = 0
    most_unanswered: int = 0
    _has_changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, received: Received) -> Answer:
        self.received.append(received)
        self.unanswered += 1
        self.most_unanswered = max(self.most_unanswered, self.unanswered)
        self._has_changed.set()
        try:
            answer = OK if self.answer is None else await self.answer(received)
        finally:
            self.unanswered -= 1
        if answer.status < 300:
            self.accepted.append(received)
        self._has_changed.set()
        return answer

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so of what came."""
        while not condition():
            self._has_changed.clear()
            await self._has_changed.wait()

    def refuse(self, **answer: Any) -> None:
        """Answer everything so."""

        async def same(_: Received) -> Answer:
            return Answer(**answer)

        self.answer = same


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver at an address of its own, until the block ends."""
    receiver = Receiver()
    connections: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(writer)
        # The sender may go at any time.
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                lines = [line.partition(": ") for line in head.split("\r\n")[1:] if line]
                headers = {name.lower(): value for name, _, value in lines}
                body = await reader.readexactly(int(headers["content-length"]))
                writer.write((await receiver.take(Received(headers, body))).raw)
                await writer.drain()
        connections.discard(writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    receiver.url = f"http://{host}:{port}/hooks"
    try:
        yield receiver
    finally:
        server.close()
        for writer in connections:
            writer.close()
        await asyncio.sleep(0)
