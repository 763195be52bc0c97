"""Methods, media types and the headers around the answer."""

import pytest

from tests.protocol.conftest import OpenDoor
from tests.protocol.http_client import HttpClient

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
TYPENAME = {"query": "{ __typename }"}
METHODS = "GET, HEAD, OPTIONS, POST, QUERY"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("text/html, */*;q=0.1", JSON),
        (GRAPHQL, GRAPHQL),
        ("APPLICATION/GraphQL-Response+JSON", GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON}", JSON),
        (f"{JSON};q=0.9, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL};q=0, */*", JSON),
        (f"{JSON};q=0, */*", GRAPHQL),
        (f"*/*;q=0.8, {GRAPHQL};q=0.2", JSON),
        (f"{GRAPHQL};q=nonsense, {JSON};q=0.1", JSON),
        (f"{GRAPHQL};charset=utf-16, {JSON};q=0.1", JSON),
    ],
)
async def test_the_highest_q_wins_and_then_the_more_exact_name(
    client: HttpClient, accept: str, media_type: str
) -> None:
    response = await client.post(TYPENAME, headers={"accept": accept})

    assert response.status_code == 200
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert response.json() == {"data": {"__typename": "Query"}}


async def test_several_accept_headers_count_as_one(client: HttpClient) -> None:
    response = await client.http.post(
        "/graphql", json=TYPENAME, headers=[("accept", "text/html"), ("accept", GRAPHQL)]
    )

    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml, image/*", f"{JSON};q=0, {GRAPHQL};q=0", "nonsense"]
)
async def test_an_accept_header_without_a_producible_type_is_told_which_there_are(
    client: HttpClient, accept: str
) -> None:
    response = await client.post(TYPENAME, headers={"accept": accept})

    assert response.status_code == 406
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    (error,) = response.json()["errors"]
    assert error["message"] == (
        "The Accept header allows none of what this endpoint produces: "
        "application/graphql-response+json or application/json."
    )
    assert error["extensions"]["code"] == "NOT_ACCEPTABLE"
    assert error["extensions"]["produces"] == [GRAPHQL, JSON]


async def test_an_answer_is_not_stored_and_varies_by_accept(failing: HttpClient) -> None:
    response = await failing.post(TYPENAME)

    assert dict(response.headers) == {
        "content-type": "application/json; charset=utf-8",
        "content-length": "31",
        "cache-control": "no-store",
        "vary": "Accept",
    }


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
async def test_other_methods_are_told_which_there_are(open_door: OpenDoor, method: str) -> None:
    async with open_door(None) as nobody:
        response = await nobody.http.request(method, "/graphql")

    assert response.status_code == 405
    assert response.headers["allow"] == METHODS
    (error,) = response.json()["errors"]
    assert error["message"] == f"Send GraphQL by POST, GET or QUERY, not {method}."
    assert error["extensions"]["code"] == "METHOD_NOT_ALLOWED"


async def test_options_lists_the_methods_to_anybody(open_door: OpenDoor) -> None:
    async with open_door(None) as nobody:
        response = await nobody.http.options("/graphql")

    assert (response.status_code, response.headers["allow"], response.content) == (
        200,
        METHODS,
        b"",
    )
    assert response.headers["accept-query"] == JSON


async def test_head_answers_like_get_without_the_body(client: HttpClient) -> None:
    by_get = await client.get(query="{ __typename }")
    head = await client.http.head("/graphql", params=TYPENAME)

    assert (head.status_code, head.content) == (200, b"")
    for headers in (head.headers, by_get.headers):
        del headers["x-request-id"]
        del headers["ratelimit"]  # the second request finds one less
    assert head.headers == by_get.headers


@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_a_mutation_by_get_is_refused(failing: HttpClient, accept: str) -> None:
    response = await failing.http.get(
        "/graphql", params={"query": "mutation { __typename }"}, headers={"accept": accept}
    )

    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    (error,) = response.json()["errors"]
    assert error["message"] == "Send mutations by POST: a GET must not change anything."


async def test_a_mutation_by_post_runs(failing: HttpClient) -> None:
    response = await failing.query("mutation { __typename }")

    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Mutation"}})


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
        "Application/JSON; profile=x; charset=utf8",
    ],
)
async def test_json_in_utf_8_is_read(client: HttpClient, content_type: str) -> None:
    response = await client.send(b'{"query":"{__typename}"}', content_type=content_type)

    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    ("content_type", "message"),
    [
        ("", "Send a body of Content-Type application/json, which is missing."),
        ("text/plain", "Send a body of Content-Type application/json, not text/plain."),
        (
            "application/graphql",
            "Send a body of Content-Type application/json, not application/graphql.",
        ),
        ("application/json; charset=utf-16", "Send the body in UTF-8, not utf-16."),
    ],
)
async def test_other_content_types_are_refused(
    client: HttpClient, content_type: str, message: str
) -> None:
    response = await client.send(b'{"query":"{__typename}"}', content_type=content_type)

    assert response.status_code == 415
    (error,) = response.json()["errors"]
    assert error["message"] == message
    assert error["extensions"]["code"] == "UNSUPPORTED_MEDIA_TYPE"


async def test_the_request_id_of_the_answer_is_printed_beside_every_error(
    client: HttpClient,
) -> None:
    response = await client.post({"query": "{"}, headers={"x-request-id": "request-7"})

    assert response.headers["x-request-id"] == "request-7"
    assert response.json()["errors"][0]["extensions"] == {
        "code": "GRAPHQL_PARSE_FAILED",
        "requestId": "request-7",
    }


async def test_without_a_middleware_every_request_gets_an_id_of_its_own(
    failing: HttpClient,
) -> None:
    ids = {
        (await failing.query("{")).json()["errors"][0]["extensions"]["requestId"] for _ in range(3)
    }

    assert len(ids) == 3
