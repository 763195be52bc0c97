"""Change stamps: whether anything of a family of tables changed, in one tiny read.

Legacy pipelines write to these tables as well, so triggers set the stamps, in the transaction of
whoever writes: once per transaction, organization and family. What a stamp is for is said in
`gql/models/change_stamp.py`.

On PostgreSQL they are triggers of statements. Nobody waits for anybody: a transaction takes a row
that no other one holds, and adds one where all are held. Rows that are free are merged now and
then; the one that stays has a new stamp by then, or the rows of a former version would be back. As
in 0013 the function loops, and runs as the owner of the tables.

On SQLite `gql/migrations/sqlite_stamps.py` makes the triggers, after every migration.
"""

import sqlalchemy as sa
from alembic import op

from gql.migrations.online import table_changes

revision = "0027_change_stamps"
down_revision = "0026_full_text"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FAMILIES = {
    "assistants": ("assistant",),
    "calls": (
        *("call", "chat_message", "cost_entry", "recording"),
        *("sms_audit_log", "sms_message_log", "transcript"),
    ),
    "graph_sessions": ("graph_session", "graph_transition"),
    "graphs": ("assistant_graph", "graph_edge", "graph_node", "graph_version"),
}
_RANDOM = "hashtextextended(gen_random_uuid()::text, 0)"


def upgrade() -> None:
    """Make the table and PostgreSQL's triggers, those of each table at once.

    What was written before has a stamp too: no stamp means that there never was anything.
    """
    key = sa.ForeignKey("organization.id", ondelete="CASCADE")
    op.create_table(
        "change_stamp",
        sa.Column("organization_id", _BIG, key, nullable=False, autoincrement=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("slot", _BIG, nullable=False),
        sa.Column("stamp", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "family", "slot"),
        postgresql_with={
            "fillfactor": 25,
            "autovacuum_vacuum_scale_factor": 0,
            "autovacuum_vacuum_threshold": 1000,
        },
        if_not_exists=True,
    )
    random = "random()"
    if _is_postgresql():
        random = _RANDOM
        op.execute(_function(_schema()))
        tables = {table: family for family, tables in _FAMILIES.items() for table in tables}
        with table_changes(op.get_bind(), list(tables)) as changes:
            for table, family in tables.items():
                changes.change(*_drop_triggers(table), *_triggers(table, family))
    for family in _FAMILIES:
        # SQLite takes ON for that of a join where there is no WHERE.
        stamps = f"SELECT id, '{family}', 0, {random} FROM organization WHERE true"  # noqa: S608 -- ours
        op.execute(
            "INSERT INTO change_stamp (organization_id, family, slot, stamp)"
            f" {stamps} ON CONFLICT DO NOTHING"
        )


def downgrade() -> None:
    """Drop them."""
    if _is_postgresql():
        for table in (table for tables in _FAMILIES.values() for table in tables):
            for statement in _drop_triggers(table):
                op.execute(statement)
        op.execute("DROP FUNCTION set_change_stamp()")
    op.drop_table("change_stamp")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _schema() -> str:
    schema: str = op.get_bind().scalar(sa.text("SELECT quote_ident(current_schema())"))
    return schema


def _drop_triggers(table: str) -> list[str]:
    events = ("insert", "update", "delete", "truncate", "move")
    return [f"DROP TRIGGER IF EXISTS {table}_stamp_{event} ON {table}" for event in events]


def _triggers(table: str, family: str) -> list[str]:
    """A row that changes hands changes for both; no statement of usual writers sets its owner."""
    run = f"EXECUTE FUNCTION set_change_stamp('{family}')"
    rows = {
        "insert": "INSERT ON {table} REFERENCING NEW TABLE AS written FOR EACH STATEMENT",
        "update": "UPDATE ON {table} REFERENCING NEW TABLE AS written FOR EACH STATEMENT",
        "delete": "DELETE ON {table} REFERENCING OLD TABLE AS written FOR EACH STATEMENT",
        "truncate": "TRUNCATE ON {table} FOR EACH STATEMENT",
        "move": (
            "UPDATE OF organization_id ON {table} FOR EACH ROW"
            " WHEN ((OLD.organization_id, OLD.id) IS DISTINCT FROM (NEW.organization_id, NEW.id))"
        ),
    }
    return [
        f"CREATE TRIGGER {table}_stamp_{event} AFTER {of.format(table=table)} {run}"
        for event, of in rows.items()
    ]


def _function(schema: str) -> str:
    """Stamp the family for the organizations of what was written, unless this transaction has.

    The setting holds what it has stamped, behind its id; a rollback to a savepoint takes that back
    together with the stamp. In a transaction that sees one snapshot, a row that others changed
    since cannot be locked, and a row is added; one that is serializable looks at no row at all, as
    others of its kind would fail for that.
    """
    free = f"""
        SELECT slot INTO free FROM {schema}.change_stamp
            WHERE (organization_id, family) = (owner, TG_ARGV[0])
            ORDER BY slot LIMIT 1 FOR UPDATE SKIP LOCKED;
    """  # noqa: S608 -- nothing of it comes from outside
    return f"""
        CREATE OR REPLACE FUNCTION {schema}.set_change_stamp() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            owners bigint[];
            owner bigint;
            writer text;
            stamped text;
            level text;
            free bigint;
            idle bigint;
            fresh bigint;
        BEGIN
            IF TG_LEVEL = 'ROW' THEN
                owners := ARRAY[OLD.organization_id];
            ELSIF TG_OP = 'TRUNCATE' THEN
                SELECT array_agg(id) INTO owners FROM {schema}.organization;
            ELSE
                SELECT array_agg(organization_id) INTO owners
                    FROM (SELECT DISTINCT organization_id FROM written) AS every;
            END IF;
            IF owners IS NULL THEN
                RETURN NULL;
            END IF;
            writer := pg_current_xact_id()::text || ' ';
            FOREACH owner IN ARRAY owners LOOP
                stamped := coalesce(current_setting('jackfield.stamped', true), '');
                IF NOT starts_with(stamped, writer) THEN
                    stamped := writer;
                END IF;
                CONTINUE WHEN position(' ' || owner || TG_ARGV[0] || ' ' IN stamped) > 0;
                free := NULL;
                level := current_setting('transaction_isolation');
                IF level LIKE 'read %' THEN
                    {free}
                ELSIF level = 'repeatable read' THEN
                    BEGIN
                        {free}
                    EXCEPTION WHEN serialization_failure THEN
                        free := NULL;
                    END;
                END IF;
                IF random() < 0.01 THEN
                    BEGIN
                        FOR idle IN SELECT slot FROM {schema}.change_stamp
                            WHERE (organization_id, family) = (owner, TG_ARGV[0])
                            AND slot IS DISTINCT FROM free FOR UPDATE SKIP LOCKED
                        LOOP
                            DELETE FROM {schema}.change_stamp
                                WHERE (organization_id, family, slot) = (owner, TG_ARGV[0], idle);
                        END LOOP;
                    EXCEPTION WHEN serialization_failure THEN
                        NULL;
                    END;
                END IF;
                -- Not in the UPDATE: a distributed table takes no volatile function there.
                fresh := {_RANDOM};
                IF free IS NULL THEN
                    INSERT INTO {schema}.change_stamp (organization_id, family, slot, stamp)
                        VALUES (owner, TG_ARGV[0], {_RANDOM}, fresh);
                ELSE
                    UPDATE {schema}.change_stamp SET stamp = fresh
                        WHERE (organization_id, family, slot) = (owner, TG_ARGV[0], free);
                END IF;
                PERFORM set_config(
                    'jackfield.stamped', stamped || ' ' || owner || TG_ARGV[0] || ' ', true
                );
            END LOOP;
            RETURN NULL;
        END $$
    """  # noqa: S608 -- nothing of it comes from outside
