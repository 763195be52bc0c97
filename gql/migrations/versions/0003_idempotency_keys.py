"""Idempotency keys, so that a write that comes again is answered, not repeated."""

import sqlalchemy as sa
from alembic import op

revision = "0003_idempotency_keys"
down_revision = "0002_trigram_indexes"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table with its indexes."""
    op.create_table(
        "idempotency_key",
        sa.Column("id", _BIG, primary_key=True, nullable=False),
        sa.Column("organization_id", _BIG, sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("answer", sa.String()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("organization_id", "key", name="uq_idempotency_key"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_idempotency_key_created", "idempotency_key", ["organization_id", "created_at", "id"]
    )


def downgrade() -> None:
    """Drop the table; its index goes with it."""
    op.drop_table("idempotency_key")
