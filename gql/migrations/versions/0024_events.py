"""Events: what is written to calls, SMS, graphs and their sessions, for whoever follows it.

Legacy pipelines write to these tables as well, so the database itself has to make them, in the
transaction of whoever writes. On PostgreSQL triggers append to `event_new`, each after its row is
locked, and no writer waits for another; `gql/events/numbering.py` numbers what is committed. They
run as the owner of the tables, so that a role that may write calls need not be allowed to write
events, and row by row: see the migration `call_rollup` for what distributed tables do not allow.

On SQLite `gql/migrations/sqlite_events.py` makes the triggers, after every migration.
"""

import sqlalchemy as sa
from alembic import op

from gql.migrations.tables import create_tenant_table

revision = "0024_events"
down_revision = "0023_carrier_calls"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OWNER = "organization.id"
_TABLES = ("call", "assistant_graph", "graph_session", "graph_transition", "chat_message")


def upgrade() -> None:
    """Create the tables and PostgreSQL's triggers; a trigger waits for running writers."""
    create_tenant_table("event_new", *_what(), cascades=True)
    op.create_table(
        "event",
        _organization(),
        sa.Column("seq", _BIG, nullable=False, autoincrement=False),
        *_what(),
        sa.PrimaryKeyConstraint("organization_id", "seq"),
    )
    op.create_table(
        "event_head",
        _organization(),
        sa.Column("last", _BIG, nullable=False),
        sa.Column("pruned", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("organization_id"),
        postgresql_with={"fillfactor": 20},
    )
    if _is_postgresql():
        for statement in _postgresql():
            op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    if _is_postgresql():
        for table in _TABLES:
            op.execute(f"DROP TRIGGER {table}_event ON {table}")
            op.execute(f"DROP FUNCTION {table}_event()")
    for table in ("event_head", "event", "event_new"):
        op.drop_table(table)


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _organization() -> "sa.Column[object]":
    key = sa.ForeignKey(_OWNER, ondelete="CASCADE")
    return sa.Column("organization_id", _BIG, key, nullable=False, autoincrement=False)


def _what() -> list["sa.Column[object]"]:
    return [
        sa.Column("tag", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("object_id", _BIG, nullable=False),
        sa.Column("parent_id", _BIG, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    ]


def _postgresql() -> list[str]:
    schema = op.get_bind().scalar(sa.text("SELECT quote_ident(current_schema())"))
    call = "CASE written.channel WHEN 'sms' THEN 'sms_conversation' ELSE 'call' END"
    session = f"""
        (SELECT graph_id FROM {schema}.graph_session
        WHERE (organization_id, id) = (written.organization_id, written.graph_session_id))
    """  # noqa: S608 -- nothing of it comes from outside
    of_sms = f"""
        (SELECT channel FROM {schema}.call
        WHERE (organization_id, id) = (written.organization_id, written.call_id)) = 'sms'
    """  # noqa: S608 -- as above
    return [
        _function(schema, "call", _event(schema, f"{call} || change", "written.id", "NULL")),
        _function(
            schema, "assistant_graph", _event(schema, "'graph' || change", "written.id", "NULL")
        ),
        _function(
            schema,
            "graph_session",
            _event(schema, "'graph_session' || change", "written.id", "written.graph_id"),
        ),
        _function(
            schema,
            "graph_transition",
            _event(schema, "'graph_session_updated'", "written.graph_session_id", session),
        ),
        _function(
            schema,
            "chat_message",
            f"IF {of_sms} THEN"
            + _event(schema, "'sms_message' || change", "written.id", "written.call_id")
            + "END IF;",
        ),
        *(_trigger(table, "INSERT OR UPDATE OR DELETE") for table in _TABLES[:3]),
        _trigger("graph_transition", "INSERT"),
        _trigger("chat_message", "INSERT OR UPDATE"),
    ]


def _trigger(table: str, events: str) -> str:
    return f"""
        CREATE TRIGGER {table}_event AFTER {events} ON {table}
            FOR EACH ROW EXECUTE FUNCTION {table}_event()
    """


def _function(schema: str, table: str, body: str) -> str:
    """Rows are compared by their bytes, as JSON has no other equality."""
    return f"""
        CREATE FUNCTION {schema}.{table}_event() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE written record; change text;
        BEGIN
            IF TG_OP = 'DELETE' THEN
                written := OLD; change := '_deleted';
            ELSIF TG_OP = 'INSERT' THEN
                written := NEW; change := '_created';
            ELSIF OLD *= NEW THEN
                RETURN NULL;
            ELSE
                written := NEW; change := '_updated';
            END IF;
            {body}
            RETURN NULL;
        END $$
    """


def _event(schema: str, kind: str, object_id: str, parent_id: str) -> str:
    """The tag is random and no sequence, which repeats after a failover that lost something."""
    return f"""
        INSERT INTO {schema}.event_new (organization_id, tag, kind, object_id, parent_id, at)
        VALUES (written.organization_id, floor(random() * 2147483647)::integer, {kind},
            {object_id}, {parent_id}, clock_timestamp());
    """  # noqa: S608 -- nothing of it comes from outside
