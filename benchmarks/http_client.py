"""The bundled client: connections that stay open, each with one request in flight."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httptools
import uvloop

from benchmarks.workloads import numbered

TIMEOUT = 30
"""Seconds until a request fails."""


@dataclass
class Load:
    """What a client saw.

    Attributes:
        seconds: From the first request to the last answer.
        latencies: Of each answer, in milliseconds.
        errors: Answers with another status than 200, and broken connections.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    errors: int = 0

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """The latency that this share of the answers stays below, in milliseconds."""
        if not self.latencies:
            return float("nan")
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def send(port: int, requests: Sequence[bytes], *, connections: int, seconds: float) -> Load:
    """Ask as fast as the server answers.

    Args:
        port: Of 127.0.0.1.
        requests: Whole HTTP requests, sent in turn by all connections together; each of them
            numbered as no other was.
        connections: How many requests may be in flight.
        seconds: After which no further request is sent.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_send(port, requests, connections, seconds))


async def _send(port: int, requests: Sequence[bytes], connections: int, seconds: float) -> Load:
    load = Load()
    schedule = _Schedule(requests, load)
    loop = asyncio.get_running_loop()
    clients = [
        (await loop.create_connection(lambda: _Client(schedule), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    start = time.perf_counter()
    schedule.end = start + seconds
    for client in clients:
        client.ask()
    await asyncio.wait([client.done for client in clients], timeout=seconds + TIMEOUT)
    load.seconds = time.perf_counter() - start
    load.errors += sum(not client.done.done() for client in clients)
    return load


def first_serial() -> int:
    """The number of the first request: no server answers a million in a second, so none repeats."""
    return time.time_ns() // 1_000


@dataclass
class _Schedule:
    """Which request comes next, and where answers are noted."""

    requests: Sequence[bytes]
    load: Load
    end: float = 0.0
    sent: int = 0
    first: int = field(default_factory=first_serial)

    def next(self) -> bytes | None:
        if time.perf_counter() >= self.end:
            return None
        self.sent += 1
        request = self.requests[self.sent % len(self.requests)]
        return numbered(request, self.first + self.sent)


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, schedule: _Schedule) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._schedule = schedule
        self._parser: Any = None
        self._transport: Any = None
        self._at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.done.done():
            self._schedule.load.errors += 1
            self.done.set_result(None)

    def on_message_complete(self) -> None:
        """The parser has the whole answer."""
        self._schedule.load.latencies.append((time.perf_counter() - self._at) * 1000)
        self._schedule.load.errors += self._parser.get_status_code() != 200  # noqa: PLR2004 -- OK
        self.ask()

    def ask(self) -> None:
        """Send the next request, or end when the time is over."""
        request = self._schedule.next()
        if request is None:
            if not self.done.done():
                self.done.set_result(None)
            self._transport.close()
            return
        self._parser = httptools.HttpResponseParser(self)
        self._at = time.perf_counter()
        self._transport.write(request)
