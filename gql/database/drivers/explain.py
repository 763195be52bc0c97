"""A database's own account of how it runs a statement, line by line."""

import secrets
import sqlite3
from collections.abc import Sequence
from typing import Any

_ANALYZE = "EXPLAIN (ANALYZE, BUFFERS)"
NO_TIMES = "SQLite tells no rows or times."


async def prepared(connection: Any, sql: str, values: Sequence[Any]) -> list[str]:
    """PostgreSQL's account of a statement that is prepared once, for all values alike.

    A plain EXPLAIN plans for the values at hand, which is not the plan that answers requests: that
    one is generic, and only EXECUTE uses it. EXECUTE takes no parameters from outside, so the
    database itself writes the values as literals, each of the type that it has in the statement.
    """
    name = f"jackfield_{secrets.token_hex(8)}"
    await connection.execute(f"PREPARE {name} AS {sql}")
    try:
        literals = await _literals(connection, name, values)
        arguments = f"({', '.join(literals)})" if literals else ""
        return _lines(await connection.fetch(f"{_ANALYZE} EXECUTE {name}{arguments}"))
    finally:
        await connection.execute(f"DEALLOCATE {name}")


async def unprepared(connection: Any, sql: str, values: Sequence[Any]) -> list[str]:
    """PostgreSQL's account of a statement that is planned anew for the values at hand."""
    return _lines(await connection.fetch(f"{_ANALYZE} {sql}", *values))


def of_sqlite(connection: sqlite3.Connection, sql: str, values: Sequence[Any]) -> list[str]:
    """SQLite's account, indented; it does not run the statement for it."""
    depths = {0: -1}
    lines = []
    for number, parent, _, detail in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values):
        depths[number] = depths.get(parent, -1) + 1
        lines.append("  " * depths[number] + _text(detail))
    return [*lines, NO_TIMES]


async def _literals(connection: Any, name: str, values: Sequence[Any]) -> list[str]:
    if not values:
        return []
    kinds = await connection.fetchval(
        "SELECT array_to_string(parameter_types::text[], ',') "
        "FROM pg_prepared_statements WHERE name = $1",
        name,
    )
    quoted = (
        f"quote_nullable(${place}::{kind})"
        for place, kind in enumerate(_text(kinds).split(","), start=1)
    )
    return [
        _text(literal)
        for literal in await connection.fetchrow(f"SELECT {', '.join(quoted)}", *values)
    ]


def _lines(rows: Sequence[Any]) -> list[str]:
    return [_text(row[0]) for row in rows]


def _text(value: str | bytes) -> str:
    """Text, which some connections bring as bytes."""
    return value.decode() if isinstance(value, bytes) else value
