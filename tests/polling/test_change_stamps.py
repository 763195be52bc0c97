"""Whatever changes a table, by whatever SQL, changes the version of its family for its owner."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gql.database import Database
from gql.database.call_rollup import all_months, compare_month
from gql.migrations.runner import downgrade, migrate
from gql.models.change_stamp import FAMILIES, families_of
from tests.databases import PATIENCE, Copy, settings_for
from tests.events.writers import transaction
from tests.polling.stamps import changed, versions, versions_in

TABLES = [(table, family) for family, tables in FAMILIES.items() for table in tables]

_INSERT = """
    INSERT INTO assistant (organization_id, name, llm_provider, llm_model, settings, is_active,
        created_at, updated_at)
    SELECT organization_id, 'New', llm_provider, llm_model, settings, is_active, created_at,
        updated_at FROM assistant WHERE organization_id = 1 AND id = 1
"""

_TOUCH = text("UPDATE assistant SET name = name WHERE organization_id = 1 AND id = :row")


@pytest.fixture
async def database(fresh: Copy) -> AsyncIterator[Database]:
    """A database without a gateway, with demo data."""
    database = Database(settings_for(fresh.url))
    yield database
    await database.close()


async def _run(database: Database, *statements: str) -> None:
    async with database.transaction() as connection:
        for statement in statements:
            await connection.execute(text(statement))


@pytest.mark.parametrize(("table", "family"), TABLES, ids=[table for table, _ in TABLES])
async def test_a_write_changes_its_own_family_for_its_own_organization(
    database: Database, table: str, family: str
) -> None:
    before = await versions(database)
    await _run(database, f"UPDATE {table} SET id = id WHERE organization_id = 1")  # noqa: S608
    after_update = await versions(database)
    await _run(database, f"UPDATE {table} SET id = id WHERE id < 0")  # noqa: S608
    after_nothing = await versions(database)

    has_rows = {(1, family)} if changed(before, after_update) else set()
    assert changed(before, after_update) == has_rows
    assert changed(after_update, after_nothing) == set()
    assert has_rows or table in {"graph_version", "recording", "sms_audit_log", "cost_entry"}


async def test_inserted_moved_and_deleted_rows_change_the_version(database: Database) -> None:
    first = await versions(database)
    await _run(database, _INSERT)
    inserted = await versions(database)
    await _run(database, "UPDATE assistant SET organization_id = 2 WHERE name = 'New'")
    moved = await versions(database)
    await _run(database, "DELETE FROM assistant WHERE name = 'New'")
    deleted = await versions(database)

    own, other = (1, "assistants"), (2, "assistants")
    assert changed(first, inserted) == {own}
    assert changed(inserted, moved) == {own, other}
    assert changed(moved, deleted) == {other}


async def test_what_goes_with_a_row_changes_too(database: Database) -> None:
    before = await versions(database)
    await _run(database, "DELETE FROM assistant_graph WHERE organization_id = 1 AND id = 1")

    assert changed(before, await versions(database)) == {(1, "graphs"), (1, "graph_sessions")}


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("conflict", ["IGNORE", "REPLACE", "ABORT", "FAIL", "ROLLBACK"])
async def test_how_a_conflict_is_resolved_makes_no_difference(
    database: Database, conflict: str
) -> None:
    before = await versions(database)
    await _run(
        database,
        f"UPDATE OR {conflict} assistant SET name = 'X' WHERE organization_id = 1",  # noqa: S608
    )

    assert changed(before, await versions(database)) == {(1, "assistants")}


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_truncated_table_changed_for_everybody(database: Database) -> None:
    before = await versions(database)
    await _run(database, "TRUNCATE sms_message_log")

    assert changed(before, await versions(database)) == {(1, "calls"), (2, "calls")}


async def test_a_savepoint_takes_its_stamp_back_and_later_writes_have_one(
    database: Database,
) -> None:
    """Once per transaction, but not once and then undone."""
    write = text("UPDATE assistant SET name = name WHERE organization_id = 1")
    first = await versions(database)
    async with transaction(database) as connection:
        nested = await connection.begin_nested()
        await connection.execute(write)
        await nested.rollback()
        await connection.commit()
    undone = await versions(database)
    async with transaction(database) as connection:
        nested = await connection.begin_nested()
        await connection.execute(write)
        await nested.rollback()
        await connection.execute(write)
        await connection.commit()
    done = await versions(database)
    async with transaction(database) as connection:
        await connection.execute(write)
        await connection.rollback()
    rolled_back = await versions(database)

    assert changed(first, undone) == set()
    assert changed(undone, done) == {(1, "assistants")}
    assert changed(done, rolled_back) == set()


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ"])
async def test_nobody_waits_and_everybody_who_commits_has_a_stamp(
    database: Database, level: str
) -> None:
    """Transactions that overlap write different rows; each of their commits is a new version."""
    seen = [await versions(database)]
    async with (
        database.engine.connect() as one,
        database.engine.connect() as two,
        transaction(database) as three,
    ):
        for connection in (one, two):
            await connection.execution_options(isolation_level=level)
            await versions_in(connection)
        async with asyncio.timeout(PATIENCE):
            for row, connection in enumerate((one, two, three), start=1):
                await connection.execute(_TOUCH, {"row": row})
        for connection in (two, three, one):
            await connection.commit()
            seen.append(await versions(database))

    steps = [changed(*pair) for pair in pairwise(seen)]
    assert steps == [{(1, "assistants")}] * 3


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_transaction_stamps_once_and_free_rows_are_merged(database: Database) -> None:
    writes = text(
        "SELECT n_tup_ins + n_tup_upd FROM pg_stat_xact_user_tables WHERE relname = 'change_stamp'"
    )
    async with transaction(database) as one, transaction(database) as two:
        for _ in range(50):
            await one.execute(_TOUCH, {"row": 1})
        written = (await one.execute(writes)).scalar_one()
        await two.execute(_TOUCH, {"row": 2})
        await one.commit()
        await two.commit()
    apart = (await versions(database))[1, "assistants"]
    seen = set()
    async with database.engine.connect() as connection:
        await connection.execute(text("SELECT setseed(0)"))  # whether to merge is a throw of dice
        await connection.commit()
        for _ in range(1_000):
            await connection.execute(_TOUCH, {"row": 1})
            await connection.commit()
            stamps = (await versions_in(connection))[1, "assistants"]
            await connection.commit()
            seen.add(stamps)
            if len(stamps) == 1:
                break

    assert written == 1
    assert len(apart) == 2
    assert len(stamps) == 1
    assert len(seen) > 1
    assert apart not in seen


async def test_repaired_sums_are_a_change_of_calls(database: Database) -> None:
    await _run(database, "UPDATE call_rollup SET duration = duration + 1 WHERE organization_id = 1")
    before = await versions(database)
    months = [month for owner, month in await all_months(database.engine) if owner == 1]
    wrong = [await compare_month(database.engine, 1, month) for month in months]
    compared = await versions(database)
    repaired = [await compare_month(database.engine, 1, month, repair=True) for month in months]
    after = await versions(database)
    again = [await compare_month(database.engine, 1, month, repair=True) for month in months]

    assert sum(wrong) == sum(repaired) > 0 == sum(again)
    assert changed(before, compared) == set()
    assert changed(compared, after) == {(1, "calls")}
    assert changed(after, await versions(database)) == set()


async def test_what_was_there_before_the_stamps_has_some(database: Database) -> None:
    """No stamp means that nothing was ever written."""
    await downgrade(database.engine, "0026_full_text")
    await migrate(database.engine)
    first = await versions(database)
    await downgrade(database.engine, "0026_full_text")
    await migrate(database.engine)

    assert {owner for owner, _ in first} == {1, 2}
    assert {family for _, family in first} == set(FAMILIES)
    assert changed(first, await versions(database)) == set(first)
    await _run(database, "UPDATE assistant SET name = name WHERE organization_id = 1")
    assert changed(first, await versions(database)) == set(first)


def test_what_has_a_table_without_stamps_has_no_version() -> None:
    assert families_of(["call", "call_rollup", "chat_message_words"]) == ("calls",)
    assert families_of(["graph_node", "assistant", "call"]) == ("assistants", "calls", "graphs")
    assert families_of(["call", "api_key"]) is None
    assert families_of([]) is None


async def test_a_writer_who_may_not_write_stamps_sets_them(database: Database) -> None:
    """Of a role that may update assistants alone; SQLite has no roles."""
    if database.embedded:
        return
    name = "polling_writer"
    before = await versions(database)
    async with database.engine.connect() as connection:
        await connection.execute(text(f"CREATE ROLE {name}"))
        await connection.execute(text(f"GRANT SELECT, UPDATE ON assistant TO {name}"))
        await connection.execute(text(f"SET LOCAL ROLE {name}"))
        await connection.execute(text("UPDATE assistant SET name = name WHERE organization_id = 1"))
        with pytest.raises(DBAPIError, match="permission denied"):
            async with connection.begin_nested():
                await connection.execute(text("DELETE FROM change_stamp WHERE organization_id = 1"))
        await connection.execute(text("RESET ROLE"))
        await connection.execute(text(f"DROP OWNED BY {name}"))
        await connection.execute(text(f"DROP ROLE {name}"))
        await connection.commit()

    assert changed(before, await versions(database)) == {(1, "assistants")}
