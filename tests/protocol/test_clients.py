"""What browsers and clients send that is no plain GraphQL request, and get on with."""

import gzip
import json
import zlib
from typing import Any

import pytest

from tests.protocol.conftest import OpenDoor
from tests.protocol.http_client import HttpClient

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
TYPENAME = b'{"query":"{__typename}"}'
ANSWER = {"data": {"__typename": "Query"}}
HASH = {"persistedQuery": {"version": 1, "sha256Hash": "ecf4edb46db40b5132295c0291d62fb65d6759a9"}}


@pytest.mark.parametrize(
    ("accept", "is_page"),
    [
        (FIREFOX, True),
        ("text/html", True),
        ("text/html;q=0.9,application/json;q=0.8", True),
        ("text/html,application/json", False),
        ("text/html;q=0.8,application/graphql-response+json", False),
        ("*/*", False),
        ("application/*", False),
        ("", False),
    ],
)
async def test_a_person_is_sent_to_the_playground(
    open_door: OpenDoor, accept: str, *, is_page: bool
) -> None:
    async with open_door(None) as nobody:
        bare, with_query = [
            await nobody.http.get(address, headers={"accept": accept})
            for address in ("/graphql", "/graphql/?query=%7Ba%7D&variables=%7B%7D")
        ]

    expected = 303 if is_page else 401
    assert [bare.status_code, with_query.status_code] == [expected, expected]
    if is_page:
        assert bare.headers["location"] == "/playground"
        assert with_query.headers["location"] == "/playground?query=%7Ba%7D&variables=%7B%7D"


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
@pytest.mark.parametrize("method", ["GET", "POST", "QUERY"])
async def test_a_hash_alone_is_answered_such_that_clients_send_the_text(
    client: HttpClient, method: str, accept: str
) -> None:
    """Message, code and status of Apollo's own server, which its clients and urql look for."""
    parameters: dict[str, Any] = {"operationName": "Viewer", "variables": {}, "extensions": HASH}
    request: dict[str, Any] = {"json": parameters}
    if method == "GET":
        texts = {name: json.dumps(value) for name, value in parameters.items()}
        request = {"params": texts}
    response = await client.http.request(
        method, "/graphql", headers={"accept": accept, "x-request-id": "mine"}, **request
    )

    assert response.status_code == 200
    assert response.json() == {
        "errors": [
            {
                "message": "PersistedQueryNotSupported",
                "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED", "requestId": "mine"},
            }
        ]
    }


async def test_the_text_beside_a_hash_is_run(client: HttpClient) -> None:
    response = await client.post({"query": "{__typename}", "extensions": HASH})

    assert response.json() == ANSWER


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", " GZIP ", "identity", ""])
async def test_a_body_is_plain_or_gzip(client: HttpClient, coding: str) -> None:
    body = gzip.compress(TYPENAME) if "gzip" in coding.lower() else TYPENAME

    response = await client.send(body, content_encoding=coding)

    assert (response.status_code, response.json()) == (200, ANSWER)


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, gzip"])
async def test_another_compression_is_told_which_one_is_read(
    client: HttpClient, coding: str
) -> None:
    response = await client.send(TYPENAME, content_encoding=coding)

    assert (response.status_code, response.headers["accept-encoding"]) == (415, "gzip")
    assert response.json()["errors"][0]["message"] == (
        f"Send the body plain or compressed by gzip, not by {coding}."
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (TYPENAME, "The body is not gzip, as its Content-Encoding says."),
        (zlib.compress(TYPENAME), "The body is not gzip, as its Content-Encoding says."),
        (
            gzip.compress(TYPENAME, mtime=0)[:-4],
            "The gzip body is cut off, or goes on after its end.",
        ),
        (
            gzip.compress(TYPENAME, mtime=0) + b"x",
            "The gzip body is cut off, or goes on after its end.",
        ),
        (b"", "The gzip body is cut off, or goes on after its end."),
    ],
)
async def test_what_is_no_gzip_is_refused(client: HttpClient, body: bytes, message: str) -> None:
    response = await client.send(body, content_encoding="gzip")

    assert response.status_code == 400
    assert response.json()["errors"][0]["message"] == message


async def test_a_bomb_is_not_decompressed_beyond_the_limit(
    client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths: list[int] = []
    real = zlib.decompressobj

    class Decompressor:
        def __init__(self, bits: int) -> None:
            self._inner = real(bits)

        def decompress(self, data: bytes, most: int) -> bytes:
            text = self._inner.decompress(data, most)
            lengths.append(len(text))
            return text

    monkeypatch.setattr("gql.http.body.zlib.decompressobj", Decompressor)
    bomb = gzip.compress(b" " * 5_000_000)
    response = await client.send(bomb, content_encoding="gzip")

    assert response.status_code == 413
    assert lengths == [1_000_001]


async def test_a_byte_order_mark_is_passed_over(client: HttpClient) -> None:
    """RFC 8259, 8.1: a parser may ignore it."""
    plain = await client.send(b"\xef\xbb\xbf" + TYPENAME)
    compressed = await client.send(
        gzip.compress(b"\xef\xbb\xbf" + TYPENAME), content_encoding="gzip"
    )

    assert plain.json() == compressed.json() == ANSWER


@pytest.mark.parametrize(
    ("headers", "parameters", "misplaced"),
    [
        ({"X-API-Key": "burki_x"}, {}, "x-api-key"),
        ({"Api-Key": "burki_x"}, {}, "api-key"),
        ({}, {"api_key": "burki_x"}, "api_key"),
        ({}, {"access_token": "x"}, "access_token"),
    ],
)
async def test_a_key_in_another_place_is_told_where_it_belongs(
    open_door: OpenDoor, headers: dict[str, str], parameters: dict[str, str], misplaced: str
) -> None:
    sentence = (
        "Authentication required. Provide a valid API key or login session. Send the key as"
        f" `Authorization: Bearer <key>`; {misplaced} is not read."
    )
    async with open_door(None) as nobody:
        rest = await nobody.http.get("/api/v1/calls", headers=headers, params=parameters)
        graphql = await nobody.http.get("/graphql", headers=headers, params=parameters)

    assert (rest.status_code, rest.json()) == (401, {"detail": sentence})
    assert (graphql.status_code, graphql.json()["errors"][0]["message"]) == (401, sentence)
