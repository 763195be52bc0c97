"""JSON Pointers (RFC 6901): one value inside a JSON document."""

from typing import Any

from gql.errors import BadInput

MAX_DIGITS = 9
"""No list is longer than nine digits can count."""


def point(document: Any, pointer: str) -> Any:
    """The value that the pointer names, or None when there is none.

    Raises:
        BadInput: when the pointer is not one.
    """
    if pointer and not pointer.startswith("/"):
        raise BadInput(
            f"{pointer[:60]!r} is not a JSON Pointer: write it like `/previous_assistants/0`."
        )
    value = document
    for token in pointer.split("/")[1:]:
        value = _step(value, token.replace("~1", "/").replace("~0", "~"))
    return value


def _step(value: Any, token: str) -> Any:
    if isinstance(value, dict):
        return value.get(token)
    if isinstance(value, list) and token.isascii() and token.isdigit() and len(token) <= MAX_DIGITS:
        index = int(token)
        plain = str(index) == token
        return value[index] if plain and index < len(value) else None
    return None
