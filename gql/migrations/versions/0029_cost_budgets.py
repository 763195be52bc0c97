"""Monthly budgets of what calls cost, and events of those that are nearly or all spent.

On SQLite `gql/migrations/sqlite_events.py` makes the trigger, after every migration.
"""

import sqlalchemy as sa
from alembic import op

from gql.migrations.tables import create_pair, create_tenant_table, reference_constraint

revision = "0029_cost_budgets"
down_revision = "0028_cheaper_inserts"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create both tables, and the trigger."""
    create_tenant_table(
        "cost_budget",
        sa.Column("assistant_id", _BIG),
        sa.Column("graph_id", _BIG),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("assistant_id IS NULL OR graph_id IS NULL", name="ck_cost_budget_scope"),
        sa.CheckConstraint("amount > 0", name="ck_cost_budget_amount"),
        reference_constraint("cost_budget", "assistant_id", "assistant", on_delete="CASCADE"),
        reference_constraint("cost_budget", "graph_id", "assistant_graph", on_delete="CASCADE"),
    )
    create_pair("cost_budget")
    if not _is_postgresql():
        op.create_index("ix_cost_budget_organization", "cost_budget", ["organization_id", "id"])
    _create_unique("organization", "assistant_id IS NULL AND graph_id IS NULL")
    _create_unique("assistant", "assistant_id IS NOT NULL", "assistant_id")
    _create_unique("graph", "graph_id IS NOT NULL", "graph_id")
    create_tenant_table(
        "cost_budget_passing",
        sa.Column("budget_id", _BIG, nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint(
            *("organization_id", "budget_id", "month", "percent"), name="uq_cost_budget_passing"
        ),
        reference_constraint(
            "cost_budget_passing", "budget_id", "cost_budget", on_delete="CASCADE"
        ),
    )
    if _is_postgresql():
        _create_trigger()


def downgrade() -> None:
    """Drop them; the events that they made are nothing that the version before can read."""
    for table in ("event", "event_new"):
        op.execute(f"DELETE FROM {table} WHERE kind = 'cost_budget_passed'")  # noqa: S608 -- ours
    op.drop_table("cost_budget_passing")
    op.drop_table("cost_budget")
    if _is_postgresql():
        op.execute("DROP FUNCTION cost_budget_passing_event()")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _create_unique(name: str, condition: str, *columns: str) -> None:
    """Two budgets of the same calls and the same currency would be one too many."""
    where = sa.text(condition)
    op.create_index(
        f"uq_cost_budget_{name}",
        "cost_budget",
        ["organization_id", *columns, "currency"],
        unique=True,
        postgresql_where=where,
        sqlite_where=where,
    )


def _create_trigger() -> None:
    """As those of the migration `events`."""
    schema = op.get_bind().scalar(sa.text("SELECT quote_ident(current_schema())"))
    op.execute(
        f"""
        CREATE FUNCTION {schema}.cost_budget_passing_event() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            INSERT INTO {schema}.event_new (organization_id, tag, kind, object_id, parent_id, at)
            VALUES (NEW.organization_id, floor(random() * 2147483647)::integer,
                'cost_budget_passed', NEW.budget_id, NULL, clock_timestamp());
            RETURN NULL;
        END $$
        """  # noqa: S608 -- nothing of it comes from outside
    )
    op.execute(
        """
        CREATE TRIGGER cost_budget_passing_event AFTER INSERT ON cost_budget_passing
            FOR EACH ROW EXECUTE FUNCTION cost_budget_passing_event()
        """
    )
