"""The database of a request: one for all, or where there are replicas, one of its own."""

from starlette.types import Scope

from gql.database import Database, RequestDatabase, RoutedDatabase
from gql.errors import GatewayError
from gql.identity import Identity

_ROUTED = "routed_database"


def set_routed_database(scope: Scope, routed: RoutedDatabase) -> None:
    """Have a request read on replicas."""
    scope["state"][_ROUTED] = routed


def database_of(
    scope: Scope, caller: Identity | GatewayError, database: Database
) -> RequestDatabase:
    """What a request works with.

    Args:
        scope: Of the request.
        caller: Who sent it, or why they are refused: then nothing is read.
        database: What all requests share where there are no replicas.
    """
    routed: RoutedDatabase | None = scope["state"].get(_ROUTED)
    if routed is None:
        return database
    if isinstance(caller, Identity):
        routed.writer = (caller.organization_id, caller.credential)
    return routed
