"""What live transcripts take of one worker, and how they end with it.

All listen to one call, as in a control room; each segment is written by a mutation.
"""

import asyncio
import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.abuse.requests import HOST
from benchmarks.live.counting import TranscriptListener
from benchmarks.live.load import (
    AT_ONCE,
    LONGEST_SECONDS,
    MOST,
    data_of,
    logged,
    many_files,
    settled_memory,
)
from benchmarks.postgres import Postgres
from benchmarks.process import started
from benchmarks.servers import JACKFIELD
from benchmarks.target import Say, Target
from tests.statements import PostgresqlLog, count

LISTENERS = 300
SEGMENTS = 20

_AT = "2026-11-01T10:00:00Z"
_BEGIN = """mutation ($input: UpsertCallsInput!) {
    items: upsertCalls(input: $input) { results { status } } }"""
_SAY = """mutation ($input: AppendTranscriptInput!) {
    items: appendTranscript(input: $input) { results { status } } }"""


@dataclass(frozen=True)
class MeasuredTranscripts:
    """What was measured.

    Attributes:
        listeners: How many there were.
        kib: Memory of the gateway for each of them.
        statements_of_one: Of the gateway for each segment when one listens, the write's in it.
        statements: The same when all listen.
        closings: How often each code and reason came after SIGTERM.
    """

    listeners: int
    kib: float
    statements_of_one: float
    statements: float
    closings: Counter[tuple[int, str] | None]


def measured_transcripts(
    target: Target,
    postgres: Postgres,
    scratch: Path,
    say: Say,
    *,
    listeners: int = LISTENERS,
    segments: int = SEGMENTS,
) -> MeasuredTranscripts:
    """What so many listeners take; then the gateway is ended by SIGTERM."""
    say(f"{listeners} live transcripts")
    limits = {"GQL_MAX_SUBSCRIPTIONS": str(MOST), "GQL_MAX_CONNECTIONS": str(MOST)}
    server = replace(JACKFIELD, environment={**limits, "GQL_RATE_LIMIT": "off"})
    with (
        many_files(),
        logged(postgres, target) as log,
        started(server, target, scratch) as running,
    ):
        audience = _Audience(running.port, target.api_key)
        return asyncio.run(_measure(audience, running.pid, log, listeners, segments))


async def _measure(
    audience: "_Audience", pid: int, log: PostgresqlLog, listeners: int, segments: int
) -> MeasuredTranscripts:
    await audience.begin()
    try:
        await audience.open(1)
        await audience.say()
        with count(log) as log_of_one:
            for _ in range(segments):
                await audience.say()
        before = await settled_memory(pid)
        await audience.open(listeners - 1)
        with_all = await settled_memory(pid)
        with count(log) as log_of_all:
            for _ in range(segments):
                await audience.say()
        os.kill(pid, signal.SIGTERM)
        async with asyncio.timeout(LONGEST_SECONDS):
            await audience.all_lost()
    finally:
        for each in audience.listeners:
            each.close()
    return MeasuredTranscripts(
        listeners,
        kib=1024 * (with_all - before) / (listeners - 1),
        statements_of_one=log_of_one.count / segments,
        statements=log_of_all.count / segments,
        closings=Counter(each.closing for each in audience.listeners),
    )


class _Audience:
    """Those who listen, and who speaks.

    Attributes:
        port: Of the gateway.
        key: Of the organization.
        listeners: All of them.
    """

    def __init__(self, port: int, key: str) -> None:
        self.port, self.key = port, key
        self._call_sid = f"CA-bench-{time.time_ns()}"  # the database stays for the next run
        self.listeners: list[TranscriptListener] = []
        self._spoken = 0
        self._received = self._lost = 0
        self._changed = asyncio.Event()

    async def open(self, number: int) -> None:
        """Have so many more, each of whom has been told what was said so far."""
        gate = asyncio.Semaphore(AT_ONCE)
        self._received = len(self.listeners)

        async def open_one() -> None:
            async with gate:
                own = TranscriptListener(self.key, self._call_sid, "", self._see, self._lose)
                self.listeners.append(own)
                loop = asyncio.get_running_loop()
                await loop.create_connection(lambda: own, HOST, self.port)
                await own.begun

        await asyncio.gather(*(open_one() for _ in range(number)))
        if self._spoken:
            await self._all_received()

    async def begin(self) -> None:
        """Have a call that goes on."""
        call = {
            "externalId": self._call_sid,
            "occurredAt": _AT,
            "startedAt": _AT,
            "status": "ONGOING",
        }
        await self._send(_BEGIN, calls=[call])

    async def say(self) -> None:
        """Say something that all are told."""
        self._spoken, self._received = self._spoken + 1, 0
        segment = {
            "call": self._call_sid,
            "key": str(self._spoken),
            "occurredAt": _AT,
            "position": self._spoken,
            "speaker": "USER",
            "content": f"Segment {self._spoken}",
        }
        await self._send(_SAY, segments=[segment])
        await self._all_received()

    async def _send(self, mutation: str, **items: Any) -> None:
        values = {"source": "bench", **items}
        data = await data_of(self.port, mutation, self.key, input=values)
        if [each["status"] for each in data["items"]["results"]] != ["CREATED"]:
            raise RuntimeError(data)

    async def all_lost(self) -> None:
        """Ends when the gateway has ended all."""
        while self._lost < len(self.listeners):
            self._changed.clear()
            await self._changed.wait()

    async def _all_received(self) -> None:
        async with asyncio.timeout(LONGEST_SECONDS):
            while self._received < len(self.listeners):
                self._changed.clear()
                await self._changed.wait()

    def _see(self, number: int) -> None:
        if number == self._spoken:
            self._received += 1
            self._changed.set()

    def _lose(self, _error: Exception) -> None:
        self._lost += 1
        self._changed.set()
