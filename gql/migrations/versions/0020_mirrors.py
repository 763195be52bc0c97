"""How far mirrors of other servers have come, and what they copied."""

import sqlalchemy as sa
from alembic import op

from gql.migrations.tables import create_tenant_table

revision = "0020_mirrors"
down_revision = "0019_lists_by_source"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    create_tenant_table(
        "mirror_cursor",
        *_names("source", "collection"),
        sa.Column("cursor", sa.JSON(), nullable=False),
        *(sa.Column(name, _TIME) for name in ("high_water", "snapshot_at")),
        sa.UniqueConstraint("organization_id", "source", "collection", name="uq_mirror_cursor"),
    )
    create_tenant_table(
        "mirror_object",
        *_names("source", "collection", "external_id"),
        sa.Column("object_id", _BIG),
        sa.Column("digest", sa.String()),
        sa.Column("absent_since", _TIME),
        sa.UniqueConstraint(
            *("organization_id", "source", "collection", "external_id"), name="uq_mirror_object"
        ),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("mirror_object")
    op.drop_table("mirror_cursor")


def _names(*names: str) -> list["sa.Column[str]"]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]
