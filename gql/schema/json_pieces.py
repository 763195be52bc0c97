"""Prints a long answer as JSON in pieces, between which the event loop may go round."""

from typing import Any

import orjson

from gql.steps import pause_if_long

LONG = 262_144
"""Bytes of leaves from which on an answer is printed in pieces; fewer take less than a step."""

_MOST_MEMBERS = 32
"""Members of an object that are printed at once: texts, each as long as a text may be."""


def dumps_in_pieces(value: Any) -> bytes:
    """What `orjson.dumps` prints. Objects of plain values alone are a piece each."""
    pieces: list[bytes] = []
    _print(value, pieces)
    return b"".join(pieces)


def _print(value: Any, pieces: list[bytes]) -> None:
    pause_if_long()
    if isinstance(value, dict) and _is_wide(value):
        separator = b"{"
        for name, member in value.items():
            pieces.append(separator + orjson.dumps(name) + b":")
            _print(member, pieces)
            separator = b","
        pieces.append(b"}")
    elif isinstance(value, list) and value:
        separator = b"["
        for item in value:
            pieces.append(separator)
            _print(item, pieces)
            separator = b","
        pieces.append(b"]")
    else:
        pieces.append(orjson.dumps(value))


def _is_wide(value: dict[str, Any]) -> bool:
    """Whether an object is more than a piece."""
    return len(value) > _MOST_MEMBERS or any(
        isinstance(member, (dict, list)) for member in value.values()
    )
