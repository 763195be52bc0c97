"""Migrations are measured on small data, from an old revision to the newest."""

import asyncio
from pathlib import Path

from benchmarks.migration import Migration, migrated_sqlite, migrations_table


async def test_sqlite_is_migrated_from_its_first_revision(tmp_path: Path) -> None:
    migration = await asyncio.to_thread(migrated_sqlite, tmp_path, 100, say=lambda _: None)

    assert (migration.calls, migration.rows) == (100, (99, 39))
    assert migration.seconds > 0


def test_the_table_names_the_revision_before_each_wait() -> None:
    migration = Migration("PostgreSQL", 1_000, "0010_call_records", seconds=3.21)
    migration.mebibytes, migration.rows, migration.writes = (10.2, 12.7), (1_002, 402), 1_234
    migration.moments = [(0.1, "0010_call_records"), (2.0, "0011_fewer_indexes")]
    migration.waits = [(0.2, "INSERT call", 1.9), (0.3, "UPDATE call", 2.1)]

    (_, _, row) = migrations_table([migration]).splitlines()

    assert row.split(" | ")[:-1] == [
        "| PostgreSQL, from 0010_call_records",
        "1,000",
        "3.2",
        "10 → 13",
        "1,234",
        "UPDATE call 300 ms after 0011, INSERT call 200 ms after 0010",
        "1,002 and 402",
    ]
