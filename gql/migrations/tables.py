"""Tables that a tenant owns, as revisions since 0012 make them.

A revision spells out its columns; the keys are the same in all of them: see `gql/models/keys.py`.
"""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import op

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def create_tenant_table(
    name: str,
    *columns: sa.Column[Any] | sa.Constraint,
    if_not_exists: bool = False,
    cascades: bool = False,
) -> None:
    """Make a table with the columns `id` and `organization_id`, their key, and others.

    Its rows go with their organization where it `cascades`, and else keep it from being deleted.
    """
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    owner = sa.ForeignKey("organization.id", ondelete="CASCADE" if cascades else None)
    keys = [sa.PrimaryKeyConstraint("organization_id", "id")] if is_postgresql else []
    op.create_table(
        name,
        sa.Column("id", _BIG, primary_key=not is_postgresql, autoincrement=True, nullable=False),
        sa.Column("organization_id", _BIG, owner, nullable=False),
        *columns,
        *keys,
        sqlite_autoincrement=True,
        if_not_exists=if_not_exists,
    )


def reference_constraint(
    table: str, column: str, parent: str, *, on_delete: Literal["CASCADE", "RESTRICT"] | None
) -> sa.ForeignKeyConstraint:
    """That a column of a table names a row of another one, of the same organization."""
    return sa.ForeignKeyConstraint(
        ["organization_id", column],
        [f"{parent}.organization_id", f"{parent}.id"],
        name=f"{table}_{column}_fkey",
        ondelete=on_delete,
    )


def create_pair(parent: str) -> None:
    """Make the unique index that foreign keys of SQLite name: for the first that a table gets."""
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(f"uq_{parent}_id", parent, ["id", "organization_id"], unique=True)
