"""Webhook subscriptions: who is told of events, and the deliveries to them."""

import sqlalchemy as sa
from alembic import op

from gql.migrations.tables import create_pair, create_tenant_table, reference_constraint

revision = "0030_webhook_subscriptions"
down_revision = "0029_cost_budgets"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INDEXES = {
    "subscription": ["organization_id", "subscription_id", "id"],
    "state": ["organization_id", "state", "id"],
    "subject": ["organization_id", "subject", "id"],
}
_IS_PENDING = sa.text("state = 'pending'")


def upgrade() -> None:
    """Create both tables with their indexes."""
    create_tenant_table(
        "webhook_subscription",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("kinds", sa.JSON()),
        sa.Column("object_ids", sa.JSON()),
        sa.Column("document", sa.String()),
        sa.Column("secret", sa.String()),
        sa.Column("secret_previous", sa.String()),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("pause_reason", sa.String()),
        sa.Column("seq", _BIG, nullable=False),
        sa.Column("tag", _BIG, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        _instant("failing_since", nullable=True),
        _instant("succeeded_at", nullable=True),
        _instant("retry_at", nullable=True),
        sa.Column("lease", sa.String()),
        _instant("leased_until", nullable=True),
        _instant("created_at"),
        _instant("updated_at"),
    )
    create_pair("webhook_subscription")
    create_tenant_table(
        "webhook_delivery",
        sa.Column("subscription_id", _BIG, nullable=False),
        sa.Column("seq", _BIG, nullable=False),
        sa.Column("tag", _BIG, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("object_id", _BIG, nullable=False),
        sa.Column("parent_id", _BIG),
        sa.Column("subject", sa.String(), nullable=False),
        _instant("happened_at"),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _instant("first_attempt_at", nullable=True),
        _instant("next_attempt_at"),
        _instant("finished_at", nullable=True),
        sa.Column("status", sa.Integer()),
        sa.Column("error", sa.String()),
        sa.CheckConstraint(
            "state IN ('pending', 'delivered', 'failed')", name="ck_webhook_delivery_state"
        ),
        reference_constraint(
            "webhook_delivery", "subscription_id", "webhook_subscription", on_delete="CASCADE"
        ),
    )
    for name, columns in _INDEXES.items():
        op.create_index(f"ix_webhook_delivery_{name}", "webhook_delivery", columns)
    op.create_index(
        "ix_webhook_delivery_pending",
        "webhook_delivery",
        ["organization_id", "subscription_id", "subject", "id"],
        postgresql_where=_IS_PENDING,
        sqlite_where=_IS_PENDING,
    )
    if op.get_bind().dialect.name == "sqlite":
        owned = ["organization_id", "id"]
        op.create_index("ix_webhook_subscription_organization", "webhook_subscription", owned)
        op.create_index("ix_webhook_delivery_newest", "webhook_delivery", owned)


def downgrade() -> None:
    """Drop both tables; their indexes go with them."""
    op.drop_table("webhook_delivery")
    op.drop_table("webhook_subscription")


def _instant(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
