"""Events on SQLite: triggers that number what is written, in the transaction of whoever writes.

SQLite has one writer at a time, which holds the lock to its end: numbers are committed in order.
The triggers name every column that says something, so they are made anew after each migration, as
those of `sqlite_forms.py` are.
"""

from sqlalchemy import Connection, inspect

_TABLES = (
    *("call", "assistant_graph", "graph_session", "graph_transition", "chat_message"),
    *("cost_budget_passing", "transcript"),
)
"""Whose writes are events."""

POSTGRESQL_EVENT_TRIGGERS = {
    "call_event_insert": "call",
    "transcript_event_insert": "transcript",
    **{f"{each}_event": each for each in _TABLES},
}
"""PostgreSQL's triggers that make them, and their tables."""

_TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name GLOB '*_event_*'"

COUNTED = {"message_count", "last_activity", "has_recording"}
"""What other triggers change in `call` when a message or a recording comes."""

DERIVED = {"customer_phone_digits", "is_archived", "unattributed_cost"}
"""What other triggers derive from columns that are compared anyway."""

_MARK = 2**40
"""Beyond it `message_count` is on its way: see the migration `derived_columns`."""

_CALL = "CASE {row}.channel WHEN 'sms' THEN 'sms_conversation' ELSE 'call' END"


def number_what_is_written(connection: Connection) -> None:
    """Make the triggers, where there is a table of events."""
    if connection.dialect.name != "sqlite" or not inspect(connection).has_table("event"):
        return
    for statement in (
        *_row_triggers(connection, "call", _CALL),
        *_row_triggers(connection, "assistant_graph", "'graph'"),
        *_row_triggers(connection, "graph_session", "'graph_session'", parent="{row}.graph_id"),
        _transition_trigger(),
        *_message_triggers(connection),
        *_transcript_triggers(connection),
        *_budget_triggers(connection),
    ):
        connection.exec_driver_sql(statement)


def number_nothing(connection: Connection) -> None:
    """Drop the triggers, while a migration changes the columns that they name."""
    if connection.dialect.name != "sqlite":
        return
    for (trigger,) in connection.exec_driver_sql(_TRIGGERS).all():
        connection.exec_driver_sql(f'DROP TRIGGER "{trigger}"')


def _row_triggers(connection: Connection, table: str, kind: str, parent: str = "NULL") -> list[str]:
    """An event for each row that is inserted, changed or deleted."""

    def event(change: str, row: str) -> str:
        return _event(
            f"{row}.organization_id",
            f"{kind.format(row=row)} || '_{change}'",
            f"{row}.id",
            parent.format(row=row),
        )

    changed = _changed(connection, table)
    return [
        _trigger("insert", table, event("created", "NEW")),
        _trigger("update", table, event("updated", "NEW"), when=changed),
        _trigger("delete", table, event("deleted", "OLD")),
    ]


def _trigger(action: str, table: str, body: str, when: str = "") -> str:
    condition = f"WHEN {when}" if when else ""
    name = f"{table}_event_{action}"
    return f"CREATE TRIGGER {name} AFTER {action} ON {table} {condition} BEGIN {body} END"


def _changed(connection: Connection, table: str) -> str:
    """Whether an update changes anything that no other trigger derives."""
    columns = [column["name"] for column in inspect(connection).get_columns(table)]
    is_call = table == "call"
    derived = DERIVED | COUNTED if is_call else set()
    conditions = [f"OLD.{name} IS NOT NEW.{name}" for name in columns if name not in derived]
    if is_call:
        conditions += [
            "OLD.has_recording IS NOT NEW.has_recording",
            f"OLD.message_count >= {_MARK} AND NEW.message_count < {_MARK}",
        ]
    return " OR ".join(conditions)


def _transition_trigger() -> str:
    """A transition is news of its session."""
    session = "(organization_id, id) = (NEW.organization_id, NEW.graph_session_id)"
    event = _event(
        "NEW.organization_id",
        "'graph_session_updated'",
        "NEW.graph_session_id",
        f"(SELECT graph_id FROM graph_session WHERE {session})",  # noqa: S608 -- ours
    )
    return _trigger("insert", "graph_transition", event)


def _message_triggers(connection: Connection) -> list[str]:
    """Messages of SMS conversations; one of a voice call changes its call."""
    of_sms = (
        "EXISTS (SELECT 1 FROM call WHERE (organization_id, id)"
        " = (NEW.organization_id, NEW.call_id) AND channel = 'sms')"
    )
    values = "NEW.organization_id", "'sms_message_{change}'", "NEW.id", "NEW.call_id"
    event = _event(*values)
    changed = _changed(connection, "chat_message")
    created, updated = event.format(change="created"), event.format(change="updated")
    return [
        _trigger("insert", "chat_message", created, when=of_sms),
        _trigger("update", "chat_message", updated, when=f"({changed}) AND {of_sms}"),
    ]


def _transcript_triggers(connection: Connection) -> list[str]:
    """Segments of speech, of the call that they are in."""

    def event(change: str) -> str:
        kind = f"'transcript_{change}'"
        return _event("NEW.organization_id", kind, "NEW.id", "NEW.call_id")

    changed = _changed(connection, "transcript")
    return [
        _trigger("insert", "transcript", event("created")),
        _trigger("update", "transcript", event("updated"), when=changed),
    ]


def _budget_triggers(connection: Connection) -> list[str]:
    """Shares of budgets that are spent, where there is a table of these."""
    if not inspect(connection).has_table("cost_budget_passing"):
        return []
    event = _event("NEW.organization_id", "'cost_budget_passed'", "NEW.budget_id", "NULL")
    return [_trigger("insert", "cost_budget_passing", event)]


def _event(organization: str, kind: str, object_id: str, parent_id: str) -> str:
    """The statements that number one event.

    No upsert: how a conflict is resolved is up to the statement that fired the trigger.
    """
    # The key of `event_head` is its rowid, as it is one whole number.
    own_head = f"rowid IN ({organization})"
    return f"""
        INSERT INTO event_head (organization_id, last, pruned) SELECT {organization}, 0, 0
            WHERE NOT EXISTS (SELECT 1 FROM event_head WHERE {own_head});
        UPDATE event_head SET last = last + 1 WHERE {own_head};
        INSERT INTO event (organization_id, seq, tag, kind, object_id, parent_id, at)
            SELECT organization_id, last, abs(random() % 2147483647), {kind}, {object_id},
                {parent_id}, strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'
            FROM event_head WHERE {own_head};
    """  # noqa: S608 -- nothing of it comes from outside
