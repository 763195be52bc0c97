"""What a credential may do, route by route."""

import pytest

from gql.accounts.api_keys import issue_key
from gql.database import Database
from gql.identity import Permission
from gql.rest.route import RestRoute
from gql.rest.routes import ROUTES
from tests.rest.conftest import Rest

GUARDED = [route for route in ROUTES if route.permission is not None]


async def headers_for(database: Database, *permissions: Permission) -> dict[str, str]:
    _, key = await issue_key(database, 1, name="Limited", permissions=permissions)
    return {"Authorization": f"Bearer {key}"}


def address(route: RestRoute) -> str:
    return "/".join("0" if part.startswith("{") else part for part in route.path.split("/"))


def test_reading_needs_read_and_changing_needs_write_or_more() -> None:
    for route in GUARDED:
        if route.method == "GET":
            assert route.permission in {Permission.READ, Permission.ADMIN}
    readers = {route.path for route in GUARDED if route.permission is Permission.READ}
    changed = {route.path for route in GUARDED if route.method in {"PUT", "PATCH", "DELETE"}}
    assert "/api/v1/assistant-graphs/{graph_id}/test" in readers
    for route in GUARDED:
        if route.path in changed and route.method != "GET":
            assert route.permission in {Permission.WRITE, Permission.ADMIN}


async def test_a_key_that_may_only_read_changes_nothing(
    fresh_rest: Rest, fresh_database: Database
) -> None:
    reader = await headers_for(fresh_database, Permission.READ)

    for route in GUARDED:
        if route.permission is not Permission.READ:
            answer = await fresh_rest(route.method, address(route), {}, headers=reader)
            assert answer.status_code == 403, route.path
            words = f"This needs the {route.permission} permission, which your credential lacks."
            assert answer.json() == {"detail": words}
    graphs = await fresh_rest("GET", "/api/v1/assistant-graphs", headers=reader)
    assert graphs.status_code == 200


@pytest.mark.parametrize("method", ["GET"])
async def test_a_key_that_may_nothing_reads_nothing(
    fresh_rest: Rest, fresh_database: Database, method: str
) -> None:
    nothing = await headers_for(fresh_database)

    for route in GUARDED:
        if route.method == method:
            answer = await fresh_rest(method, address(route), headers=nothing)
            assert answer.status_code == 403, route.path


async def test_every_route_but_those_for_everybody_asks_who_is_asking(rest: Rest) -> None:
    for route in GUARDED:
        for slash in ("", "/"):
            answer = await rest(route.method, address(route) + slash, headers={})
            assert answer.status_code == 401, route.path
            assert answer.headers["www-authenticate"] == "Bearer"
