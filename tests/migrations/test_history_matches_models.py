"""The end of the history is exactly what the models say, on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, inspect, text

from gql.migrations.runner import migrate
from gql.models import TABLES, metadata
from gql.models.scope import table_of
from tests.migrations.catalog import catalog
from tests.migrations.conftest import EmptyDatabase


# SQLite cannot reflect an index on an expression; the comparison of catalogs below sees those.
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based")
async def test_alembic_finds_no_difference_between_the_history_and_the_models(
    empty_database: EmptyDatabase,
) -> None:
    database = await empty_database()
    await migrate(database.engine)

    async with database.engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), metadata)
        )

    assert differences == []


async def test_the_history_makes_the_same_catalog_as_the_models(
    empty_database: EmptyDatabase,
) -> None:
    """Sees what Alembic does not: checks, AUTOINCREMENT, defaults, sequences, index expressions.

    Triggers and their functions are no part of the models: the history alone makes them.
    """
    migrated, created = await empty_database(), await empty_database()
    await migrate(migrated.engine)
    async with created.transaction() as connection:
        await connection.run_sync(metadata.create_all)
        await connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))

    expected = await catalog(created)

    found = await catalog(migrated)
    made = {(kind, name) for kind, name in found if kind in {"trigger", "function"}}
    assert {key: found[key] for key in found.keys() - made} == expected
    assert {name for kind, name in made if kind == "trigger"} >= {
        *("call_tally_insert", "call_tally_update", "call_tally_delete")
    }
    assert len(expected) >= len(TABLES)


async def test_every_check_constraint_of_the_models_is_in_the_database(
    empty_database: EmptyDatabase,
) -> None:
    database = await empty_database()
    await migrate(database.engine)

    async with database.engine.connect() as connection:
        found = await connection.run_sync(_check_constraints)

    assert found == {
        table.name: {
            str(constraint.name)
            for constraint in table.constraints
            if isinstance(constraint, CheckConstraint)
        }
        for table in map(table_of, TABLES)
    }
    assert found["call"] == {"ck_call_channel", "ck_call_direction", "ck_call_status"}


def _check_constraints(connection: Connection) -> dict[str, set[str]]:
    inspector = inspect(connection)
    return {
        table.name: {
            str(constraint["name"]) for constraint in inspector.get_check_constraints(table.name)
        }
        for table in map(table_of, TABLES)
    }
