"""Reads the credential of a request: one Authorization header, or one dashboard cookie."""

from contextlib import suppress

from starlette.types import Scope

from gql.auth.credential import Presented
from gql.auth.csrf import forgeable
from gql.errors import Unauthenticated
from gql.http.headers import cookie_values, header_values

COOKIE = "jackfield_dashboard"
"""The name of the dashboard cookie."""

_KEYS_ELSEWHERE = frozenset(
    ("access_token", "api-key", "api_key", "apikey", "x-api-key", "x-api-token", "x-auth-token")
)
"""Headers and parameters, in lower case, that other services read keys from."""

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
    cookie = _cookie(dashboard_cookies(scope))
    return Presented(None, cookie, forgeable=cookie is not None and forgeable(scope))


def misplaced_key_hint(scope: Scope) -> str:
    """Where the key belongs, for a request that has one where other services read it."""
    names = {name.decode("latin-1") for name, _ in scope["headers"]}
    parameters = scope.get("query_string", b"").decode("latin-1").lower().split("&")
    names |= {parameter.partition("=")[0] for parameter in parameters}
    misplaced = sorted(names & _KEYS_ELSEWHERE)
    if not misplaced:
        return ""
    return f" Send the key as `Authorization: Bearer <key>`; {misplaced[0]} is not read."


def all_presented(scope: Scope) -> list[Presented]:
    """Every token and every dashboard cookie of a request, each by itself, for logging out.

    What is not in the right form is no credential, and left out.
    """
    presented = []
    for authorization in header_values(scope, b"authorization"):
        with suppress(Unauthenticated):
            presented.append(Presented(_token(authorization), None, forgeable=False))
    cookies = dashboard_cookies(scope)
    return presented + [Presented(None, cookie, forgeable=False) for cookie in sorted(cookies)]


def dashboard_cookies(scope: Scope) -> set[str]:
    """The contents of the dashboard cookies of a request: several, when it has several of them."""
    return set(cookie_values(scope, COOKIE))


def _token(authorization: str) -> str:
    scheme, _, token = authorization.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Use the form `Authorization: Bearer <API key or token>`.")
    if len(token) > MAX_SECRET:
        raise Unauthenticated(f"The token is longer than {MAX_SECRET} characters.")
    return token


def _cookie(cookies: set[str]) -> str | None:
    if len(cookies) > 1:
        raise Unauthenticated(f"Several {COOKIE} cookies were sent; clear them and log in again.")
    cookie = next(iter(cookies), None)
    if cookie is not None and len(cookie) > MAX_SECRET:
        raise Unauthenticated(f"The cookie is longer than {MAX_SECRET} characters.")
    return cookie
