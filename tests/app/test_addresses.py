"""Addresses: what is there, what is not, and that nothing redirects."""

import gzip

import httpx2
import pytest
from starlette.applications import Starlette

from tests.routes import every_route

BIG = "{ __schema { types { name description fields { name description } } } }"


async def test_an_unknown_address_is_a_404_in_json(client: httpx2.AsyncClient) -> None:
    response = await client.get("/nowhere")

    assert (response.status_code, response.json()) == (404, {"detail": "Not Found"})


async def test_a_wrong_method_is_a_405_that_says_the_right_one(client: httpx2.AsyncClient) -> None:
    response = await client.get("/auth/login")

    assert (response.status_code, response.json()) == (405, {"detail": "Method Not Allowed"})
    assert response.headers["allow"] == "POST"


async def test_nothing_redirects(app: Starlette, client: httpx2.AsyncClient) -> None:
    paths = [route.path for route in every_route(app)]
    assert {"/graphql", "/api/v1/calls"} < set(paths)
    for path in paths:
        for spelling in (path, path.rstrip("/") + "/", path + "//"):
            for method in ("GET", "POST"):
                response = await client.request(method, spelling, headers={"Host": "evil.example"})
                assert response.status_code not in range(300, 400), (method, spelling)


@pytest.mark.parametrize("path", ["/graphql", "/graphql/"])
async def test_graphql_is_served_with_and_without_a_slash(
    client: httpx2.AsyncClient, owner: dict[str, str], path: str
) -> None:
    response = await client.post(path, json={"query": "{ __typename }"}, headers=owner)

    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize("path", ["/", "/playground", "/healthz", "/readyz"])
async def test_pages_and_health_are_public(client: httpx2.AsyncClient, path: str) -> None:
    response = await client.get(path, headers={"Authorization": "Bearer nonsense"})

    assert response.status_code == 200


async def test_a_large_answer_is_compressed_when_asked_for(
    client: httpx2.AsyncClient, owner: dict[str, str]
) -> None:
    plain, packed = [
        await client.post(
            "/graphql", json={"query": BIG}, headers={**owner, "Accept-Encoding": encoding}
        )
        for encoding in ("identity", "gzip")
    ]

    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["vary"]
    assert packed.json() == plain.json()
    packed_size, plain_size = (int(each.headers["content-length"]) for each in (packed, plain))
    assert packed_size < len(gzip.compress(plain.content, 1)) < plain_size


async def test_a_small_answer_is_not(client: httpx2.AsyncClient) -> None:
    response = await client.get("/healthz", headers={"Accept-Encoding": "gzip"})

    assert "content-encoding" not in response.headers


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5, *", True),
        ("deflate,x-gzip", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;q=1.", True),
        ("identity", False),
        ("notgzip", False),
        ("gzip;q=...", False),
        ("", False),
    ],
)
async def test_gzip_is_sent_to_those_who_take_it(
    client: httpx2.AsyncClient, accepted: str, is_compressed: bool
) -> None:
    response = await client.get("/playground", headers={"Accept-Encoding": accepted})

    assert response.status_code == 200
    assert (response.headers.get("content-encoding") == "gzip") is is_compressed
