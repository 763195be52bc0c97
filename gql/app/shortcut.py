"""Calls an endpoint by its exact path, before the router tries its routes."""

from collections.abc import Awaitable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class Shortcut:
    """ASGI middleware that sends HTTP requests for a few paths straight to their endpoints.

    Args:
        app: What serves all other requests, and WebSockets.
        endpoints: By exact path; each takes every method.
    """

    def __init__(self, app: ASGIApp, endpoints: Mapping[str, ASGIApp]) -> None:
        self._app = app
        self._endpoints = endpoints

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        app = self._app
        if scope["type"] == "http" and not scope.get("root_path"):
            app = self._endpoints.get(scope["path"], app)
        return app(scope, receive, send)
