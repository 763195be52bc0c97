"""Inserts of calls are measured in copies, on both databases, with what their triggers make."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.inserts import BATCH, COPY, Inserted, inserted_postgresql, inserted_sqlite
from benchmarks.inserts import inserts_table as printed
from benchmarks.postgres import Postgres
from benchmarks.target import Target
from tests.databases import Databases

KINDS = ("single rows", "1,000 in one INSERT", "COPY of 1,000")


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.usefixtures("kind")
async def test_each_kind_of_insert_is_measured(databases: Databases, target: Target) -> None:
    assert target.postgres is not None
    server = Postgres(target.postgres, databases._server)  # noqa: SLF001 -- the tests' own
    database = target.url.partition("?")[0].rpartition("/")[2]

    inserts = await inserted_postgresql(server, database, seconds=0, say=lambda _: None)

    assert [(each.title, each.organizations, each.writers) for each in inserts] == [
        (f"PostgreSQL, {name}", organizations, writers)
        for name in KINDS
        for organizations in (1, 100)
        for writers in (1, 2, 8)
    ]
    for each in inserts:
        assert each.rows == each.writers * (1 if "single" in each.title else BATCH)
        assert each.cpu > 0
    assert all(each.pages > 0 for each in inserts if each.rows >= BATCH)
    assert COPY not in server.databases()


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.usefixtures("kind")
async def test_sqlite_is_measured_in_a_copy(target: Target, tmp_path: Path) -> None:
    def measure() -> tuple[list[Inserted], list[Path]]:
        inserts = list(inserted_sqlite(target, tmp_path, seconds=0.01, say=lambda _: None))
        return inserts, list(tmp_path.iterdir())

    inserts, files = await asyncio.to_thread(measure)

    assert [each.title for each in inserts] == [
        "SQLite, single rows",
        "SQLite, 1,000 in one transaction",
    ]
    assert all(each.rows > 0 < each.cpu for each in inserts)
    assert files == []


def test_the_table_tells_what_was_waited_for() -> None:
    waits = Counter({"none": 5, "Lock: extend": 3, "LWLock: WALWrite": 1, "Lock: tuple": 1})
    each = Inserted("PostgreSQL, single rows", 8, 1, 3_000, 2.0, 1.5, 0.25, 480, waits, 0.5)

    (_, _, row) = printed([each]).splitlines()

    assert row == (
        "| PostgreSQL, single rows | 8 | 1 | 3,000 | 1,500 | 500 | 160 | 250 |"
        " extend 30%, tuple 10% | LWLock: WALWrite 10% | 0.5 |"
    )
