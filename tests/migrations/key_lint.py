"""Keys of tenants' tables that leave the organization out, read from a database's own catalog."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, Inspector, inspect
from sqlalchemy.ext.asyncio import AsyncConnection

GLOBAL = frozenset({"organization", "user", "api_key", "hook_endpoint", "alembic_version"})


class KeyFault(NamedTuple):
    """A key that does not name the organization."""

    table: str
    kind: str
    key: str


async def key_faults(connection: AsyncConnection) -> list[KeyFault]:
    """Every primary, unique and foreign key that leaves `organization_id` out, and SET NULL.

    A table that is not in `GLOBAL` is a tenant's. On SQLite its primary key may be the id alone.
    """
    return await connection.run_sync(lambda sync: sorted(_faults(sync)))


def _faults(connection: Connection) -> Iterator[KeyFault]:
    catalog = inspect(connection)
    is_sqlite = connection.dialect.name == "sqlite"
    for table in sorted(_stored_tables(connection, catalog) - GLOBAL):
        names = {column["name"] for column in catalog.get_columns(table)}
        if "organization_id" not in names:
            yield KeyFault(table, "no organization_id", "")
        primary = catalog.get_pk_constraint(table)["constrained_columns"]
        if "organization_id" not in primary and not (is_sqlite and primary == ["id"]):
            yield KeyFault(table, "primary key", ", ".join(primary))
        for unique in _unique(catalog, table):
            if "organization_id" not in unique:
                yield KeyFault(table, "unique", ", ".join(map(str, unique)))
        for foreign in catalog.get_foreign_keys(table):
            yield from _faults_of_foreign_key(table, foreign)


def _stored_tables(connection: Connection, catalog: Inspector) -> set[str]:
    """All tables but the full-text indexes of SQLite, which are tables to it."""
    names = set(catalog.get_table_names())
    if connection.dialect.name == "sqlite":
        listed = connection.exec_driver_sql(
            "SELECT name FROM pragma_table_list WHERE type <> 'table'"
        )
        names -= set(listed.scalars())
    return names


def _unique(catalog: Inspector, table: str) -> set[tuple[str | None, ...]]:
    constraints: list[Any] = [
        *catalog.get_unique_constraints(table),
        *(index for index in catalog.get_indexes(table) if index["unique"]),
    ]
    return {tuple(each["column_names"]) for each in constraints}


def _faults_of_foreign_key(table: str, foreign: Any) -> Iterator[KeyFault]:
    columns = ", ".join(foreign["constrained_columns"])
    both = (foreign["constrained_columns"], foreign["referred_columns"])
    if foreign["referred_table"] not in GLOBAL and not all(
        "organization_id" in each for each in both
    ):
        yield KeyFault(table, "foreign key", columns)
    if foreign["options"].get("ondelete", "").startswith("SET"):
        yield KeyFault(table, f"ON DELETE {foreign['options']['ondelete']}", columns)
