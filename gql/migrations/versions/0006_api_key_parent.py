"""The key that an API key was made with, and ends with."""

import sqlalchemy as sa
from alembic import op

revision = "0006_api_key_parent"
down_revision = "0005_call_tally"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of the keys that are there nobody knows what made them."""
    op.add_column(
        "api_key", sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"))
    )


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("api_key", "parent_id")
