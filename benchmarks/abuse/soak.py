"""`make abuse A=--soak`: two workers at twice their capacity for minutes, while stores restart.

Two worker processes answer from PostgreSQL and Redis. PostgreSQL restarts twice, once as for
maintenance and once by a crash; Redis is killed and comes back, empty, a while later.
"""

import asyncio
import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import redis

from benchmarks.abuse.soak_load import Keys, Load
from benchmarks.abuse.soak_outcome import WORKERS, Counts, Outcome, Sample
from benchmarks.postgres import Postgres
from benchmarks.process import memory_mb, started
from benchmarks.servers import PORT, Server
from benchmarks.target import Say, Target, jackfield_command
from tests.redis_server import RedisServer

CONNECTIONS = 128
OVERLOAD = 2
"""Times as many requests as could be answered."""

CALIBRATING_SECONDS = 10
IDLE_SECONDS = 8
"""After which the gateway has ended idle connections; it waits for 5."""

LOOKS = 5
"""How often what is held when idle is looked at."""

LIMITED_REQUESTS = 600
"""Per minute, of the key that meets its limit."""

DATABASE = "soak"


@dataclass(frozen=True)
class Disturbance:
    """What happens to a store.

    Attributes:
        name: For the report.
        at: When, as a share of the whole time.
        act: Does it; it may take a while.
    """

    name: str
    at: float
    act: Callable[[], None]


@dataclass
class Stores:
    """The stores behind the gateway, as the soak looks at them.

    Attributes:
        sessions: How many sessions the gateway has on PostgreSQL.
        clients: How many connections it has to Redis.
    """

    sessions: Callable[[], int]
    clients: Callable[[], int]


def soak(postgres: Postgres, target: Target, scratch: Path, minutes: float, say: Say) -> Outcome:
    """The whole soak, with a copy of a target's database."""
    with redis_server() as store, copied(postgres, target) as copy:
        server = Server(
            "soak",
            "Jackfield with two workers, PostgreSQL and Redis",
            (sys.executable, "-m", "gql", "serve", "--port", PORT, "--workers", str(WORKERS)),
            environment={"GQL_REDIS_URL": store.url, "GQL_METRICS_TOKEN": secrets.token_hex(16)},
        )
        disturbances = (
            Disturbance("PostgreSQL restarts", 0.25, postgres.restart),
            Disturbance("Redis is killed", 0.4, store.stop),
            Disturbance("Redis is there again", 0.5, store.start),
            Disturbance("PostgreSQL crashes and recovers", 0.65, crashing(postgres)),
        )
        stores = Stores(lambda: sessions(postgres), lambda: clients(store.url))
        with started(server, copy, scratch, pinned=False) as running:
            load = Load(running.port, Keys(copy.api_key, limited_key(copy)), CONNECTIONS)
            steps = Steps(running.pid, stores, disturbances, 60 * minutes, say)
            return asyncio.run(steps.run(load))


@dataclass
class Steps:
    """One soak of a running gateway.

    Attributes:
        pid: Of the process whose children are the workers.
        stores: What it uses.
        disturbances: In the order in which they happen.
        seconds: How long the load goes on.
        say: Tells the person who waits.
        calibrating_seconds: How long the capacity is measured before.
        idle_seconds: How long nothing is sent before connections are counted.
    """

    pid: int
    stores: Stores
    disturbances: Sequence[Disturbance]
    seconds: float
    say: Say
    calibrating_seconds: float = CALIBRATING_SECONDS
    idle_seconds: float = IDLE_SECONDS
    samples: list[Sample] = field(default_factory=list)
    spans: dict[str, tuple[float, float]] = field(default_factory=dict)

    async def run(self, load: Load) -> Outcome:
        """Measure the capacity, count, send, count again, and read what was written."""
        await load.open()
        await load.run(self.calibrating_seconds)  # fills caches and pools
        capacity = await load.run(self.calibrating_seconds)
        self.say(f"Capacity: {capacity:.0f} good answers per second.")
        before = await self._counts()
        workers = set(worker_pids(self.pid))
        begin = load.restart_counting()
        watch = asyncio.ensure_future(self._watch(begin))
        disturb = asyncio.ensure_future(self._disturb(begin))
        good = await load.run(self.seconds, OVERLOAD * capacity)
        await disturb
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        after = await self._counts()
        return Outcome(
            seconds=self.seconds,
            capacity=capacity,
            offered=OVERLOAD * capacity,
            good=good,
            seen=load.seen,
            acknowledged=load.seen.good("GraphQL write", "REST write"),
            wrong_writes=await load.lost(),
            samples=self.samples,
            spans=self.spans,
            before=before,
            after=after,
            has_lost_worker=set(worker_pids(self.pid)) != workers,
        )

    async def _counts(self) -> Counts:
        """The look with the fewest other files: one that is open for a moment is not held."""
        await asyncio.sleep(self.idle_seconds)
        looks = []
        for _ in range(LOOKS):
            await asyncio.sleep(1)
            looks.append(await self._look())
        return min(looks, key=lambda look: look.others)

    async def _look(self) -> Counts:
        descriptors = sum(psutil.Process(pid).num_fds() for pid in worker_pids(self.pid))
        sessions = await asyncio.to_thread(self.stores.sessions)
        return Counts(descriptors, sessions, await asyncio.to_thread(self.stores.clients))

    async def _watch(self, begin: float) -> None:
        while True:
            memory = {pid: memory_mb(pid) for pid in worker_pids(self.pid)}
            self.samples.append(Sample(time.monotonic() - begin, memory))
            await asyncio.sleep(1)

    async def _disturb(self, begin: float) -> None:
        for disturbance in self.disturbances:
            await asyncio.sleep(begin + disturbance.at * self.seconds - time.monotonic())
            start = time.monotonic()
            await asyncio.to_thread(disturbance.act)
            self.spans[disturbance.name] = (start - begin, time.monotonic() - begin)
            self.say(f"{disturbance.name}, {start - begin:.0f} s after the start")


def worker_pids(pid: int) -> list[int]:
    """The workers of a gateway: all children but the one that tracks shared memory."""
    children = psutil.Process(pid).children()
    workers = [each.pid for each in children if "resource_tracker" not in " ".join(each.cmdline())]
    return workers or [pid]


def crashing(postgres: Postgres) -> Callable[[], None]:
    return lambda: postgres.restart(crash=True)


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A Redis of one's own."""
    server = RedisServer()
    server.start()
    try:
        yield server
    finally:
        server.close()


@contextmanager
def copied(postgres: Postgres, target: Target) -> Iterator[Target]:
    """A copy of a target's database, where a commit is on disk before it is acknowledged."""
    name = target.url.partition("?")[0].rpartition("/")[2]
    postgres.sql(f"DROP DATABASE IF EXISTS {DATABASE};")
    postgres.sql(f"CREATE DATABASE {DATABASE} TEMPLATE {name};")
    postgres.sql(f"ALTER DATABASE {DATABASE} SET synchronous_commit = on;")
    try:
        yield replace(target, url=postgres.url(DATABASE))
    finally:
        postgres.sql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE);")


def limited_key(target: Target) -> str:
    """An API key of the second organization that meets its limit."""
    options = ("--organization", "2", "--requests-per-minute", str(LIMITED_REQUESTS), "--json")
    created: dict[str, Any] = json.loads(
        jackfield_command("keys", "create", "soak", *options, "--database", target.url)
    )
    return str(created["api_key"])


def sessions(postgres: Postgres) -> int:
    """How many sessions there are on the copied database."""
    count = f"SELECT numbackends FROM pg_stat_database WHERE datname = '{DATABASE}';"  # noqa: S608  # noqa: S608
    return int(postgres.sql(count).splitlines()[2])


def clients(url: str) -> int:
    """How many connections Redis has, this one left out."""
    with redis.Redis.from_url(url) as connection:
        return int(connection.info("clients")["connected_clients"]) - 1
