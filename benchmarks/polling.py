"""What it costs to be told that nothing has changed, beside the answer itself.

Each workload is read by POST, and polled by a GET that names the answer's tag, in turns, over one
connection. Every request is another one: each POST has values that no other has, and each address
is read once, for its tag, and then polled once. The kernel tells the CPU time of the server and of
the database.
"""

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from itertools import count, cycle, islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from benchmarks.http_client import first_serial
from benchmarks.population import asking, population
from benchmarks.postgres import Postgres
from benchmarks.process import Running, answering_anew
from benchmarks.servers import JACKFIELD
from benchmarks.tables import table
from benchmarks.target import Say, Target
from benchmarks.weights import Clock, database_clock, thread_seconds
from benchmarks.workloads import NESTED, Novelty, Workload, numbered

REQUESTS = 100
"""Of each kind in one round."""

WARM = 5
"""Of each kind before anything is measured: from the third on, all that is cached is there."""

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
    with answering_anew(JACKFIELD, target, scratch) as running:
        values = population(asking(running.url, target.api_key))
        for workload in NESTED:
            say(f"polling: {workload.title}")
            bodies = numbered_bodies(workload.requests("jackfield", values, Novelty.VALUES))
            polled.append(_measured(workload, bodies, running, target, postgres, rounds, requests))
    return polled


def numbered_bodies(bodies: Sequence[bytes]) -> Iterator[bytes]:
    """These bodies again and again, each time with another number."""
    return (numbered(*each) for each in zip(cycle(bodies), count(first_serial())))


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
    bodies: Iterator[bytes],
    running: Running,
    target: Target,
    postgres: Postgres | None,
    rounds: int,
    requests: int,
) -> Polled:
    clock: Clock = lambda: 0.0  # noqa: E731 -- SQLite runs in the server
    if postgres is not None:
        clock = database_clock(running, postgres)
    costs, dice = (Cost(), Cost()), random.Random(workload.name)  # noqa: S311 -- no secret
    with closing(HTTPConnection("127.0.0.1", running.port)) as connection:
        asker = Asker(connection, {"Authorization": f"Bearer {target.api_key}"})

        def ask_all(kind: Sequence[Request], cost: Cost) -> None:
            before = _server_seconds(running), clock()
            for each in kind:
                asker.ask(each)
            cost.server += _server_seconds(running) - before[0]
            cost.database += clock() - before[1]
            cost.requests += len(kind)

        def ask_both(number: int, costs: tuple[Cost, Cost]) -> None:
            posts = [_post(body) for body in islice(bodies, number)]
            reads = [_get(body) for body in islice(bodies, number)]
            polls = [each._replace(tag=asker.ask(each)) for each in reads]
            kinds = list(zip((posts, polls), costs, strict=True))
            dice.shuffle(kinds)
            for kind, cost in kinds:
                ask_all(kind, cost)

        ask_both(WARM, (Cost(), Cost()))
        for _ in range(rounds):
            ask_both(requests, costs)
    return Polled(workload, *costs)


class Request(NamedTuple):
    """What is asked; with a tag, whether that is of what there still is."""

    method: str
    address: str
    body: bytes = b""
    tag: str = ""


def _post(body: bytes) -> Request:
    return Request("POST", "/graphql", body)


def _get(body: bytes) -> Request:
    parameters = json.loads(body)
    query = {"query": parameters["query"], "variables": json.dumps(parameters["variables"])}
    return Request("GET", f"/graphql?{urlencode(query)}")


class Asker(NamedTuple):
    """Asks over one connection."""

    connection: HTTPConnection
    headers: dict[str, str]

    def ask(self, request: Request) -> str:
        """The tag of the answer, which is a 304 if one was named."""
        headers = dict(self.headers)
        if request.body:
            headers["Content-Type"] = "application/json"
        if request.tag:
            headers["If-None-Match"] = request.tag
        self.connection.request(request.method, request.address, request.body or None, headers)
        answer = self.connection.getresponse()
        answer.read()
        expected = HTTPStatus.NOT_MODIFIED if request.tag else HTTPStatus.OK
        if answer.status != expected:
            raise RuntimeError(f"{request.address[:200]} was answered {answer.status}")
        return answer.headers.get("ETag", "")


def _server_seconds(running: Running) -> float:
    """The CPU time of the server so far."""
    return thread_seconds(running.pid, "main") + thread_seconds(running.pid, "others")
