"""Every address of this door, in one visible order, and how the application mounts them."""

from starlette.routing import BaseRoute

from gql.database import Database
from gql.engine.query_runner import QueryRunner
from gql.http.identify import Identify
from gql.rest.address_cache import AddressCache
from gql.rest.answering import Endpoint, RestServices
from gql.rest.directory import Directory
from gql.rest.reference import reference_routes
from gql.rest.route import RestRoute
from gql.rest.routes import (
    api_keys,
    assistant_lookups,
    assistants,
    call_details,
    call_exports,
    call_statistics,
    calls,
    costs,
    graph_sessions,
    graph_usage,
    graphs,
    login,
    sms_conversations,
    sms_sessions,
)
from gql.settings import Settings
from gql.stores import SmsSessions

ROUTES: tuple[RestRoute, ...] = (
    *graph_sessions.ROUTES,
    *graphs.ROUTES,
    *graph_usage.ROUTES,
    *calls.LITERAL_ROUTES,
    *call_statistics.ROUTES,
    *call_exports.LITERAL_ROUTES,
    *call_details.SID_ROUTES,
    *call_details.ROUTES,
    *call_exports.ROUTES,
    *calls.ROUTES,
    *costs.ROUTES,
    *assistant_lookups.ROUTES,
    *assistants.ROUTES,
    *sms_conversations.ROUTES,
    *sms_sessions.ROUTES,
    *login.ROUTES,
    *api_keys.ROUTES,
)
"""In order of trial: a literal path comes before one with a parameter in its place."""


def rest_routes(
    database: Database,
    settings: Settings,
    *,
    identify: Identify,
    sms_sessions: SmsSessions | None = None,
    reads: QueryRunner | None = None,
) -> tuple[BaseRoute, ...]:
    """What the application mounts: each path with and without its slash, by one endpoint.

    The API reference is among them: `/openapi.json` and `/docs`.

    Args:
        database: What is read and written.
        settings: The limits on bodies.
        identify: Tells who is asking.
        sms_sessions: Where live SMS sessions are kept.
        reads: Answer by plans; None when only the reference way is to be gone.
    """
    reader = AddressCache(reads)
    services = RestServices(database, settings, identify, reader, sms_sessions)
    paths: dict[str, dict[str, RestRoute]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method] = route
    endpoints: dict[str, Endpoint] = {}
    for path, methods in paths.items():
        endpoints[path] = endpoints[f"{path}/"] = Endpoint(methods, services)
    return (Directory(endpoints), *reference_routes(ROUTES))


def route_table() -> str:
    """Every route as a Markdown table, in order of trial."""
    rows = [
        f"| `{route.method} {route.path}` | {route.summary} | {route.permission or 'nobody asks'} |"
        for route in ROUTES
    ]
    return "\n".join(("| Route | What it does | Permission |", "| --- | --- | --- |", *rows))
