"""The first tables.

A revision is history: it spells out what the tables were on its day and imports nothing of today's
models. A test compares the end of the history with the models.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001_first_tables"
down_revision = None
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_CONDITIONS = "condition_type IN ('intent', 'natural_language', 'mathematical', 'state_variable')"


def upgrade() -> None:
    """Create every table, parents before children, with its indexes."""
    _tenants()
    _assistants()
    _graphs()
    _graph_sessions()
    _calls()
    _call_indexes()
    _messages()
    _logs()


def downgrade() -> None:
    """Drop every table, children before parents; the indexes go with them."""
    for table in (
        "audit_log",
        "sms_message_log",
        "sms_audit_log",
        "transcript",
        "chat_message",
        "call",
        "graph_transition",
        "graph_session",
        "graph_edge",
        "graph_node",
        "assistant_graph",
        "assistant",
        "api_key",
        "user",
        "organization",
    ):
        op.drop_table(table)


def _tenants() -> None:
    op.create_table(
        "organization",
        _id(),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "user",
        _id(),
        _organization(),
        sa.Column("email", sa.String(), nullable=False, unique=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String()),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_user_organization", "user", ["organization_id", "id"])
    op.create_table(
        "api_key",
        _id(),
        _organization(),
        _parent("user_id", "user.id", nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False, unique=True),
        sa.Column("key_prefix", sa.String(), nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.Column("rate_limit", sa.JSON()),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("expires_at", _TIME),
        sa.Column("last_used_at", _TIME),
        sa.Column("usage_count", sa.Integer(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_api_key_organization", "api_key", ["organization_id", "id"])


def _assistants() -> None:
    op.create_table(
        "assistant",
        _id(),
        _organization(),
        sa.Column("user_id", _BIG),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String()),
        sa.Column("phone_number", sa.String()),
        sa.Column("llm_provider", sa.String(), nullable=False),
        sa.Column("llm_model", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_assistant_organization", "assistant", ["organization_id", "id"])
    op.create_index("ix_assistant_name", "assistant", ["organization_id", "name", "id"])


def _graphs() -> None:
    op.create_table(
        "assistant_graph",
        _id(),
        _organization(),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String()),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("configuration", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.UniqueConstraint("organization_id", "name", name="uq_assistant_graph_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_assistant_graph_organization", "assistant_graph", ["organization_id", "id"])
    op.create_table(
        "graph_node",
        _id(),
        _organization(),
        _parent("graph_id", "assistant_graph.id"),
        _parent("assistant_id", "assistant.id", on_delete="RESTRICT"),
        sa.Column("node_type", sa.String(), nullable=False),
        sa.Column("position", sa.JSON(), nullable=False),
        sa.Column("configuration", sa.JSON(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.CheckConstraint(
            "node_type IN ('entry', 'standard', 'exit', 'escalation')", name="ck_graph_node_type"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_graph_node_graph", "graph_node", ["graph_id", "id"])
    op.create_index("ix_graph_node_assistant", "graph_node", ["assistant_id", "id"])
    op.create_table(
        "graph_edge",
        _id(),
        _organization(),
        _parent("graph_id", "assistant_graph.id"),
        _parent("from_node_id", "graph_node.id"),
        _parent("to_node_id", "graph_node.id"),
        sa.Column("condition_type", sa.String(), nullable=False),
        sa.Column("intent_pattern", sa.String()),
        sa.Column("natural_language_trigger", sa.String()),
        sa.Column("mathematical_expression", sa.String()),
        sa.Column("state_variable_condition", sa.JSON()),
        sa.Column("condition_logic", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("handoff_sentence", sa.String()),
        sa.Column("description", sa.String()),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.CheckConstraint(_CONDITIONS, name="ck_graph_edge_condition"),
        sa.CheckConstraint("condition_logic IN ('AND', 'OR')", name="ck_graph_edge_logic"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_graph_edge_graph", "graph_edge", ["graph_id", "id"])
    op.create_index("ix_graph_edge_from", "graph_edge", ["from_node_id", "priority", "id"])
    op.create_index("ix_graph_edge_to", "graph_edge", ["to_node_id", "priority", "id"])


def _graph_sessions() -> None:
    op.create_table(
        "graph_session",
        _id(),
        _organization(),
        sa.Column("call_sid", sa.String(), nullable=False),
        _parent("graph_id", "assistant_graph.id"),
        _parent("current_node_id", "graph_node.id", nullable=True, on_delete="SET NULL"),
        sa.Column("current_assistant_name", sa.String()),
        sa.Column("graph_name", sa.String(), nullable=False),
        sa.Column("conversation_context", sa.JSON(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME),
        sa.UniqueConstraint("organization_id", "call_sid", name="uq_graph_session_call_sid"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_graph_session_newest", "graph_session", ["organization_id", "started_at", "id"]
    )
    op.create_index("ix_graph_session_graph", "graph_session", ["graph_id", "started_at", "id"])
    op.create_index("ix_graph_session_node", "graph_session", ["current_node_id"])
    op.create_table(
        "graph_transition",
        _id(),
        _organization(),
        _parent("graph_session_id", "graph_session.id"),
        sa.Column("edge_id", _BIG),
        sa.Column("from_node_id", _BIG),
        sa.Column("to_node_id", _BIG),
        sa.Column("from_assistant_name", sa.String()),
        sa.Column("to_assistant_name", sa.String()),
        sa.Column("condition_type", sa.String(), nullable=False),
        sa.Column("matched_condition", sa.String()),
        sa.Column("triggered_by", sa.String()),
        sa.Column("handoff_sentence", sa.String()),
        sa.Column("created_at", _TIME, nullable=False),
        sa.CheckConstraint(_CONDITIONS, name="ck_graph_transition_condition"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_graph_transition_session", "graph_transition", ["graph_session_id", "id"])


def _calls() -> None:
    op.create_table(
        "call",
        _id(),
        _organization(),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("call_sid", sa.String(), nullable=False),
        sa.Column("assistant_id", _BIG),
        sa.Column("assistant_name", sa.String()),
        sa.Column("graph_id", _BIG),
        sa.Column("graph_name", sa.String()),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("to_phone_number", sa.String(), nullable=False),
        sa.Column("customer_phone_number", sa.String(), nullable=False),
        sa.Column("customer_phone_digits", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("duration", sa.Integer()),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME),
        sa.Column("last_activity", _TIME, nullable=False),
        sa.Column("message_count", sa.Integer(), nullable=False),
        sa.Column("call_meta", sa.JSON(), nullable=False),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.Column("total_cost", sa.BigInteger()),
        sa.Column("llm_cost", sa.BigInteger()),
        sa.Column("tts_cost", sa.BigInteger()),
        sa.Column("stt_cost", sa.BigInteger()),
        sa.Column("telephony_cost", sa.BigInteger()),
        sa.Column("cost_currency", sa.String()),
        sa.UniqueConstraint("organization_id", "call_sid", name="uq_call_call_sid"),
        sa.CheckConstraint("channel IN ('voice', 'sms')", name="ck_call_channel"),
        sa.CheckConstraint("direction IN ('inbound', 'outbound')", name="ck_call_direction"),
        sa.CheckConstraint(
            "status IN ('active', 'ongoing', 'completed', 'failed')", name="ck_call_status"
        ),
        sqlite_autoincrement=True,
    )


def _call_indexes() -> None:
    channel = ["organization_id", "channel"]
    newest = ["started_at", "id"]
    op.create_index("ix_call_newest", "call", [*channel, *newest])
    op.create_index("ix_call_assistant", "call", [*channel, "assistant_id", *newest])
    op.create_index("ix_call_status", "call", [*channel, "status", *newest])
    op.create_index(
        "ix_call_assistant_status", "call", [*channel, "assistant_id", "status", *newest]
    )
    op.create_index("ix_call_graph", "call", ["graph_id", *newest])
    op.create_index("ix_call_activity", "call", [*channel, "last_activity", "id"])
    op.create_index(
        "ix_call_customer",
        "call",
        ["organization_id", "customer_phone_number", "assistant_id", *newest],
    )
    op.create_index("ix_call_duration", "call", [*channel, "duration", "id"])
    op.create_index("ix_call_cost", "call", [*channel, "total_cost", "id"])
    if op.get_bind().dialect.name == "postgresql":
        for name, column in (
            ("ix_call_duration_desc", "duration"),
            ("ix_call_cost_desc", "total_cost"),
        ):
            last = f"{column} DESC NULLS LAST"
            op.create_index(name, "call", [*channel, sa.text(last), sa.text("id DESC")])


def _messages() -> None:
    op.create_table(
        "chat_message",
        _id(),
        _organization(),
        _parent("call_id", "call.id"),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("message_index", sa.Integer(), nullable=False),
        sa.Column("timestamp", _TIME, nullable=False),
        sa.Column("llm_provider", sa.String()),
        sa.Column("llm_model", sa.String()),
        sa.Column("prompt_tokens", sa.Integer()),
        sa.Column("completion_tokens", sa.Integer()),
        sa.Column("total_tokens", sa.Integer()),
        sa.CheckConstraint("role IN ('system', 'user', 'assistant')", name="ck_chat_message_role"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_chat_message_call", "chat_message", ["call_id", "message_index", "id"])
    op.create_table(
        "transcript",
        _id(),
        _organization(),
        _parent("call_id", "call.id"),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("speaker", sa.String(), nullable=False),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        sa.Column("segment_start", sa.Float()),
        sa.Column("segment_end", sa.Float()),
        sa.Column("confidence", sa.Float()),
        sa.Column("stt_timestamps", sa.JSON()),
        sa.Column("created_at", _TIME, nullable=False),
        sa.CheckConstraint("speaker IN ('user', 'assistant')", name="ck_transcript_speaker"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_transcript_call", "transcript", ["call_id", "id"])


def _logs() -> None:
    op.create_table(
        "sms_audit_log",
        _id(),
        _organization(),
        _parent("call_id", "call.id"),
        sa.Column("event_type", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("event_data", sa.JSON()),
        sa.Column("created_at", _TIME, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sms_audit_log_call", "sms_audit_log", ["call_id", "id"])
    op.create_table(
        "sms_message_log",
        _id(),
        _organization(),
        _parent("call_id", "call.id"),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("from_number", sa.String(), nullable=False),
        sa.Column("to_number", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("provider_message_id", sa.String()),
        sa.Column("created_at", _TIME, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sms_message_log_call", "sms_message_log", ["call_id", "id"])
    op.create_table(
        "audit_log",
        _id(),
        _organization(),
        sa.Column("user_id", _BIG),
        sa.Column("api_key_id", _BIG),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("object_type", sa.String(), nullable=False),
        sa.Column("object_id", _BIG),
        sa.Column("before", sa.JSON()),
        sa.Column("after", sa.JSON()),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_log_newest", "audit_log", ["organization_id", "id"])


def _id() -> sa.Column[int]:
    return sa.Column("id", _BIG, primary_key=True, nullable=False)


def _organization() -> sa.Column[int]:
    return sa.Column("organization_id", _BIG, sa.ForeignKey("organization.id"), nullable=False)


def _parent(
    name: str, target: str, *, nullable: bool = False, on_delete: str = "CASCADE"
) -> sa.Column[int]:
    return sa.Column(name, _BIG, sa.ForeignKey(target, ondelete=on_delete), nullable=nullable)
