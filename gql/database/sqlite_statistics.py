"""What SQLite's planner is told of the tables: figures of ours, which depend on no row.

Without any, SQLite takes each index to find a value of its first column in ten rows. Every index
begins with the organization, so that each is as good as another; the one that was made last is
read, and with it all rows of the organization. ANALYZE has it look at the rows of that day; nobody
runs it in time, and a plan is another one then. With these figures a plan follows from the
statement and the indexes alone, whatever the order in which they were made.

https://www.sqlite.org/optoverview.html tells how figures control plans,
https://www.sqlite.org/fileformat2.html#stat1tab what the table of them has.
"""

from collections.abc import Iterator

from sqlalchemy import Connection

MANY = 1_000_000
"""The rows of a table that grows; SQLite only compares such figures with each other."""

FEWER = {
    **dict.fromkeys(
        (
            *("api_key", "assistant", "assistant_graph", "change_stamp", "cost_budget"),
            *("cost_budget_passing", "event_head", "graph_version", "hook_endpoint"),
            *("mirror_cursor", "organization", "user", "webhook_subscription"),
        ),
        1_000,
    ),
    "graph_edge": 10_000,
    "graph_node": 10_000,
    "call_rollup": 100_000,
}
"""The rows of the others."""

VALUES = {
    "organization_id": 1,
    **dict.fromkeys(("channel", "direction", "has_recording", "is_active"), 2),
    **dict.fromkeys(("source", "status"), 3),
    **dict.fromkeys(("family", "grain"), 4),
    **dict.fromkeys(("object_type", "state"), 5),
    **dict.fromkeys(("ended_reason", "ended_reason_kind"), 6),
    "action": 10,
    **dict.fromkeys(("api_key_id", "user_id"), 50),
    **dict.fromkeys(("assistant_id", "assistant_name", "graph_id", "period"), 200),
    "current_node_id": 10_000,
    "duration": 1_000,
}
"""How many values the columns have of which many rows have the same."""

ROWS_OF_A_VALUE = 5
"""How many rows have one value of any other column."""

_TABLES = """
    SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*'
    AND name NOT GLOB '*_words*' AND name != 'alembic_version' ORDER BY name
"""
"""But for those of the full texts, of which no index is chosen."""

Figures = dict[tuple[str, str | None], str]
"""By table and index what SQLite is told; without an index, of a table that has none."""


def write_statistics(connection: Connection) -> None:
    """Replace whatever SQLite was told; on PostgreSQL, which looks by itself, do nothing.

    Connections that are open already learn of it when the tables change.
    """
    if connection.dialect.name != "sqlite":
        return
    run = connection.exec_driver_sql
    run("ANALYZE sqlite_master")  # it makes the table
    run("DELETE FROM sqlite_stat1")
    rows = [(table, index, figures) for (table, index), figures in _figures(connection)]
    if rows:
        run("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", rows)
    run("ANALYZE sqlite_master")  # it reads them


def misjudged(connection: Connection) -> list[str]:
    """The tables and indexes of which SQLite has other figures, or none."""
    has_any = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'"
    stored: Figures = {}
    if connection.exec_driver_sql(has_any).first() is not None:
        rows = connection.exec_driver_sql("SELECT tbl, idx, stat FROM sqlite_stat1")
        stored = {(table, index): figures for table, index, figures in rows}
    return [
        index or table
        for (table, index), figures in _figures(connection)
        if stored.get((table, index)) != figures
    ]


def _figures(connection: Connection) -> Iterator[tuple[tuple[str, str | None], str]]:
    for (table,) in connection.exec_driver_sql(_TABLES).all():
        rows = FEWER.get(table, MANY)
        indexes = connection.exec_driver_sql(f'PRAGMA index_list("{table}")').all()
        for _, index, is_unique, _, is_partial in indexes:
            keys = connection.exec_driver_sql(f'PRAGMA index_xinfo("{index}")').all()
            columns = [name for _, _, name, _, _, is_key in keys if is_key]
            in_index = rows // 2 if is_partial else rows
            yield (table, index), _of_index(columns, in_index, is_unique=bool(is_unique))
        if not indexes:
            yield (table, None), str(rows)


def _of_index(columns: list[str | None], rows: int, *, is_unique: bool) -> str:
    """The rows of an index, and how many agree in the first column, in the first two, and so on.

    An expression, which has no name, has about as many values as there are rows.
    """
    agreeing = [rows]
    for name in columns:
        values = rows if name == "id" else VALUES.get(name or "", rows // ROWS_OF_A_VALUE)
        agreeing.append(max(1, agreeing[-1] // values))
    if is_unique:
        agreeing[-1] = 1
    return " ".join(map(str, agreeing))
