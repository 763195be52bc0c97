"""Change stamps on SQLite: triggers that set them, in the transaction of whoever writes.

SQLite has one writer at a time, so that a family has one row per organization, and no triggers of
statements: each row that is written sets the stamp anew. They are made after each migration, which
may make a table anew and so drop its triggers.
"""

from sqlalchemy import Connection, inspect

from gql.migrations.sqlite_events import COUNTED, DERIVED
from gql.models.change_stamp import FAMILIES

_TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name GLOB '*_stamp_*'"


def stamp_what_is_written(connection: Connection) -> None:
    """Make the triggers, where there is a table of stamps."""
    if connection.dialect.name != "sqlite" or not inspect(connection).has_table("change_stamp"):
        return
    for family, tables in FAMILIES.items():
        for table in tables:
            for statement in _triggers(table, family, _own_columns(connection, table)):
                connection.exec_driver_sql(statement)


def stamp_nothing(connection: Connection) -> None:
    """Drop the triggers, while a migration changes the tables."""
    if connection.dialect.name != "sqlite":
        return
    for (trigger,) in connection.exec_driver_sql(_TRIGGERS).all():
        connection.exec_driver_sql(f'DROP TRIGGER "{trigger}"')


def _own_columns(connection: Connection, table: str) -> str:
    """The columns that a writer sets, and no trigger that runs for a row which is stamped itself.

    Of a message such triggers change the call twice, which took a sixth of its insertion.
    """
    derived = DERIVED | COUNTED - {"has_recording"} if table == "call" else set()
    names = (column["name"] for column in inspect(connection).get_columns(table))
    return ", ".join(f'"{name}"' for name in names if name not in derived)


def _triggers(table: str, family: str, columns: str) -> list[str]:
    """A row that changes hands changes for both."""
    new, old = _set("NEW.organization_id", family), _set("OLD.organization_id", family)
    has_moved = "WHEN (OLD.organization_id, OLD.id) IS NOT (NEW.organization_id, NEW.id)"
    bodies = {
        "insert": f"INSERT ON {table} BEGIN {new} END",
        "update": f"UPDATE OF {columns} ON {table} BEGIN {new} END",
        "delete": f"DELETE ON {table} BEGIN {old} END",
        "move": f"UPDATE OF organization_id ON {table} {has_moved} BEGIN {old} END",
    }
    return [f"CREATE TRIGGER {table}_stamp_{event} AFTER {body}" for event, body in bodies.items()]


def _set(owner: str, family: str) -> str:
    """The statements that set a stamp.

    No upsert: how a conflict is resolved is up to the statement that fired the trigger.
    """
    key = f"(organization_id, family, slot) = ({owner}, '{family}', 0)"
    return f"""
        UPDATE change_stamp SET stamp = random() WHERE {key};
        INSERT INTO change_stamp (organization_id, family, slot, stamp)
            SELECT {owner}, '{family}', 0, random() WHERE NOT EXISTS
            (SELECT 1 FROM change_stamp WHERE {key});
    """  # noqa: S608 -- nothing of it comes from outside
