"""One round of the benchmark on small data, so that it cannot rot."""

import asyncio
from functools import partial
from pathlib import Path

from benchmarks.comparison import Compared, compare, compare_on_sqlite
from benchmarks.machine import machine
from benchmarks.results import Run, markdown
from benchmarks.rounds import Plan
from benchmarks.samples import Sample
from benchmarks.servers import CONSTANT, JACKFIELD, RESOLVERS, ROWS, TEXT
from benchmarks.target import Target
from benchmarks.workloads import NESTED, WORKLOADS
from tests.databases import Kind

BRIEF = Plan(
    seconds=0.05,
    rounds=1,
    connections=(2,),
    warm_seconds=0.01,
    client="python",
    compared_requests=3,
)
SERVERS = (JACKFIELD, RESOLVERS, TEXT, ROWS, CONSTANT)


def nothing(_what: str, _sample: Sample | None) -> None:
    """Nobody is watching."""


async def test_a_round_compares_all_answers_and_measures_every_server(
    kind: Kind, target: Target, tmp_path: Path
) -> None:
    if kind == "sqlite":
        work = partial(compare_on_sqlite, target, BRIEF, tmp_path, progress=nothing)
        cells = {
            (f"sqlite-{name}", each.name) for name in ("jackfield", "resolvers") for each in NESTED
        }
        answers = 2 * len(NESTED) * BRIEF.compared_requests
    else:
        work = partial(compare, target, SERVERS, WORKLOADS, BRIEF, tmp_path, progress=nothing)
        cells = {
            (server.name, each.name)
            for server in SERVERS
            for each in WORKLOADS
            if server.dialect(each)
        }
        answers = (4 * 6 + 2) * BRIEF.compared_requests

    compared: Compared = await asyncio.to_thread(work)

    samples = compared.samples.all
    assert compared.answers == answers
    assert {(sample.server, sample.workload) for sample in samples} == cells
    assert len(samples) == len(cells)
    assert [sample for sample in samples if sample.errors or sample.rate <= 0] == []
    assert min(sample.memory for sample in samples) > 1
    page = markdown(Run(machine(), "small", BRIEF, compared.samples, answers), SERVERS, WORKLOADS)
    assert f"{answers} answers compared" in page
