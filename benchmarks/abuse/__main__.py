"""`python -m benchmarks.abuse`, or `make abuse`: what others notice of one caller's attacks."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from benchmarks.abuse.attacks import ATTACKS, Attack, Gateway
from benchmarks.abuse.measure import IDLE_SHARE, Outcome, Processes, Times, measure
from benchmarks.abuse.neighbor import neighbor, percentile
from benchmarks.abuse.page import TITLES, page, section
from benchmarks.abuse.soak import soak
from benchmarks.abuse.soak_outcome import markdown as soak_markdown
from benchmarks.live.killing import Kind, killed
from benchmarks.live.kills import Size
from benchmarks.live.report import markdown as kills_markdown
from benchmarks.machine import machine
from benchmarks.postgres import Postgres, postmaster
from benchmarks.postgres import running as running_postgres
from benchmarks.process import cpu_seconds, started
from benchmarks.servers import JACKFIELD
from benchmarks.target import ROOT, Scale, Target, on_postgresql, on_sqlite

SCRATCH = ROOT / "var" / "benchmarks"
PAGE = ROOT / "docs" / "abuse.md"

GATEWAY = replace(JACKFIELD, environment={})
"""With default settings, rate limits included."""

WARM_SECONDS = 3

WRITES_PER_KILL = 1_000
"""Of each victim."""

CONSOLE = Console(stderr=True)

app = typer.Typer(rich_markup_mode="markdown", add_completion=False)


@app.command()
def main(
    *,
    database: Annotated[
        Literal["both", "sqlite", "postgresql"], typer.Option(help="Which databases.")
    ] = "both",
    attacks: Annotated[
        str, typer.Option(help=f"Of {', '.join(attack.name for attack in ATTACKS)}.")
    ] = "all",
    seconds: Annotated[float, typer.Option(min=1, max=120, help="Of each attack.")] = 10,
    quiet: Annotated[float, typer.Option(min=1, max=120, help="Before each attack.")] = 5,
    scale: Annotated[Scale, typer.Option(help="Of the demo data.")] = "medium",
    with_soak: Annotated[
        bool, typer.Option("--soak", help="Instead: two workers at twice their capacity.")
    ] = False,
    minutes: Annotated[float, typer.Option(min=0.2, max=600, help="Of the soak.")] = 10,
    with_kills: Annotated[
        bool,
        typer.Option("--kill", help="Instead: kill -9 while 40 subscribers follow writes."),
    ] = False,
    writes: Annotated[int, typer.Option(min=20, help="With --kill.")] = 10_000,
) -> None:
    """Attack a gateway as one organization, watch it as another; write docs/abuse.md.

    Every attack has a gateway of its own, with default settings, on 127.0.0.1. A whole run takes
    about fifteen minutes; the databases may be run one after the other, and the page is written
    when both are there. A look in a minute: --database sqlite --attacks scans,headers

    With --soak two workers get twice the load that they can answer, mixed, while PostgreSQL
    restarts twice and Redis once; it fails when a write is lost, something leaks, or an answer is
    neither good nor a refusal that says when to come back.

    With --kill the gateway and PostgreSQL are killed by signal 9, again and again, while calls are
    written, 20 subscribers follow them on each transport, webhooks tell five endpoints, and a
    transaction is open in another database; it fails when anybody misses anything. It says every
    ten seconds how far it is; 10,000 writes take about ten minutes.
    """
    SCRATCH.mkdir(parents=True, exist_ok=True)
    if with_soak:
        raise typer.Exit(_soaked(minutes, scale))
    if with_kills:
        kinds: Sequence[Kind] = ("sqlite", "postgresql") if database == "both" else (database,)
        raise typer.Exit(max(_killed(kind, writes) for kind in kinds))
    names = {name.strip() for name in attacks.split(",")}
    chosen = [attack for attack in ATTACKS if attacks == "all" or attack.name in names]
    if attacks != "all" and (unknown := names - {attack.name for attack in chosen}):
        raise typer.BadParameter(f"unknown: {', '.join(sorted(unknown))}")
    times = Times(quiet, seconds)
    outcomes: list[Outcome] = []
    for kind in TITLES if database == "both" else (database,):
        measured = list(_outcomes(kind, chosen, times, scale))
        outcomes += measured
        written = section(kind, measured, machine(), times, scale)
        _section_file(kind, is_whole=attacks == "all").write_text(written)
    met = sum(outcome.meets_goals for outcome in outcomes)
    CONSOLE.print(f"{met} of {len(outcomes)} attacks were not noticed. {_write(attacks == 'all')}")


def _section_file(database: str, *, is_whole: bool) -> Path:
    return SCRATCH / f"abuse_{database}{'' if is_whole else '_part'}.md"


def _write(is_whole: bool) -> str:
    """Write the page when both databases were attacked with everything; where the figures are."""
    files = [_section_file(kind, is_whole=is_whole) for kind in TITLES]
    there = [file for file in files if file.exists()]
    if not is_whole or there != files:
        return f"All figures: {', '.join(map(str, there))}"
    PAGE.write_text(page([file.read_text() for file in files]))
    return f"All figures: {PAGE}"


def _soaked(minutes: float, scale: Scale) -> int:
    """The exit code of a soak: 1 when something is wrong."""
    with running_postgres(SCRATCH / "postgresql") as postgres:
        target = on_postgresql(postgres, scale, fresh=False, say=CONSOLE.print)
        outcome = soak(postgres, target, SCRATCH, minutes, CONSOLE.print)
    printed = soak_markdown(outcome, machine())
    (SCRATCH / "soak.md").write_text(printed)
    CONSOLE.print(printed, highlight=False, markup=False, soft_wrap=True)
    return 1 if outcome.problems else 0


def _killed(kind: Kind, writes: int) -> int:
    """The exit code of a run with kills: 1 when something is wrong."""
    size = Size(writes, kills=max(1, writes // WRITES_PER_KILL))
    outcome = killed(kind, SCRATCH, size, CONSOLE.print)
    CONSOLE.print(kills_markdown(kind, outcome), highlight=False, markup=False, soft_wrap=True)
    return 1 if outcome.problems else 0


def _outcomes(
    database: str, attacks: Sequence[Attack], times: Times, scale: Scale
) -> Iterator[Outcome]:
    """One attack after the other, each on a new gateway."""
    if database == "sqlite":
        target = on_sqlite(SCRATCH, scale, fresh=False, say=CONSOLE.print)
        yield from (_attacked(attack, target, None, times) for attack in attacks)
        return
    with running_postgres(SCRATCH / "postgresql") as postgres:
        target = on_postgresql(postgres, scale, fresh=False, say=CONSOLE.print)
        yield from (_attacked(attack, target, postgres, times) for attack in attacks)


def _attacked(attack: Attack, target: Target, postgres: Postgres | None, times: Times) -> Outcome:
    """One attack on a new gateway."""
    kind = "sqlite" if postgres is None else "postgresql"
    with (
        started(GATEWAY, target, SCRATCH, pinned=False) as server,
        neighbor(server.port, target.small_api_key) as watched,
    ):
        time.sleep(WARM_SECONDS)
        outcome = measure(
            attack,
            kind,
            Gateway(server.port, target.api_key),
            Processes(server.pid, None if postgres is None else postmaster(postgres.folder)),
            watched,
            _idle(server.pid) if postgres is None else _no_statement(postgres),
            times,
        )
    CONSOLE.print(
        f"{kind:10} {attack.name:14}"
        f" p50 {percentile(outcome.quiet, 0.5):5.0f} → {percentile(outcome.during, 0.5):5.0f} ms"
        f"  p99 {percentile(outcome.quiet, 0.99):5.0f} → {percentile(outcome.during, 0.99):5.0f} ms"
        f"  {outcome.failures:3} of {len(outcome.during)} failed"
        f"  {outcome.gateway_memory:5.0f} MiB  idle {outcome.database_idle}"
        f"  normal {outcome.normal}  {'ok' if outcome.meets_goals else 'MISSED'}",
        highlight=False,
        soft_wrap=True,
    )
    return outcome


def _idle(pid: int) -> Callable[[], bool]:
    """SQLite runs in the gateway: its CPU time tells."""

    def is_idle() -> bool:
        before, start = cpu_seconds(pid), time.monotonic()
        time.sleep(0.2)
        return (cpu_seconds(pid) - before) / (time.monotonic() - start) < IDLE_SHARE

    return is_idle


def _no_statement(postgres: Postgres) -> Callable[[], bool]:
    """No statement has run for longer than the neighbor's take."""
    running = (
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"
        " AND backend_type = 'client backend' AND now() - query_start > interval '250 ms';"
    )

    def is_idle() -> bool:
        return postgres.sql(running).split("\n")[2].strip() == "0"

    return is_idle


if __name__ == "__main__":
    app()
