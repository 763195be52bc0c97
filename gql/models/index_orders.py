"""How indexes sort their columns."""

from typing import Any

from sqlalchemy import Column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class highest_first(FunctionElement[Any]):  # noqa: N801, it reads as the function that makes one
    """A column of an index from the highest value down, and NULL after the lowest.

    That is how SQLite sorts down; PostgreSQL takes NULL for the highest unless it is told.
    """

    inherit_cache = True

    def __init__(self, column: Column[Any]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(highest_first)
def _write(key: highest_first, compiler: Any, **keywords: Any) -> str:
    (column,) = key.clauses
    last = " NULLS LAST" if compiler.dialect.name == "postgresql" else ""
    return f"{compiler.process(column, **keywords)} DESC{last}"
