"""`docs/abuse.md`: what was measured, as Markdown."""

from collections.abc import Sequence

from benchmarks.abuse.measure import Outcome, Times
from benchmarks.abuse.neighbor import RATE, percentile

TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

_HEADER = "| attack | p50 ms | p99 ms | failures | gateway | database | CPU | idle | normal | |"
_RULE = "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |"


_INTRODUCTION = """\
# One caller against all

No caller may take the service from another one, whatever it sends; [limits](limits.md), \
[prices](cost.md) and [bounds on connections](deployment.md#what-a-connection-may-take) see to that.
This page shows how well: `make abuse` lets one organization attack a gateway that has its default \
settings, while a client of another one sends {rate} requests per second, lists and `/readyz`.

How to read a row:

- `p50` and `p99` are that client's times, before → during the attack, from when a request was \
due; `failures` are its answers other than 200.
- `gateway` and `database` are the most memory that was seen, in MiB; `CPU` is what both spend on \
the attacker, in cores.
- `idle` is when the last statement of the attack had ended, and `normal` when the other client \
had its usual answers, in seconds from the end of the attack.
- An attack is `ok` when the other client had no failure and a p99 of at most twice the quiet one \
(or 50 ms more), the gateway stayed below 400 MiB, and the database was idle within a second.

Attacker and client run on the same cores as the gateway, so a part of each p99 is their own work.
What no gateway can bound is left to [the proxy](deployment.md#what-the-proxy-has-to-do).
"""


def page(sections: Sequence[str]) -> str:
    """The whole page, of the sections of the databases."""
    return "\n".join((_INTRODUCTION.format(rate=RATE), *sections))


def section(
    database: str, outcomes: Sequence[Outcome], machine: Sequence[str], times: Times, scale: str
) -> str:
    """What was measured on one database."""
    lines = [
        f"## {TITLES[database]}",
        "",
        *(f"- {line}" for line in machine),
        f"- `jackfield demo --scale {scale}`",
        f"- {times.quiet:g} s quiet, {times.attack:g} s of each attack",
        "",
        _HEADER,
        _RULE,
        *map(_row, outcomes),
    ]
    return "\n".join(lines) + "\n"


def _row(outcome: Outcome) -> str:
    def change(share: float) -> str:
        quiet, during = percentile(outcome.quiet, share), percentile(outcome.during, share)
        return f"{quiet:.0f} → {during:.0f}"

    cells = (
        outcome.attack.title,
        change(0.5),
        change(0.99),
        f"{outcome.failures} of {len(outcome.during)}",
        f"{outcome.gateway_memory:.0f}",
        f"{outcome.database_memory:.0f}" if outcome.database_memory else "",
        f"{outcome.cpu_seconds / outcome.attack_seconds:.2f}",
        _seconds(outcome.database_idle),
        _seconds(outcome.normal),
        "ok" if outcome.meets_goals else "missed",
    )
    return f"| {' | '.join(cells)} |"


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f}"
