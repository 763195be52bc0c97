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
    """The columns of the rows in the parameter of `row_parameter`, by name.

    Args:
        dialect: The database's.
        columns: Those that the rows have, in the order of the parameter's names.
    """
    parameter = bindparam(_ROWS, type_=Text())
    if dialect == "postgresql":
        rows = func.json_to_recordset(cast(parameter, JSON)).table_valued(
            *(column(each.name, each.type) for each in columns)
        )
        derived = rows.render_derived(_ROWS, with_types=True)
        return {each.name: derived.c[each.name] for each in columns}
    value = func.json_each(parameter).table_valued("value", name=_ROWS).c.value
    return {each.name: _in_sqlite(value, index, each) for index, each in enumerate(columns)}


def row_parameter(
    dialect: str, rows: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> dict[str, str]:
    """The parameter with these columns of rows, each of which has them all."""
    if dialect == "sqlite":
        # It looks for a value by comparing names, and by its place in two thirds of the time.
        values = [[row[name] for name in names] for row in rows]
        return {_ROWS: orjson.dumps(values, _printed, orjson.OPT_PASSTHROUGH_DATETIME).decode()}
    objects = [{name: row[name] for name in names} for row in rows]
    return {_ROWS: orjson.dumps(objects, _printed).decode()}


def _in_sqlite(row: ColumnElement[Any], index: int, into: Column[Any]) -> ColumnElement[Any]:
    path = f"$[{index}]"
    if isinstance(into.type, JSON):
        return func.nullif(row.op("->")(path), "null")
    return row.op("->>")(path)


def _printed(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):  # as SQLAlchemy stores it in SQLite
        in_utc = value if value.tzinfo is UTC else value.astimezone(UTC)
        return in_utc.isoformat(" ", "microseconds")[:26]
    raise TypeError(type(value).__name__)
