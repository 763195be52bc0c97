"""Indexes by when it happened: messages, segments of speech and transitions are listed so.

The expression is that of `gql/models/index_orders.py`: an instant, a position and the source's id
as one text. No row is written for it.
"""

from alembic import op

from gql.migrations.online import table_changes

revision = "0021_chronology"
down_revision = "0020_mirrors"
branch_labels = None
depends_on = None

_POSTGRESQL = (
    "((lpad(trunc(least(greatest(extract(epoch FROM coalesce(occurred_at, {instant}) AT TIME ZONE"
    " 'UTC') + 62135596800, 0), 315537897599.999999) * 1000000)::text, 18, '0')"
    " || lpad(greatest({position}, 0)::text, 10, '0') || coalesce(external_id, '')) COLLATE \"C\")"
)
_SQLITE = (
    "(printf('%012d', strftime('%s', substr(coalesce(occurred_at, {instant}), 1, 19))"
    " + 62135596800) || substr(coalesce(occurred_at, {instant}), 21, 6)"
    " || printf('%010d', max({position}, 0)) || coalesce(external_id, ''))"
)
_TABLES = {
    "chat_message": ("call_id", "timestamp", "coalesce(position, message_index)"),
    "transcript": ("call_id", "created_at", "position"),
    "graph_transition": ("graph_session_id", "created_at", "position"),
}
"""By table: its parent, the instant of rows that have no other, and the position."""

_FORMER = {
    "ix_chat_message_call": "chat_message (call_id, message_index, id)",
    "ix_transcript_call": "transcript (call_id, id)",
    "ix_graph_transition_session": "graph_transition (graph_session_id, id)",
}


def upgrade() -> None:
    """Make them, and drop those by arrival, which they replace."""
    _replace(list(_FORMER), _chronological())


def downgrade() -> None:
    """Bring those by arrival back."""
    _replace(list(_chronological()), _FORMER)


def _chronological() -> dict[str, str]:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    expression = _SQLITE if is_sqlite else _POSTGRESQL
    return {
        f"ix_{table}_chronology": f"{table} ({parent}, "
        + expression.format(instant=instant, position=position)
        + ", id)"
        for table, (parent, instant, position) in _TABLES.items()
    }


def _replace(former: list[str], latter: dict[str, str]) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name, indexed in latter.items():
            op.execute(f"CREATE INDEX {name} ON {indexed}")
        for name in former:
            op.execute(f"DROP INDEX {name}")
        return
    with table_changes(op.get_bind(), list(_TABLES)) as changes:
        for name, indexed in latter.items():
            changes.create_index_on(name, indexed)
        for name in former:
            changes.drop_index(name)
