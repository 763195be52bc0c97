"""Prints an explanation for people."""

from typing import Any

from rich.console import Console

from gql.engine.explain import broken

_WAYS = {"plan": "one statement", "resolvers": "field by field"}


def show(explained: dict[str, Any], errors: list[dict[str, Any]]) -> None:
    """Print an explanation on standard output: one titled part after another."""
    # What is printed has brackets of its own, which are no markup.
    console = Console(highlight=False, soft_wrap=True, markup=False)
    way, reason = explained["way"], explained["reason"]
    because = f", because: {reason.removesuffix('.')}" if reason else ""
    console.print(f"Answered by {way} ({_WAYS[way]}){because}.")
    for error in errors:
        console.print(f"Error: {error['message']}", style="red")
    sql = broken(explained["sql"] or "")
    parts = (
        ("Plan", explained["tree"]),
        ("SQL", sql.splitlines()),
        ("Parameters", _pairs(explained["parameters"])),
        ("Database", explained["database"]),
        ("Rows", _pairs(explained["rows"])),
        ("Times", _times(explained)),
    )
    for title, lines in parts:
        if lines:
            console.print(f"\n{title}", style="bold")
            for line in lines:
                console.print(f"  {line}")


def _pairs(values: dict[str, Any]) -> list[str]:
    width = max(map(len, values), default=0)
    return [f"{name:{width}}  {value}" for name, value in values.items()]


def _times(explained: dict[str, Any]) -> list[str]:
    """How long each step took, and the size of the answer."""
    remembered = {"parse": "document", "plan": "plan", "compile": "statement"}
    lines = []
    for step, milliseconds in explained["milliseconds"].items():
        known = explained["remembered"].get(remembered.get(step, ""))
        lines.append(f"{step:8}{milliseconds:10.3f} ms{'  remembered' if known else ''}")
    return [*lines, f"answer  {explained['bytes']:10,} bytes"]
