"""How a door learns who sent a request, without knowing any kind of credential."""

from collections.abc import Awaitable, Callable

from starlette.types import Scope

from gql.errors import GatewayError
from gql.identity import Identity

CALLER = "caller"
"""The key in a request's state of who sent it, once that was found out."""

Identify = Callable[[Scope], Awaitable[Identity | GatewayError]]
"""Answers the caller, or why the credential was refused; a door may need no caller at all."""
