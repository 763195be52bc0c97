"""`jackfield verify rollup` names wrong sums and repairs them; `jackfield fold` folds changes."""

from sqlalchemy import text

from gql.database import Database
from tests.cli.conftest import Cli
from tests.databases import Copy, settings_for


async def run(copy: Copy, statement: str) -> None:
    database = Database(settings_for(copy.url))
    async with database.transaction() as connection:
        await connection.execute(text(statement))
    await database.close()


async def test_wrong_sums_are_named_and_repaired(cli: Cli, fresh: Copy) -> None:
    where = ("--database", fresh.url)
    await run(fresh, "UPDATE call_rollup SET calls = calls + 1 WHERE organization_id = 2")

    wrong = await cli("verify", "rollup", *where)
    other = await cli("verify", "rollup", "--organization", "1", *where)
    repaired = await cli("verify", "rollup", "--repair", *where)
    right = await cli("verify", "rollup", *where)

    assert (wrong.code, other.code, repaired.code, right.code) == (1, 0, 0, 0)
    assert wrong.out.startswith("organization 2, ")
    assert "jackfield verify rollup --repair" in wrong.err
    assert repaired.out == wrong.out
    assert (other.out, right.out) == ("", "")


async def test_changes_are_folded_once(cli: Cli, fresh: Copy) -> None:
    """SQLite has none."""
    await run(fresh, "UPDATE call SET status = 'failed' WHERE organization_id = 1")

    first = await cli("fold", "--database", fresh.url)
    second = await cli("fold", "--database", fresh.url)

    assert (int(first.out) > 0) is (fresh.kind == "postgresql")
    assert second.out == "0\n"
