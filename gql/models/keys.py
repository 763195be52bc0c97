"""Keys of the tables: a key that names a row names its organization too.

So a row cannot reference a row of another organization, whoever writes it, and a table can be
divided among machines by `organization_id`. `organization`, `user`, `api_key` and `hook_endpoint`
are global: they are looked up before the organization is known (an email address, the hash of a
key, the word in an address), they are small, and every machine has a copy of them. They keep the id
alone as their key. Everything else is a tenant's, also what no reader sees: ended logins,
idempotency keys, SMS sessions, the audit log.

PostgreSQL has PRIMARY KEY (organization_id, id). SQLite has `id INTEGER PRIMARY KEY AUTOINCREMENT`,
because it never uses an id twice in that form alone, and a unique index for foreign keys to name.
For SQLAlchemy `id` is the primary key on both, which it is within a program.
"""

from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, MetaData, PrimaryKeyConstraint, Table
from sqlalchemy.ext.compiler import compiles

from gql.models.types import KEY, KEY_ALONE, KEY_WITH_ORGANIZATION, REFERENCE, OnDelete


class TenantPrimaryKey(PrimaryKeyConstraint):
    """The primary key of a table whose rows tenants own."""


@compiles(TenantPrimaryKey, "postgresql")
def _with_organization(_key: TenantPrimaryKey, _compiler: Any, **_keywords: Any) -> str:
    return f"PRIMARY KEY ({KEY_WITH_ORGANIZATION})"


def is_global(table: Table) -> bool:
    """Whether the key of a table is its id alone."""
    return "id" in table.c and table.c.id.info.get(KEY) == KEY_ALONE


def declare_keys(metadata: MetaData) -> None:
    """Make the constraints that `primary_key`, `global_key` and `reference` stand for."""
    tables = [table for table in metadata.tables.values() if "id" in table.c]
    for table in tables:
        if table.c.id.info.get(KEY) == KEY_WITH_ORGANIZATION:
            table.append_constraint(TenantPrimaryKey("id"))
        table.dialect_options["sqlite"]["autoincrement"] = True
    for table in metadata.tables.values():
        for column in table.c:
            if REFERENCE in column.info:
                _reference(table, column.name, *column.info[REFERENCE])


def _reference(table: Table, column: str, target: str, on_delete: OnDelete) -> None:
    table.append_constraint(
        ForeignKeyConstraint(
            ["organization_id", column],
            [f"{target}.organization_id", f"{target}.id"],
            name=f"{table.name}_{column}_fkey",
            ondelete=on_delete,
        )
    )
    parent = table.metadata.tables[target]
    name = f"uq_{target}_id"
    if all(index.name != name for index in parent.indexes):
        # The id first: otherwise SQLite, which believes a unique index to be the best one, would
        # read a whole organization through it for `organization_id = ? AND call_id = ?`.
        pair = Index(name, parent.c.id, parent.c.organization_id, unique=True)
        if not is_global(parent):
            pair.ddl_if(dialect="sqlite")
