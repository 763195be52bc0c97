"""Former structures of graphs, and the version that each graph session started on."""

import sqlalchemy as sa
from alembic import op

from gql.migrations.tables import create_tenant_table, reference_constraint

revision = "0025_graph_versions"
down_revision = "0024_events"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table, and add the column; of sessions that are there nobody knows the version."""
    create_tenant_table(
        "graph_version",
        sa.Column("graph_id", _BIG, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("structure", sa.JSON(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", _BIG),
        sa.Column("api_key_id", _BIG),
        sa.UniqueConstraint("organization_id", "graph_id", "version", name="uq_graph_version"),
        reference_constraint("graph_version", "graph_id", "assistant_graph", on_delete="CASCADE"),
    )
    op.add_column("graph_session", sa.Column("graph_version", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Drop both."""
    op.drop_column("graph_session", "graph_version")
    op.drop_table("graph_version")
