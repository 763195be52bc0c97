"""Reports of costs are measured on a served gateway, on both databases."""

import asyncio
from pathlib import Path

from benchmarks.costs import REPORTS, Measured, costs_table, measured_costs
from benchmarks.target import Target


async def test_every_report_is_measured(target: Target, tmp_path: Path) -> None:
    def measure() -> list[Measured]:
        return list(measured_costs(target, tmp_path, rounds=1, say=lambda _: None))

    measured = {each.title: each for each in await asyncio.to_thread(measure)}

    assert list(measured) == [each.title for each in REPORTS]
    rolled_up = {title for title, each in measured.items() if each.reads == "the rollup"}
    assert rolled_up == {"MONTH", "DAY", "ASSISTANT", "DAY, ASSISTANT", "DAY, ASSISTANT by TOTAL"}
    unmeasured = {title for title, each in measured.items() if each.buffers is None}
    by_resolvers = {"reconcile, 1,000 lines"}
    assert unmeasured == (by_resolvers if target.postgres else set(measured))


def test_the_table_says_what_is_read() -> None:
    page = costs_table([Measured("DAY", 12.34, 1.5, 4321, "the rollup")])

    assert page.splitlines() == [
        "| a year by | ms | ms again | buffers | reads |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| DAY | 12.3 | 1.5 | 4,321 | the rollup |",
    ]
