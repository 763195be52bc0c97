"""Spreads the tables over the machines of a PostgreSQL with the extension Citus.

A tenant table is spread by `organization_id`, all of them in the same way, so that the rows of one
organization lie together on one machine, and a statement that binds the organization runs there
alone. Global tables are reference tables: every machine has a copy. Which is which, and the order,
come from the models.

https://docs.citusdata.com/en/stable/develop/api_udf.html
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gql.migrations import MigrationRefused
from gql.migrations.online import LOCK
from gql.migrations.progress import Progress
from gql.models import metadata
from gql.models.keys import is_global
from gql.sql.session import lift_statement_timeout

OWNER = "organization_id"

REFERENCE, DISTRIBUTED = "reference", "distributed"
"""Kinds of tables, as the view `citus_tables` calls them."""

# Parents come first, as a foreign key may only name a table that is placed already.
_TABLES = [
    *(table for table in metadata.sorted_tables if is_global(table)),
    *(table for table in metadata.sorted_tables if not is_global(table)),
]

_INSTALLED = text("SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'citus')")
_HAS_VIEW = text("SELECT to_regclass('citus_tables') IS NOT NULL")
_PLACED = text(
    "SELECT relname, citus_table_type"
    " FROM citus_tables JOIN pg_catalog.pg_class ON oid = table_name"
    " WHERE relnamespace = current_schema()::regnamespace"
)
_TRIGGERS_ALLOWED = text("SELECT current_setting('citus.enable_unsafe_triggers', true)")
_KEYS_WITHOUT_OWNER = text(
    "SELECT indexrelid::regclass::text FROM pg_catalog.pg_index"
    " WHERE indisunique AND indrelid = to_regclass(:table) AND NOT EXISTS"
    " (SELECT FROM pg_catalog.pg_attribute"
    " WHERE attrelid = indrelid AND attnum = ANY (indkey) AND attname = :owner)"
)


@dataclass(frozen=True)
class Placement:
    """Which tables are where.

    Attributes:
        reference: Global tables of which every machine has a copy.
        distributed: Tenant tables that are spread by organization.
        missing: Tables that are still whole on the one machine that takes statements.
    """

    reference: list[str]
    distributed: list[str]
    missing: list[str]


async def placement(engine: AsyncEngine) -> Placement | None:
    """Which tables are where; None for a database without Citus."""
    if engine.dialect.name != "postgresql":
        return None
    async with engine.connect() as connection:
        if not (await connection.execute(_INSTALLED)).scalar_one():
            return None
        kinds = await _kinds(connection)
    reference = [table.name for table in _TABLES if kinds.get(table.name) == REFERENCE]
    distributed = [table.name for table in _TABLES if kinds.get(table.name) == DISTRIBUTED]
    placed = {*reference, *distributed}
    missing = [table.name for table in _TABLES if table.name not in placed]
    return Placement(reference, distributed, missing)


async def distribute(engine: AsyncEngine, progress: Progress | None = None) -> int:
    """Spread the tables of this version's revision that are not spread yet, each by itself.

    One that was interrupted goes on where it stopped. The rows of a table are copied while nobody
    may write to it.

    Returns:
        How many tables were spread.

    Raises:
        MigrationRefused: when the database cannot do it, or not yet.
    """
    await require_citus(engine)
    await _require_owners(engine)
    changed = 0
    for done, table in enumerate(_TABLES):
        if progress:
            progress(f"Spreading {table.name}", done, len(_TABLES))
        async with engine.begin() as connection:
            await lift_statement_timeout(connection)
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            changed += await _spread(connection, table)
    if progress:
        progress("", len(_TABLES), len(_TABLES))
    return changed


async def _spread(connection: AsyncConnection, table: Table) -> bool:
    """Spread one table, unless it is spread; whether it had to be."""
    kinds = await _kinds(connection)
    if kinds.get(table.name) in {REFERENCE, DISTRIBUTED}:
        return False
    name = _quoted(connection, table.name)
    if is_global(table):
        statement = text("SELECT create_reference_table(CAST(:table AS regclass))")
        await connection.execute(statement, {"table": name})
        return True
    spread = next((each for each, kind in kinds.items() if kind == DISTRIBUTED), None)
    beside = "none" if spread is None else _quoted(connection, spread)
    statement = text(
        "SELECT create_distributed_table(CAST(:table AS regclass), :owner,"
        " colocate_with => CAST(:beside AS text))"
    )
    await connection.execute(statement, {"table": name, "owner": OWNER, "beside": beside})
    return True


async def _kinds(connection: AsyncConnection) -> Mapping[str, str]:
    """The kind of each table that Citus knows."""
    if not (await connection.execute(_HAS_VIEW)).scalar_one():
        return {}
    return {row.relname: row.citus_table_type for row in await connection.execute(_PLACED)}


async def require_citus(engine: AsyncEngine) -> None:
    """Raise MigrationRefused where there is no Citus, or it would refuse the triggers."""
    if engine.dialect.name != "postgresql":
        raise MigrationRefused(
            "SQLite is one file on one machine: it cannot be distributed.",
            "Set GQL_DATABASE_URL to a PostgreSQL with the extension citus; see docs/scale.md.",
        )
    async with engine.connect() as connection:
        if not (await connection.execute(_INSTALLED)).scalar_one():
            raise MigrationRefused(
                "This database does not have the extension citus.",
                "Install Citus on every machine, add citus to shared_preload_libraries, and run"
                " CREATE EXTENSION citus in this database; see docs/scale.md.",
            )
        if (await connection.execute(_TRIGGERS_ALLOWED)).scalar_one() != "on":
            raise MigrationRefused(
                "Citus refuses triggers on distributed tables, as it cannot know what they do."
                " Those of call write rows of the same organization, on the same machine.",
                "On every machine: ALTER SYSTEM SET citus.enable_unsafe_triggers = on; then"
                " SELECT pg_reload_conf();",
            )


async def _require_owners(engine: AsyncEngine) -> None:
    keys: list[str] = []
    async with engine.connect() as connection:
        for table in _TABLES:
            if not is_global(table):
                values = {"table": _quoted(connection, table.name), "owner": OWNER}
                keys += (await connection.execute(_KEYS_WITHOUT_OWNER, values)).scalars()
    if keys:
        raise MigrationRefused(
            f"Some keys of tenant tables do not name the organization: {', '.join(keys)}.",
            "They are not Jackfield's. Drop these indexes, or add organization_id to them.",
        )


def _quoted(connection: AsyncConnection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)
