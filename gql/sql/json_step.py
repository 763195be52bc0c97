"""Steps into a JSON value, by keys and indexes: the same in Python and on both databases."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import BindParameter, ColumnElement, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

MAX_DIGITS = 9
"""No list is longer than nine digits can count."""


def step(value: Any, token: str) -> Any:
    """What an object has under a key, or a list at an index; None where there is nothing."""
    if isinstance(value, dict):
        return value.get(token)
    if isinstance(value, list) and is_index(token):
        index = int(token)
        return value[index] if index < len(value) else None
    return None


def is_index(token: str) -> bool:
    """Whether a token may count the items of a list: digits, with no zero before others."""
    digits = token.isascii() and token.isdigit() and len(token) <= MAX_DIGITS
    return digits and str(int(token)) == token


def walk(text: str, *tokens: str) -> str | None:
    """JSON text after some steps, or None: SQLite's own paths take the first of equal keys."""
    value = orjson.loads(text)
    for token in tokens:
        value = step(value, token)
    return None if value is None else orjson.dumps(value).decode()


class _Walk(FunctionElement[str]):
    """JSON and the tokens, which each dialect writes its own way."""

    inherit_cache = False
    type = Text()

    def __init__(self, value: ColumnElement[Any], tokens: Sequence[tuple[Any, bool]]) -> None:
        super().__init__(value, *(token for token, _ in tokens))
        self.indexes = [index for _, index in tokens]


def json_walk(
    value: ColumnElement[Any], tokens: Sequence[tuple[BindParameter[str], bool]]
) -> ColumnElement[str]:
    """`step` after `step` as SQL: JSON, or NULL where there is nothing.

    Args:
        value: JSON.
        tokens: At least one: the parameter that holds it, and whether it is an index.
    """
    return _Walk(value, tokens)


@compiles(_Walk, "postgresql")
def _postgresql(element: _Walk, compiler: Any, **kw: Any) -> str:
    """Text finds keys alone, so `-1` and `01` find nothing in a list; a path finds either.

    One path per step: a longer one goes on below each of two equal keys.
    """
    value, *tokens = (compiler.process(clause, **kw) for clause in element.clauses)
    steps = (
        f" #> ARRAY[CAST({token} AS TEXT)]" if index else f" -> CAST({token} AS TEXT)"
        for token, index in zip(tokens, element.indexes, strict=True)
    )
    return f"({value}{''.join(steps)})"


@compiles(_Walk, "sqlite")
def _sqlite(element: _Walk, compiler: Any, **kw: Any) -> str:
    return f"json_walk({', '.join(compiler.process(clause, **kw) for clause in element.clauses)})"
