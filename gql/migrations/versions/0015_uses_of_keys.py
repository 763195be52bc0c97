"""Count the uses of a key in 64 bits: two thousand million are a month of a busy key."""

import sqlalchemy as sa
from alembic import op

revision = "0015_uses_of_keys"
down_revision = "0014_no_call_tally"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """SQLite's integers have 64 bits whatever they are called."""
    _count_in(sa.BigInteger())


def downgrade() -> None:
    """Numbers beyond 32 bits make this fail on PostgreSQL."""
    _count_in(sa.Integer())


def _count_in(type_: sa.types.TypeEngine[int]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("api_key", "usage_count", type_=type_)
