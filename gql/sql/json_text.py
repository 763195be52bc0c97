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
    """`json_each` compares the key as it is, where a JSON path would read dots and quotes in it.

    A number that SQLite holds as a float is read as it is stored, which has more digits, unless
    its key is one that a path cannot name.
    """
    column, key = (compiler.process(clause, **kw) for clause in element.clauses)
    return (  # both are compiled SQL, not text of a client
        "(SELECT CASE WHEN type = 'true' THEN 'true' WHEN type = 'false' THEN 'false'"
        " WHEN typeof(value) = 'real' AND instr(fullkey, '\\') = 0"
        f" THEN {column} -> fullkey ELSE CAST(value AS TEXT) END"
        f" FROM json_each({column}) WHERE key = {key})"
    )
