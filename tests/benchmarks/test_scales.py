"""Every read is counted by what the database does for it, on either kind."""

import pytest

from benchmarks.scales import READS, Scaled, scaled, scales_table
from benchmarks.target import Target
from tests.databases import Kind


async def test_the_database_works_for_each_read(target: Target, kind: Kind) -> None:
    measured = await scaled(target, say=lambda _: None)

    assert measured.database == {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[kind]
    assert measured.calls > 100
    assert measured.reads.keys() == READS.keys()
    assert {title for title, (work, _) in measured.reads.items() if work == 0} == set()


async def test_a_read_that_fails_is_no_figure(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(READS, "nonsense", "{ nonsense }")

    with pytest.raises(RuntimeError, match="Cannot query field 'nonsense'"):
        await scaled(target, say=lambda _: None, reads=["nonsense"])


def test_the_table_has_a_pair_of_columns_for_each_database() -> None:
    few = Scaled("SQLite", 1_000, {"total": (120, 1.25)})
    many = Scaled("SQLite", 20_000, {"total": (1_130, 2.5)})

    (head, _, row) = scales_table([few, many]).splitlines()

    assert head == "| SQLite | steps, 1,000 calls | ms | steps, 20,000 calls | ms |"
    assert row == "| total | 120 | 1.2 | 1,130 | 2.5 |"
