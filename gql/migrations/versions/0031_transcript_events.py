"""Events of transcripts, segment by segment, for whoever follows a call as it is spoken.

On SQLite `gql/migrations/sqlite_events.py` makes the triggers, after every migration. On PostgreSQL
the events of new segments are made once per statement, as those of new calls are.
"""

import sqlalchemy as sa
from alembic import op

from gql.migrations.online import table_changes

revision = "0031_transcript_events"
down_revision = "0030_webhook_subscriptions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create PostgreSQL's triggers."""
    if not _is_postgresql():
        return
    schema = op.get_bind().scalar(sa.text("SELECT quote_ident(current_schema())"))
    with table_changes(op.get_bind(), ["transcript"]) as changes:
        changes.change(
            _insert_events(schema),
            _update_event(schema),
            "DROP TRIGGER IF EXISTS transcript_event_insert ON transcript",
            """
            CREATE TRIGGER transcript_event_insert AFTER INSERT ON transcript
                REFERENCING NEW TABLE AS written
                FOR EACH STATEMENT EXECUTE FUNCTION transcript_event_insert()
            """,
            "DROP TRIGGER IF EXISTS transcript_event ON transcript",
            """
            CREATE TRIGGER transcript_event AFTER UPDATE ON transcript
                FOR EACH ROW EXECUTE FUNCTION transcript_event()
            """,
        )


def downgrade() -> None:
    """Drop them; the events that they made are nothing that the version before can read."""
    if _is_postgresql():
        for trigger in ("transcript_event_insert", "transcript_event"):
            op.execute(f"DROP TRIGGER {trigger} ON transcript")
            op.execute(f"DROP FUNCTION {trigger}()")
    for table in ("event", "event_new"):
        op.execute(f"DELETE FROM {table} WHERE kind LIKE 'transcript_%'")  # noqa: S608 -- ours


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _insert_events(schema: str) -> str:
    """As those of the migration `events`; the loop is for distributed tables, as in 0013."""
    return f"""
        CREATE OR REPLACE FUNCTION {schema}.transcript_event_insert() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE segment record;
        BEGIN
            FOR segment IN SELECT organization_id, id, call_id FROM written ORDER BY id LOOP
                INSERT INTO {schema}.event_new
                    (organization_id, tag, kind, object_id, parent_id, at)
                VALUES (segment.organization_id, floor(random() * 2147483647)::integer,
                    'transcript_created', segment.id, segment.call_id, clock_timestamp());
            END LOOP;
            RETURN NULL;
        END $$
    """  # noqa: S608 -- nothing of it comes from outside


def _update_event(schema: str) -> str:
    """Rows are compared by their bytes, as JSON has no other equality."""
    return f"""
        CREATE OR REPLACE FUNCTION {schema}.transcript_event() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            IF NOT OLD *= NEW THEN
                INSERT INTO {schema}.event_new
                    (organization_id, tag, kind, object_id, parent_id, at)
                VALUES (NEW.organization_id, floor(random() * 2147483647)::integer,
                    'transcript_updated', NEW.id, NEW.call_id, clock_timestamp());
            END IF;
            RETURN NULL;
        END $$
    """  # noqa: S608 -- nothing of it comes from outside
