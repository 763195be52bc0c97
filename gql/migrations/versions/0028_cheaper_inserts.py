"""Less work for each call that is inserted, as by an import.

- One index on `external_id` serves lists and the key of items: no two calls of one source have one
  id, and calls of several sources with one id are a few rows to sort.
- A call that comes with what a trigger would derive is not given to it: the comparison costs less.
- On PostgreSQL the events of new calls are made once per statement; in a loop, as in 0013.
- On SQLite a sum over calls is looked up once and not twice: a row is only made where the UPDATE
  has found none. `changes()` counts within the trigger
  (https://www.sqlite.org/c3ref/changes.html).
"""

# ruff: noqa: SLF001 -- a revision stays as it is, so that its parts may be taken
from collections.abc import Iterable
from importlib import import_module
from typing import Any

import sqlalchemy as sa
from alembic import op

from gql.migrations.online import table_changes

revision = "0028_cheaper_inserts"
down_revision = "0027_change_stamps"
branch_labels = None
depends_on = None

_KEY = "uq_call_external_id"
_BY_ID = "call (organization_id, external_id, source) WHERE external_id IS NOT NULL"
_BY_SOURCE = "call (organization_id, source, external_id) WHERE external_id IS NOT NULL"
_LIST = "ix_call_external_id"
_LISTED = "call (organization_id, external_id, started_at, id) WHERE external_id IS NOT NULL"


def upgrade() -> None:
    """Replace the indexes and the triggers."""
    if not _is_postgresql():
        op.execute(f"DROP INDEX {_KEY}")
        op.execute(f"DROP INDEX {_LIST}")
        op.execute(f"CREATE UNIQUE INDEX {_KEY} ON {_BY_ID}")
        _replace_triggers_of_sqlite(_rollup_triggers(), f" WHEN {_DIFFERS_IN_SQLITE}")
        return
    schema = op.get_bind().scalar(sa.text("SELECT quote_ident(current_schema())"))
    with table_changes(op.get_bind(), ["call"]) as changes:
        changes.set_index_aside(_KEY, f"{_KEY}_former")
        changes.create_index_on(_KEY, _BY_ID, unique=True)
        changes.drop_index(f"{_KEY}_former")
        changes.drop_index(_LIST)
        changes.change(
            _insert_events(schema),
            *_triggers("UPDATE OR DELETE", f"WHEN ({_DIFFERS})"),
            "DROP TRIGGER IF EXISTS call_event_insert ON call",
            """
            CREATE TRIGGER call_event_insert AFTER INSERT ON call REFERENCING NEW TABLE AS changed
                FOR EACH STATEMENT EXECUTE FUNCTION call_event_insert()
            """,
        )


def downgrade() -> None:
    """Bring the former ones back."""
    if not _is_postgresql():
        op.execute(f"DROP INDEX {_KEY}")
        op.execute(f"CREATE UNIQUE INDEX {_KEY} ON {_BY_SOURCE}")
        op.execute(f"CREATE INDEX {_LIST} ON {_LISTED}")
        _replace_triggers_of_sqlite(_ROLLUP._sqlite(), "")
        return
    with table_changes(op.get_bind(), ["call"]) as changes:
        changes.set_index_aside(_KEY, f"{_KEY}_former")
        changes.create_index_on(_KEY, _BY_SOURCE, unique=True)
        changes.drop_index(f"{_KEY}_former")
        changes.create_index_on(_LIST, _LISTED)
        changes.change(
            "DROP TRIGGER IF EXISTS call_event_insert ON call",
            *_triggers("INSERT OR UPDATE OR DELETE", ""),
        )
    op.execute("DROP FUNCTION call_event_insert()")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


# -- PostgreSQL ------------------------------------------------------------------------------------

_DIFFERS = """
    NEW.message_count IS DISTINCT FROM 0 OR NEW.last_activity IS DISTINCT FROM NEW.started_at
    OR NEW.is_archived IS DISTINCT FROM
        coalesce((NEW.call_meta -> 'sms_deleted')::text = 'true', false)
    OR NEW.customer_phone_digits IS DISTINCT FROM
        CASE WHEN NEW.customer_phone_number ~ '^[+]?[0-9]*$'
        THEN ltrim(NEW.customer_phone_number, '+') END
"""
"""Whether a new call may differ from what the trigger derives; any unusual number may."""


def _triggers(events: str, when: str) -> tuple[str, ...]:
    return (
        "DROP TRIGGER IF EXISTS call_event ON call",
        f"""
        CREATE TRIGGER call_event AFTER {events} ON call
            FOR EACH ROW EXECUTE FUNCTION call_event()
        """,
        "DROP TRIGGER IF EXISTS call_derived_insert ON call",
        f"""
        CREATE TRIGGER call_derived_insert BEFORE INSERT ON call
            FOR EACH ROW {when} EXECUTE FUNCTION call_derived_insert()
        """,
    )


def _insert_events(schema: str) -> str:
    """As `call_event` of 0024, whose branch for INSERT is not used any more."""
    return f"""
        CREATE OR REPLACE FUNCTION {schema}.call_event_insert() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE written record;
        BEGIN
            FOR written IN SELECT organization_id, channel, id FROM changed LOOP
                INSERT INTO {schema}.event_new
                    (organization_id, tag, kind, object_id, parent_id, at)
                VALUES (written.organization_id, floor(random() * 2147483647)::integer,
                    CASE written.channel WHEN 'sms' THEN 'sms_conversation' ELSE 'call' END
                    || '_created', written.id, NULL, clock_timestamp());
            END LOOP;
            RETURN NULL;
        END $$
    """  # noqa: S608 -- nothing of it comes from outside


# -- SQLite ----------------------------------------------------------------------------------------

_ROLLUP: Any = import_module("gql.migrations.versions.0013_call_rollup")
"""The revision that made the sums: it stays as it is."""

_DERIVING = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'call_derived_insert'"
_DIFFERS_IN_SQLITE = """
    (NEW.message_count, NEW.last_activity, NEW.is_archived, NEW.customer_phone_digits) IS NOT (
        0, NEW.started_at, coalesce(json_type(NEW.call_meta, '$.sms_deleted') = 'true', 0),
        CASE WHEN ltrim(NEW.customer_phone_number, '+') NOT GLOB '*[^0-9]*'
        THEN ltrim(NEW.customer_phone_number, '+') END)
"""


def _replace_triggers_of_sqlite(rollup: Iterable[str], when: str) -> None:
    """Make the triggers of sums anew, and the one that derives, under a condition."""
    derive = op.get_bind().exec_driver_sql(_DERIVING).scalar_one()
    head, _, body = derive.partition(" BEGIN")
    head = head.partition(" WHEN")[0]
    for statement in (
        *(f"DROP TRIGGER call_rollup_{event}" for event in ("insert", "delete", "update")),
        *rollup,
        "DROP TRIGGER call_derived_insert",
        f"{head}{when} BEGIN{body}",
    ):
        op.execute(statement)


def _rollup_triggers() -> list[str]:
    """As those of 0013, but for `_change_one`."""
    columns = ", ".join(_ROLLUP._COUNTED)
    changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in _ROLLUP._COUNTED)
    minus, plus = _change("OLD", "-"), _change("NEW", "+")
    return [
        f"CREATE TRIGGER call_rollup_insert AFTER INSERT ON call BEGIN {plus} END",
        f"CREATE TRIGGER call_rollup_delete AFTER DELETE ON call BEGIN {minus} END",
        f"""
        CREATE TRIGGER call_rollup_update AFTER UPDATE OF {columns} ON call WHEN {changed}
        BEGIN {minus} {plus} END
        """,
    ]


def _change(row: str, sign: str) -> str:
    """Change the row of each grain by one call, or make the first.

    No upsert: how a conflict is resolved is up to the statement that fired the trigger.
    """
    day, month = _ROLLUP._DAY_SQLITE.format(row=row), _ROLLUP._MONTH_SQLITE.format(row=row)
    assistant = f"coalesce({row}.assistant_id, {_ROLLUP._NO_ASSISTANT})"
    grains = {0: (day, "0"), 1: (month, "0"), 2: (day, assistant), 3: (month, assistant)}
    return " ".join(
        _change_one(row, sign, grain, period, assistant_id)
        for grain, (period, assistant_id) in grains.items()
    )


def _change_one(row: str, sign: str, grain: int, period: str, assistant_id: str) -> str:
    key = (
        f"{row}.organization_id, {row}.channel, {grain}, {period}, {assistant_id},"
        f" {row}.status, {row}.direction, {row}.is_archived, coalesce({row}.cost_currency, ''),"
        f" {row}.total_cost IS NOT NULL"
    )
    sums = {
        "calls": "1",
        "timed": f"({row}.duration IS NOT NULL)",
        "duration": f"coalesce({row}.duration, 0)",
        "total_cost": f"coalesce({row}.total_cost, 0)",
    }
    for service in _ROLLUP._SERVICES:
        sums[f"{service}_costed"] = f"({row}.{service}_cost IS NOT NULL)"
        sums[f"{service}_cost"] = f"coalesce({row}.{service}_cost, 0)"
    changes = ", ".join(f"{name} = {name} {sign} {value}" for name, value in sums.items())
    first = ", ".join(f"0 {sign} {value}" for value in sums.values())
    columns = ", ".join((*_ROLLUP._KEY, *sums))
    return f"""
        UPDATE call_rollup SET {changes} WHERE ({", ".join(_ROLLUP._KEY)}) = ({key});
        INSERT INTO call_rollup ({columns}) SELECT {key}, {first} WHERE changes() = 0;
    """  # noqa: S608 -- nothing of it comes from outside
