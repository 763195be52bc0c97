"""The end of the history is exactly what the models say, on both databases.

One difference is allowed: a migration that adds a column to a table with rows may give it a server
default, for those rows and for servers of the version before. It has to say what the model's own
default says.
"""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    inspect,
    literal_column,
    select,
    text,
)
from sqlalchemy.types import TypeEngine

from gql.database import Database
from gql.migrations.runner import migrate
from gql.models import TABLES, metadata
from gql.models.scope import table_of
from tests.migrations.catalog import Catalog, catalog
from tests.migrations.conftest import EmptyDatabase


# SQLite cannot reflect an index on an expression; the comparison of catalogs below sees those.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based")
async def test_alembic_finds_no_difference_between_the_history_and_the_models(
    empty_database: EmptyDatabase,
) -> None:
    database = await empty_database()
    await migrate(database.engine)

    async with database.engine.connect() as connection:
        differences = await connection.run_sync(_differences)

    assert differences == []


async def test_the_history_makes_the_same_catalog_as_the_models(
    empty_database: EmptyDatabase,
) -> None:
    """Sees what Alembic does not: checks, AUTOINCREMENT, defaults, sequences, index expressions.

    Triggers, their functions and full-text indexes are no part of the models: the history alone
    makes them.
    """
    migrated, created = await empty_database(), await empty_database()
    await migrate(migrated.engine)
    async with created.transaction() as connection:
        await connection.run_sync(metadata.create_all)

    history = await _catalog_without_equal_defaults(migrated, metadata)

    triggers = {key for key in history if key[0] in {"trigger", "function"}}
    words = {key for key in history if key[0] == "index" and key[1].endswith("_words")}
    models = history.keys() - triggers - words
    assert {key: history[key] for key in models} == await catalog(created)
    assert {name for kind, name in triggers if kind == "trigger"} >= {
        *("call_rollup_insert", "call_rollup_update", "call_rollup_delete")
    }
    assert len(history) >= len(TABLES)


@pytest.mark.parametrize(
    ("column_type", "default", "server_default", "is_same"),
    [
        (String(), "en", "en", True),
        (String(), "en", "de", False),
        (String(), "it's, (fine)", "it's, (fine)", True),
        (Integer(), 0, text("0"), True),
        (Integer(), 0, text("1"), False),
        (Boolean(), False, text("false"), True),
        (Boolean(), False, text("true"), False),
        (JSON(), dict, "{}", True),
        (JSON(), dict, "[]", False),
        (String(), None, "en", False),
    ],
)
async def test_an_added_column_may_have_the_models_default_on_the_server(
    empty_database: EmptyDatabase,
    column_type: TypeEngine[Any],
    default: Any,
    server_default: Any,
    *,
    is_same: bool,
) -> None:
    """As in `op.add_column(..., server_default="en")` beside `language: str = "en"`."""
    models = MetaData()
    # Before the last column, where the model has it; the database has it at the end.
    added = Column("added", column_type, nullable=False, default=default)
    Table("noun", models, Column("id", Integer, primary_key=True), added, Column("last", String))
    migrated, created = await empty_database(), await empty_database()
    async with created.transaction() as connection:
        await connection.run_sync(models.create_all)
    async with migrated.transaction() as connection:
        await connection.run_sync(_add_column, column_type, server_default)

    history = await _catalog_without_equal_defaults(migrated, models)

    assert (history == await catalog(created)) is is_same


async def test_every_check_constraint_of_the_models_is_in_the_database(
    empty_database: EmptyDatabase,
) -> None:
    database = await empty_database()
    await migrate(database.engine)

    async with database.engine.connect() as connection:
        in_database = await connection.run_sync(_check_constraints)

    assert in_database == {
        table.name: {
            str(constraint.name)
            for constraint in table.constraints
            if isinstance(constraint, CheckConstraint)
        }
        for table in map(table_of, TABLES)
    }
    words = ("channel", "direction", "status", "ended_reason_kind", "success")
    assert in_database["call"] == {f"ck_call_{word}" for word in words}


def _differences(connection: Connection) -> list[Any]:
    """What Alembic finds, which takes an index of one database for one of both."""

    def is_of_this_database(item: Any, name: str | None, *_: Any) -> bool:
        # PostgreSQL prints a long expression in words of its own; the catalogs compare those.
        if name is not None and name.endswith("_chronology"):
            return False
        if name is not None and "_words" in name:
            return False
        condition = getattr(item, "_ddl_if", None)
        return condition is None or condition.dialect == connection.dialect.name

    options = {"include_object": is_of_this_database}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def _check_constraints(connection: Connection) -> dict[str, set[str]]:
    inspector = inspect(connection)
    return {
        table.name: {
            str(constraint["name"]) for constraint in inspector.get_check_constraints(table.name)
        }
        for table in map(table_of, TABLES)
    }


def _add_column(connection: Connection, column_type: TypeEngine[Any], server_default: Any) -> None:
    operations = Operations(MigrationContext.configure(connection))
    operations.create_table("noun", Column("id", Integer, primary_key=True), Column("last", String))
    operations.add_column(
        "noun", Column("added", column_type, nullable=False, server_default=server_default)
    )


async def _catalog_without_equal_defaults(database: Database, models: MetaData) -> Catalog:
    """The catalog, without each server default that says the same as the model's default."""
    definitions = await catalog(database)
    async with database.engine.connect() as connection:
        server_defaults = await connection.run_sync(_server_defaults, models)
        for column, expression in server_defaults:
            value = await connection.scalar(select(literal_column(expression, column.type)))
            if column.default is not None and value == _value(column):
                key = ("column", f"{column.table.name}.{column.name}")
                default = "DEFAULT" if database.embedded else "default"
                definitions[key] = definitions[key].replace(f" {default} {expression}", "")
    return definitions


def _server_defaults(connection: Connection, models: MetaData) -> list[tuple[Column[Any], str]]:
    """The columns, and the SQL of their defaults, that the database has and the models have not."""
    inspector = inspect(connection)
    return [
        (table.c[column["name"]], column["default"])
        for table in models.tables.values()
        for column in inspector.get_columns(table.name)
        if column["default"] is not None
        and not table.c[column["name"]].primary_key
        and table.c[column["name"]].server_default is None
    ]


def _value(column: Column[Any]) -> Any:
    """What a row gets that says nothing: the model's default, or what its factory makes."""
    default: Any = column.default
    return default.arg(None) if default.is_callable else default.arg
