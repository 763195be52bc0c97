"""Markdown tables of a run."""

from collections.abc import Callable, Iterable

from benchmarks.goals import GOALS, Goal
from benchmarks.samples import Sample, Samples
from benchmarks.workloads import Novelty

Cell = Callable[[Sample], float]

MEASURES: tuple[tuple[str, Cell, str], ...] = (
    ("Requests per second", lambda sample: sample.rate, "{:,.0f}"),
    ("Median latency, ms", lambda sample: sample.p50, "{:,.2f}"),
    ("99th percentile, ms", lambda sample: sample.p99, "{:,.2f}"),
    ("Server CPU per request, us", lambda sample: sample.server_cpu, "{:,.0f}"),
    ("Database CPU per request, us", lambda sample: sample.database_cpu, "{:,.0f}"),
    ("Server memory, MiB", lambda sample: sample.memory, "{:,.0f}"),
)
"""The figures of each cell, and how they are written."""


ROUND = 10
"""Smaller numbers are written with two digits."""


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; the first column is text, the others are numbers."""
    names = list(head)
    lines = [names, ["---", *["---:"] * (len(names) - 1)], *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def goals_table(samples: Samples) -> str:
    """Every goal with what was measured, per workload: met or missed."""
    works = [work for work in samples.workloads() if any(work in goal.workloads for goal in GOALS)]
    rows = [[_title(goal), *(_goal_cell(goal, samples, work) for work in works)] for goal in GOALS]
    return table(["goal", *works], rows)


def measure_table(samples: Samples, name: str, connections: int) -> str:
    """One measure of every server and workload: medians over the rounds."""
    value, form = next((value, form) for title, value, form in MEASURES if title == name)
    works, servers = samples.workloads(), samples.servers()
    rows = [
        [server, *(_cell(samples, server, work, connections, value, form) for work in works)]
        for server in servers
    ]
    return table([name, *works], rows)


def ratio_table(samples: Samples, connections: int) -> str:
    """How many times as many requests per second Jackfield answers as each other server."""
    works, servers = samples.workloads(), samples.servers()

    def cell(server: str, work: str) -> str:
        figure = samples.ratio(
            "jackfield",
            server,
            workload=work,
            connections=connections,
            value=lambda sample: sample.rate,
        )
        return "" if figure is None else f"{figure:.2f}"

    others = [server for server in servers if server != "jackfield"]
    rows = [[server, *(cell(server, work) for work in works)] for server in others]
    return table(["Jackfield's requests per second over", *works], rows)


def novelty_table(samples: Samples, novelty: Novelty, title: str) -> str:
    """Requests per second of one kind of requests over repeated ones, for every server."""
    repeated, others = samples.only(Novelty.NOTHING), samples.only(novelty)
    connections = max(repeated.connections(), default=0)

    def cell(server: str, work: str) -> str:
        rates = [
            each.median(server, work, connections, value=lambda sample: sample.rate)
            for each in (others, repeated)
        ]
        return "" if None in rates else f"{rates[0] / rates[1]:.2f}"  # type: ignore[operator]

    works = samples.workloads()
    rows = [[server, *(cell(server, work) for work in works)] for server in others.servers()]
    return table([f"Requests per second, {title}", *works], rows)


def summary(samples: Samples) -> tuple[int, int, int]:
    """How many goals' cells were met, missed, and not measured."""
    met = missed = unknown = 0
    for goal in GOALS:
        for work in goal.workloads:
            value = goal.measured(samples, work)
            met += value is not None and goal.met(value)
            missed += value is not None and not goal.met(value)
            unknown += value is None
    return met, missed, unknown


def _title(goal: Goal) -> str:
    sign = "≥" if goal.best == "at least" else "≤"
    return f"{goal.text} {sign} {goal.bound:g}"


def _goal_cell(goal: Goal, samples: Samples, work: str) -> str:
    if work not in goal.workloads:
        return ""
    value = goal.measured(samples, work)
    if value is None:
        return "not measured"
    return f"{value:,.3g} {'met' if goal.met(value) else '**missed**'}"


def _cell(
    samples: Samples, server: str, work: str, connections: int, value: Cell, form: str
) -> str:
    figure = samples.median(server, work, connections, value=value)
    if figure is None:
        return ""
    return form.format(figure) if figure >= ROUND else f"{figure:.2g}"
