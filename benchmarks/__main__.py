"""`python -m benchmarks`, or `make bench`: how fast Jackfield is beside others, on this machine."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.client import available
from benchmarks.comparison import compare, compare_on_sqlite
from benchmarks.costs import costs_table, measured_costs
from benchmarks.exports import exports_table, measured_exports
from benchmarks.filters import filters as filters_series
from benchmarks.goals import CONNECTIONS
from benchmarks.growth import growth as growth_series
from benchmarks.hooks import hooks_table, measured_hooks
from benchmarks.imports import LENGTHS, imports_table, measured_imports
from benchmarks.inserts import inserted_postgresql, inserted_sqlite, inserts_table
from benchmarks.install import missing
from benchmarks.live.load import Load, measured_subscribers
from benchmarks.live.report import load_table, transcripts_table
from benchmarks.live.transcripts import measured_transcripts
from benchmarks.machine import machine
from benchmarks.migration import (
    MIGRATED,
    migrated_postgresql,
    migrated_sqlite,
    migrations_table,
)
from benchmarks.polling import measured_polls, polling_table
from benchmarks.postgres import running as running_postgres
from benchmarks.results import Run, write
from benchmarks.rounds import Plan
from benchmarks.sameness import Different
from benchmarks.samples import Samples
from benchmarks.scales import scaled, scales_table
from benchmarks.screen import Screen
from benchmarks.servers import SERVERS, Server
from benchmarks.tables import goals_table, summary
from benchmarks.target import ROOT, Scale, on_postgresql, on_sqlite
from benchmarks.weights import compared, measured_weights, weights_page
from benchmarks.workloads import WORKLOADS

SCRATCH = ROOT / "var" / "benchmarks"
PAGE = ROOT / "benchmarks" / "RESULTS.md"

ERRORS = Console(stderr=True)
OUTPUT = Console()

_SERVER_NAMES = ", ".join(server.name for server in SERVERS)
_WORK_NAMES = ", ".join(workload.name for workload in WORKLOADS)

app = typer.Typer(rich_markup_mode="markdown", add_completion=False)


@app.command()
def main(
    *,
    scale: Annotated[
        Scale,
        typer.Option(help="Of the demo data. The first time, **large** takes minutes to fill."),
    ] = "large",
    seconds: Annotated[float, typer.Option(min=0.1, max=60, help="Of each turn.")] = 2,
    rounds: Annotated[
        int, typer.Option(min=1, max=50, help="Turns of each server, workload and connections.")
    ] = 3,
    connections: Annotated[
        str, typer.Option(help="Requests at once, each measured by itself.")
    ] = "1,16",
    servers: Annotated[
        str, typer.Option("--servers", "--peers", help=f"Who: of {_SERVER_NAMES}.")
    ] = "all",
    work: Annotated[str, typer.Option(help=f"Which requests: of {_WORK_NAMES}.")] = "all",
    client: Annotated[
        str, typer.Option(help="**wrk**, **python**, or **auto**: wrk where it is installed.")
    ] = "auto",
    sqlite: Annotated[bool, typer.Option(help="Also plans and resolvers on SQLite.")] = True,
    growth: Annotated[
        bool, typer.Option("--growth", help="Also the series: rows, depth, graphs, workers.")
    ] = False,
    filters: Annotated[
        bool, typer.Option("--filters", help="Also what every filter of calls costs.")
    ] = False,
    weights: Annotated[
        bool,
        typer.Option("--weights", help="Only what each unit of an operation costs; Linux alone."),
    ] = False,
    polling: Annotated[
        bool,
        typer.Option("--polling", help="Only what a 304 costs beside its answer; Linux alone."),
    ] = False,
    imports: Annotated[
        bool,
        typer.Option("--import", help="Only how fast files of calls are imported; Linux alone."),
    ] = False,
    costs: Annotated[
        bool,
        typer.Option("--costs", help="Only what reports of a year's costs take, at this scale."),
    ] = False,
    hooks: Annotated[
        bool,
        typer.Option("--hooks", help="Only how soon webhooks are answered; a minute."),
    ] = False,
    live: Annotated[
        bool,
        typer.Option("--live", help="Only what 2,500 subscribers and 300 live transcripts take."),
    ] = False,
    migration: Annotated[
        bool,
        typer.Option("--migrate", help="Only how long writers wait for migrations of many calls."),
    ] = False,
    inserts: Annotated[
        bool,
        typer.Option("--inserts", help="Only how fast calls are inserted; Linux, four minutes."),
    ] = False,
    exports: Annotated[
        bool,
        typer.Option("--exports", help="Only how fast all calls are downloaded; Linux, a minute."),
    ] = False,
    scales: Annotated[
        bool,
        typer.Option("--scales", help="Only what reads cost at medium and at large, by counts."),
    ] = False,
    calls: Annotated[
        str | None,
        typer.Option("--calls", help="With --import or --migrate: how many calls there are."),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Fill the scratch databases anew.")
    ] = False,
    page: Annotated[
        Path | None,
        typer.Option(
            "--output",
            help="The page that is written; samples go to var/.",
            show_default="benchmarks/RESULTS.md; of a part, var/benchmarks/results.md",
        ),
    ] = None,
) -> None:
    """Measure Jackfield beside hand-written code and other servers; write benchmarks/RESULTS.md.

    `make bench` also copies the table of speed to README.md. A run of a part, or on less data,
    writes a page of its own.

    All read the same tables of a private PostgreSQL under var/benchmarks/; nothing listens beyond
    127.0.0.1. Every server first has to answer like Jackfield's resolvers, value for value; then
    each gets a short turn, round after round. Ratios within one run mean something; rates move with
    the machine.

    The goals on both databases in about twelve minutes: --connections 16 --seconds 0.8

    A look in a minute: --scale small --seconds 1 --rounds 1 --servers jackfield,rows,resolvers

    The weights of docs/cost.md beside what their units cost: --weights

    What a poll costs while nothing changes: --polling --scale medium

    The rates of imports into both databases, and the memory: --import --calls 100000,500000

    Reports of a year's costs, of 500,000 calls or of 50,000: --costs, or --costs --scale medium

    How soon webhooks are answered, on both databases: --hooks

    Memory, statements and delays of subscriptions: --live

    How fast calls are inserted beside 500,000, and what writers wait for: --inserts

    How fast all calls of medium are downloaded, and who works meanwhile: --exports

    What reads cost with many calls and with twenty times as many, in buffers and steps: --scales

    How long writers wait for a migration of 500,000 calls: --migrate

    One question: --work W2 --servers jackfield,text,rows --connections 16 --no-sqlite
    """
    numbers = None if calls is None else _numbers(calls, "--calls")
    parts = (
        (weights, partial(measure_weights, "medium", fresh=fresh)),
        (polling, partial(measure_polls, scale, fresh=fresh)),
        (imports, partial(measure_imports, numbers or LENGTHS)),
        (inserts, partial(measure_inserts, scale, fresh=fresh)),
        (scales, partial(measure_scales, fresh=fresh)),
        (exports, partial(measure_exports, "medium", fresh=fresh)),
        (migration, partial(measure_migrations, numbers or MIGRATED)),
        (costs, partial(measure_costs, scale, fresh=fresh)),
        (hooks, measure_hooks),
        (live, partial(measure_subscribers, fresh=fresh)),
    )
    for is_alone, measure in parts:
        if is_alone:
            measure()
            return
    competitors, workloads = _chosen(SERVERS, servers), _chosen(WORKLOADS, work)
    if not {"jackfield", "resolvers"} & {server.name for server in competitors}:
        raise typer.BadParameter("--servers needs jackfield or resolvers: they know the ids")
    plan = Plan(
        seconds,
        rounds,
        _numbers(connections, "--connections"),
        warm_seconds=min(1.0, seconds),
        client=available(client),
    )
    SCRATCH.mkdir(parents=True, exist_ok=True)
    run = Run(machine(), scale, plan)
    ready = [server for server in competitors if _ready(server, run)]
    with Screen(ERRORS) as screen, running_postgres(SCRATCH / "postgresql") as postgres:
        target = on_postgresql(postgres, scale, fresh=fresh, say=screen.say)
        try:
            compared = compare(
                target,
                ready,
                workloads,
                plan,
                SCRATCH,
                progress=screen.show,
                total=screen.begin,
            )
            run.samples, run.answers = compared.samples, compared.answers
            if sqlite:
                file = on_sqlite(SCRATCH, scale, fresh=fresh, say=screen.say)
                other = compare_on_sqlite(
                    file, plan, SCRATCH, progress=screen.show, total=screen.begin
                )
                run.samples = Samples(run.samples.all + other.samples.all)
                run.answers += other.answers
        except Different as difference:
            ERRORS.print(
                f"Not alike, so nothing is compared: {difference}", highlight=False, soft_wrap=True
            )
            raise typer.Exit(1) from difference
        except RuntimeError as error:
            ERRORS.print(f"It cannot go on: {error}", highlight=False, markup=False)
            raise typer.Exit(1) from error
        if growth:
            run.series += growth_series(target, plan, SCRATCH, say=screen.say)
        if filters:
            run.series += filters_series(target, scale, SCRATCH, say=screen.say)
    if page is None:
        is_whole = servers == work == "all" and sqlite
        page = default_page(plan, scale, is_whole=is_whole)
    write(run, ready, workloads, page=page, data=SCRATCH / "samples.json")
    _tell(run, page)


def measure_weights(scale: Scale, *, fresh: bool) -> None:
    """Print what each unit of an operation costs on both databases, beside its weight."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with Screen(ERRORS) as screen:
        file = on_sqlite(SCRATCH, scale, fresh=fresh, say=screen.say)
        sqlite = measured_weights(file, SCRATCH, None, say=screen.say)
        with running_postgres(SCRATCH / "postgresql") as postgres:
            target = on_postgresql(postgres, scale, fresh=fresh, say=screen.say)
            postgresql = measured_weights(target, SCRATCH, postgres, say=screen.say)
    page = weights_page(compared(sqlite, postgresql))
    OUTPUT.print(page, highlight=False, soft_wrap=True, markup=False)


def measure_polls(scale: Scale, *, fresh: bool) -> None:
    """Print what polling costs on both databases while nothing changes."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with Screen(ERRORS) as screen:
        file = on_sqlite(SCRATCH, scale, fresh=fresh, say=screen.say)
        tables = {"SQLite": polling_table(measured_polls(file, SCRATCH, None, say=screen.say))}
        with running_postgres(SCRATCH / "postgresql") as postgres:
            target = on_postgresql(postgres, scale, fresh=fresh, say=screen.say)
            polled = measured_polls(target, SCRATCH, postgres, say=screen.say)
            tables["PostgreSQL"] = polling_table(polled)
    for name, page in tables.items():
        OUTPUT.print(f"{name}\n\n{page}\n", highlight=False, soft_wrap=True, markup=False)


def measure_costs(scale: Scale, *, fresh: bool) -> None:
    """Print what reports of costs take on both databases."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with Screen(ERRORS) as screen:
        with running_postgres(SCRATCH / "postgresql") as postgres:
            target = on_postgresql(postgres, scale, fresh=fresh, say=screen.say)
            measured = list(measured_costs(target, SCRATCH, say=screen.say))
            tables = {"PostgreSQL": costs_table(measured)}
        file = on_sqlite(SCRATCH, scale, fresh=fresh, say=screen.say)
        measured = list(measured_costs(file, SCRATCH, say=screen.say))
        tables["SQLite"] = costs_table(measured)
    for name, page in tables.items():
        OUTPUT.print(f"{name}\n\n{page}\n", highlight=False, soft_wrap=True, markup=False)


def measure_imports(lengths: Sequence[int]) -> None:
    """Print how fast files of so many calls are imported into both databases."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with Screen(ERRORS) as screen, running_postgres(SCRATCH / "postgresql") as postgres:
        rows = list(measured_imports(SCRATCH, postgres, lengths, say=screen.say))
    OUTPUT.print(imports_table(rows), highlight=False, soft_wrap=True, markup=False)


def measure_inserts(scale: Scale, *, fresh: bool) -> None:
    """Print how fast calls are inserted beside those of a scale."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with Screen(ERRORS) as screen, running_postgres(SCRATCH / "postgresql") as postgres:
        on_postgresql(postgres, scale, fresh=fresh, say=screen.say)
        name = f"bench_{scale}"
        inserts = asyncio.run(inserted_postgresql(postgres, name, say=screen.say))
        file = on_sqlite(SCRATCH, scale, fresh=fresh, say=screen.say)
        inserts += inserted_sqlite(file, SCRATCH, say=screen.say)
    OUTPUT.print(inserts_table(inserts), highlight=False, soft_wrap=True, markup=False)


def measure_scales(*, fresh: bool) -> None:
    """Print what reads cost on both databases at two scales."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    scales: tuple[Scale, ...] = ("medium", "large")
    with Screen(ERRORS) as screen, running_postgres(SCRATCH / "postgresql") as postgres:
        targets = {
            "PostgreSQL": [
                on_postgresql(postgres, scale, fresh=fresh, say=screen.say) for scale in scales
            ],
            "SQLite": [on_sqlite(SCRATCH, scale, fresh=fresh, say=screen.say) for scale in scales],
        }
        tables = [
            scales_table([asyncio.run(scaled(each, say=screen.say)) for each in both])
            for both in targets.values()
        ]
    OUTPUT.print("\n\n".join(tables), highlight=False, soft_wrap=True, markup=False)


def measure_exports(scale: Scale, *, fresh: bool) -> None:
    """Print how fast one client downloads all calls from both databases."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with Screen(ERRORS) as screen, running_postgres(SCRATCH / "postgresql") as postgres:
        target = on_postgresql(postgres, scale, fresh=fresh, say=screen.say)
        exports = list(measured_exports(target, SCRATCH, postgres, say=screen.say))
        file = on_sqlite(SCRATCH, scale, fresh=fresh, say=screen.say)
        exports += measured_exports(file, SCRATCH, None, say=screen.say)
    OUTPUT.print(exports_table(exports), highlight=False, soft_wrap=True, markup=False)


def measure_migrations(lengths: Sequence[int]) -> None:
    """Print how long both databases with so many calls take to come to this version."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with Screen(ERRORS) as screen, running_postgres(SCRATCH / "postgresql") as postgres:
        migrations = [
            migrated
            for calls in lengths
            for migrated in (
                asyncio.run(migrated_postgresql(postgres, calls, say=screen.say)),
                migrated_sqlite(SCRATCH, calls, say=screen.say),
            )
        ]
    OUTPUT.print(migrations_table(migrations), highlight=False, soft_wrap=True, markup=False)


def measure_hooks() -> None:
    """Print how soon webhooks are answered on both databases."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with Screen(ERRORS) as screen, running_postgres(SCRATCH / "postgresql") as postgres:
        rows = list(measured_hooks(SCRATCH, postgres, say=screen.say))
    OUTPUT.print(hooks_table(rows), highlight=False, soft_wrap=True, markup=False)


def measure_subscribers(*, fresh: bool) -> None:
    """Print what many subscribers take of one worker."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with Screen(ERRORS) as screen, running_postgres(SCRATCH / "postgresql") as postgres:
        target = on_postgresql(postgres, "small", fresh=fresh, say=screen.say)
        measured = list(measured_subscribers(target, postgres, SCRATCH, Load(), screen.say))
        transcripts = measured_transcripts(target, postgres, SCRATCH, screen.say)
    page = f"{load_table(measured)}\n\n{transcripts_table(transcripts)}"
    OUTPUT.print(page, highlight=False, soft_wrap=True, markup=False)


def default_page(plan: Plan, scale: Scale, *, is_whole: bool) -> Path:
    """Where a run is written to: README.md copies from RESULTS.md, which has to be complete.

    Args:
        plan: Whether the goals' number of connections was measured.
        scale: Of the data.
        is_whole: Whether all servers, workloads and databases took part.
    """
    is_comparable = scale == "large" and CONNECTIONS in plan.connections
    return PAGE if is_whole and is_comparable else SCRATCH / "results.md"


def _chosen(available: Sequence[Any], names: str) -> list[Any]:
    """Those that have one of these names, in their own order.

    Raises:
        typer.BadParameter: when a name is unknown.
    """
    if names == "all":
        return list(available)
    chosen = {name.strip() for name in names.split(",")}
    unknown = chosen - {each.name for each in available}
    if unknown:
        raise typer.BadParameter(f"unknown: {', '.join(sorted(unknown))}")
    return [each for each in available if each.name in chosen]


def _numbers(text: str, option: str) -> tuple[int, ...]:
    """Positive numbers with commas between.

    Raises:
        typer.BadParameter: when one is not.
    """
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and int(word) for word in words):
        raise typer.BadParameter(f"{option} is {text!r}, but should be like 1,16")
    return tuple(map(int, words))


def _ready(server: Server, run: Run) -> bool:
    """Whether everything that a server needs is there; says so when it is not."""
    why = missing(server, SCRATCH)
    if why:
        run.left_out[server.name] = why
        ERRORS.print(f"Leaving out {server.name}: {why}.", highlight=False)
    return why is None


def _tell(run: Run, page: Path) -> None:
    met, missed, unknown = summary(run.samples)
    OUTPUT.print(goals_table(run.samples), highlight=False, soft_wrap=True, markup=False)
    OUTPUT.print(
        f"\n{met} goals met, {missed} missed, {unknown} not measured. All figures: {page}",
        highlight=False,
    )


if __name__ == "__main__":
    # A SIGTERM has to end the servers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    app(prog_name="python -m benchmarks")
