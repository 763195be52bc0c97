"""The fewest indexes that answer every documented filter and order.

An order by duration or cost is read status by status (`gql/query/branches.py`), so that one index
serves all statuses together, each alone, and both directions.
"""

import sqlalchemy as sa
from alembic import op

from gql.migrations.online import table_changes

revision = "0011_fewer_indexes"
down_revision = "0010_call_records"
branch_labels = None
depends_on = None

_NEWEST = "started_at, id"
_CHANNEL = "organization_id, channel"
_VOICE = " WHERE channel = 'voice'"

_NEW = {
    "ix_call_assistant": (
        f"call ({_CHANNEL}, assistant_id, {_NEWEST}, status, duration, total_cost)"
    ),
    "ix_call_graph": f"call (organization_id, graph_id, {_NEWEST}) WHERE graph_id IS NOT NULL",
    "ix_call_activity": "call (organization_id, last_activity, id) WHERE channel = 'sms'",
    "ix_call_customer": f"call (organization_id, customer_phone_digits, {_NEWEST})",
    "ix_call_duration": f"call (organization_id, status, duration DESC{{last}}, id DESC){_VOICE}",
    "ix_call_cost": f"call (organization_id, status, total_cost DESC{{last}}, id DESC){_VOICE}",
    "ix_call_direction": f"call ({_CHANNEL}, direction, {_NEWEST})",
    "ix_graph_session_active": f"graph_session (organization_id, is_active, {_NEWEST})",
    "ix_graph_session_ended": "graph_session (organization_id, ended_at DESC{last}, id DESC)",
    "ix_graph_session_graph": f"graph_session (organization_id, graph_id, {_NEWEST})",
    "ix_graph_session_node": f"graph_session (organization_id, current_node_id, {_NEWEST})",
    "ix_audit_log_action": "audit_log (organization_id, action, id)",
    "ix_audit_log_object": "audit_log (organization_id, object_type, id)",
    "ix_audit_log_user": "audit_log (organization_id, user_id, id)",
    "ix_audit_log_key": "audit_log (organization_id, api_key_id, id)",
    "ix_audit_log_request": "audit_log (organization_id, request_id, id)",
    "ix_audit_log_created": "audit_log (organization_id, created_at, id)",
}
"""By name: what each is on. `{last}` is where PostgreSQL has to be told that NULL is the lowest."""

_OLD = {
    "ix_call_assistant": f"call ({_CHANNEL}, assistant_id, {_NEWEST})",
    "ix_call_assistant_status": f"call ({_CHANNEL}, assistant_id, status, {_NEWEST})",
    "ix_call_graph": f"call (graph_id, {_NEWEST})",
    "ix_call_activity": f"call ({_CHANNEL}, last_activity, id)",
    "ix_call_customer": f"call (organization_id, customer_phone_number, assistant_id, {_NEWEST})",
    "ix_call_customer_digits": f"call ({_CHANNEL}, customer_phone_digits, {_NEWEST})",
    "ix_call_duration": f"call ({_CHANNEL}, duration, id)",
    "ix_call_cost": f"call ({_CHANNEL}, total_cost, id)",
    "ix_call_record_newest": f"call (organization_id, {_NEWEST})",
    "ix_call_record_customer": f"call (organization_id, customer_phone_digits, {_NEWEST})",
    "ix_graph_session_graph": f"graph_session (graph_id, {_NEWEST})",
    "ix_graph_session_node": "graph_session (current_node_id)",
}
_OLD_ON_POSTGRESQL = {
    "ix_call_duration_desc": f"call ({_CHANNEL}, duration DESC NULLS LAST, id DESC)",
    "ix_call_cost_desc": f"call ({_CHANNEL}, total_cost DESC NULLS LAST, id DESC)",
}

_TABLES = ("call", "graph_session", "audit_log")

_TRIGRAMS = sa.text(
    "SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace"
    " WHERE extname = 'pg_trgm'"
)
_SESSION_TRIGRAMS = "ix_graph_session_call_sid_trigrams"


def upgrade() -> None:
    """Replace them."""
    trigrams = {}
    if op.get_bind().dialect.name == "postgresql":
        # The extension is there where an earlier migration could create it.
        schema = op.get_bind().scalar(_TRIGRAMS)
        if schema is not None:
            indexed = f"graph_session USING gin ((lower(call_sid)) {schema}.gin_trgm_ops)"
            trigrams[_SESSION_TRIGRAMS] = indexed
    _replace(_old(), {**_NEW, **trigrams})


def downgrade() -> None:
    """Bring the former ones back."""
    _replace({_SESSION_TRIGRAMS: "", **_NEW}, _old())


def _old() -> dict[str, str]:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    return {**_OLD, **_OLD_ON_POSTGRESQL} if on_postgresql else _OLD


def _replace(former: dict[str, str], latter: dict[str, str]) -> None:
    """Drop some indexes and create others, some of which have the names of dropped ones.

    On PostgreSQL the latter are made first, so that no request is without one in between.
    """
    if op.get_bind().dialect.name == "sqlite":
        for name in former:
            op.execute(f"DROP INDEX IF EXISTS {name}")
        for name, indexed in latter.items():
            op.execute(f"CREATE INDEX {name} ON {indexed.format(last='')}")
        return
    with table_changes(op.get_bind(), _TABLES) as changes:
        for name in former.keys() & latter.keys():
            changes.set_index_aside(name, f"{name}_former")
        for name, indexed in latter.items():
            changes.create_index_on(name, indexed.format(last=" NULLS LAST"))
        for name in former:
            changes.drop_index(f"{name}_former" if name in latter else name)
