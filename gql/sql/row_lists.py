"""Many rows as one parameter, so that any number of them is one statement, and the same one.

A list of placeholders would be another statement for each number of rows, and stops at 32,767; a
statement for each row takes a round trip of the database's executor each. The rows are JSON, which
the database takes apart.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import JSON, Column, ColumnElement, Text, bindparam, cast, column, func

_ROWS = "new_rows"


def row_columns(dialect: str, columns: Sequence[Column[Any]]) -> dict[str, ColumnElement[Any]]:
    """The columns of the rows in the parameter of `row_parameter`, by name."""
    parameter = bindparam(_ROWS, type_=Text())
    if dialect == "postgresql":
        rows = func.json_to_recordset(cast(parameter, JSON)).table_valued(
            *(column(each.name, each.type) for each in columns)
        )
        derived = rows.render_derived(_ROWS, with_types=True)
        return {each.name: derived.c[each.name] for each in columns}
    value = func.json_each(parameter).table_valued("value", name=_ROWS).c.value
    return {each.name: _in_sqlite(value, each) for each in columns}


def row_parameter(dialect: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The parameter with these rows, each with a value for every column."""
    sqlite = dialect == "sqlite"
    option = orjson.OPT_PASSTHROUGH_DATETIME if sqlite else None
    return {_ROWS: orjson.dumps(list(map(dict, rows)), _printed, option).decode()}


def _in_sqlite(row: ColumnElement[Any], into: Column[Any]) -> ColumnElement[Any]:
    path = f"$.{into.name}"
    if isinstance(into.type, JSON):
        return func.nullif(row.op("->")(path), "null")
    return row.op("->>")(path)


def _printed(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):  # as SQLAlchemy stores it in SQLite
        return value.astimezone(UTC).isoformat(" ", "microseconds")[:26]
    raise TypeError(type(value).__name__)
