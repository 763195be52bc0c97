"""The addresses of an application, those inside a `Directory` too."""

from starlette.applications import Starlette
from starlette.routing import Route


def every_route(app: Starlette) -> list[Route]:
    """Every route with a path, in order of trial."""
    routes = (inside for route in app.routes for inside in getattr(route, "routes", (route,)))
    return [route for route in routes if isinstance(route, Route)]
