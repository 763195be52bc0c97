"""The command line of both fuzzers: a number of requests, half of them on each database.

What PostgreSQL ran for them has to bind its organization, as in a test.
"""

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import product
from typing import Any, Protocol

from tests.bound_statements import StatementLint, sign_statements
from tests.databases import KINDS, Copy, Databases, Kind

MOST_PRINTED = 10
"""Most differences that a run prints."""


class Report(Protocol):
    """The outcome of a run; prints itself.

    Attributes:
        failed: How many plans failed.
        different: The requests whose two answers differ.
    """

    failed: int
    different: Any

    def lines(self, most: int) -> Iterator[str]:
        """The first of the differences, in words."""
        ...


Fuzz = Callable[[Copy, int, int], Awaitable[Report]]
"""Sends so many requests to a copy, chosen by a seed."""


def main(fuzz: Fuzz, *, module: str, description: str | None) -> None:
    """Run as the arguments say, and end the process.

    With 1 when anything differs, failed or binds no organization.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("number", type=int)
    parser.add_argument("seed", type=int, nargs="?", default=random.randrange(10**9))  # noqa: S311
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument(
        "--seeds", type=int, default=1, help="so many runs; each has a seed and rows of its own"
    )
    arguments = parser.parse_args()
    kinds = tuple(arguments.kind or KINDS)
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    with sign_statements():
        findings = asyncio.run(_run(fuzz, arguments.number // len(kinds), seeds, kinds))
    sys.exit(bool(findings))


async def _run(fuzz: Fuzz, number: int, seeds: Sequence[int], kinds: Sequence[Kind]) -> int:
    databases = Databases()
    lint = StatementLint(lambda: databases.log)
    findings = 0
    try:
        for seed, kind in product(seeds, kinds):
            started = time.perf_counter()
            async with databases.lend(kind) as copy:
                report = await fuzz(copy, number, seed)
            seconds = time.perf_counter() - started
            unbound = lint.faults()
            print(  # noqa: T201
                f"{kind}, seed {seed}: {report}, {len(unbound)} unbound, {seconds:.0f} s",
                *(*report.lines(MOST_PRINTED), *unbound[:MOST_PRINTED]),
                sep="\n",
                flush=True,
            )
            findings += len(report.different) + report.failed + len(unbound)
    finally:
        databases.close()
    return findings
