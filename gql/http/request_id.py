"""The id of a request: in the response's `X-Request-ID`, beside every error and in the log."""

import itertools
import re
import secrets

from starlette.types import Scope

HEADER = b"x-request-id"

_KEY = "request_id"
_VALID = re.compile(r"[A-Za-z0-9._-]{1,64}")

# An id is no secret: a random start per process is enough to make it unique.
_PROCESS = secrets.token_hex(8)
_NUMBERS = itertools.count(secrets.randbits(32))


def assign_request_id(scope: Scope) -> str:
    """Choose the id of a request and keep it in `scope["state"]["request_id"]`.

    It is that of a valid `X-Request-ID` header (1 to 64 letters, digits, dots, underscores or
    hyphens), else a new one.
    """
    request_id = _sent_id(scope) or f"{_PROCESS}{next(_NUMBERS):016x}"
    # A copy: a server may hand every request the same dictionary.
    scope["state"] = {**scope.get("state", {}), _KEY: request_id}
    return request_id


def request_id_of(scope: Scope) -> str:
    """The id that the middleware assigned; without a middleware it is assigned here."""
    request_id: str | None = scope.get("state", {}).get(_KEY)
    return request_id or assign_request_id(scope)


def _sent_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == HEADER:
            text: str = value.decode("latin-1")
            if _VALID.fullmatch(text):
                return text
    return None
