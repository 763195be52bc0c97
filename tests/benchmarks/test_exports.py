"""Downloads of all calls are measured on a served gateway, whole files each time."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.exports import Download, Exported, exports_table, measured_exports
from benchmarks.target import Target


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.usefixtures("kind")
async def test_both_formats_are_downloaded(target: Target, tmp_path: Path) -> None:
    measured = await asyncio.to_thread(
        lambda: list(measured_exports(target, tmp_path, None, seconds=0, say=lambda _: None))
    )

    assert [(each.database, each.format) for each in measured] == [
        ("SQLite", "csv"),
        ("SQLite", "json"),
    ]
    assert len({each.rows for each in measured}) == 1
    for each in measured:
        (download,) = each.downloads
        assert each.bytes > 100 * each.rows > 0
        assert download.server > 0


def test_the_table_has_the_median_rate_and_who_worked() -> None:
    downloads = [Download(seconds, 0.1, 0.3) for seconds in (0.5, 1.0, 0.2)]

    (_, _, row) = exports_table([Exported("SQLite", "csv", 1_000, 99_000, 1.5, downloads)]).split(
        "\n"
    )

    assert row == (
        "| SQLite, csv | 1,000 | 99 | 2,000 | 1,000 to 5,000 | 100.0 | 300.0 | 0.71 | 3 | 1.5 |"
    )
