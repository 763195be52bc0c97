"""JSON Pointers (RFC 6901): one value inside a JSON document."""

from typing import Any

from gql.errors import BadInput
from gql.sql.json_paths import resolve_token


def resolve_pointer(document: Any, pointer: str) -> Any:
    """The value that the pointer names, or None when there is none.

    Raises:
        BadInput: when the pointer is not one.
    """
    value = document
    for token in tokens(pointer):
        value = resolve_token(value, token)
    return value


def tokens(pointer: str) -> list[str]:
    """The steps of a pointer: keys, or indexes of lists.

    Raises:
        BadInput: when the pointer is not one.
    """
    if pointer and not pointer.startswith("/"):
        raise BadInput(
            f"{pointer[:60]!r} is not a JSON Pointer: write it like `/previous_assistants/0`."
        )
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
