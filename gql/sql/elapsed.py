"""Seconds between two instants, the same on both databases."""

from typing import Any

from sqlalchemy import ColumnElement, Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _Elapsed(FunctionElement[float]):
    """The start and the end, which each dialect subtracts its own way."""

    inherit_cache = True
    type = Float()


def elapsed(start: ColumnElement[Any], end: ColumnElement[Any]) -> ColumnElement[float]:
    """Seconds from `start` to `end`, to the millisecond; NULL when either is."""
    return _Elapsed(start, end)


@compiles(_Elapsed, "postgresql")
def _postgresql(element: _Elapsed, compiler: Any, **kw: Any) -> str:
    start, end = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"CAST(EXTRACT(EPOCH FROM ({end} - {start})) AS DOUBLE PRECISION)"


@compiles(_Elapsed, "sqlite")
def _sqlite(element: _Elapsed, compiler: Any, **kw: Any) -> str:
    start, end = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(86400.0 * (julianday({end}) - julianday({start})))"
