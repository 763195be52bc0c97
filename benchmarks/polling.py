"""What it costs to be told that nothing has changed, beside the answer itself.

Each workload is read by POST, and polled by a GET that names the answer's tag, in turns, over one
connection. The kernel tells the CPU time of the server and of the database.
"""

import json
import random
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.population import asking, population
from benchmarks.postgres import Postgres
from benchmarks.process import Running, started
from benchmarks.servers import JACKFIELD
from benchmarks.tables import table
from benchmarks.target import Say, Target
from benchmarks.weights import Clock, database_clock, thread_seconds
from benchmarks.workloads import NESTED, Novelty, Workload

REQUESTS = 100
"""Of each kind in one round."""

ROUNDS = 10
MICRO = 1e-6


@dataclass
class Cost:
    """The CPU seconds of some requests.

    Attributes:
        server: Of the gateway; of SQLite too, which runs in it.
        database: Of PostgreSQL.
        requests: How many they were.
    """

    server: float = 0.0
    database: float = 0.0
    requests: int = 0

    @property
    def microseconds(self) -> float:
        """Of one request, both together."""
        return (self.server + self.database) / self.requests / MICRO


@dataclass(frozen=True)
class Polled:
    """What a workload costs."""

    workload: Workload
    read: Cost
    unchanged: Cost

    @property
    def share(self) -> float:
        """What a 304 costs, of what the answer does."""
        return self.unchanged.microseconds / self.read.microseconds


def measured_polls(
    target: Target,
    scratch: Path,
    postgres: Postgres | None,
    *,
    rounds: int = ROUNDS,
    requests: int = REQUESTS,
    say: Say,
) -> list[Polled]:
    """The costs of each workload on one database."""
    polled = []
    with started(JACKFIELD, target, scratch) as running:
        values = population(asking(running.url, target.api_key))
        for workload in NESTED:
            say(f"polling: {workload.title}")
            (body, *_) = workload.requests("jackfield", values, Novelty.NOTHING)
            polled.append(_measured(workload, body, running, target, postgres, rounds, requests))
    return polled


def polling_table(polled: Sequence[Polled]) -> str:
    """A row for each workload, in microseconds of CPU time."""
    rows = [
        [
            f"{each.workload.name}: {each.workload.title}",
            f"{each.read.microseconds:,.0f}",
            f"{each.unchanged.microseconds:,.0f}",
            f"{each.share:.2f}",
        ]
        for each in polled
    ]
    return table(("workload", "us of the answer", "us of a 304", "share"), rows)


def _measured(
    workload: Workload,
    body: bytes,
    running: Running,
    target: Target,
    postgres: Postgres | None,
    rounds: int,
    requests: int,
) -> Polled:
    clock: Clock = lambda: 0.0  # noqa: E731 -- SQLite runs in the server
    if postgres is not None:
        clock = database_clock(running, postgres)
    authorization = {"Authorization": f"Bearer {target.api_key}"}
    parameters = json.loads(body)
    query = {"query": parameters["query"], "variables": json.dumps(parameters["variables"])}
    address = f"/graphql?{urlencode(query)}"
    with closing(HTTPConnection("127.0.0.1", running.port)) as connection:

        def ask(method: str, path: str, headers: dict[str, str], content: bytes = b"") -> str:
            connection.request(method, path, content or None, {**authorization, **headers})
            answer = connection.getresponse()
            answer.read()
            expected = HTTPStatus.NOT_MODIFIED if "If-None-Match" in headers else HTTPStatus.OK
            if answer.status != expected:
                raise RuntimeError(f"{workload.name} was answered {answer.status}")
            return answer.headers.get("ETag", "")

        tag = ask("GET", address, {})
        costs = Cost(), Cost()
        kinds = (
            ("POST", "/graphql", {"Content-Type": "application/json"}, body),
            ("GET", address, {"If-None-Match": tag}, b""),
        )
        for number in range(rounds):
            pairs = list(zip(costs, kinds, strict=True))
            random.Random(number).shuffle(pairs)  # noqa: S311 -- no secret
            for cost, kind in pairs:
                ask(*kind)
                before = _server_seconds(running), clock()
                for _ in range(requests):
                    ask(*kind)
                cost.server += _server_seconds(running) - before[0]
                cost.database += clock() - before[1]
                cost.requests += requests
    return Polled(workload, *costs)


def _server_seconds(running: Running) -> float:
    """The CPU time of the server so far."""
    return thread_seconds(running.pid, "main") + thread_seconds(running.pid, "others")
