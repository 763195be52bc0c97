"""Live SMS sessions, for installations without Redis."""

import sqlalchemy as sa
from alembic import op

revision = "0004_sms_sessions"
down_revision = "0003_idempotency_keys"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table with its indexes."""
    op.create_table(
        "sms_session",
        sa.Column("id", _BIG, primary_key=True, nullable=False),
        sa.Column("organization_id", _BIG, sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("customer_phone_digits", sa.String(), nullable=False),
        sa.Column("assistant_id", _BIG, nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint(
            *("organization_id", "customer_phone_digits", "assistant_id"), name="uq_sms_session"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sms_session_expiry", "sms_session", ["organization_id", "expires_at", "id"])


def downgrade() -> None:
    """Drop the table; its indexes go with it."""
    op.drop_table("sms_session")
