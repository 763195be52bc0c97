"""Trigram indexes for the filters that match a part of a text, where PostgreSQL offers them.

Without the extension the filters give the same answers from a scan of the organization's calls, so
its absence is a remark in the log, not an error. SQLite has nothing of the kind.
"""

import logging

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import ProgrammingError

revision = "0002_trigram_indexes"
down_revision = "0001_first_tables"
branch_labels = None
depends_on = None

_log = logging.getLogger("gql.migrations")

_INDEXES = {
    "ix_call_customer_phone_trigrams": "customer_phone_digits",
    "ix_call_call_sid_trigrams": "lower(call_sid)",
    "ix_call_assistant_name_trigrams": "lower(assistant_name)",
}
_AVAILABLE = sa.text("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
_SCHEMA = sa.text(
    "SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace"
    " WHERE extname = 'pg_trgm'"
)


def upgrade() -> None:
    """Create the extension and three indexes on `call`, if the server has the extension."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    if connection.scalar(_AVAILABLE) is None or not _extension_created(connection):
        _log.warning("no trigram indexes: this PostgreSQL does not offer pg_trgm")
        return
    # The extension may have been installed before, into a schema that is not searched.
    operators = f"{connection.scalar(_SCHEMA)}.gin_trgm_ops"
    for name, expression in _INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON call USING gin (({expression}) {operators})")


def downgrade() -> None:
    """Drop the indexes; the extension stays, since others may use it."""
    if op.get_bind().dialect.name == "postgresql":
        for name in _INDEXES:
            op.execute(f"DROP INDEX IF EXISTS {name}")


def _extension_created(connection: sa.Connection) -> bool:
    """Whether the extension is there now; a role may lack the right to create one."""
    try:
        with connection.begin_nested():
            connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    except ProgrammingError:
        return False
    return True
