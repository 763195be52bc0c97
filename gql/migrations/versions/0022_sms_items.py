"""What the items on an SMS have said so far: `sms_message_log.merge_state`.

A report on an SMS may come before its text, and both change one row.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022_sms_items"
down_revision = "0021_chronology"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it."""
    op.add_column("sms_message_log", sa.Column("merge_state", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("sms_message_log", "merge_state")
