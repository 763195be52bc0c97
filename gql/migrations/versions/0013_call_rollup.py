"""Sums over calls by day and month, of all and of each assistant, kept exact by triggers on `call`.

Legacy pipelines write to `call` as well, so the database itself has to keep them, in the
transaction of whoever writes.

On PostgreSQL a trigger appends one row per key to `call_rollup_change`, and nobody waits for
anybody; `gql/database/call_rollup.py` folds those rows into `call_rollup`. A trigger loops over its
sums and inserts them one by one: where PostgreSQL is distributed, a statement may not both read the
rows that a trigger is handed and write to another table ("could not find named tuplestore"). The
functions run as the owner of the tables, so that a role that may write calls need not be allowed to
write sums.

On SQLite, which has one writer at a time, triggers change `call_rollup` themselves.

Calls that are there already are added up after this revision, not by it: with writers at work, a
month of an organization at a time (`gql/migrations/runner.py`).
"""

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

revision = "0013_call_rollup"
down_revision = "0012_keys_with_organization"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SERVICES = ("llm", "tts", "stt", "telephony")
_KINDS = ("status", "direction", "is_archived", "currency", "has_total")
_CHANGE_KEY = ("organization_id", "channel", "assistant_id", "day", *_KINDS)
_KEY = ("organization_id", "channel", "grain", "period", "assistant_id", *_KINDS)
_SUMS = (
    *("calls", "timed", "duration", "total_cost"),
    *(f"{service}_{name}" for service in _SERVICES for name in ("costed", "cost")),
)
_COUNTED = (
    *("organization_id", "channel", "assistant_id", "started_at", "status", "direction"),
    *("is_archived", "cost_currency", "duration", "total_cost"),
    *(f"{service}_cost" for service in _SERVICES),
)
"""The columns of `call` that are told apart or added up."""

_NO_ASSISTANT = "-9223372036854775807"


def upgrade() -> None:
    """Create the tables and the triggers."""
    op.create_table(
        "call_rollup",
        _organization(),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("grain", sa.SmallInteger(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("assistant_id", _BIG, nullable=False),
        *_kinds_and_sums(),
        sa.PrimaryKeyConstraint(*_KEY),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index(
        "ix_call_rollup_assistant",
        "call_rollup",
        ["organization_id", "channel", "grain", "assistant_id", "period"],
    )
    op.create_table(
        "call_rollup_change",
        _organization(),
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("assistant_id", _BIG, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        *_kinds_and_sums(),
        sa.PrimaryKeyConstraint(*(("organization_id",) if _is_postgresql() else ()), "id"),
        sqlite_autoincrement=True,
    )
    # A trigger waits for running writers when it is made; from then on every write is added up.
    for statement in _postgresql() if _is_postgresql() else _sqlite():
        op.execute(statement)


def downgrade() -> None:
    """Drop the triggers and the tables."""
    if _is_postgresql():
        for event in ("insert", "delete", "update", "truncate"):
            op.execute(f"DROP TRIGGER call_rollup_{event} ON call")
            op.execute(f"DROP FUNCTION call_rollup_{event}()")
    else:
        for event in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER call_rollup_{event}")
    op.drop_table("call_rollup_change")
    op.drop_table("call_rollup")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _organization() -> "sa.Column[object]":
    key = sa.ForeignKey("organization.id", ondelete="CASCADE")
    return sa.Column("organization_id", _BIG, key, nullable=False)


def _kinds_and_sums() -> Iterable["sa.Column[object]"]:
    """A sum of amounts may need more than 64 bits."""
    for name in _KINDS:
        kind = sa.Boolean() if name in {"is_archived", "has_total"} else sa.String()
        yield sa.Column(name, kind, nullable=False)
    for name in _SUMS:
        amount = name.endswith("_cost")
        yield sa.Column(name, sa.Numeric() if amount else _BIG, nullable=False)


# -- PostgreSQL ------------------------------------------------------------------------------------

_DAY_POSTGRESQL = """
    ((LEAST(GREATEST(started_at, '0001-01-01 00:00:00Z'::timestamptz),
    '9999-12-31 00:00:00Z'::timestamptz) AT TIME ZONE 'UTC')::date - DATE '0001-01-01')
"""


def _postgresql() -> list[str]:
    schema = op.get_bind().scalar(sa.text("SELECT quote_ident(current_schema())"))
    changed = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in _COUNTED)
    both = "(SELECT OLD.*, -1 AS sign UNION ALL SELECT NEW.*, 1) AS changed"
    differs = f"WHERE ({', '.join(_SUMS)}) IS DISTINCT FROM ({', '.join('0' for _ in _SUMS)})"
    return [
        _function(schema, "insert", _append(schema, _added_up("1", "changed"))),
        _function(schema, "delete", _append(schema, _added_up("-1", "changed"))),
        # Where the key stays, both calls are in one group, and a difference of nothing is no row.
        _function(
            schema,
            "update",
            _append(schema, f"SELECT * FROM ({_added_up('sign', both)}) AS sums {differs}"),  # noqa: S608
        ),
        # Not TRUNCATE: these tables may be truncated by the one statement that is running.
        _function(
            schema,
            "truncate",
            f"""
            LOCK TABLE {schema}.call_rollup, {schema}.call_rollup_change
                IN SHARE ROW EXCLUSIVE MODE;
            DELETE FROM {schema}.call_rollup_change;
            DELETE FROM {schema}.call_rollup;
            """,  # noqa: S608 -- nothing of it comes from outside
        ),
        """
        CREATE TRIGGER call_rollup_insert AFTER INSERT ON call
            REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION call_rollup_insert()
        """,
        """
        CREATE TRIGGER call_rollup_delete AFTER DELETE ON call
            REFERENCING OLD TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION call_rollup_delete()
        """,
        f"""
        CREATE TRIGGER call_rollup_update AFTER UPDATE ON call
            FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION call_rollup_update()
        """,
        """
        CREATE TRIGGER call_rollup_truncate AFTER TRUNCATE ON call
            FOR EACH STATEMENT EXECUTE FUNCTION call_rollup_truncate()
        """,
    ]


def _function(schema: str, event: str, body: str) -> str:
    return f"""
        CREATE FUNCTION {schema}.call_rollup_{event}() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE sums record;
        BEGIN
            {body}
            RETURN NULL;
        END $$
    """


def _append(schema: str, rows: str) -> str:
    """One row of changes for each of some rows."""
    columns = (*_CHANGE_KEY, *_SUMS)
    values = ", ".join(f"sums.{name}" for name in columns)
    return f"""
        FOR sums IN {rows} LOOP
            INSERT INTO {schema}.call_rollup_change ({", ".join(columns)}) VALUES ({values});
        END LOOP;
    """  # noqa: S608 -- nothing of it comes from outside


def _added_up(sign: str, calls: str) -> str:
    """One row per key of some calls, each counted `sign` times."""
    sums = [
        f"sum({sign})::bigint AS calls",
        f"coalesce(sum({sign}) FILTER (WHERE duration IS NOT NULL), 0)::bigint AS timed",
        f"coalesce(sum({sign} * duration::bigint), 0)::bigint AS duration",
        f"coalesce(sum({sign} * total_cost::numeric), 0) AS total_cost",
    ]
    for service in _SERVICES:
        costed = f"sum({sign}) FILTER (WHERE {service}_cost IS NOT NULL)"
        sums += [
            f"coalesce({costed}, 0)::bigint AS {service}_costed",
            f"coalesce(sum({sign} * {service}_cost::numeric), 0) AS {service}_cost",
        ]
    return f"""
        SELECT organization_id, channel, coalesce(assistant_id, {_NO_ASSISTANT}) AS assistant_id,
            {_DAY_POSTGRESQL} AS day, status, direction, is_archived,
            coalesce(cost_currency, '') AS currency, total_cost IS NOT NULL AS has_total,
            {", ".join(sums)}
        FROM {calls} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    """  # noqa: S608 -- nothing of it comes from outside


# -- SQLite ----------------------------------------------------------------------------------------

_DAY_SQLITE = "CAST(julianday(substr({row}.started_at, 1, 10)) - 1721425.5 AS INTEGER)"
_MONTH_SQLITE = (
    "(12 * CAST(substr({row}.started_at, 1, 4) AS INTEGER)"
    " + CAST(substr({row}.started_at, 6, 2) AS INTEGER) - 1)"
)


def _sqlite() -> list[str]:
    """Row by row; there is one writer at a time, so that each key has one row."""
    columns = ", ".join(_COUNTED)
    changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in _COUNTED)
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
    """Change the row of each grain by one call; there is one with zeros before the first.

    No upsert: how a conflict is resolved is up to the statement that fired the trigger.
    """
    day, month = _DAY_SQLITE.format(row=row), _MONTH_SQLITE.format(row=row)
    assistant = f"coalesce({row}.assistant_id, {_NO_ASSISTANT})"
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
    is_there = f"({', '.join(_KEY)}) = ({key})"
    zeros = ", ".join("0" for _ in _SUMS)
    sums = {
        "calls": "1",
        "timed": f"({row}.duration IS NOT NULL)",
        "duration": f"coalesce({row}.duration, 0)",
        "total_cost": f"coalesce({row}.total_cost, 0)",
    }
    for service in _SERVICES:
        sums[f"{service}_costed"] = f"({row}.{service}_cost IS NOT NULL)"
        sums[f"{service}_cost"] = f"coalesce({row}.{service}_cost, 0)"
    changes = ", ".join(f"{name} = {name} {sign} {value}" for name, value in sums.items())
    return f"""
        INSERT INTO call_rollup ({", ".join((*_KEY, *_SUMS))}) SELECT {key}, {zeros}
            WHERE NOT EXISTS (SELECT 1 FROM call_rollup WHERE {is_there});
        UPDATE call_rollup SET {changes} WHERE {is_there};
    """  # noqa: S608 -- nothing of it comes from outside
