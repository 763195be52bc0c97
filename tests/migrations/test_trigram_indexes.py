"""Trigram indexes come where PostgreSQL offers the extension, and are a remark where it does not.

The embedded server has no pg_trgm. A stand-in with the same names, made of the server's own array
functions, lets the statements run; nothing is stored through it.
"""

from pathlib import Path

import pytest
from sqlalchemy import text

from gql.database import Database
from gql.migrations import is_current
from gql.migrations.runner import downgrade, migrate
from tests.migrations.catalog import catalog
from tests.migrations.conftest import EmptyDatabase

EXTENSION = """
CREATE FUNCTION trigrams(text, internal) RETURNS internal
    LANGUAGE internal AS 'ginarrayextract';
CREATE FUNCTION query(text, internal, smallint, internal, internal, internal, internal)
    RETURNS internal LANGUAGE internal AS 'ginqueryarrayextract';
CREATE FUNCTION match(internal, smallint, text, integer, internal, internal, internal, internal)
    RETURNS boolean LANGUAGE internal AS 'ginarrayconsistent';
CREATE OPERATOR CLASS gin_trgm_ops FOR TYPE text USING gin AS
    OPERATOR 3 pg_catalog.~~ (text, text),
    FUNCTION 1 btint4cmp(int4, int4),
    FUNCTION 2 trigrams(text, internal),
    FUNCTION 3 query(text, internal, smallint, internal, internal, internal, internal),
    FUNCTION 4 match(internal, smallint, text, integer, internal, internal, internal, internal),
    STORAGE int4;
"""
_SID = "(lower((call_sid)::text) {schema}.gin_trgm_ops)"
INDEXES = {
    "ix_call_customer_phone_trigrams": (
        "call USING gin (customer_phone_digits {schema}.gin_trgm_ops)"
    ),
    "ix_call_call_sid_trigrams": f"call USING gin {_SID}",
    "ix_call_assistant_name_trigrams": (
        "call USING gin (lower((assistant_name)::text) {schema}.gin_trgm_ops)"
    ),
    "ix_graph_session_call_sid_trigrams": f"graph_session USING gin {_SID}",
}


def _definitions(schema: str) -> dict[str, str]:
    """The indexes as PostgreSQL prints them, with the schema of the extension as it does."""
    return {
        name: f"CREATE INDEX {name} ON public.{on}".replace("{schema}.", schema)
        for name, on in INDEXES.items()
    }


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_four_indexes_are_made_where_the_extension_is_offered(
    empty_database: EmptyDatabase, tmp_path: Path
) -> None:
    database = await empty_database()
    await _offer(database, tmp_path)

    await migrate(database.engine)
    assert await _trigram_indexes(database) == _definitions("")

    await downgrade(database.engine, "0001_first_tables")
    assert await _trigram_indexes(database) == {}


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_an_extension_in_a_schema_that_is_not_searched_is_found(
    empty_database: EmptyDatabase, tmp_path: Path
) -> None:
    database = await empty_database()
    await _offer(database, tmp_path)
    async with database.transaction() as connection:
        await connection.execute(text('CREATE SCHEMA "Elsewhere"'))
        await connection.execute(text('CREATE EXTENSION pg_trgm SCHEMA "Elsewhere"'))

    await migrate(database.engine)

    assert await _trigram_indexes(database) == _definitions('"Elsewhere".')


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_role_that_may_not_create_the_extension_goes_on_without(
    empty_database: EmptyDatabase, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = await empty_database()
    # The script of an extension that fails looks like one that is refused: an error on creation.
    await _offer(database, tmp_path, script="SELECT 1 FROM no_such_table;")

    await migrate(database.engine)

    assert await is_current(database.engine) is True
    assert await _trigram_indexes(database) == {}
    assert "does not offer pg_trgm" in caplog.text


async def test_the_absence_of_the_extension_is_a_remark(
    kind: str, empty_database: EmptyDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    database = await empty_database()

    await migrate(database.engine)

    assert await is_current(database.engine) is True
    assert ("does not offer pg_trgm" in caplog.text) == (kind == "postgresql")


async def _offer(database: Database, folder: Path, *, script: str = EXTENSION) -> None:
    """Offer the stand-in to every later connection of the database."""
    extension = folder / "extension"
    extension.mkdir()
    (extension / "pg_trgm.control").write_text("default_version = '1.0'\n")
    (extension / "pg_trgm--1.0.sql").write_text(script)
    _let_server_read(folder)
    async with database.transaction() as connection:
        await connection.execute(
            text(
                f'ALTER DATABASE "{database.engine.url.database}"'
                f" SET extension_control_path = '{folder}:$system'"
            )
        )
    await database.engine.dispose()


def _let_server_read(folder: Path) -> None:
    """A server started by root runs as somebody else."""
    for path in (*folder.parents[:3], folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


async def _trigram_indexes(database: Database) -> dict[str, str]:
    return {
        name: definition
        for (_, name), definition in (await catalog(database)).items()
        if "trigrams" in name
    }
