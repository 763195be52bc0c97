"""One attack beside a well-behaved client: before, during and after."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

from benchmarks.abuse.attacks import Attack, Gateway
from benchmarks.abuse.neighbor import Neighbor, Reply, percentile
from benchmarks.process import cpu_seconds, memory_mb

SAMPLING_SECONDS = 0.1
IDLE_SHARE = 0.3
"""Of a core: less than this and no statement of an attack is at work; the neighbor needs some."""

CALM_REPLIES = 20
"""So many normal answers in a row, and the service is normal again."""


@dataclass(frozen=True)
class Processes:
    """Whose memory and CPU time are measured.

    Attributes:
        gateway: Process id of the server.
        database: Process id of PostgreSQL; None with SQLite.
    """

    gateway: int
    database: int | None

    def cpu_seconds(self) -> float:
        pids = [self.gateway, *([self.database] if self.database else [])]
        return sum(map(cpu_seconds, pids))


@dataclass(frozen=True)
class Times:
    """How long each part takes, in seconds.

    Attributes:
        quiet: Before the attack.
        attack: The attack itself.
        recovery: At most, until an idle database and normal answers.
    """

    quiet: float
    attack: float
    recovery: float = 40


@dataclass(frozen=True)
class Outcome:
    """What an attack did.

    Attributes:
        attack: Which.
        database: sqlite or postgresql.
        quiet: The neighbor's replies before.
        during: Those to requests that were due while it went on.
        gateway_memory: Most resident memory of the gateway, in MiB.
        database_memory: The same of PostgreSQL, shared memory counted once per session.
        cpu_seconds: Of gateway and database during the attack, beyond what the neighbor takes.
        attack_seconds: How long it went on.
        database_idle: Seconds from its end until no statement was at work; None when it never was.
        normal: The same until the neighbor had normal answers; None when it never had.
    """

    attack: Attack
    database: str
    quiet: Sequence[Reply]
    during: Sequence[Reply]
    gateway_memory: float
    database_memory: float
    cpu_seconds: float
    attack_seconds: float
    database_idle: float | None
    normal: float | None

    @property
    def failures(self) -> int:
        return sum(reply.is_failure for reply in self.during)

    @property
    def meets_goals(self) -> bool:
        """No failure, p99 at most twice the quiet one or 50 ms more, 400 MiB, idle in 1 s."""
        return (
            self.failures == 0
            and percentile(self.during, 0.99) <= normal_limit(self.quiet)
            and self.gateway_memory < 400  # noqa: PLR2004 -- MiB
            and self.database_idle is not None
            and self.database_idle <= 1
        )


def normal_limit(quiet: Sequence[Reply]) -> float:
    """The slowest answer that is still normal, in milliseconds."""
    usual = percentile(quiet, 0.99)
    return max(2 * usual, usual + 50)


def measure(
    attack: Attack,
    database: str,
    gateway: Gateway,
    processes: Processes,
    watched: Neighbor,
    is_idle: Callable[[], bool],
    times: Times,
) -> Outcome:
    """Run one attack; the neighbor goes on all the time."""
    begin, cpu = time.monotonic(), processes.cpu_seconds()
    time.sleep(times.quiet)
    start, cpu_at_start = time.monotonic(), processes.cpu_seconds()
    with peak_memory(processes) as peaks:
        asyncio.run(_run(attack, gateway, times.attack))
        end = time.monotonic()
        used = processes.cpu_seconds() - cpu_at_start
        idle = _seconds_until(is_idle, end, times.recovery)
    quiet = watched.between(begin, start)
    limit = normal_limit(quiet)

    def is_normal() -> bool:
        replies = sorted(watched.between(end, time.monotonic()), key=lambda reply: reply.due)
        latest = replies[-CALM_REPLIES:]
        return len(latest) == CALM_REPLIES and all(
            not reply.is_failure and reply.milliseconds <= limit for reply in latest
        )

    normal = _seconds_until(is_normal, end, times.recovery)
    own_use = (cpu_at_start - cpu) / (start - begin) * (end - start)
    return Outcome(
        attack,
        database,
        quiet,
        watched.between(start, end),
        peaks.gateway,
        peaks.database,
        max(0.0, used - own_use),
        end - start,
        idle,
        None if normal is None else max(0.0, normal - CALM_REPLIES / 20),
    )


async def _run(attack: Attack, gateway: Gateway, seconds: float) -> None:
    task = asyncio.ensure_future(attack.run(gateway))
    await asyncio.wait([task], timeout=seconds)
    if task.done():
        task.result()  # an attack goes on until it is cancelled: this says what ended it
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _seconds_until(condition: Callable[[], bool], start: float, most: float) -> float | None:
    while time.monotonic() < start + most:
        if condition():
            return time.monotonic() - start
        time.sleep(SAMPLING_SECONDS)
    return None


@dataclass
class Peaks:
    """The most memory that was seen, in MiB."""

    gateway: float = 0.0
    database: float = 0.0
    _stop: Event = field(default_factory=Event)


@contextmanager
def peak_memory(processes: Processes) -> Iterator[Peaks]:
    """Samples memory beside the block."""
    peaks = Peaks()

    def sample() -> None:
        while not peaks._stop.wait(SAMPLING_SECONDS):  # noqa: SLF001 -- the same module
            peaks.gateway = max(peaks.gateway, memory_mb(processes.gateway))
            if processes.database is not None:
                peaks.database = max(peaks.database, memory_mb(processes.database))

    thread = Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield peaks
    finally:
        peaks._stop.set()  # noqa: SLF001 -- the same module
        thread.join()
