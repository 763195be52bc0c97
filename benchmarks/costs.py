"""What reports of a year's costs take: milliseconds, and the work of the database.

Each report is sent with values that were not sent before, and then once more as it is.
`jackfield explain` says which buffers PostgreSQL touches for it, and whether calls are read or the
sums over them.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.population import Ask, asking
from benchmarks.process import started
from benchmarks.servers import JACKFIELD
from benchmarks.tables import table
from benchmarks.target import Say, Target, jackfield_command

ROUNDS = 7
_PATIENT = {"GQL_REQUEST_TIMEOUT": "30"}
"""So that a report that takes too long is measured, too."""

Variables = Callable[[int], dict[str, Any]]
"""Values that no other number gives."""

_FIGURES = """calls duration { sum average } coverage { withCost ongoing }
    cost { total llm tts stt telephony unattributed currency }"""
_COSTS = """query ($filter: CallFilter, $card: RateCardInput) {
    costs(filter: $filter, rateCard: $card, groupBy: [%s], %s) { groupCount groups { %s } } }"""
_RECONCILE = """query ($invoice: InvoiceInput!) { reconcile(invoice: $invoice) {
    invoiced recorded matched differenceCount differences { kind } } }"""
_REPRICED = "repriced { calls listed { total } paid { total } difference { total } }"
_LAST_DAY = date(2026, 6, 30)
"""Of the demo's calls."""

_YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Report:
    """A report, and values to ask it with."""

    title: str
    document: str
    variables: Variables


@dataclass(frozen=True)
class Measured:
    """What a report takes.

    Attributes:
        first: Milliseconds with new values, the median.
        again: The same for the same values again.
        buffers: None on SQLite, and for what resolvers read.
        reads: Which tables of calls, or the resolvers.
    """

    title: str
    first: float
    again: float
    buffers: int | None
    reads: str


def _whole_days(number: int) -> dict[str, Any]:
    """A year that begins on another day each time."""
    start = _LAST_DAY - _YEAR + timedelta(days=number)
    return {"filter": {"startedAt": {"gte": str(start), "lt": str(_LAST_DAY)}}}


def _any_instant(number: int) -> dict[str, Any]:
    """The same but for a second, so that days are cut."""
    start = f"{_LAST_DAY - _YEAR}T00:00:{number:02}Z"
    return {"filter": {"startedAt": {"gte": start, "lt": str(_LAST_DAY)}}}


def _card(number: int) -> dict[str, Any]:
    rates = [
        {"service": "TELEPHONY", "unit": "MINUTE", "price": f"0.00{number:02}"},
        {"service": "LLM", "unit": "CALL", "price": "0.01"},
    ]
    return {**_whole_days(0), "card": {"currency": "USD", "rates": rates}}


def _invoice(number: int) -> dict[str, Any]:
    lines = [
        {"call": f"unknown-{number}-{line}", "service": "LLM", "amount": "0.01"}
        for line in range(1_000)
    ]
    month = {"start": "2026-05-01", "end": "2026-06-01"}
    return {"invoice": {"source": "vapi", "currency": "USD", **month, "lines": lines}}


def _grouped(keys: str, selected: str, arguments: str = "first: 1000") -> str:
    return _COSTS % (keys, arguments, selected)


_DAY_AND_ASSISTANT = f"start assistant {{ name }} {_FIGURES}"
REPORTS = (
    Report("MONTH", _grouped("MONTH", f"start {_FIGURES}"), _whole_days),
    Report("DAY", _grouped("DAY", f"start {_FIGURES}"), _whole_days),
    Report("ASSISTANT", _grouped("ASSISTANT", f"assistant {{ name }} {_FIGURES}"), _whole_days),
    Report("DAY, ASSISTANT", _grouped("DAY, ASSISTANT", _DAY_AND_ASSISTANT), _whole_days),
    Report(
        "DAY, ASSISTANT by TOTAL",
        _grouped("DAY, ASSISTANT", _DAY_AND_ASSISTANT, "first: 1000, orderBy: {field: TOTAL}"),
        _whole_days,
    ),
    Report("NUMBER", _grouped("NUMBER", f"assistantPhoneNumber {_FIGURES}"), _any_instant),
    Report("ENDED_REASON", _grouped("ENDED_REASON", f"endedReason {_FIGURES}"), _any_instant),
    Report("percentiles", _grouped("STATUS", "status duration { p50 p95 }"), _any_instant),
    Report("a rate card", _grouped("ASSISTANT", f"assistant {{ name }} {_REPRICED}"), _card),
    Report("reconcile, 1,000 lines", _RECONCILE, _invoice),
)


def measured_costs(
    target: Target, scratch: Path, *, rounds: int = ROUNDS, say: Say
) -> Iterator[Measured]:
    """Each report on one database."""
    server = replace(JACKFIELD, environment={**JACKFIELD.environment, **_PATIENT})
    with started(server, target, scratch) as running:
        ask = asking(running.url, target.api_key)
        for report in REPORTS:
            say(f"costs: {report.title}")
            ask(report.document, **report.variables(0))  # it is compiled
            first, again = [], []
            for number in range(1, rounds + 1):
                variables = report.variables(number)
                first.append(_milliseconds(ask, report.document, variables))
                again.append(_milliseconds(ask, report.document, variables))
            buffers, reads = _explained(report, target, scratch)
            yield Measured(report.title, median(first), median(again), buffers, reads)


def costs_table(measured: Sequence[Measured]) -> str:
    """A row for each report."""
    rows = [
        [
            each.title,
            f"{each.first:,.1f}",
            f"{each.again:,.1f}",
            "" if each.buffers is None else f"{each.buffers:,}",
            each.reads,
        ]
        for each in measured
    ]
    return table(("a year by", "ms", "ms again", "buffers", "reads"), rows)


def _milliseconds(ask: Ask, document: str, variables: dict[str, Any]) -> float:
    start = time.perf_counter()
    ask(document, **variables)
    return (time.perf_counter() - start) * 1e3


def _explained(report: Report, target: Target, scratch: Path) -> tuple[int | None, str]:
    """The buffers of a report, and what it reads."""
    file = scratch / "report.graphql"
    file.write_text(report.document)
    values = json.dumps(report.variables(0))
    command = ("explain", str(file), "--variables", values, "--json", "--database", target.url)
    explanation: dict[str, Any] = json.loads(jackfield_command(*command, environment=_PATIENT))
    if explanation["way"] != "plan":
        return None, "calls and bills, by resolvers"
    reads = "the rollup" if "call_rollup" in explanation["sql"] else "calls"
    if target.postgres is None:
        return None, reads
    shared = next(line for line in explanation["database"] if "Buffers: shared" in line)
    return sum(int(number) for number in re.findall(r"(?:hit|read)=(\d+)", shared)), reads
