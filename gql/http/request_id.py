"""The id of a request: in the response's `X-Request-ID`, beside every error and in the log."""

import itertools
import re
import secrets

from starlette.types import Scope

from gql.http.headers import header_values

HEADER = b"x-request-id"

_KEY = "request_id"
_VALID = re.compile(r"[A-Za-z0-9._-]{1,64}")

# An id is no secret: a random start per process is enough to make it unique.
_PROCESS = secrets.token_hex(8)
_NUMBERS = itertools.count(secrets.randbits(32))


def assign_request_id(scope: Scope) -> str:
    """The id of a request, also put into `scope["state"]["request_id"]`.

    A client may send it as `X-Request-ID`, with 1 to 64 letters, digits, dots, underscores or
    hyphens; otherwise it is new.
    """
    request_id = _sent_id(scope) or new_request_id()
    # A copy: a server may hand every request the same dictionary.
    scope["state"] = {**scope.get("state", {}), _KEY: request_id}
    return request_id


def new_request_id() -> str:
    """The id of a request whose client sent none."""
    return f"{_PROCESS}{next(_NUMBERS):016x}"


def request_id_of(scope: Scope) -> str:
    """The id that the middleware assigned; without a middleware it is assigned here."""
    request_id: str | None = scope.get("state", {}).get(_KEY)
    return request_id or assign_request_id(scope)


def _sent_id(scope: Scope) -> str | None:
    """The first valid id that the client sent."""
    return next((text for text in header_values(scope, HEADER) if _VALID.fullmatch(text)), None)
