"""The middleware that lets every door find out who is asking, when it needs to."""

import time
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from gql.auth.authenticator import Authenticator
from gql.auth.csrf import PUBLIC_ORIGIN, TRUSTED_ORIGINS, read_origin
from gql.auth.key_usage import KeyUsage
from gql.auth.password_login import PasswordLogin
from gql.database import Database
from gql.errors import GatewayError
from gql.identity import Identity
from gql.settings import Settings
from gql.stores.credential_changes import CredentialChanges
from gql.stores.rate_limits import RateLimits
from gql.stores.throttle import Throttle

_AUTHENTICATOR = "authenticator"
_LOGIN = "login"


def caller_of(scope: Scope) -> Awaitable[Identity | GatewayError]:
    """Who sent this request, or why the credential is refused.

    The refusal is `Unauthenticated`, `Forbidden`, `RateLimited` or `Unavailable`. No credential is
    read before the first call, so pages that never call it are public. Later calls return the same,
    and count no further request.
    """
    return authenticator_of(scope).caller_of(scope)


def authenticator_of(scope: Scope) -> Authenticator:
    """The process's authenticator, put there by the middleware."""
    authenticator: Authenticator = scope["state"][_AUTHENTICATOR]
    return authenticator


def password_login_of(scope: Scope) -> PasswordLogin:
    """What logs people in by password, put there by the middleware."""
    password_login: PasswordLogin = scope["state"][_LOGIN]
    return password_login


class Authentication:
    """Pure ASGI middleware that puts the authenticator into the state of each request.

    It refuses nobody: that is for the doors.

    Raises:
        ValueError: when a secret or key of the settings cannot be used.
    """

    def __init__(
        self,
        app: ASGIApp,
        database: Database,
        settings: Settings,
        rate_limits: RateLimits | None = None,
        usage: KeyUsage | None = None,
        changes: CredentialChanges | None = None,
        throttle: Throttle | None = None,
        *,
        timer: Callable[[], float] = time.monotonic,
        authenticator: Authenticator | None = None,
    ) -> None:
        self._app = app
        self._authenticator = authenticator or Authenticator(
            database, settings, rate_limits, usage, changes, timer=timer
        )
        self._password_login = PasswordLogin(database, settings, throttle, timer=timer)
        public = settings.public_url
        self._trusted_origins = settings.trusted_origins
        self._public_origin = None if public is None else read_origin(str(public).rstrip("/"))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "lifespan":
            return self._app(scope, receive, send)
        # A server may hand every request the same state: one caller must not become the next.
        scope["state"] = {
            **scope.get("state", {}),
            _AUTHENTICATOR: self._authenticator,
            _LOGIN: self._password_login,
            PUBLIC_ORIGIN: self._public_origin,
            TRUSTED_ORIGINS: self._trusted_origins,
        }
        return self._app(scope, receive, send)
