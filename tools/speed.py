"""The README's table of speed, from the page that `make bench` wrote last."""

from pathlib import Path

RESULTS = Path(__file__).parent.parent / "benchmarks" / "RESULTS.md"
SECTION = "## 16 connections"

SERVERS = {
    "rows": "hand-written rows + orjson",
    "text": "hand-written SQL that prints JSON",
    "mercurius": "Mercurius with JIT and loaders",
    "postgraphile": "PostGraphile 5",
    "yoga": "GraphQL Yoga with DataLoader",
    "reference": "its own resolvers",
    "fastapi": "FastAPI + SQLModel",
}
"""Beside whom, in order."""

WORKS = {
    "W1": "one nested graph",
    "W2": "50 graphs",
    "W3": "100 calls",
    "W4": "50 conversations",
    "call": "one call",
    "typename": "`{__typename}`",
    "rest": "REST page",
}
"""What is asked, in order."""


def speed_table(page: str | None = None) -> str:
    """How often Jackfield answers for each answer of others, as a Markdown table.

    Args:
        page: What `make bench` wrote; by default what is in the repository.
    """
    text = RESULTS.read_text() if page is None else page
    header, _, *rows = _table(text.partition(SECTION)[2])
    measured = {name: dict(zip(header, cells, strict=True)) for name, *cells in rows if cells}
    lines = [
        f"| {title} | {' | '.join(_short(measured[name].get(work, '')) for work in WORKS)} |"
        for name, title in SERVERS.items()
        if name in measured
    ]
    columns = " | ".join(WORKS.values())
    return "\n".join((f"| over | {columns} |", f"| --- |{' ---: |' * len(WORKS)}", *lines))


def _table(text: str) -> list[list[str]]:
    """The cells of the first table; the header without its first, which names the rows."""
    lines = text[text.index("|") :].splitlines()
    end = next((place for place, line in enumerate(lines) if not line.startswith("|")), len(lines))
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:end]]
    return [cells[0][1:], *cells[1:]]


def _short(ratio: str) -> str:
    """Two digits that mean something."""
    if not ratio:
        return ""
    return f"{float(f'{float(ratio):.2g}'):g}"
