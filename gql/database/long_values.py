"""Values longer than their bound allows: written before there was one, or by other programs.

The bounds are checked by writes and not by the tables, so that such rows can be read and kept.
"""

from collections.abc import AsyncIterator
from typing import NamedTuple

from sqlalchemy import Text, case, cast, func, select
from sqlmodel import SQLModel

from gql.database.engine import Database
from gql.models.types import longest_of


class LongValues(NamedTuple):
    """How many values of a column are too long.

    Attributes:
        column: With its table: `assistant.settings`.
        longest: Most characters.
        rows: How many have more.
    """

    column: str
    longest: int
    rows: int


async def long_values(database: Database) -> AsyncIterator[LongValues]:
    """The columns with values that are too long; reads each table once, as a whole."""
    for table in SQLModel.metadata.sorted_tables:
        bounds = {column: bound for column in table.c if (bound := longest_of(column))}
        if not bounds:
            continue
        counts = [
            func.count(case((func.length(cast(column, Text)) > bound, 1)))
            for column, bound in bounds.items()
        ]
        async with database.engine.connect() as connection:
            row = (await connection.execute(select(*counts).select_from(table))).one()
        for (column, bound), rows in zip(bounds.items(), row, strict=True):
            if rows:
                yield LongValues(f"{table.name}.{column.name}", bound, rows)
