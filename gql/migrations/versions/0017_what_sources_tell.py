"""Columns and tables for what voice platforms tell about a call.

Rows that are there already stay as they are. Columns that a writer may leave out get a default of
the database, so that plain SQL need not name them. On PostgreSQL no table is rewritten: a column
that may be null, or has a constant default, is an entry in the catalog. SQLite makes its tables
anew, since it cannot change a check.
"""

import re
from collections.abc import Iterator
from functools import partial

import sqlalchemy as sa
from alembic import op

from gql.migrations import MigrationRefused
from gql.migrations.online import Changes, table_changes
from gql.migrations.progress import RevisionStep, take
from gql.migrations.rebuild import rebuild
from gql.migrations.tables import create_tenant_table, reference_constraint

revision = "0017_what_sources_tell"
down_revision = "0016_webhooks"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_NOW = "(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')"
"""SQLite's clock has milliseconds."""

_OF_SOURCE = {"source": "VARCHAR", "external_id": "VARCHAR", "occurred_at": "{instant}"}
_IN_ORDER = {"position": "INTEGER DEFAULT 0 NOT NULL", "stamp": "VARCHAR"}

_COLUMNS = {
    "call": {
        "source": "VARCHAR DEFAULT 'manual' NOT NULL",
        **dict.fromkeys(("external_id", "carrier_call_id"), "VARCHAR"),
        "source_ids": "JSON",
        **dict.fromkeys(("customer_address", "external_assistant_id"), "VARCHAR"),
        **dict.fromkeys(("external_graph_id", "ended_reason"), "VARCHAR"),
        **dict.fromkeys(("ended_reason_kind", "ended_message"), "VARCHAR"),
        "answered_at": "{instant}",
        "duration_ms": "{big}",
        "summary": "VARCHAR",
        "analysis": "JSON",
        **dict.fromkeys(("success", "sentiment"), "VARCHAR"),
        "latency": "JSON",
        **dict.fromkeys(("received_at", "occurred_at"), "{instant}"),
        "unattributed_cost": "BIGINT",
        "merge_state": "JSON",
    },
    "chat_message": {
        **_OF_SOURCE,
        "position": "INTEGER",
        **dict.fromkeys(("stamp", "name", "tool_call_id"), "VARCHAR"),
        "tool_calls": "JSON",
        "interrupted": "BOOLEAN DEFAULT {false} NOT NULL",
        "node_key": "VARCHAR",
        "media": "JSON",
        **dict.fromkeys(("delivery_status", "error_code"), "VARCHAR"),
        "segments": "INTEGER",
    },
    "transcript": {**_OF_SOURCE, **_IN_ORDER, "speaker_label": "VARCHAR"},
    "graph_session": {**_OF_SOURCE, "merge_state": "JSON"},
    "graph_transition": {
        **_OF_SOURCE,
        **_IN_ORDER,
        **dict.fromkeys(("from_node_key", "to_node_key"), "VARCHAR"),
        **dict.fromkeys(("from_node_name", "to_node_name"), "VARCHAR"),
    },
    "graph_node": {'"key"': "VARCHAR"},
    "sms_message_log": {
        "media_urls": "JSON",
        "segment_count": "INTEGER",
        **dict.fromkeys(("provider_status", "error_code", "error_message"), "VARCHAR"),
        **dict.fromkeys(("updated_at", "occurred_at"), "{instant}"),
        "stamp": "VARCHAR",
    },
}
"""By table: the new columns, as CREATE TABLE has them."""

_DEFAULTS = {
    "call": {
        "channel": "'voice'",
        "direction": "'inbound'",
        **dict.fromkeys(("to_phone_number", "customer_phone_number"), "''"),
        "customer_phone_digits": "''",
        "started_at": "{now}",
        "last_activity": "{now}",
        "message_count": "0",
        "call_meta": "'{{}}'",
        "is_archived": "{false}",
    },
    "chat_message": {"message_index": "0", "timestamp": "{now}"},
    "transcript": {"is_final": "{true}", "created_at": "{now}"},
    "graph_session": {
        "conversation_context": "'{{}}'",
        "is_active": "{true}",
        "started_at": "{now}",
    },
    "graph_transition": {"created_at": "{now}"},
    "sms_message_log": {"created_at": "{now}"},
}
"""By table: what columns that were there before get now where a writer says nothing."""


def _one_of(column: str, *words: str) -> str:
    return f"{column} IN ({', '.join(map(repr, words))})"


_CONDITION = ("condition_type", "intent", "natural_language", "mathematical", "state_variable")
_WIDENED = {
    "chat_message": ("ck_chat_message_role", ("role", "system", "user", "assistant"), "tool"),
    "transcript": ("ck_transcript_speaker", ("speaker", "user", "assistant"), "other"),
    "graph_transition": ("ck_graph_transition_condition", _CONDITION, "other"),
}
"""By table: a check, its column and words, and the new word."""

_REASONS = (
    *("customer_hangup", "assistant_hangup", "completed", "transferred", "transfer_failed"),
    *("voicemail", "ivr", "no_answer", "busy", "rejected", "blocked", "invalid_number"),
    *("canceled", "silence", "max_duration", "account_limit", "configuration_error"),
    *("telephony_error", "llm_error", "tts_error", "stt_error", "platform_error", "unknown"),
)
_CHECKS = {
    "call": {
        "ck_call_ended_reason_kind": _one_of("ended_reason_kind", *_REASONS),
        "ck_call_success": _one_of("success", "success", "failure", "unknown"),
    },
}
_SERVICES = _one_of("service", "llm", "tts", "stt", "telephony", "other")
_KINDS = _one_of("kind", "full", "customer", "assistant", "video", "pcap", "log")

_EXTERNAL = "source, external_id) WHERE external_id IS NOT NULL"
_UNIQUE = {
    "uq_call_external_id": f"call (organization_id, {_EXTERNAL}",
    "uq_chat_message_external_id": f"chat_message (organization_id, call_id, {_EXTERNAL}",
    "uq_transcript_external_id": f"transcript (organization_id, call_id, {_EXTERNAL}",
    "uq_graph_session_external_id": f"graph_session (organization_id, {_EXTERNAL}",
    "uq_graph_transition_external_id": (
        f"graph_transition (organization_id, graph_session_id, {_EXTERNAL}"
    ),
    "uq_graph_node_key": 'graph_node (organization_id, graph_id, "key") WHERE key IS NOT NULL',
    "uq_sms_message_log_provider": (
        "sms_message_log (organization_id, provider, provider_message_id)"
        " WHERE provider_message_id IS NOT NULL"
    ),
}
_INDEXES = {
    "ix_call_carrier": (
        "call (organization_id, carrier_call_id) WHERE carrier_call_id IS NOT NULL"
    ),
}

_WITHOUT_GRAPH = "SELECT id FROM graph_session WHERE graph_id IS NULL"
_LOST = (
    "DELETE FROM chat_message WHERE role = 'tool'",
    "DELETE FROM transcript WHERE speaker = 'other'",
    "DELETE FROM graph_transition WHERE condition_type = 'other'",
    f"DELETE FROM graph_transition WHERE graph_session_id IN ({_WITHOUT_GRAPH})",  # noqa: S608
    "DELETE FROM graph_session WHERE graph_id IS NULL",
)
"""Rows for which the revision before has no place."""


def upgrade() -> None:
    """Add them.

    Raises:
        MigrationRefused: when a provider's id of a message stands in two rows.
    """
    _refuse_doubled_messages()
    if op.get_bind().dialect.name == "sqlite":
        take([*_rebuilds(after=True), *map(_make_index, [*_UNIQUE, *_INDEXES])])
        _create_tables()
        return
    with table_changes(op.get_bind(), list(_COLUMNS)) as changes:
        take(list(_online(changes)))
        _create_tables()


def downgrade() -> None:
    """Drop them; rows for which there was no place before are deleted."""
    for table in ("recording", "cost_entry"):
        op.drop_table(table)
    for statement in _LOST:
        op.execute(statement)
    for name in (*_UNIQUE, *_INDEXES):
        op.execute(f"DROP INDEX {name}")
    if op.get_bind().dialect.name == "sqlite":
        take(list(_rebuilds(after=False)))
        return
    with table_changes(op.get_bind(), list(_COLUMNS)) as changes:
        for table, (name, words, _) in _WIDENED.items():
            _replace_check(changes, table, name, _one_of(*words))
        for table, columns in _DEFAULTS.items():
            changes.change(_alter(table, [f"ALTER {column} DROP DEFAULT" for column in columns]))
        for table, columns in _COLUMNS.items():
            changes.change(_alter(table, [f"DROP COLUMN IF EXISTS {name}" for name in columns]))
        changes.change("ALTER TABLE graph_session ALTER graph_id SET NOT NULL")


def _refuse_doubled_messages() -> None:
    doubled = op.get_bind().execute(
        sa.text(
            "SELECT organization_id, provider, provider_message_id FROM sms_message_log"
            " WHERE provider_message_id IS NOT NULL"
            " GROUP BY organization_id, provider, provider_message_id HAVING count(*) > 1"
            " ORDER BY 1, 2, 3 LIMIT 3"
        )
    )
    rows = [f"{row[2]} of {row[1]} in organization {row[0]}" for row in doubled]
    if rows:
        raise MigrationRefused(
            "Some messages are in sms_message_log twice: " + ", ".join(rows),
            "Delete all but one of their rows, or set provider_message_id of the others to null;"
            " then migrate again.",
        )


def _create_tables() -> None:
    """What a call cost by amounts, and its recordings."""
    create_tenant_table(
        "cost_entry",
        sa.Column("call_id", _BIG, nullable=False),
        *_texts("source", "producer", "external_id", "service", nullable=False),
        *_texts("provider", "model", "usage_type"),
        *(sa.Column(name, sa.Numeric()) for name in ("usage_amount", "unit_price")),
        sa.Column("amount", sa.BigInteger()),
        *_texts("amount_text", "currency"),
        sa.Column("occurred_at", _TIME),
        sa.Column("is_superseded", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("meta", sa.JSON()),
        *_texts("stamp"),
        reference_constraint("cost_entry", "call_id", "call", on_delete="CASCADE"),
        sa.CheckConstraint(_SERVICES, name="ck_cost_entry_service"),
        if_not_exists=True,
    )
    create_tenant_table(
        "recording",
        sa.Column("call_id", _BIG, nullable=False),
        *_texts("source", "external_id", nullable=False),
        *_texts("url"),
        sa.Column("url_expires_at", _TIME),
        sa.Column("needs_auth", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("duration_ms", _BIG),
        *_texts("format"),
        sa.Column("kind", sa.String(), nullable=False, server_default="full"),
        sa.Column("channels", sa.Integer()),
        *_texts("status"),
        *(sa.Column(name, _TIME) for name in ("started_at", "occurred_at")),
        *_texts("stamp"),
        reference_constraint("recording", "call_id", "call", on_delete="CASCADE"),
        sa.CheckConstraint(_KINDS, name="ck_recording_kind"),
        if_not_exists=True,
    )
    keys = {"cost_entry": "source, producer, external_id", "recording": "source, external_id"}
    for table, key in keys.items():
        op.execute(
            f"CREATE UNIQUE INDEX IF NOT EXISTS uq_{table}_external_id"
            f" ON {table} (organization_id, call_id, {key})"
        )


def _texts(*names: str, nullable: bool = True) -> "Iterator[sa.Column[str]]":
    """Columns of text; a writer who names no source or service has typed the row in."""
    defaults = {"source": "manual", "producer": "manual", "service": "other"}
    for name in names:
        yield sa.Column(name, sa.String(), nullable=nullable, server_default=defaults.get(name))


def _make_index(name: str) -> RevisionStep:
    kind, indexed = ("UNIQUE ", _UNIQUE[name]) if name in _UNIQUE else ("", _INDEXES[name])
    return RevisionStep(
        f"index {name}", partial(op.execute, f"CREATE {kind}INDEX {name} ON {indexed}")
    )


# -- PostgreSQL ------------------------------------------------------------------------------------

_POSTGRESQL = {
    "instant": "TIMESTAMP WITH TIME ZONE",
    "big": "BIGINT",
    "now": "now()",
    "false": "false",
    "true": "true",
}


def _online(changes: Changes) -> Iterator[RevisionStep]:
    """Short locks only: a check is added without looking at rows, and looks at them afterwards."""
    for table, columns in _COLUMNS.items():
        added = [
            f"ADD COLUMN IF NOT EXISTS {name} {kind.format(**_POSTGRESQL)}"
            for name, kind in columns.items()
        ]
        yield RevisionStep(f"columns of {table}", partial(changes.change, _alter(table, added)))
    for table, defaults in _DEFAULTS.items():
        set_ = [
            f"ALTER {column} SET DEFAULT {value.format(**_POSTGRESQL)}"
            for column, value in defaults.items()
        ]
        yield RevisionStep(f"defaults of {table}", partial(changes.change, _alter(table, set_)))
    nullable = "ALTER TABLE graph_session ALTER graph_id DROP NOT NULL"
    yield RevisionStep("sessions without a graph", partial(changes.change, nullable))
    for table, (name, words, word) in _WIDENED.items():
        check = partial(_replace_check, changes, table, name, _one_of(*words, word))
        yield RevisionStep(f"check {name}", check)
    for table, checks in _CHECKS.items():
        for name, condition in checks.items():
            check = partial(_replace_check, changes, table, name, condition)
            yield RevisionStep(f"check {name}", check)
    for unique, indexes in ((True, _UNIQUE), (False, _INDEXES)):
        for name, indexed in indexes.items():
            create = partial(changes.create_index_on, name, indexed, unique=unique)
            yield RevisionStep(f"index {name}", create)


def _alter(table: str, actions: list[str]) -> str:
    return f"ALTER TABLE {table} {', '.join(actions)}"


def _replace_check(changes: Changes, table: str, name: str, condition: str) -> None:
    changes.change(
        f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name},"
        f" ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID"
    )
    changes.validate(table, name)


# -- SQLite ----------------------------------------------------------------------------------------

_SQLITE = {"instant": "DATETIME", "big": "INTEGER", "now": _NOW, "false": "0", "true": "1"}
_FIRST_CONSTRAINT = re.compile(r",\s*(?:CONSTRAINT|PRIMARY KEY|FOREIGN KEY|UNIQUE|CHECK)\b")


def _rebuilds(*, after: bool) -> Iterator[RevisionStep]:
    for table in _COLUMNS:
        change = partial(_with_columns if after else _without_columns, table)
        yield RevisionStep(f"rebuild {table}", partial(rebuild, op.get_bind(), table, change))


def _with_columns(table: str, definition: str) -> str:
    """The CREATE TABLE of a table with what this revision adds."""
    for column, default in _defaults(table):
        definition = _replaced(definition, rf"(\t{column} \w+)( NOT NULL)", rf"\1{default}\2")
    for former, latter in _words(table):
        definition = _replaced(definition, re.escape(former), latter)
    first = _FIRST_CONSTRAINT.search(definition)
    at = first.start() if first else definition.rindex(")")
    definition = definition[:at] + _column_text(table) + definition[at:]
    end = definition.rindex(")")
    return definition[:end].rstrip() + _check_text(table) + definition[end:]


def _without_columns(table: str, definition: str) -> str:
    """The text that `_with_columns` was made from."""
    for column, default in _defaults(table):
        definition = _replaced(definition, rf"(\t{column} \w+){re.escape(default)}", r"\1")
    for former, latter in _words(table):
        definition = _replaced(definition, re.escape(latter), former)
    for added in (_column_text(table), _check_text(table)):
        if added:
            definition = _replaced(definition, re.escape(added), "")
    return definition


def _defaults(table: str) -> Iterator[tuple[str, str]]:
    for column, value in _DEFAULTS.get(table, {}).items():
        yield column, f" DEFAULT {value.format(**_SQLITE)}"


def _words(table: str) -> Iterator[tuple[str, str]]:
    """What else changes in a table's text, before and after."""
    if table in _WIDENED:
        _, words, word = _WIDENED[table]
        yield _one_of(*words), _one_of(*words, word)
    if table == "graph_session":
        yield "graph_id INTEGER NOT NULL", "graph_id INTEGER"


def _replaced(definition: str, pattern: str, replacement: str) -> str:
    definition, replaced = re.subn(pattern, replacement, definition)
    if replaced != 1:
        raise ValueError(f"not exactly one {pattern!r} in:\n{definition}")
    return definition


def _column_text(table: str) -> str:
    columns = _COLUMNS[table].items()
    return "".join(f", \n\t{name} {kind.format(**_SQLITE)}" for name, kind in columns)


def _check_text(table: str) -> str:
    checks = _CHECKS.get(table, {}).items()
    return "".join(f", \n\tCONSTRAINT {name} CHECK ({condition})" for name, condition in checks)
