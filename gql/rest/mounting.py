"""Mounts the REST addresses as one Starlette route, which finds an endpoint without trying each."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from starlette.datastructures import URLPath
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gql.rest.answering import Endpoint, RestServices
from gql.rest.reference import reference_routes
from gql.rest.route import RestRoute


def rest_routes(
    routes: Sequence[RestRoute], services: RestServices, not_served: Sequence[str] = ()
) -> tuple[BaseRoute, ...]:
    """What the application mounts: each path with and without its slash, and the API reference.

    Args:
        routes: In order of trial.
        services: What they work with.
        not_served: Paths that are not found, though one with a parameter would fit.
    """
    paths: dict[str, dict[str, RestRoute]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method] = route
    endpoints: dict[str, ASGIApp] = {}
    for path, methods in paths.items():
        endpoints[path] = endpoints[f"{path}/"] = Endpoint(methods, services)
    for path in not_served:
        endpoints[path] = endpoints[f"{path}/"] = _not_found
    return (Directory(endpoints), *reference_routes(routes))


async def _not_found(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise HTTPException(404)


class Directory(BaseRoute):
    """Finds an endpoint by its path.

    Starlette tries one regular expression after another, which took longer than reading one call.
    Here a path without parameters is looked up in a dictionary; of the others only those are tried
    that have as many segments and the same beginning.

    Args:
        endpoints: By path, as Starlette writes them, in order of trial.

    Attributes:
        routes: A route of Starlette for each path.
    """

    def __init__(self, endpoints: Mapping[str, ASGIApp]) -> None:
        self.routes = [Route(path, endpoint) for path, endpoint in endpoints.items()]
        self._literal = {path: each for path, each in endpoints.items() if "{" not in path}
        self._with_parameters: dict[int, list[tuple[str, Route]]] = {}
        for route in self.routes:
            start, parameter, _ = route.path.partition("{")
            if parameter:
                self._with_parameters.setdefault(route.path.count("/"), []).append((start, route))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether one of the paths matches, and the endpoint and parameters of the first."""
        if scope["type"] == "http":
            path: str = scope["path"].removeprefix(scope.get("root_path", ""))
            literal = self._literal.get(path)
            if literal is not None:
                return Match.FULL, {"endpoint": literal, "path_params": {}}
            for route in self._candidates(path):
                match, child_scope = route.matches(scope)
                if match is Match.FULL:
                    return match, child_scope
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on to the endpoint that `matches` found."""
        endpoint = cast("ASGIApp", scope["endpoint"])
        await endpoint(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: object) -> URLPath:
        """Raise: no route here has a name."""
        raise NoMatchFound(name, path_params)

    def _candidates(self, path: str) -> Iterator[Route]:
        """The routes with parameters whose paths may match, in order of trial."""
        for start, route in self._with_parameters.get(path.count("/"), ()):
            if path.startswith(start):
                yield route
