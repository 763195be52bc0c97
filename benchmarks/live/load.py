"""What subscribers take of one worker: memory of those who wait, work for those who are told.

The busy ones follow calls of one organization by the same document, as an open dashboard of many
people does; the idle ones follow everything of another organization, in which nothing is written.
"""

import asyncio
import json
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import quantiles
from typing import Any

from benchmarks.abuse.requests import HOST, Connection, connect, exchange, graphql
from benchmarks.live.counting import SUBSCRIBERS, CountingSubscriber
from benchmarks.live.kills import FIRST_CALLS, WRITE
from benchmarks.postgres import Postgres
from benchmarks.process import cpu_seconds, memory_mb, started
from benchmarks.servers import JACKFIELD
from benchmarks.target import Say, Target
from tests.statements import PostgresqlLog, count

IDLE = "subscription ($after: String) { events(after: $after) { eventId } }"
BUSY = "subscription ($after: String) { callChanged(after: $after) { eventId call { id meta } } }"
LAST_EVENT = "{ viewer { organization { lastEventId } } }"

MOST = 10_000
"""Subscribers and connections that the gateway is told to allow."""

AT_ONCE = 50
"""Connections that are opened at the same time."""

SETTLE_SECONDS = 2.0

LONGEST_SECONDS = 120
"""Until all have been told of an event, whatever else the machine does."""


@dataclass(frozen=True)
class Load:
    """How many.

    Attributes:
        idle: Subscribers who are told nothing.
        busy: Those who are told of each event.
        events: That they are told of.
    """

    idle: int = 2_000
    busy: int = 500
    events: int = 50


@dataclass(frozen=True)
class Measured:
    """On one transport.

    Attributes:
        transport: By its name in reports.
        load: How many there were.
        idle_kib: Memory of the gateway for each idle subscriber.
        idle_cpu: Seconds of CPU in a second, with all of them and no event.
        busy_kib: Memory for each busy one.
        statements_of_one: Of the gateway for each event when one is told, the write's in it.
        statements: The same when all busy ones are told.
        event_cpu_of_one_ms: CPU of the gateway for each event when one is told, the write's in it.
        event_cpu_ms: The same when all busy ones are told.
        client_cpu_ms: CPU of this tool for each of those events.
        delays_ms: From sending a write to receiving its event, of every event and subscriber.
    """

    transport: str
    load: Load
    idle_kib: float
    idle_cpu: float
    busy_kib: float
    statements_of_one: float
    statements: float
    event_cpu_of_one_ms: float
    event_cpu_ms: float
    client_cpu_ms: float
    delays_ms: Sequence[float]

    def delay_ms(self, percent: int) -> float:
        """A percentile of the delays."""
        return quantiles(self.delays_ms, n=100)[percent - 1]


@dataclass
class _Subscribers:
    """Those of one document."""

    transport: str
    port: int
    key: str
    query: str
    received: list[float] = field(default_factory=list)
    _all: list[CountingSubscriber] = field(default_factory=list)
    _number: int = 0
    _all_received: "asyncio.Future[None] | None" = None

    def expect(self, number: int) -> "asyncio.Future[None]":
        """Ends when all have seen a number; `received` has then when each did."""
        self._number, self.received = number, []
        self._all_received = asyncio.get_running_loop().create_future()
        return self._all_received

    async def open(self, number: int) -> None:
        """Have so many more, all of which have begun."""
        data = await data_of(self.port, LAST_EVENT, self.key)
        after = data["viewer"]["organization"]["lastEventId"]
        gate = asyncio.Semaphore(AT_ONCE)
        loop = asyncio.get_running_loop()
        kind = SUBSCRIBERS[self.transport]

        async def open_one() -> None:
            async with gate:
                own = kind(self.key, self.query, after, self._see, self._lose)
                self._all.append(own)
                await loop.create_connection(lambda: own, HOST, self.port)
                await own.begun

        await asyncio.gather(*(open_one() for _ in range(number)))

    def _see(self, number: int) -> None:
        if number == self._number:
            self.received.append(time.monotonic())
            if len(self.received) == len(self._all) and self._all_received is not None:
                self._all_received.set_result(None)

    def _lose(self, error: Exception) -> None:
        if self._all_received is not None and not self._all_received.done():
            self._all_received.set_exception(error)

    def close(self) -> None:
        """End them all."""
        for each in self._all:
            each.close()


def measured_subscribers(
    target: Target, postgres: Postgres, scratch: Path, load: Load, say: Say
) -> Iterator[Measured]:
    """What subscribers take, on each transport by a gateway of its own."""
    limits = {"GQL_MAX_SUBSCRIPTIONS": str(MOST), "GQL_MAX_CONNECTIONS": str(MOST)}
    server = replace(JACKFIELD, environment={**limits, "GQL_RATE_LIMIT": "off"})
    for transport in SUBSCRIBERS:
        say(f"{load.idle} idle and {load.busy} busy subscribers over {transport}")
        with (
            many_files(),
            logged(postgres, target) as log,
            started(server, target, scratch) as running,
        ):
            yield asyncio.run(_measure(running.port, running.pid, target, transport, load, log))


async def _measure(
    port: int, pid: int, target: Target, transport: str, load: Load, log: PostgresqlLog
) -> Measured:
    idle = _Subscribers(transport, port, target.small_api_key, IDLE)
    busy = _Subscribers(transport, port, target.api_key, BUSY)
    writer = await _Writer.on(port, target.api_key)
    try:
        # With one of each, what is made once is there, and a write is told already.
        await idle.open(1)
        await busy.open(1)
        await writer.write(busy, 1)
        cpu = cpu_seconds(pid)
        with count(log) as log_of_one:
            await writer.write(busy, load.events)
        cpu_of_one = (cpu_seconds(pid) - cpu) / load.events
        before = await settled_memory(pid)
        await idle.open(load.idle)
        with_idle, cpu = await settled_memory(pid), cpu_seconds(pid)
        await asyncio.sleep(SETTLE_SECONDS)
        idle_cpu = (cpu_seconds(pid) - cpu) / SETTLE_SECONDS
        await busy.open(load.busy - 1)
        with_busy, cpu, own_cpu = await settled_memory(pid), cpu_seconds(pid), time.process_time()
        writer.delays_ms.clear()
        with count(log) as log_of_all:
            await writer.write(busy, load.events)
        event_cpu = (cpu_seconds(pid) - cpu) / load.events
        client_cpu = (time.process_time() - own_cpu) / load.events
    finally:
        idle.close()
        busy.close()
    return Measured(
        transport,
        load,
        idle_kib=1024 * (with_idle - before) / load.idle,
        idle_cpu=idle_cpu,
        busy_kib=1024 * (with_busy - with_idle) / (load.busy - 1),
        statements_of_one=log_of_one.count / load.events,
        statements=log_of_all.count / load.events,
        event_cpu_of_one_ms=1_000 * cpu_of_one,
        event_cpu_ms=1_000 * event_cpu,
        client_cpu_ms=1_000 * client_cpu,
        delays_ms=writer.delays_ms,
    )


@dataclass
class _Writer:
    """Writes to a call, again and again, and waits until all were told."""

    port: int
    key: str
    call: str
    written: int = 0
    delays_ms: list[float] = field(default_factory=list)

    @classmethod
    async def on(cls, port: int, key: str) -> "_Writer":
        data = await data_of(port, FIRST_CALLS, key)
        return cls(port, key, data["calls"]["nodes"][0]["id"])

    async def write(self, subscribers: _Subscribers, times: int) -> None:
        async with connect(self.port) as connection:
            for _ in range(times):
                await self._write_one(connection, subscribers)

    async def _write_one(self, connection: Connection, subscribers: _Subscribers) -> None:
        self.written += 1
        all_received, sent = subscribers.expect(self.written), time.monotonic()
        request = graphql(WRITE, self.key, id=self.call, n=self.written)
        _, answer = await exchange(connection, request)
        if b'"errors"' in answer:
            raise RuntimeError(answer)
        async with asyncio.timeout(LONGEST_SECONDS):
            await all_received
        self.delays_ms += [1_000 * (at - sent) for at in subscribers.received]


async def data_of(port: int, query: str, key: str, **variables: Any) -> Any:
    """The data of an answer."""
    async with connect(port) as connection:
        _, body = await exchange(connection, graphql(query, key, **variables))
    return json.loads(body)["data"]


async def settled_memory(pid: int) -> float:
    """Of the gateway, once nothing moves."""
    await asyncio.sleep(SETTLE_SECONDS)
    return memory_mb(pid)


@contextmanager
def many_files() -> Iterator[None]:
    """As many open files as this machine allows, here and in what is started."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def logged(postgres: Postgres, target: Target) -> Iterator[PostgresqlLog]:
    """Every statement on a target's database, from the block's beginning to its end."""
    name = target.url.partition("?")[0].rpartition("/")[2]
    postgres.sql("ALTER SYSTEM SET log_line_prefix = '%d|%a|'; SELECT pg_reload_conf();")
    postgres.sql(f"ALTER DATABASE {name} SET log_statement = 'all';")
    try:
        yield PostgresqlLog(postgres.log, name)
    finally:
        postgres.sql(f"ALTER DATABASE {name} RESET log_statement;")
