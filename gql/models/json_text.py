"""One key of a JSON object as text, the same on both databases."""

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _JsonText(FunctionElement[str]):
    """The object and the key, which each dialect writes its own way."""

    inherit_cache = True
    type = Text()


def json_text(column: ColumnElement[Any], key: str | BindParameter[str]) -> ColumnElement[str]:
    """The value of a top-level key: text as it is, anything else as JSON prints it, or NULL."""
    if isinstance(key, str):
        key = bindparam(None, key, type_=Text)
    return _JsonText(column, key)


@compiles(_JsonText, "postgresql")
def _postgresql(element: _JsonText, compiler: Any, **kw: Any) -> str:
    column, key = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({column} ->> CAST({key} AS TEXT))"


@compiles(_JsonText, "sqlite")
def _sqlite(element: _JsonText, compiler: Any, **kw: Any) -> str:
    """`json_each` compares the key as it is, where a JSON path would read dots and quotes in it."""
    column, key = (compiler.process(clause, **kw) for clause in element.clauses)
    return (  # both are compiled SQL, not text of a client
        "(SELECT CASE type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'"
        f" ELSE CAST(value AS TEXT) END FROM json_each({column}) WHERE key = {key})"
    )
