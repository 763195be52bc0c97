"""The shortest way to a door: by its exact path, before any route is tried."""

from collections.abc import Awaitable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class Shortcut:
    """An ASGI application that knows a few paths by heart.

    Args:
        doors: By path, to the letter; each takes every method.
        otherwise: What all other requests, and other kinds of connections, go on to.
    """

    def __init__(self, doors: Mapping[str, ASGIApp], *, otherwise: ASGIApp) -> None:
        self._doors = doors
        self._otherwise = otherwise

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on."""
        door = self._otherwise
        if scope["type"] == "http" and not scope.get("root_path"):
            door = self._doors.get(scope["path"], door)
        return door(scope, receive, send)
