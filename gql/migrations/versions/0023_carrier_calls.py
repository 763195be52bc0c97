"""By what assistant platforms name the call that a carrier's delivery is about.

A delivery that waits for its call is found by it as soon as a call names it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023_carrier_calls"
down_revision = "0022_sms_items"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column with its index."""
    op.add_column("inbox", sa.Column("carrier_call_id", sa.String(), nullable=True))
    op.execute(
        "CREATE INDEX ix_inbox_carrier_call ON inbox (organization_id, carrier_call_id)"
        " WHERE carrier_call_id IS NOT NULL"
    )


def downgrade() -> None:
    """Drop both."""
    op.execute("DROP INDEX ix_inbox_carrier_call")
    op.drop_column("inbox", "carrier_call_id")
