"""The README's table of speed, from the page that `make bench` wrote last."""

from pathlib import Path

from benchmarks.results import REPEATED
from benchmarks.servers import CONSTANT, JACKFIELD, SERVERS
from benchmarks.workloads import WORKLOADS

RESULTS = Path(__file__).parent.parent / "benchmarks" / "RESULTS.md"
SECTION = "## 16 connections"

OTHERS = tuple(server for server in SERVERS if server not in (JACKFIELD, CONSTANT))
"""Beside whom, in order."""


def speed_table(page: str | None = None) -> str:
    """How often Jackfield answers for each answer of others, as a Markdown table.

    Args:
        page: What `make bench` wrote; by default what is in the repository.
    """
    page = RESULTS.read_text() if page is None else page
    ratios = _ratios(page)
    requests = "values never sent before" if REPEATED in page else "200 requests, again and again"
    lines = [
        " | ".join((work.title, *(_short(ratios.get((other.name, work.name))) for other in OTHERS)))
        for work in WORKLOADS
    ]
    header = " | ".join(("requests per second over", *(other.title for other in OTHERS)))
    rule = " | ".join(("---", *("---:" for _ in OTHERS)))
    kind = " | ".join((f"*{requests}:*", *("" for _ in OTHERS)))
    return "\n".join(f"| {line} |" for line in (header, rule, kind, *lines))


def _ratios(page: str) -> dict[tuple[str, str], float]:
    """By server and workload: the first table of the section."""
    section = page.partition(SECTION)[2]
    table = section[section.index("|") :].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    (_, *works), _, *measured = rows
    return {
        (name, work): float(cell)
        for name, *cells in measured
        for work, cell in zip(works, cells, strict=True)
        if cell
    }


def _short(ratio: float | None) -> str:
    """Two digits that mean something."""
    return "" if ratio is None else f"{float(f'{ratio:.2g}'):g}"
