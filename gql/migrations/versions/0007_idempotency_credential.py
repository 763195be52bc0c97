"""Idempotency keys of each credential for itself."""

import sqlalchemy as sa
from alembic import op

revision = "0007_idempotency_credential"
down_revision = "0006_api_key_parent"
branch_labels = None
depends_on = None

_TABLE = "idempotency_key"
_UNIQUE = "uq_idempotency_key"


def upgrade() -> None:
    """Add the column to the table and to what is unique in it.

    The answers that are there, and those that servers of the version before add, are of a
    credential without a name: only such servers replay them.
    """
    # SQLite cannot change a constraint: its table is made anew, for which Alembic needs the option.
    with op.batch_alter_table(_TABLE, table_kwargs={"sqlite_autoincrement": True}) as table:
        table.add_column(sa.Column("credential", sa.String(), nullable=False, server_default=""))
        table.drop_constraint(_UNIQUE, type_="unique")
        table.create_unique_constraint(_UNIQUE, ["organization_id", "credential", "key"])


def downgrade() -> None:
    """Forget the answers, of which the table before may not hold two of one key."""
    op.execute(sa.delete(sa.table(_TABLE)))
    with op.batch_alter_table(_TABLE, table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_constraint(_UNIQUE, type_="unique")
        table.create_unique_constraint(_UNIQUE, ["organization_id", "key"])
        table.drop_column("credential")
