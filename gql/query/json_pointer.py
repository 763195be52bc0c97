"""JSON Pointers (RFC 6901): one value inside a JSON document."""

import re
from typing import Any

from gql.errors import BadInput
from gql.sql.json_paths import resolve_token

MAX_STEPS = 32
"""Most tokens of a pointer: a plan has another statement for each number of them."""

_LONE_TILDE = re.compile("~(?![01])")


def resolve_pointer(document: Any, pointer: str) -> Any:
    """The value that the pointer names, or None when there is none.

    Raises:
        BadInput: as `tokens` does.
    """
    value = document
    for token in tokens(pointer):
        value = resolve_token(value, token)
    return value


def tokens(pointer: str) -> list[str]:
    """The steps of a pointer: keys, or indexes of lists.

    https://www.rfc-editor.org/rfc/rfc6901#section-3

    Raises:
        BadInput: when the pointer is not one, or has more than `MAX_STEPS` steps.
    """
    if pointer and not pointer.startswith("/"):
        raise BadInput(
            f"{pointer[:60]!r} is not a JSON Pointer: write it like `/previous_assistants/0`."
        )
    if _LONE_TILDE.search(pointer):
        raise BadInput(
            f"{pointer[:60]!r} is not a JSON Pointer: in a key, write `~` as `~0` and `/` as `~1`."
        )
    steps = pointer.count("/")
    if steps > MAX_STEPS:
        message = f"A JSON Pointer has at most {MAX_STEPS} steps, not {steps}."
        raise BadInput(message, most=MAX_STEPS)
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
