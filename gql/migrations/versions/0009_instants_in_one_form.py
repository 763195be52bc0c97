"""Instants on SQLite in the one form that is read, where other programs wrote another one."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from gql.migrations.sqlite_forms import INSTANT, columns_by_type

revision = "0009_instants_in_one_form"
down_revision = "0008_ended_logins"
branch_labels = None
depends_on = None

_MOST_SHOWN = 10


def upgrade() -> None:
    """Rewrite them; one that cannot be read stops the migration, which then has changed nothing."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    unreadable: list[str] = []
    for table in sa.inspect(connection).get_table_names():
        for column, kind in columns_by_type(connection, table).items():
            if kind == "DATETIME":
                unreadable += _rewrite(connection, table, column)
    if unreadable:
        shown = "\n".join(unreadable[:_MOST_SHOWN])
        raise ValueError(
            f"{len(unreadable)} instants cannot be read. Write them in UTC, like"
            f" 2025-01-19 10:00:00.000000, and migrate again:\n{shown}"
        )


def downgrade() -> None:
    """Nothing: the form was right before, too."""


def _rewrite(connection: sa.Connection, table: str, column: str) -> list[str]:
    """Give the instants of a column their form; says which ones cannot be read."""
    is_right = INSTANT.format(f'"{column}"')
    foreign = f'"{column}" IS NOT NULL AND NOT {is_right}'
    rows = connection.exec_driver_sql(
        f'SELECT rowid, "{column}" FROM "{table}" WHERE {foreign}'  # noqa: S608 -- names of ours
    ).all()
    unreadable, values = [], []
    for row_id, value in rows:
        instant = _read(value)
        if instant is None:
            unreadable.append(f"{table} {row_id}: {column} is {value!r:.60}")
        else:
            naive = instant.replace(tzinfo=None)
            values.append((naive.isoformat(" ", "microseconds"), row_id))
    if values:
        update = f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?'  # noqa: S608 -- as above
        connection.exec_driver_sql(update, values)
    return unreadable


def _read(value: Any) -> datetime | None:
    """An instant in any form of ISO 8601; UTC where it names no zone, as it was read so far."""
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value.strip())
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
