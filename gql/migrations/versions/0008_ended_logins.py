"""Logins that somebody has logged out of."""

import sqlalchemy as sa
from alembic import op

revision = "0008_ended_logins"
down_revision = "0007_idempotency_credential"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table with its indexes."""
    op.create_table(
        "ended_login",
        sa.Column("id", _BIG, primary_key=True, nullable=False),
        sa.Column("organization_id", _BIG, sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("login_id", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("organization_id", "login_id", name="uq_ended_login"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ended_login_expiry", "ended_login", ["organization_id", "expires_at", "id"])


def downgrade() -> None:
    """Drop the table; its indexes go with it."""
    op.drop_table("ended_login")
