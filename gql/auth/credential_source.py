"""Reads the credential of a request: one Authorization header, or one dashboard cookie."""

from starlette.types import Scope

from gql.auth.credential import Presented
from gql.auth.csrf import forgeable
from gql.errors import Unauthenticated
from gql.http.headers import header_values

COOKIE = "jackfield_dashboard"
"""The name of the dashboard cookie."""

MAX_SECRET = 8_192
"""Most characters of a token or a cookie."""


def read_presented(scope: Scope) -> Presented:
    """What an HTTP request or a WebSocket handshake presents; nothing is read from its URL.

    Raises:
        Unauthenticated: when it is ambiguous, or not in the form `Authorization: Bearer <token>`.
    """
    authorizations = header_values(scope, b"authorization")
    if len(authorizations) > 1:
        raise Unauthenticated("Send one Authorization header, not several.")
    if authorizations:
        return Presented(_token(authorizations[0]), None, forgeable=False)
    cookie = _cookie(header_values(scope, b"cookie"))
    return Presented(None, cookie, forgeable=cookie is not None and forgeable(scope))


def _token(authorization: str) -> str:
    scheme, _, token = authorization.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Use the form `Authorization: Bearer <API key or token>`.")
    if len(token) > MAX_SECRET:
        raise Unauthenticated(f"The token is longer than {MAX_SECRET} characters.")
    return token


def _cookie(values: list[str]) -> str | None:
    pairs = (pair.partition("=") for value in values for pair in value.split(";"))
    cookies = {content.strip() for name, _, content in pairs if name.strip() == COOKIE}
    if len(cookies) > 1:
        raise Unauthenticated(f"Several {COOKIE} cookies were sent; clear them and log in again.")
    cookie = next(iter(cookies), None)
    if cookie is not None and len(cookie) > MAX_SECRET:
        raise Unauthenticated(f"The cookie is longer than {MAX_SECRET} characters.")
    return cookie
