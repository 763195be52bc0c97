"""A table of SQLite made anew, for changes that its ALTER TABLE does not have.

https://www.sqlite.org/lang_altertable.html#otheralter, whose foreign keys are off while `runner`
migrates: with them on, DROP TABLE deletes the rows that refer to the table. What goes with a table
that is dropped comes back: its indexes, its triggers, and the highest id it ever had.
"""

from collections.abc import Callable

from sqlalchemy import Connection

_BESIDE = """
    SELECT sql FROM sqlite_master
    WHERE tbl_name = ? AND type IN ('index', 'trigger') AND sql IS NOT NULL
"""


def rebuild(connection: Connection, table: str, change: Callable[[str], str]) -> None:
    """Copy a table's rows into one that `change` made of its CREATE TABLE.

    Columns that only one of the two has get their default, or are left out.
    """
    run = connection.exec_driver_sql
    definition = run("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).scalar_one()
    beside = run(_BESIDE, (table,)).scalars().all()
    highest_id = run("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).scalar()
    _, parenthesis, parts = change(definition).partition("(")
    run(f'CREATE TABLE "{table}_new" {parenthesis}{parts}')
    new = _columns(connection, f"{table}_new")
    both = ", ".join(f'"{name}"' for name in _columns(connection, table) if name in new)
    run(f'INSERT INTO "{table}_new" ({both}) SELECT {both} FROM "{table}"')  # noqa: S608 -- ours
    run(f'DROP TABLE "{table}"')
    run(f'ALTER TABLE "{table}_new" RENAME TO "{table}"')
    if highest_id is not None:
        run("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, highest_id))
    for statement in beside:
        run(statement)


def _columns(connection: Connection, table: str) -> list[str]:
    rows = connection.exec_driver_sql(f'PRAGMA table_info("{table}")').mappings()
    return [row["name"] for row in rows]
