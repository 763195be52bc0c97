"""Tallies of calls by week, status, direction and assistant, kept exact by triggers on `call`.

Legacy pipelines write to `call` as well, so the database itself has to keep them, in the
transaction of whoever writes.

On PostgreSQL two writers must never wait for each other because of a tally, let alone deadlock: a
writer changes a row of its key that nobody else is changing, or else adds another one. So a key has
no more rows than there were ever writers at once, and only sums mean something. Inserts and deletes
are counted per statement, however many rows they have; an update that leaves the key alone costs
the comparison of it. The functions run as the owner of the tables, so that a role that may write
calls need not be allowed to write tallies.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005_call_tally"
down_revision = "0004_sms_sessions"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_KEY = (
    *("organization_id", "channel", "by_assistant", "assistant_id", "week", "status", "direction"),
    "is_archived",
)
_COUNTED_BY = (
    *("organization_id", "channel", "assistant_id", "started_at", "status", "direction"),
    "is_archived",
)
"""The columns of `call` that decide where it is counted."""

_INDEXES = {
    "ix_call_customer_digits": ("customer_phone_digits", "started_at", "id"),
    "ix_call_assistant_name": ("assistant_name", "started_at", "id"),
    "ix_call_ended": ("ended_at", "started_at", "id"),
}
"""For the filters that had none."""


def upgrade() -> None:
    """Create the table, the triggers and the indexes, and count what is there."""
    create_tally()
    for name, columns in _INDEXES.items():
        op.create_index(name, "call", ["organization_id", "channel", *columns])


def create_tally() -> None:
    """The table and the triggers, with what they would have counted."""
    op.create_table(
        "call_tally",
        sa.Column("id", _BIG, primary_key=True, nullable=False),
        sa.Column(
            "organization_id",
            _BIG,
            sa.ForeignKey("organization.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.Column("by_assistant", sa.Boolean(), nullable=False),
        sa.Column("assistant_id", _BIG, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("week", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.CheckConstraint("channel IN ('voice', 'sms')", name="ck_call_tally_channel"),
        sqlite_autoincrement=True,
    )
    postgresql = op.get_bind().dialect.name == "postgresql"
    # Triggers first: making one waits for running writers, and from then on all are counted.
    for statement in _postgresql() if postgresql else _sqlite():
        op.execute(statement)
    week = _WEEK_POSTGRESQL if postgresql else _WEEK_SQLITE.format(row="")
    op.execute(_fill(week))
    op.create_index("ix_call_tally_key", "call_tally", [*_KEY, "id"])


def downgrade() -> None:
    """Drop the triggers, the table and the indexes."""
    drop_tally()
    for name in _INDEXES:
        op.drop_index(name, "call")


def drop_tally() -> None:
    """Drop the triggers and the table."""
    if op.get_bind().dialect.name == "postgresql":
        for event in ("insert", "delete", "update", "truncate"):
            op.execute(f"DROP TRIGGER call_tally_{event} ON call")
            op.execute(f"DROP FUNCTION call_tally_{event}()")
        op.execute("DROP FUNCTION call_tally_add")
    else:
        for event in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER call_tally_{event}")
    op.drop_table("call_tally")


_WEEK_POSTGRESQL = """
    (((LEAST(GREATEST(started_at, '0001-01-01 00:00:00Z'::timestamptz),
    '9999-12-31 00:00:00Z'::timestamptz) AT TIME ZONE 'UTC')::date - DATE '0001-01-01') / 7)
"""
_WEEK_SQLITE = "(CAST(julianday(substr({row}started_at, 1, 10)) - 1721425.5 AS INTEGER) / 7)"


def _fill(week: str) -> str:
    """Every call among everybody's, and among those of its assistant."""
    counted = f"{week}, status, direction, is_archived, count(*) FROM call"
    return f"""
        INSERT INTO call_tally ({", ".join(_KEY)}, calls)
        SELECT organization_id, channel, false, 0, {counted}
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
        UNION ALL
        SELECT organization_id, channel, true, assistant_id, {counted}
        WHERE assistant_id IS NOT NULL
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
        ORDER BY 1, 2, 3, 4, 5
    """


# -- PostgreSQL ------------------------------------------------------------------------------------


def _postgresql() -> list[str]:
    schema = op.get_bind().scalar(sa.text("SELECT quote_ident(current_schema())"))
    changed = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in _COUNTED_BY)
    return [
        _add(schema),
        _function(schema, "insert", _count(schema, "SELECT *, 1 AS n FROM changed")),
        _function(schema, "delete", _count(schema, "SELECT *, -1 AS n FROM changed")),
        _function(
            schema, "update", _count(schema, "SELECT OLD.*, -1 AS n UNION ALL SELECT NEW.*, 1")
        ),
        # Not TRUNCATE: both tables may be truncated by the one statement that is running.
        _function(schema, "truncate", f"DELETE FROM {schema}.call_tally;"),  # noqa: S608
        """
        CREATE TRIGGER call_tally_insert AFTER INSERT ON call
            REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION call_tally_insert()
        """,
        """
        CREATE TRIGGER call_tally_delete AFTER DELETE ON call
            REFERENCING OLD TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION call_tally_delete()
        """,
        f"""
        CREATE TRIGGER call_tally_update AFTER UPDATE ON call
            FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION call_tally_update()
        """,
        """
        CREATE TRIGGER call_tally_truncate AFTER TRUNCATE ON call
            FOR EACH STATEMENT EXECUTE FUNCTION call_tally_truncate()
        """,
    ]


def _function(schema: str, event: str, body: str) -> str:
    return f"""
        CREATE FUNCTION {schema}.call_tally_{event}() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            {body}
            RETURN NULL;
        END $$
    """


def _count(schema: str, rows: str) -> str:
    """Add `n` for each of some rows to both of its keys."""
    return f"""
        PERFORM {schema}.call_tally_add(
            organization_id, channel, by_assistant, key, week, status, direction, is_archived,
            sum(n)::integer
        )
        FROM ({rows}) AS rows
        CROSS JOIN LATERAL (VALUES {_WEEK_POSTGRESQL}) AS weeks(week)
        CROSS JOIN LATERAL (VALUES (false, 0), (true, assistant_id)) AS keys(by_assistant, key)
        WHERE key IS NOT NULL
        GROUP BY organization_id, channel, by_assistant, key, week, status, direction, is_archived
        HAVING sum(n) <> 0;
    """


def _add(schema: str) -> str:
    """Change a row that nobody else holds, or add one.

    A transaction that sees an older instant (REPEATABLE READ) may not change a row that others have
    changed since: it adds one, where it would fail.

    Backwards and by `ctid`, because a transaction that inserts many calls one by one leaves as many
    old versions of one row, which nobody may remove before it ends: the newest one comes first.
    """
    change = f"""
            SELECT ctid INTO place FROM {schema}.call_tally
            WHERE ({", ".join(_KEY)}) = ($1, $2, $3, $4, $5, $6, $7, $8)
            ORDER BY id DESC LIMIT 1 FOR UPDATE SKIP LOCKED;
            UPDATE {schema}.call_tally SET calls = calls + $9 WHERE ctid = place;
            changed := FOUND;
    """  # noqa: S608 -- nothing of it comes from outside
    return f"""
        CREATE FUNCTION {schema}.call_tally_add(
            bigint, varchar, boolean, bigint, integer, varchar, varchar, boolean, integer
        ) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE place tid; changed boolean;
        BEGIN
            IF current_setting('transaction_isolation') = 'read committed' THEN
                {change}
            ELSE
                BEGIN
                    {change}
                EXCEPTION WHEN serialization_failure THEN
                    changed := false;
                END;
            END IF;
            IF NOT changed THEN
                INSERT INTO {schema}.call_tally ({", ".join(_KEY)}, calls)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);
            END IF;
        END $$
    """  # noqa: S608 -- nothing of it comes from outside


# -- SQLite ----------------------------------------------------------------------------------------


def _sqlite() -> list[str]:
    """Row by row; there is one writer at a time, so that each key has one row."""
    columns = ", ".join(_COUNTED_BY)
    changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in _COUNTED_BY)
    minus, plus = _change("OLD", "-"), _change("NEW", "+")
    return [
        f"CREATE TRIGGER call_tally_insert AFTER INSERT ON call BEGIN {plus} END",
        f"CREATE TRIGGER call_tally_delete AFTER DELETE ON call BEGIN {minus} END",
        f"""
        CREATE TRIGGER call_tally_update AFTER UPDATE OF {columns} ON call WHEN {changed}
        BEGIN {minus} {plus} END
        """,
    ]


def _change(row: str, sign: str) -> str:
    keys = ("false, 0", f"true, {row}.assistant_id")
    return " ".join(_change_one(row, sign, key) for key in keys)


def _change_one(row: str, sign: str, owner: str) -> str:
    """No upsert: how a conflict is resolved is up to the statement that fired the trigger."""
    key = (
        f"{row}.organization_id, {row}.channel, {owner}, {_WEEK_SQLITE.format(row=row + '.')},"
        f" {row}.status, {row}.direction, {row}.is_archived"
    )
    is_there = f"({', '.join(_KEY)}) = ({key})"
    return f"""
        INSERT INTO call_tally ({", ".join(_KEY)}, calls) SELECT {key}, 0
            WHERE {owner.partition(", ")[2]} IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM call_tally WHERE {is_there});
        UPDATE call_tally SET calls = calls {sign} 1 WHERE {is_there};
    """  # noqa: S608 -- nothing of it comes from outside
