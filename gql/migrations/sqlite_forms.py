"""Values on SQLite have the form that is read, as PostgreSQL's column types see to by themselves.

A column of SQLite takes anything. An instant is text that is compared, so two forms of it side by
side, such as those of Python and of SQLite's own CURRENT_TIMESTAMP, would be filtered, sorted and
paged wrongly; a number or JSON that is none cannot be printed. So whoever writes anything else, by
whatever program, gets an error that names the column and its form.

They are triggers and not CHECK constraints, which SQLite could only add by rewriting each table.
"""

from collections.abc import Iterator

from sqlalchemy import Connection

_DIGITS = "[0-9]"
_INSTANT = f"{_DIGITS * 4}-{_DIGITS * 2}-{_DIGITS * 2} {_DIGITS * 2}:[0-5]{_DIGITS}:[0-5]{_DIGITS}"

INSTANT = (
    f"({{0}} GLOB '{_INSTANT}.{_DIGITS * 6}' AND {{0}} BETWEEN '0001' AND '9999-12-31 24'"
    " AND date(substr({0}, 1, 10), '+0 days') = substr({0}, 1, 10) AND substr({0}, 12, 2) < '24')"
)
"""Whether an expression is an instant in the form that is stored."""

_FORMS = {
    "DATETIME": (INSTANT, "an instant in UTC, written like 2025-01-19 10:00:00.000000"),
    "JSON": ("json_valid({0})", "JSON"),
    "BOOLEAN": ("{0} IN (0, 1)", "0 or 1"),
    "FLOAT": ("typeof({0}) IN ('real', 'integer')", "a number"),
    "INTEGER": ("typeof({0}) = 'integer'", "a whole number"),
}
"""By declared type: the condition on a value that is not NULL, and what it is called."""

WRITTEN_BY_TRIGGERS = frozenset({"call_rollup", "change_stamp", "event", "event_head"})
"""Tables that are written from what others have, whose form was checked when it came there.

Checking it again took a seventh of the time in which a call is inserted.
"""

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
_TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name GLOB '*_forms_*'"


def refuse_foreign_forms(connection: Connection) -> None:
    """Make the triggers of every table that others write, whatever its migration knows of them."""
    if connection.dialect.name != "sqlite":
        return
    for (table,) in connection.exec_driver_sql(_TABLES).all():
        if table in WRITTEN_BY_TRIGGERS:
            continue
        for statement in _triggers(table, columns_by_type(connection, table)):
            connection.exec_driver_sql(statement)


def take_any_form(connection: Connection) -> None:
    """Drop the triggers, while a migration changes the columns that they name."""
    if connection.dialect.name != "sqlite":
        return
    for (trigger,) in connection.exec_driver_sql(_TRIGGERS).all():
        connection.exec_driver_sql(f"DROP TRIGGER {_quoted(trigger)}")


def columns_by_type(connection: Connection, table: str) -> dict[str, str]:
    """The declared type of each column but for the key, which is a whole number in any case."""
    columns = connection.exec_driver_sql(f'PRAGMA table_info("{table}")').mappings()
    return {
        column["name"]: "INTEGER" if column["type"] == "BIGINT" else column["type"]
        for column in columns
        if not column["pk"]
    }


def _triggers(table: str, columns: dict[str, str]) -> Iterator[str]:
    faults = {}
    for name, kind in columns.items():
        if kind in _FORMS:
            form, meaning = _FORMS[kind]
            value = f"NEW.{_quoted(name)}"
            faults[name] = f"{value} IS NOT NULL AND NOT {form.format(value)}", meaning
    if not faults:
        return
    condition = " OR ".join(f"({fault})" for fault, _ in faults.values())
    cases = " ".join(
        f"WHEN {fault} THEN RAISE(ABORT, '{table}.{name} must be {meaning}')"
        for name, (fault, meaning) in faults.items()
    )
    changed = ", ".join(map(_quoted, faults))
    for event, of in (("insert", "INSERT"), ("update", f"UPDATE OF {changed}")):
        trigger = _quoted(f"{table}_forms_{event}")
        yield (
            f"CREATE TRIGGER {trigger} BEFORE {of} ON {_quoted(table)} WHEN {condition}"
            f" BEGIN SELECT CASE {cases} END; END"
        )


def _quoted(name: str) -> str:
    return f'"{name}"'
