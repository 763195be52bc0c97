"""How a door learns who sent a request, without knowing any kind of credential."""

from collections.abc import Awaitable, Callable

from starlette.types import Scope

from gql.errors import Forbidden, GatewayError, Unauthenticated
from gql.identity import Identity

CALLER = "caller"
"""The key in a request's state of who sent it, once that was found out."""

LOOK_SECONDS = 12.0
"""Seconds between two looks at the credential of a connection that stays."""

Identify = Callable[[Scope], Awaitable[Identity | GatewayError]]
"""Answers the caller, or why the credential was refused; a door may need no caller at all."""


async def identify_again(identify: Identify, scope: Scope) -> Identity | GatewayError:
    """Who sends this now: the credential is looked at again, and counts as another request."""
    state = {name: value for name, value in scope["state"].items() if name != CALLER}
    return await identify({**scope, "state": state})


async def refusal_of(identify: Identify, scope: Scope, caller: Identity) -> GatewayError | None:
    """Why a caller may not go on; None while they may, and while nobody can tell."""
    now = await identify_again(identify, scope)
    if isinstance(now, Identity):
        changed = Unauthenticated("What your credential allows has changed; connect again.")
        return None if now == caller else changed
    return now if isinstance(now, (Unauthenticated, Forbidden)) else None
