"""What every route has in common: spellings, methods, refusals, and who may come in."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.routing import Match, NoMatchFound

from gql.rest.mounting import Directory
from gql.rest.routes import ROUTES
from tests.rest.conftest import Rest
from tests.routes import every_route

GRAPHS = "/api/v1/assistant-graphs"
NO_CREDENTIAL = "Authentication required. Provide a valid API key or login session."


@pytest.mark.parametrize("path", ["", "/1", "/1/sessions", "/sessions/CA1234567890abcdef"])
async def test_both_spellings_answer_the_same_without_a_redirect(rest: Rest, path: str) -> None:
    bare = await rest("GET", GRAPHS + path)
    slashed = await rest("GET", f"{GRAPHS}{path}/")

    assert bare.status_code == slashed.status_code == 200
    assert bare.content == slashed.content


async def test_an_unknown_path_is_404_in_json(rest: Rest) -> None:
    for path in (
        "/api/v1/nope",
        "/calls/initiate",
        "/sms/send",
        "/api/v1/assistants/providers",
        "/api/v1/assistants/cloned-voices/",
    ):
        answer = await rest("GET", path)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        (GRAPHS, "GET, HEAD, POST"),
        (f"{GRAPHS}/", "GET, HEAD, POST"),
        (f"{GRAPHS}/1", "DELETE, GET, HEAD, PUT"),
        (f"{GRAPHS}/1/structure", "PUT"),
    ],
)
async def test_a_wrong_method_is_405_in_json_and_lists_every_right_one(
    rest: Rest, path: str, allow: str
) -> None:
    answer = await rest("PATCH", path)

    assert answer.status_code == 405
    assert answer.json() == {"detail": "Method Not Allowed"}
    assert answer.headers["allow"] == allow


async def test_head_is_get_without_the_body(rest: Rest) -> None:
    by_get = await rest("GET", f"{GRAPHS}/1/sessions/")
    head = await rest("HEAD", f"{GRAPHS}/1/sessions/")

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == by_get.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer burki_nobody"}, {"Authorization": "Basic eDp5"}]
)
async def test_without_a_good_credential_every_request_is_refused(
    rest: Rest, headers: dict[str, str]
) -> None:
    answer = await rest("GET", f"{GRAPHS}/abc?limit=x", headers=headers)

    assert answer.status_code == 401
    assert isinstance(answer.json()["detail"], str)
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_missing_credential_is_refused_in_the_documented_words(rest: Rest) -> None:
    assert (await rest("GET", GRAPHS, headers={})).json() == {"detail": NO_CREDENTIAL}


async def test_every_answer_carries_the_request_id(rest: Rest) -> None:
    for path in (GRAPHS, f"{GRAPHS}/0", f"{GRAPHS}/abc"):
        answer = await rest("GET", path, more={"X-Request-ID": "mine-1"})
        assert answer.headers["x-request-id"] == "mine-1"


@pytest.mark.parametrize(
    ("method", "path", "status", "cacheable"),
    [
        ("GET", f"{GRAPHS}/1", 200, True),
        ("GET", GRAPHS, 200, True),
        ("GET", "/api/v1/calls/export?format=csv", 200, False),
        ("GET", "/api/v1/calls/stats", 200, False),
        ("GET", f"{GRAPHS}/0", 404, False),
        ("GET", f"{GRAPHS}/abc", 422, False),
        ("PATCH", GRAPHS, 405, False),
        ("PUT", f"{GRAPHS}/1/structure", 400, False),
    ],
)
async def test_every_answer_says_who_may_keep_it(
    rest: Rest, method: str, path: str, status: int, *, cacheable: bool
) -> None:
    answer = await rest(method, path, more={"Accept-Encoding": "identity"})

    assert answer.status_code == status
    assert answer.headers.get_list("cache-control") == [
        "private, no-cache" if cacheable else "no-store"
    ]
    assert answer.headers["vary"] == "Authorization, Cookie"
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]


@pytest.mark.parametrize("path", ["/nowhere", "/", "/playground", "/openapi.json", "/healthz"])
async def test_no_answer_is_taken_for_another_type(rest: Rest, path: str) -> None:
    answer = await rest("GET", path)

    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers["cache-control"]


async def test_many_requests_at_once_each_get_their_own_answer(rest: Rest) -> None:
    answers = await asyncio.gather(
        *(rest("GET", f"{GRAPHS}/{1 if number % 2 else 0}") for number in range(30))
    )

    assert [answer.status_code for answer in answers] == [404, 200] * 15


async def test_a_stranger_without_a_name_changes_nothing(
    rest: Rest,
) -> None:
    answer = await rest("DELETE", f"{GRAPHS}/1", headers={})

    assert answer.status_code == 401
    assert (await rest("GET", f"{GRAPHS}/1")).status_code == 200


def test_no_address_hides_another(app: Starlette) -> None:
    """A literal path comes before a parameter in its place: each reaches its own endpoint."""
    endpoints = {route.path: route.endpoint for route in every_route(app)}
    for route in ROUTES:
        for slash in ("", "/"):
            path = _sample(route.path) + slash
            scope = {"type": "http", "method": route.method, "path": path}
            matches = (one.matches(scope) for one in app.router.routes)
            child_scope = next(inside for match, inside in matches if match is Match.FULL)
            assert child_scope["endpoint"] is endpoints[route.path + slash]


def test_no_two_routes_share_a_method_and_a_path() -> None:
    pairs = [(route.method, route.path) for route in ROUTES]

    assert len(set(pairs)) == len(pairs)


def _sample(path: str) -> str:
    return "/".join("7" if part.startswith("{") else part for part in path.split("/"))


def test_an_address_is_found_behind_a_prefix_and_has_no_name(app: Starlette) -> None:
    """A proxy may serve us under a path of its own; and a WebSocket is none of our business."""
    directory = next(route for route in app.routes if isinstance(route, Directory))
    behind = {"type": "http", "method": "GET", "path": "/gate/api/v1/calls", "root_path": "/gate"}

    matches = [directory.matches({**behind, **change})[0] for change in CHANGES]

    assert matches == [Match.FULL, Match.NONE, Match.NONE]
    with pytest.raises(NoMatchFound):
        app.url_path_for("calls")


CHANGES: tuple[dict[str, str], ...] = ({}, {"root_path": ""}, {"type": "websocket"})
