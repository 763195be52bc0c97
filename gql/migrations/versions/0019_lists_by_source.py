"""What lists of calls by source, reason, receipt and recording are read from.

`call.has_recording` is kept by triggers on `recording`, whoever writes: a list of the calls that
have one, newest first, would otherwise walk all calls where few have any.
"""

from functools import partial

import sqlalchemy as sa
from alembic import op

from gql.migrations.online import table_changes
from gql.migrations.progress import RevisionStep, take

revision = "0019_lists_by_source"
down_revision = "0018_derived_columns"
branch_labels = None
depends_on = None

_NEWEST = "started_at, id"
_INDEXES = {
    "ix_call_source": f"call (organization_id, channel, source, {_NEWEST})",
    "ix_call_external_id": (
        f"call (organization_id, external_id, {_NEWEST}) WHERE external_id IS NOT NULL"
    ),
    **{
        f"ix_call_{column}": (
            f"call (organization_id, {column}, {_NEWEST})"
            f" WHERE channel = 'voice' AND {column} IS NOT NULL"
        )
        for column in ("ended_reason", "ended_reason_kind")
    },
    "ix_call_has_recording": (
        f"call (organization_id, has_recording, {_NEWEST}) WHERE channel = 'voice'"
    ),
    "ix_call_received": (
        "call (organization_id, status, received_at DESC{last}, id DESC) WHERE channel = 'voice'"
    ),
}
_TRIGGERS = {
    "insert": ("INSERT", ("NEW",)),
    "delete": ("DELETE", ("OLD",)),
    "move": ("UPDATE OF organization_id, call_id", ("OLD", "NEW")),
}
"""By what happens to a recording: of which row the call is looked at."""


def upgrade() -> None:
    """Add the column, its triggers and the indexes."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE call ADD COLUMN has_recording BOOLEAN DEFAULT 0 NOT NULL")
        for trigger, (event, rows) in _TRIGGERS.items():
            looked_at = " ".join(map(_look, rows))
            op.execute(
                f"CREATE TRIGGER recording_{trigger} AFTER {event} ON recording"
                f" BEGIN {looked_at} END"
            )
        op.execute(_ALL)
        take([RevisionStep(f"index {name}", partial(_create_index, name)) for name in _INDEXES])
        return
    with table_changes(op.get_bind(), ["call"]) as changes:
        changes.change(
            "ALTER TABLE call ADD COLUMN IF NOT EXISTS has_recording BOOLEAN DEFAULT false NOT NULL"
        )
        schema = op.get_bind().scalar(sa.text("SELECT quote_ident(current_schema())"))
        for trigger, (event, rows) in _TRIGGERS.items():
            changes.change(*_postgresql(schema, trigger, event, rows))
        changes.change(_ALL)
        take(
            [
                RevisionStep(
                    f"index {name}",
                    partial(changes.create_index_on, name, on.format(last=" NULLS LAST")),
                )
                for name, on in _INDEXES.items()
            ]
        )


def downgrade() -> None:
    """Drop them."""
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for name in _INDEXES:
        op.execute(f"DROP INDEX {name}")
    for trigger in _TRIGGERS:
        op.execute(f"DROP TRIGGER recording_{trigger}{' ON recording' if on_postgresql else ''}")
        if on_postgresql:
            op.execute(f"DROP FUNCTION recording_{trigger}()")
    op.execute("ALTER TABLE call DROP COLUMN has_recording")


_ALL = """
    UPDATE call SET has_recording = true WHERE NOT has_recording AND EXISTS (
        SELECT 1 FROM recording
        WHERE (recording.organization_id, recording.call_id) = (call.organization_id, call.id)
    )
"""


def _look(row: str, schema: str = "") -> str:
    """Say of the call of a row whether it has a recording, where that changed."""
    has_one = (
        f"EXISTS (SELECT 1 FROM {schema}recording AS other"  # noqa: S608 -- ours
        f" WHERE (other.organization_id, other.call_id) = ({row}.organization_id, {row}.call_id))"
    )
    return (
        f"UPDATE {schema}call SET has_recording = {has_one}"  # noqa: S608 -- ours
        f" WHERE (organization_id, id) = ({row}.organization_id, {row}.call_id)"
        f" AND has_recording <> {has_one};"
    )


def _create_index(name: str) -> None:
    op.execute(f"CREATE INDEX {name} ON {_INDEXES[name].format(last='')}")


def _postgresql(schema: str, trigger: str, event: str, rows: tuple[str, ...]) -> tuple[str, ...]:
    """The functions run as the owner of the tables, so that whoever may write recordings may."""
    looked_at = "\n".join(_look(row, f"{schema}.") for row in rows)
    return (
        f"""
        CREATE OR REPLACE FUNCTION {schema}.recording_{trigger}() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            {looked_at}
            RETURN NULL;
        END $$
        """,
        f"DROP TRIGGER IF EXISTS recording_{trigger} ON recording",
        f"""
        CREATE TRIGGER recording_{trigger} AFTER {event} ON recording
            FOR EACH ROW EXECUTE FUNCTION recording_{trigger}()
        """,
    )
