"""The history runs forwards, backwards, from many places at once, and all or nothing."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

import gql.migrations
from gql.database import Database
from gql.migrations import current, head, is_current
from gql.migrations.runner import downgrade, migrate
from gql.models import TABLES
from tests.databases import Copy, settings_for
from tests.migrations.catalog import Catalog, catalog
from tests.migrations.conftest import EmptyDatabase

TABLE_NAMES = {str(table.__tablename__) for table in TABLES}

MIGRATE_FOUR_TIMES = """
import asyncio, os, sys
from gql.database import Database
from gql.migrations.runner import migrate
from gql.settings import Settings

async def main() -> None:
    database = Database(Settings(database_url=sys.argv[1]))
    await migrate(database.engine)
    await database.close()

children = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        asyncio.run(main())
        os._exit(0)
    children.append(child)
sys.exit(any([os.waitpid(child, 0)[1] for child in children]))
"""
"""Processes by forking, since each would take longer to import all this than to migrate."""


def test_the_newest_revision_is_alembics_head() -> None:
    assert ScriptDirectory(str(Path(gql.migrations.__file__).parent)).get_current_head() == head()


def test_a_server_does_without_alembic() -> None:
    """It is ten megabytes of every process."""
    look = "import sys, gql.app; print('alembic' in sys.modules)"

    ran = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "False"


async def test_an_empty_database_has_no_revision(empty_database: EmptyDatabase) -> None:
    database = await empty_database()

    assert await current(database.engine) is None
    assert await is_current(database.engine) is False


async def test_each_revision_goes_forward_and_back_to_the_very_tables_before(
    empty_database: EmptyDatabase,
) -> None:
    database = await empty_database()
    tables_at: list[tuple[str, Catalog]] = []

    for revision in _revisions():
        await migrate(database.engine, revision)
        tables_at.append((revision, await catalog(database)))

    assert await is_current(database.engine) is True
    assert await _tables(database) == TABLE_NAMES | {"alembic_version"}
    for revision, tables in reversed(tables_at):
        assert await current(database.engine) == revision
        assert await catalog(database) == tables
        await downgrade(database.engine, "-1")
    assert await current(database.engine) is None
    assert await _tables(database) == {"alembic_version"}

    await migrate(database.engine)
    assert await catalog(database) == tables_at[-1][1]


async def test_the_newest_revision_goes_back_and_forward_over_rows(fresh: Copy) -> None:
    """A column that may not be null needs a default for the rows that are there."""
    database = Database(settings_for(fresh.url))
    before, counts = await catalog(database), await _counts(database)

    await downgrade(database.engine, "-1")
    async with database.engine.connect() as connection:
        older = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    await migrate(database.engine)

    assert await catalog(database) == before
    after = await _counts(database)
    for name in set(TABLE_NAMES).intersection(older):  # a table of the newest revision is new
        assert after[name] == counts[name], name
    await database.close()


async def test_migration_stops_at_the_revision_that_was_named(
    empty_database: EmptyDatabase,
) -> None:
    database = await empty_database()

    await migrate(database.engine, "0001_first_tables")

    assert await current(database.engine) == "0001_first_tables"
    assert await is_current(database.engine) is False


async def test_migrating_twice_changes_nothing(empty_database: EmptyDatabase) -> None:
    database = await empty_database()
    await migrate(database.engine)
    async with database.transaction() as connection:
        insert = "INSERT INTO organization VALUES (7, 'a', '2026-06-30 00:00:00.000000')"
        await connection.execute(text(insert))

    await migrate(database.engine)

    async with database.engine.connect() as connection:
        rows = (await connection.execute(text("SELECT id, name FROM organization"))).all()
    assert [tuple(row) for row in rows] == [(7, "a")]


async def test_a_migration_that_fails_leaves_nothing_behind(empty_database: EmptyDatabase) -> None:
    database = await empty_database()
    async with database.transaction() as connection:
        await connection.execute(text("CREATE TABLE transcript (id INTEGER)"))

    with pytest.raises(DBAPIError, match="transcript"):
        await migrate(database.engine)

    assert await _tables(database) == {"transcript"}


async def test_a_database_of_a_newer_version_is_refused(empty_database: EmptyDatabase) -> None:
    database = await empty_database()
    await migrate(database.engine)
    async with database.transaction() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))

    with pytest.raises(CommandError, match="9999_future"):
        await migrate(database.engine)

    assert await is_current(database.engine) is False


async def test_four_processes_may_migrate_one_database_at_once(
    empty_database: EmptyDatabase,
) -> None:
    database = await empty_database()

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", MIGRATE_FOUR_TIMES, _url(database)), stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate()

    assert process.returncode == 0, errors.decode()
    assert await _tables(database) == TABLE_NAMES | {"alembic_version"}
    assert await is_current(database.engine) is True


async def test_tasks_may_migrate_one_database_and_another_at_once(
    empty_database: EmptyDatabase,
) -> None:
    one, other = await empty_database(), await empty_database()
    same = Database(settings_for(_url(one)))

    await asyncio.gather(*(migrate(each.engine) for each in (one, other, same)))
    await same.close()

    assert await is_current(one.engine) is True
    assert await is_current(other.engine) is True
    assert await catalog(one) == await catalog(other)


async def _tables(database: Database) -> set[str]:
    """The tables, without those of SQLite's full-text indexes."""
    async with database.engine.connect() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    return {name for name in names if "_words" not in name}


async def _counts(database: Database) -> dict[str, int]:
    """How many rows each table has that the history does not fill by itself."""
    async with database.engine.connect() as connection:
        return {
            name: (await connection.execute(text(f'SELECT count(*) FROM "{name}"'))).scalar_one()  # noqa: S608
            for name in TABLE_NAMES
        }


def _revisions() -> list[str]:
    """Every revision, oldest first."""
    script = ScriptDirectory(str(Path(gql.migrations.__file__).parent))
    return [revision.revision for revision in reversed(list(script.walk_revisions()))]


def _url(database: Database) -> str:
    url = database.engine.url
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
