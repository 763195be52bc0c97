"""Whether a column is one of many keys, which are one parameter or come from a subquery.

One parameter, so that a batch of any size is the same statement.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import BindParameter, ColumnElement, Integer, Select, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import BigInteger, NullType, Text, TypeDecorator, TypeEngine


class Keys(TypeDecorator[Sequence[Any]]):
    """An array on PostgreSQL, JSON text on SQLite."""

    impl = Text
    cache_ok = True

    # Positional: SQLAlchemy's statement cache does not see keyword-only arguments of a type.
    def __init__(self, textual: bool) -> None:
        super().__init__()
        self.textual = textual

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """How the parameter is declared to the driver."""
        if dialect.name == "postgresql":
            item: TypeEngine[Any] = Text() if self.textual else BigInteger()
            return dialect.type_descriptor(ARRAY(item))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        """The value as the driver wants it."""
        keys = list(value or ())
        return keys if dialect.name == "postgresql" else orjson.dumps(keys).decode()


class _Among(FunctionElement[bool]):
    """The column and the keys, which each dialect writes its own way."""

    inherit_cache = True
    # Not Boolean: SQLite would be asked whether the test `= 1`, and would not use an index for it.
    type = NullType()  # type: ignore[assignment]


def is_among(column: ColumnElement[Any], keys: Any = "keys") -> ColumnElement[bool]:
    """`column` is one of the keys.

    Args:
        column: A column of integers or of text.
        keys: The keys, or the name of a parameter that is filled when the statement runs.
    """
    kind = Keys(not isinstance(column.type, Integer))
    if isinstance(keys, str):
        return _Among(column, bindparam(keys, type_=kind))
    if isinstance(keys, BindParameter):
        return _Among(column, bindparam(keys.key, type_=kind))
    return _Among(column, bindparam(None, keys, type_=kind))


class _Selected(FunctionElement[bool]):
    """The column and the subquery."""

    inherit_cache = True
    type = NullType()  # type: ignore[assignment]


def is_selected(column: ColumnElement[Any], keys: Select[Any]) -> ColumnElement[bool]:
    """`column` is one of the few keys that a subquery of one column gives.

    PostgreSQL is shown an array of them: it looks each up in an index then, also beside an OR,
    where it would read the whole table for a subquery of whose size it knows nothing.
    """
    return _Selected(column, keys.scalar_subquery())


@compiles(_Selected, "postgresql")
def _selected_postgresql(element: _Selected, compiler: Any, **kw: Any) -> str:
    column, keys = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{column} = ANY (ARRAY{keys})"


@compiles(_Selected, "sqlite")
def _selected_sqlite(element: _Selected, compiler: Any, **kw: Any) -> str:
    column, keys = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{column} IN {keys}"


@compiles(_Among, "postgresql")
def _postgresql(element: _Among, compiler: Any, **kw: Any) -> str:
    """One array parameter, where a list of placeholders stops at 32,767."""
    column, keys = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{column} = ANY ({keys})"


@compiles(_Among, "sqlite")
def _sqlite(element: _Among, compiler: Any, **kw: Any) -> str:
    column, keys = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({keys}))"
