"""What the line of a request in the log says beside its address, status and time."""

from typing import Any

from starlette.types import Scope

_FIELDS = "log_fields"

LONGEST_NAME = 100
"""Characters of an operation's name, which a client chooses."""


def log_fields(scope: Scope) -> dict[str, Any]:
    """The further fields of this request's line: empty at first, to be added to."""
    state: dict[str, Any] = scope["state"]
    fields: dict[str, Any] | None = state.get(_FIELDS)
    if fields is None:
        fields = state[_FIELDS] = {}
    return fields
