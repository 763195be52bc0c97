"""A well-behaved client of another organization, in a process of its own.

    python -m benchmarks.abuse.neighbor PORT < KEY

It sends `RATE` requests per second, whether or not earlier ones have been answered, and prints a
line per answer: when it was due, how long it took from then on, and the status (0: none).
"""

import asyncio
import itertools
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread

from benchmarks.abuse.requests import Connection, connect, exchange, get, graphql
from benchmarks.target import ROOT

RATE = 20
"""Requests per second."""

CONNECTIONS = 20
START_SECONDS = 60
TIMEOUT = 15
"""Seconds after which there is no answer."""


@dataclass(frozen=True)
class Reply:
    """What became of one request.

    Attributes:
        due: When it had to be sent, by `time.monotonic`, which all processes share.
        milliseconds: From then until the whole answer was there.
        status: Of the answer; 0 when there was none.
    """

    due: float
    milliseconds: float
    status: int

    @property
    def is_failure(self) -> bool:
        return self.status != 200  # noqa: PLR2004 -- OK


@dataclass
class Neighbor:
    """The replies so far; they are added while the process runs."""

    replies: list[Reply] = field(default_factory=list)

    def between(self, start: float, end: float) -> list[Reply]:
        """The replies to what was due in this time."""
        return [reply for reply in self.replies if start <= reply.due < end]


def percentile(replies: Sequence[Reply], share: float) -> float:
    """The milliseconds that this share of the replies took at most; failures count with theirs."""
    ordered = sorted(reply.milliseconds for reply in replies)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


@contextmanager
def neighbor(port: int, api_key: str) -> Iterator[Neighbor]:
    """Runs beside the block, and has had an answer when that begins.

    Raises:
        RuntimeError: when it has none for a minute.
    """
    watched = Neighbor()
    process = subprocess.Popen(  # noqa: S603 -- our own module
        [sys.executable, "-m", "benchmarks.abuse.neighbor", str(port)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None  # noqa: S101 -- for mypy
    assert process.stdout is not None  # noqa: S101 -- for mypy
    process.stdin.write(api_key)
    process.stdin.close()
    output = process.stdout

    def read() -> None:
        for line in output:
            due, milliseconds, status = line.split()
            watched.replies.append(Reply(float(due), float(milliseconds), int(status)))

    thread = Thread(target=read, daemon=True)
    thread.start()
    try:
        start = time.monotonic()
        while not watched.replies:
            if time.monotonic() > start + START_SECONDS:
                raise RuntimeError("the neighbor has no answer")
            time.sleep(0.02)
        yield watched
    finally:
        process.terminate()
        process.wait(TIMEOUT)
        thread.join(TIMEOUT)
        output.close()


async def _ask(port: int, requests: "asyncio.Queue[tuple[bytes, float]]") -> None:
    """Send what is due by one connection, which is opened again when it ends."""
    while True:
        with suppress(OSError):
            async with connect(port) as connection:
                while await _reply(connection, *await requests.get()):
                    pass


async def _reply(connection: Connection, request: bytes, due: float) -> bool:
    """Print what became of a request; whether the connection can be used again."""
    status = 0
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(TIMEOUT):
            status, _ = await exchange(connection, request)
    print(due, (time.monotonic() - due) * 1000, status, flush=True)
    return status != 0


async def _main(port: int, api_key: str) -> None:
    due_requests: asyncio.Queue[tuple[bytes, float]] = asyncio.Queue()
    requests = (
        graphql("{ calls(first: 10) { nodes { id callSid cost { total } } } }", api_key),
        graphql("{ graphs(first: 5) { nodes { name nodes { id } } } }", api_key),
        get("/api/v1/calls?limit=10", api_key),
        get("/readyz", api_key),
    )
    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(_ask(port, due_requests))
        start = time.monotonic()
        for number, request in enumerate(itertools.cycle(requests)):
            due = start + number / RATE
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due_requests.put_nowait((request, due))


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), sys.stdin.read().strip()))
