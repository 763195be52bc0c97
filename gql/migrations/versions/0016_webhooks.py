"""Webhooks: the endpoints that platforms send them to, and the inbox that keeps them as they came.

`hook_endpoint` is looked up by the address before the organization is known, like `api_key`.
"""

import sqlalchemy as sa
from alembic import op

from gql.migrations.tables import create_tenant_table, reference_constraint

revision = "0016_webhooks"
down_revision = "0015_uses_of_keys"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INDEXES = {
    "endpoint": ["organization_id", "endpoint_id", "id"],
    "state": ["organization_id", "state", "id"],
    "subject": ["organization_id", "subject", "id"],
    "received": ["organization_id", "received_at", "id"],
    "body": ["organization_id", "body_sha256", "endpoint_id"],
}
_IS_PENDING = sa.text("state IN ('new', 'waiting')")


def upgrade() -> None:
    """Create both tables with their indexes."""
    op.create_table(
        "hook_endpoint",
        sa.Column("id", _BIG, primary_key=True, nullable=False),
        sa.Column("organization_id", _BIG, sa.ForeignKey("organization.id"), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False, unique=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("secret", sa.String()),
        sa.Column("secret_previous", sa.String()),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        _instant("created_at"),
        _instant("updated_at"),
        sa.CheckConstraint("role IN ('primary', 'carrier')", name="ck_hook_endpoint_role"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_hook_endpoint_organization", "hook_endpoint", ["organization_id", "id"])
    op.create_index("uq_hook_endpoint_id", "hook_endpoint", ["id", "organization_id"], unique=True)
    create_tenant_table(
        "inbox",
        sa.Column("endpoint_id", _BIG, nullable=False),
        _instant("received_at"),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("path_query", sa.String(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content_type", sa.String()),
        sa.Column("body_sha256", sa.String(), nullable=False),
        sa.Column("event_kind", sa.String()),
        sa.Column("event_id", sa.String()),
        sa.Column("subject", sa.String()),
        _instant("occurred_at", nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _instant("next_attempt_at"),
        sa.Column("error", sa.String()),
        _instant("applied_at", nullable=True),
        sa.CheckConstraint(
            "state IN ('new', 'waiting', 'done', 'unknown', 'dead')", name="ck_inbox_state"
        ),
        reference_constraint("inbox", "endpoint_id", "hook_endpoint", on_delete="CASCADE"),
    )
    for name, columns in _INDEXES.items():
        op.create_index(f"ix_inbox_{name}", "inbox", columns)
    op.create_index(
        "ix_inbox_pending",
        "inbox",
        ["organization_id", "next_attempt_at", "id"],
        postgresql_where=_IS_PENDING,
        sqlite_where=_IS_PENDING,
    )
    if op.get_bind().dialect.name == "sqlite":
        op.create_index("ix_inbox_newest", "inbox", ["organization_id", "id"])


def downgrade() -> None:
    """Drop both tables; their indexes go with them."""
    op.drop_table("inbox")
    op.drop_table("hook_endpoint")


def _instant(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
