"""Indexes for lists of voice calls and SMS conversations together."""

from alembic import op

revision = "0010_call_records"
down_revision = "0009_instants_in_one_form"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_call_record_newest": ["organization_id", "started_at", "id"],
    "ix_call_record_customer": ["organization_id", "customer_phone_digits", "started_at", "id"],
}


def upgrade() -> None:
    """Create them."""
    for name, columns in _INDEXES.items():
        op.create_index(name, "call", columns)


def downgrade() -> None:
    """Drop them."""
    for name in _INDEXES:
        op.drop_index(name, "call")
