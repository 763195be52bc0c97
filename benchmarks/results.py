"""Writes a run down: as Markdown for people, and all samples as JSON."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.rounds import Plan
from benchmarks.samples import Samples
from benchmarks.servers import Server
from benchmarks.tables import MEASURES, goals_table, measure_table, novelty_table, ratio_table
from benchmarks.workloads import Novelty, Workload

REPEATED = "## Requests that are repeated to the byte"
"""Begins what was measured so; the sections before it are about new values."""


@dataclass
class Run:
    """Everything that one run has to tell.

    Attributes:
        machine: Lines about where it ran.
        scale: How much data there was.
        plan: How long and how often.
        samples: Everything that was measured.
        answers: How many answers were compared first.
        left_out: Servers that could not be measured, and why.
        series: Titles and tables of the growth series.
    """

    machine: Sequence[str]
    scale: str
    plan: Plan
    samples: Samples = field(default_factory=lambda: Samples(()))
    answers: int = 0
    left_out: dict[str, str] = field(default_factory=dict)
    series: list[tuple[str, str]] = field(default_factory=list)


def markdown(run: Run, servers: Iterable[Server], workloads: Iterable[Workload]) -> str:
    """The whole page."""
    return "\n\n".join(
        (
            "# Results",
            "Written by `make bench`; see README.md for what is measured and how to read it.",
            _list((f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", *run.machine, *_preamble(run))),
            "## Goals",
            "At 16 connections, medians over the rounds; SQLite one request at a time.",
            goals_table(run.samples),
            *_measures(run.samples.only(Novelty.VALUES)),
            *_others(run.samples),
            *(part for title, series in run.series for part in (f"## {title}", series)),
            "## Words",
            _list(f"{server.name}: {server.title}" for server in servers),
            _list(f"{workload.name}: {workload.title}" for workload in workloads),
        )
    )


def write(
    run: Run, servers: Iterable[Server], workloads: Iterable[Workload], *, page: Path, data: Path
) -> None:
    """Write both files."""
    page.write_text(markdown(run, servers, workloads) + "\n")
    measured = {
        "machine": list(run.machine),
        "scale": run.scale,
        "plan": asdict(run.plan),
        "samples": [asdict(sample) for sample in run.samples.all],
    }
    data.write_text(json.dumps(measured, indent=1))


def _preamble(run: Run) -> Iterable[str]:
    plan = run.plan
    errors = sum(sample.errors for sample in run.samples.all)
    yield f"`jackfield demo --scale {run.scale}`, embedded PostgreSQL, one core per server"
    yield f"rounds: {plan.rounds}, of {plan.seconds:g} s each; client: {plan.client}"
    yield f"{run.answers:,} answers compared value for value before, all alike"
    yield f"{errors} errors among all answers"
    yield from (f"left out: {name}, because {why}" for name, why in run.left_out.items())


def _measures(samples: Samples) -> Iterable[str]:
    for connections in samples.connections():
        measured = samples.at(connections)
        yield f"## {connections} connection" + "s" * (connections > 1)
        if "jackfield" in measured.servers():
            yield ratio_table(measured, connections)
        for name, _, _ in MEASURES:
            yield measure_table(measured, name, connections)


def _others(samples: Samples) -> Iterable[str]:
    """What else than new values was sent, with the most connections."""
    repeated, documents = samples.only(Novelty.NOTHING), samples.only(Novelty.DOCUMENT)
    yield REPEATED
    for name in ("Requests per second", "Server CPU per request, us"):
        yield measure_table(repeated, name, max(repeated.connections(), default=0))
    yield novelty_table(samples, Novelty.VALUES, "new values over repeated")
    yield "## Documents that were never seen before"
    for name in ("Requests per second", "Median latency, ms", "Server CPU per request, us"):
        yield measure_table(documents, name, max(documents.connections(), default=0))
    yield novelty_table(samples, Novelty.DOCUMENT, "new documents over repeated")


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
