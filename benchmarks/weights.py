"""What a unit of an operation costs the database or the event loop, beside its weight in points.

Each figure is the CPU time of a document with some units of one kind, less that of the same
document without them, for each unit. Documents are posted to a gateway that is served as usual; the
kernel tells the CPU time of each thread in nanoseconds (`/proc/PID/schedstat`).
https://docs.kernel.org/scheduler/sched-stats.html
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from benchmarks.population import Ask, asking
from benchmarks.postgres import Postgres, postmaster
from benchmarks.process import Running, answering_anew
from benchmarks.servers import UNCACHED
from benchmarks.tables import table
from benchmarks.target import Say, Target
from gql.query import weights
from gql.query.weights import WEIGHTS, Weight

ROUNDS = 5
LEAST_SECONDS = 0.05
"""Of CPU time, for the requests of one document in one round."""

MOST_REQUESTS = 100
MICRO = 1e-6

Clock = Callable[[], float]
"""CPU seconds so far."""


@dataclass(frozen=True)
class Probe:
    """How to measure one weight.

    Attributes:
        weight: Which.
        many: The document with the units.
        few: The same without.
        units: How many units that makes.
        of_loop: Whether the event loop does the work; else the database.
    """

    weight: Weight
    many: str
    few: str
    units: int
    of_loop: bool = False


@dataclass(frozen=True)
class Figures:
    """The microseconds of a unit, on each database; None where it was not measured."""

    weight: Weight
    sqlite: float | None = None
    postgresql: float | None = None

    @property
    def points(self) -> int:
        """What the weight should be: the slower of the two, rounded up."""
        measured = [each for each in (self.sqlite, self.postgresql) if each is not None]
        return max(1, ceil(max(measured, default=0)))


def measured_weights(
    target: Target, scratch: Path, postgres: Postgres | None, *, rounds: int = ROUNDS, say: Say
) -> dict[Weight, float]:
    """The microseconds of each unit on one database."""
    with answering_anew(UNCACHED, target, scratch) as running:
        clocks = (database_clock(running, postgres), lambda: thread_seconds(running.pid, "main"))
        ask = asking(running.url, target.api_key)
        microseconds = {}
        for probe in probes(ask):
            say(f"weights: {probe.weight.unit}")
            more = _least(ask, (probe.many, probe.few), clocks[probe.of_loop], rounds)
            microseconds[probe.weight] = max(0.0, more) / MICRO / probe.units
    return microseconds


def compared(sqlite: dict[Weight, float], postgresql: dict[Weight, float]) -> list[Figures]:
    """The figures of both databases, in the order of the documentation."""
    return [Figures(each, sqlite.get(each), postgresql.get(each)) for each in WEIGHTS]


def weights_page(figures: Sequence[Figures]) -> str:
    """Measured beside declared, and the lines that would follow."""
    rows = [
        [each.weight.unit, str(each.weight.points), _cell(each.sqlite), _cell(each.postgresql)]
        for each in figures
    ]
    head = ("unit", "points", "us on SQLite", "us on PostgreSQL")
    changes = [
        f'{_name(each.weight)} = Weight({each.points}, "{each.weight.unit}")'
        for each in figures
        if each.points != each.weight.points
    ]
    lines = ["", "The lines of gql/query/weights.py that follow from this:", "", *changes]
    return "\n".join([table(head, rows), *(lines if changes else [])])


def database_clock(running: Running, postgres: Postgres | None) -> Clock:
    """The CPU time of the sessions of PostgreSQL, or of the threads that run SQLite."""
    if postgres is None:
        return lambda: thread_seconds(running.pid, "others")
    server = psutil.Process(postmaster(postgres.folder))
    return lambda: sum(thread_seconds(each.pid, "main") for each in server.children())


def probes(ask: Ask) -> Iterator[Probe]:
    """All of them; some need to know how many rows there are."""
    calls = "{ calls(first: 100) { nodes { id %s } } }"
    plain = calls % ""

    def leaves(selection: str, number: int = 10) -> str:
        return calls % " ".join(f"a{each}: {selection}" for each in range(number))

    leaf = _of_page(weights.LEAF, leaves("callSid"), plain, 10)
    yield leaf
    yield _of_page(
        weights.AMOUNT, leaves("cost { total llm tts stt telephony }"), leaves("cost { total }"), 40
    )
    yield _of_page(weights.JSON_VALUE, leaves("meta"), plain, 10)
    sessions = '{ graphSessions(first: 100) { nodes { id contextValue(path: "%s") } } }'
    yield _of_page(weights.JSON_STEP, sessions % ("/a" * 11), sessions % "/a", 10)
    yield _of_page(weights.OBJECT, leaves("assistant { id }"), leaves("callSid"), 10)
    yield from _lists(ask)
    yield from _rows(ask)
    yield _schema_values(ask)


def _of_page(weight: Weight, many: str, few: str, each: int) -> Probe:
    """So many units in each object of a page of 100."""
    return Probe(weight, many, few, 100 * each)


def _lists(ask: Ask) -> Iterator[Probe]:
    assistants = "{ assistants(first: 100) { nodes { id %s } } }"
    number = len(ask(assistants % "")["assistants"]["nodes"])
    lists, totals = "calls(first: 1) { nodes { id } }", "calls(first: 0) { totalCount }"
    yield Probe(weights.LIST, assistants % lists, assistants % "", number)
    calls = "{ calls(first: 100) { nodes { id } %s } }"
    info = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    yield Probe(weights.PAGE_INFO, calls % info, calls % "", 1)
    yield Probe(weights.TOTAL, assistants % totals, assistants % "", number)


def _rows(ask: Ask) -> Iterator[Probe]:
    total = "{ calls(first: 0, filter: {%s}) { totalCount } }"
    count = int(ask(total % "")["calls"]["totalCount"])
    least = "{ calls(first: 0) { nodes { id } } }"
    sids = [f'"zz{number}"' for number in range(100)]
    in_sids = [total % f"callSid: {{in: [{', '.join(chosen)}]}}" for chosen in (sids, sids[:1])]
    yield Probe(weights.KEY, in_sids[0], in_sids[1], len(sids) - 1)
    said = 'said: {contains: "the"}'
    yield Probe(weights.WORDS, total % said, least, 1)
    since = 'startedAt: {gte: "1990-01-01T00:00:00Z"}'
    yield Probe(weights.COUNTED_ROW, total % since, least, count)
    yield Probe(weights.COMPARED_ROW, total % 'callSid: {contains: "zz"}', least, count)
    summary = "{ calls(first: 0, filter: {%s}) { summary { calls cost { total } } } }"
    yield Probe(weights.SUMMED_CALL, summary % since, least, count)
    conversations = "{ assistants(first: 100) { nodes { smsConversations(first: %s) { %s } } } }"
    nodes = ask(conversations % (0, "totalCount"))["assistants"]["nodes"]
    rows = sum(node["smsConversations"]["totalCount"] for node in nodes)
    sort, none = (conversations % (first, "nodes { id }") for first in (1, 0))
    yield Probe(weights.SORTED_ROW, sort, none, rows)


def _schema_values(ask: Ask) -> Probe:
    """Of a document that names its operation anew each time: an answer to a known one is kept."""
    types = ask("{ __schema { types { fields { name type { name } } } } }")["__schema"]["types"]
    number = sum(1 + 4 * len(kind["fields"] or ()) for kind in types)
    many = "query Q%d { __schema { types { fields { name type { name } } } } }"
    return Probe(weights.SCHEMA_VALUE, many, "query Q%d { __typename }", number, of_loop=True)


_numbers = itertools.count(1)


def _least(ask: Ask, documents: tuple[str, str], clock: Clock, rounds: int) -> float:
    """How much more CPU time the first document takes than the second, at least of some rounds."""
    best = [float("inf"), float("inf")]
    for _ in range(rounds):
        for number, document in enumerate(documents):
            best[number] = min(best[number], _seconds(ask, document, clock))
    return best[0] - best[1]


def _seconds(ask: Ask, document: str, clock: Clock) -> float:
    """The CPU time of one request, the mean of some."""
    is_new_each_time = "%d" in document
    ask(document % next(_numbers) if is_new_each_time else document)
    start, requests = clock(), 0
    while requests < MOST_REQUESTS and (not requests or clock() - start < LEAST_SECONDS):
        ask(document % next(_numbers) if is_new_each_time else document)
        requests += 1
    return (clock() - start) / requests


def thread_seconds(pid: int, which: str) -> float:
    """The CPU time of the main thread of a process, or of all its other threads."""
    nanoseconds = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        if (thread.name == str(pid)) is (which == "main"):
            with suppress(FileNotFoundError):  # it has ended meanwhile
                nanoseconds += int((thread / "schedstat").read_text().split()[0])
    return nanoseconds * 1e-9


def _name(weight: Weight) -> str:
    """What a weight is called in its module."""
    return next(name for name, value in vars(weights).items() if value is weight)


def _cell(microseconds: float | None) -> str:
    return "" if microseconds is None else f"{microseconds:,.2f}"
