"""Drop the tallies of 0005: `call_rollup` has their numbers, and more."""

from importlib import import_module
from typing import Any

from alembic import op

revision = "0014_no_call_tally"
down_revision = "0013_call_rollup"
branch_labels = None
depends_on = None

_tally: Any = import_module("gql.migrations.versions.0005_call_tally")


def upgrade() -> None:
    """Drop the triggers and the table."""
    _tally.drop_tally()


def downgrade() -> None:
    """Make them again, and count what is there; with the key that 0012 gave the table."""
    _tally.create_tally()
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("call_tally_pkey", "call_tally")
        op.create_primary_key("call_tally_pkey", "call_tally", ["organization_id", "id"])
