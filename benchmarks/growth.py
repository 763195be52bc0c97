"""How costs grow: with rows, with depth, with graphs of a tenant, and with server processes."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.population import Ask, asking, population
from benchmarks.process import Running, answering_anew, cpu_seconds, started
from benchmarks.rounds import Plan, jobs_of, take_sample
from benchmarks.servers import RESOLVERS, UNCACHED, jackfield
from benchmarks.tables import table
from benchmarks.target import Target
from benchmarks.workloads import W1, W3

Say = Callable[[str], None]

ROWS = (100, 1_000, 10_000)
PAGE = 100
REPEATED = 20
MEASUREMENTS = 3

_FIELDS = "id callSid status duration startedAt cost { total } assistant { id name }"
_FIRST = f"{{ calls(first: 100) {{ edges {{ cursor node {{ {_FIELDS} }} }} }} }}"
_NEXT = f"""query Next($after: String!) {{
  calls(first: 100, after: $after) {{ edges {{ cursor node {{ {_FIELDS} }} }} }} }}"""
_OFFSET = f"""query Offset($offset: Int!) {{
  calls(first: 100, offset: $offset) {{ edges {{ cursor node {{ {_FIELDS} }} }} }} }}"""
_TOTAL = "{ calls(first: 0) { totalCount } }"
_GRAPHS = """{ graphs(first: 10) { nodes { id name nodes { id assistant { name } }
  edges { id from { id } to { id } } } } }"""


def growth(target: Target, plan: Plan, scratch: Path, *, say: Say) -> Iterator[tuple[str, str]]:
    """Titles and Markdown tables, one series after the other."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(answering_anew(server, target, scratch))
            for server in (UNCACHED, RESOLVERS)
        ]
        say("growth: rows")
        yield "Rows, read in pages of 100 by cursor", _rows(servers, target)
        say("growth: depth")
        yield "Pages near and far, milliseconds each", _depth(servers, target)
        say("growth: graphs of a tenant")
        yield "The same page of graphs, in tenants of two sizes", _tenants(servers, target)
    say("growth: workers")
    yield "Server processes, 16 connections, nothing pinned", _workers(target, plan, scratch)


def _rows(servers: list[Running], target: Target) -> str:
    rows = []
    for running in servers:
        ask = asking(running.url, target.api_key)
        _walk(ask, 2 * PAGE)
        for calls in ROWS:
            cpu, start = cpu_seconds(running.pid), time.perf_counter()
            read = _walk(ask, calls)
            wall, cpu = time.perf_counter() - start, cpu_seconds(running.pid) - cpu
            each = [f"{1e6 * spent / read:,.1f}" for spent in (wall, cpu)]
            rows.append([running.server.name, f"{read:,}", f"{wall * 1e3:,.1f}", *each])
    head = ("server", "rows", "ms in all", "us per row", "server CPU, us per row")
    return table(head, rows)


def _walk(ask: Ask, calls: int) -> int:
    """Read so many calls, page by page; answers how many there were."""
    edges = ask(_FIRST)["calls"]["edges"]
    read = len(edges)
    while read < calls and edges:
        edges = ask(_NEXT, after=edges[-1]["cursor"])["calls"]["edges"]
        read += len(edges)
    return read


def _depth(servers: list[Running], target: Target) -> str:
    rows = []
    for running in servers:
        ask = asking(running.url, target.api_key)
        far = max(0, ask(_TOTAL)["calls"]["totalCount"] - PAGE - 1)
        after = ask(_OFFSET, offset=far)["calls"]["edges"][0]["cursor"]
        figures = (
            milliseconds(ask, _FIRST),
            milliseconds(ask, _NEXT, after=after),
            milliseconds(ask, _OFFSET, offset=far),
            milliseconds(ask, _TOTAL),
        )
        rows.append([running.server.name, *(f"{each:,.1f}" for each in figures)])
    return table(("server", "first page", "last, by cursor", "last, by offset", "totalCount"), rows)


def _tenants(servers: list[Running], target: Target) -> str:
    rows = []
    for running in servers:
        row = [running.server.name]
        for key in (target.small_api_key, target.api_key):
            ask = asking(running.url, key)
            count = ask("{ graphs(first: 0) { totalCount } }")["graphs"]["totalCount"]
            row += [f"{count:,}", f"{milliseconds(ask, _GRAPHS):,.1f}"]
        rows.append(row)
    return table(("server", "graphs", "ms", "graphs", "ms"), rows)


def milliseconds(ask: Ask, document: str, **variables: Any) -> float:
    """Milliseconds of one answer: the median of some."""
    ask(document, **variables)
    times = []
    for _ in range(REPEATED):
        start = time.perf_counter()
        ask(document, **variables)
        times.append((time.perf_counter() - start) * 1e3)
    return median(times)


def _workers(target: Target, plan: Plan, scratch: Path) -> str:
    rows = []
    for workers in (1, 2):
        title = f"{workers} worker" + "s" * (workers > 1)
        server = jackfield(title.replace(" ", "-"), title, compiled=True, workers=workers)
        with started(server, target, scratch, pinned=False) as running:
            existing = population(asking(running.url, target.api_key))
            row = [title]
            for job in jobs_of([running], [W1, W3], existing, target.api_key):
                samples = [
                    take_sample(job, plan, target.postgres, connections=16, number=number)
                    for number in range(1 + MEASUREMENTS)
                ][1:]  # the first one warms up
                row.append(f"{median(sample.rate for sample in samples):,.0f}")
                row.append(f"{median(sample.p99 for sample in samples):,.1f}")
        rows.append(row)
    return table(("processes", "W1 requests/s", "W1 p99 ms", "W3 requests/s", "W3 p99 ms"), rows)
