"""The middleware without an application: what it decides about a scope."""

from typing import Any

from starlette.types import Receive, Scope, Send

from gql.auth.middleware import Authentication, caller_of
from gql.errors import GatewayError
from gql.identity import Identity
from tests.auth.auth_app import AuthApp


def guard_of(auth_app: AuthApp) -> Authentication:
    """A middleware that remembers nothing yet, in front of an application that only asks."""
    return Authentication(nothing, auth_app.database, auth_app.settings, timer=auth_app.clock)


async def decided_by(guard: Authentication, scope: dict[str, Any]) -> Identity | GatewayError:
    """Who the sender of a request is."""
    await pass_through(guard, scope)
    caller: Identity | GatewayError = scope["state"]["caller"]
    return caller


async def pass_through(guard: Authentication, scope: dict[str, Any]) -> None:
    """Send a request through the middleware, which must not answer it."""

    async def receive() -> Any:
        raise AssertionError("nothing is received")

    async def send(_message: Any) -> None:
        raise AssertionError("the middleware never answers")

    await guard(scope, receive, send)


async def nothing(scope: Scope, _receive: Receive, _send: Send) -> None:
    """Ask who is asking, and do nothing with it."""
    await caller_of(scope)
