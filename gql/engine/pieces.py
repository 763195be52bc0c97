"""Pieces of an answer that Python prints, of what a statement prints in their place.

No database cuts and ranks texts as Python does. So a statement prints the text between two marks,
and what stands between marks is replaced before the answer goes out. JSON has no such mark: in its
strings control characters are escaped (https://www.rfc-editor.org/rfc/rfc8259#section-7).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from sqlalchemy import ColumnElement

from gql.query.search_words import RANK_UNITS, SearchWords
from gql.query.snippets import mark_snippet
from gql.sql.json_sql import JsonPart, json_string
from gql.steps import pause_if_long

MARK = "\x1e"
"""Before and after each piece."""

_MARK = MARK.encode()
_WORDS, _MARKS = "_words", "_marks"


def words_key(number: int) -> str:
    """Under which a binder leaves the words of a search among the values, by its number."""
    return f"arg{number}{_WORDS}"


def marks_key(number: int) -> str:
    """Under which it leaves what a snippet has before and after words."""
    return f"arg{number}{_MARKS}"


def piece_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values of a request that pieces are made of."""
    return {key: value for key, value in values.items() if key.endswith((_WORDS, _MARKS))}


def printed_piece(
    search: ColumnElement[Any], snippet: int | None, text: ColumnElement[Any]
) -> list[JsonPart]:
    """A piece in a statement.

    Args:
        search: The number of the search among the parameterized fields of the plan, as text.
        snippet: That of the snippet; None for the rank.
        text: What is cut or ranked.
    """
    own = "null" if snippet is None else str(snippet)
    return [f"{MARK}[", search, f",{own},", json_string(text), f"]{MARK}"]


def with_pieces(body: bytes, values: Mapping[str, Any]) -> bytes:
    """What a statement printed, with the pieces in place.

    Args:
        body: Its value.
        values: As `piece_values` gives them.
    """
    return b"".join(_parts(body.split(_MARK), values))


def _parts(parts: list[bytes], values: Mapping[str, Any]) -> Iterator[bytes]:
    for number, part in enumerate(parts):
        if number % 2 == 0:
            yield part
            continue
        pause_if_long()
        search, snippet, text = orjson.loads(part)
        words: SearchWords = values[words_key(search)]
        if snippet is None:
            yield orjson.dumps(words.rank_units(text) / RANK_UNITS)
        else:
            before, after = values[marks_key(snippet)]
            yield orjson.dumps(mark_snippet(text, words.spans(text), before, after))
