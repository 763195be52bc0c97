"""Text ordered by code points: the one order that both databases have."""

from typing import Any

from sqlalchemy import ColumnElement, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _CodePoints(FunctionElement[str]):
    """The column, under a collation that each dialect names its own way."""

    inherit_cache = True
    type = Text()


def by_code_point(column: ColumnElement[Any]) -> ColumnElement[str]:
    """The column, compared and sorted by code points whatever the database's own collation."""
    return _CodePoints(column)


@compiles(_CodePoints, "postgresql")
def _postgresql(element: _CodePoints, compiler: Any, **kw: Any) -> str:
    return f'({compiler.process(element.clauses, **kw)} COLLATE "C")'


@compiles(_CodePoints, "sqlite")
def _sqlite(element: _CodePoints, compiler: Any, **kw: Any) -> str:
    return f"({compiler.process(element.clauses, **kw)} COLLATE BINARY)"
