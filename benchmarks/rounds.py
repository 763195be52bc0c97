"""Interleaved rounds: every server gets a short turn, again and again, one at a time.

Machines drift; what is compared is measured close together, and the median over rounds counts.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.client import Answered, Client, http_requests, load
from benchmarks.population import Population
from benchmarks.postgres import postmaster
from benchmarks.process import Running, cpu_seconds, memory_mb
from benchmarks.samples import Sample
from benchmarks.workloads import Novelty, Workload

WARM_CONNECTIONS = 8

ENOUGH = 3
"""Least answers per connection of a turn: what is in flight at its end is lost."""

REST = 0.1
LONGEST_REST = 20.0
"""Seconds between two looks at a server whose turn has ended, and of all of them together."""

IDLE = 0.2
"""The share of a core that a server takes at most when it has nothing to do."""

SLOWER = 4
"""How many times as long the turn is that a slow server gets."""

Progress = Callable[[str, Sample | None], None]
"""Called with what is under way, and with its sample when a measurement is finished."""


@dataclass(frozen=True)
class Plan:
    """How long, how often and with how many connections servers are measured.

    Attributes:
        seconds: Of each turn.
        rounds: Turns per cell.
        connections: Numbers of requests in flight, each measured by itself.
        warm_seconds: Of load before anything is measured, per server and workload.
        client: The load generator.
        compared_requests: Requests of each workload whose answers are compared first.
    """

    seconds: float
    rounds: int
    connections: tuple[int, ...]
    warm_seconds: float
    client: Client
    compared_requests: int = 20

    def measurements(self, jobs: "Sequence[Job]") -> int:
        """How many turns a run takes, warming up included."""
        measured = sum(job.is_measured(self, n) for job in jobs for n in self.connections)
        return len(jobs) + self.rounds * measured


@dataclass(frozen=True)
class Job:
    """A server with the requests of one workload."""

    running: Running
    workload: Workload
    requests: Sequence[bytes]
    novelty: Novelty

    def is_measured(self, plan: Plan, connections: int) -> bool:
        """New values are measured with every number of connections, all else with the largest."""
        return self.novelty is Novelty.VALUES or connections == max(plan.connections)


def jobs_of(
    servers: Sequence[Running],
    workloads: Sequence[Workload],
    population: Population,
    api_key: str,
) -> list[Job]:
    """Each server with each workload that it understands, workload by workload."""
    jobs: list[Job] = []
    for workload in workloads:
        for running in servers:
            dialect = running.server.dialect(workload)
            if dialect is None:
                continue
            for novelty in Novelty:
                if novelty is Novelty.DOCUMENT and not running.server.takes_new_documents(dialect):
                    continue
                bodies = workload.requests(dialect, population, novelty)
                requests = http_requests(running, dialect, bodies, api_key)
                jobs.append(Job(running, workload, requests, novelty))
    return jobs


def measure(
    jobs: Sequence[Job], plan: Plan, postgres: Path | None, *, progress: Progress
) -> Iterator[Sample]:
    """Warm everything up, then take the samples of all rounds."""
    for job in jobs:
        progress(f"warming up: {_name(job)}", None)
        _load(job, plan, WARM_CONNECTIONS, plan.warm_seconds)
        settle(job, postgres)
    for number in range(1, plan.rounds + 1):
        for connections in plan.connections:
            for job in (each for each in jobs if each.is_measured(plan, connections)):
                progress(f"round {number}, {connections} at once: {_name(job)}", None)
                sample = take_sample(job, plan, postgres, connections=connections, number=number)
                progress(_name(job), sample)
                yield sample


def take_sample(
    job: Job, plan: Plan, postgres: Path | None, *, connections: int, number: int
) -> Sample:
    """One sample; a server that is slow for its turn gets a longer one.

    Raises:
        RuntimeError: when nothing is answered even so.
    """
    for longer in (1, SLOWER, SLOWER * SLOWER):
        sample, answers = _sample(job, plan, postgres, connections, number, longer * plan.seconds)
        if answers >= ENOUGH * connections or (answers and longer > 1):
            break
    settle(job, postgres)
    if not answers:
        raise RuntimeError(f"{_name(job)} answered nothing, however long its turn")
    return sample


def settle(job: Job, postgres: Path | None) -> None:
    """Wait until a server and the database have ended what the client left in flight.

    A slow server still works for a second at what was in flight when its turn ended, on the core
    that the next server needs.
    """
    pids = [job.running.pid, *([] if postgres is None else [postmaster(postgres)])]
    end = time.monotonic() + LONGEST_REST
    spent = sum(map(cpu_seconds, pids))
    while time.monotonic() < end:
        time.sleep(REST)
        before, spent = spent, sum(map(cpu_seconds, pids))
        if spent - before < IDLE * REST:
            return


def _sample(
    job: Job, plan: Plan, postgres: Path | None, connections: int, number: int, seconds: float
) -> tuple[Sample, int]:
    """What was measured, over how many answers."""
    pid = job.running.pid
    database = None if postgres is None else postmaster(postgres)
    before, before_database = cpu_seconds(pid), cpu_seconds(database) if database else 0.0
    answered = _load(job, plan, connections, seconds)
    spent = cpu_seconds(pid) - before
    spent_database = (cpu_seconds(database) if database else 0.0) - before_database
    each = max(1, answered.count)
    sample = Sample(
        job.running.server.name,
        job.workload.name,
        connections,
        number,
        rate=answered.count / answered.seconds,
        p50=answered.p50,
        p99=answered.p99,
        server_cpu=spent / each * 1e6,
        database_cpu=spent_database / each * 1e6,
        memory=memory_mb(pid),
        errors=answered.errors,
        novelty=job.novelty,
    )
    return sample, answered.count


def _load(job: Job, plan: Plan, connections: int, seconds: float) -> Answered:
    return load(
        plan.client, job.running.port, job.requests, connections=connections, seconds=seconds
    )


def _name(job: Job) -> str:
    return f"{job.workload.name} {job.running.server.name}, {job.novelty}"
