"""Values inside JSON: the same in Python and on both databases."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import BindParameter, ColumnElement, Text, bindparam

from gql.sql.construct import Construct

_MAX_DIGITS = 9
"""Of an index: no stored array has a billion items."""


def resolve_token(value: Any, token: str) -> Any:
    """What one reference token of a JSON Pointer leads to; None where there is nothing.

    https://www.rfc-editor.org/rfc/rfc6901#section-4
    """
    if isinstance(value, dict):
        return value.get(token)
    if isinstance(value, list) and is_array_index(token):
        index = int(token)
        return value[index] if index < len(value) else None
    return None


def is_array_index(token: str) -> bool:
    """Whether a token may count the items of an array: digits, with no zero before others."""
    digits = token.isascii() and token.isdigit() and len(token) <= _MAX_DIGITS
    return digits and str(int(token)) == token


def json_at(document: str, *tokens: str) -> str | None:
    """The JSON text that some tokens lead to; None where there is nothing.

    A function of SQLite: its own paths take the first of equal keys, where others take the last.
    """
    value = orjson.loads(document)
    for token in tokens:
        value = resolve_token(value, token)
    return None if value is None else orjson.dumps(value).decode()


class _JsonAt(Construct[str]):
    """JSON, and the tokens of a pointer into it, each with whether it may be an index."""

    inherit_cache = False  # which tokens are indexes is no argument

    def __init__(self, document: ColumnElement[Any], tokens: Sequence[tuple[Any, bool]]) -> None:
        super().__init__(document, *(token for token, _ in tokens))
        self._indexes = [index for _, index in tokens]

    def template(self, dialect: str) -> str:
        """On PostgreSQL an operator for each token, on SQLite one call.

        `->` with text finds members of objects alone, so that `-1` and `01` lead nowhere in an
        array; `#>` finds members and items. Each token has a `#>` of its own: where an object has
        two equal keys, a path of several tokens would go on below both.
        """
        if dialect == "sqlite":
            return f"json_at({', '.join(f'{{{n}}}' for n in range(len(self._indexes) + 1))})"
        operators = (
            f" #> ARRAY[CAST({{{n}}} AS TEXT)]" if index else f" -> CAST({{{n}}} AS TEXT)"
            for n, index in enumerate(self._indexes, 1)
        )
        return f"({{0}}{''.join(operators)})"


def json_value(
    document: ColumnElement[Any], tokens: Sequence[tuple[BindParameter[str], bool]]
) -> ColumnElement[str]:
    """`resolve_token` for each token as SQL: JSON, or NULL where there is nothing.

    Args:
        document: JSON.
        tokens: At least one: the parameter that holds it, and whether it is an array index.
    """
    return _JsonAt(document, tokens)


class _MemberText(Construct[str]):
    """An object and a key.

    SQLite's paths would read dots and quotes in a key, so `json_each` compares it as it is. A
    number that SQLite holds as a float is read as it is stored, by the path that `json_each` found:
    a cast to text would lose digits. Keys with an escape in them have no path that works; their
    numbers are cast.
    """

    postgresql = "({0} ->> CAST({1} AS TEXT))"
    sqlite = (
        "(SELECT CASE WHEN type = 'true' THEN 'true' WHEN type = 'false' THEN 'false'"
        " WHEN typeof(value) = 'real' AND instr(fullkey, '\\') = 0"
        " THEN {0} -> fullkey ELSE CAST(value AS TEXT) END"
        " FROM json_each({0}) WHERE key = {1})"
    )


def json_member_text(
    document: ColumnElement[Any], key: str | BindParameter[str]
) -> ColumnElement[str]:
    """The value of a top-level key: text as it is, anything else as JSON prints it, or NULL."""
    return _MemberText(document, bindparam(None, key, type_=Text) if isinstance(key, str) else key)


class json_member(Construct[str]):
    """The value under a key of a JSON object, as JSON; NULL where there is none.

    Takes the object and the key, a constant of letters, digits and `_`: SQLite reads others as a
    path.
    """

    postgresql = "({0} -> {1})"
    sqlite = "({0} -> {1})"
