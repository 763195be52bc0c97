"""Sizes, nesting, numbers and characters that are refused before they cost anything."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from starlette.types import Message

from tests.protocol.conftest import OpenDoor
from tests.protocol.http_client import HttpClient


def _body(**variables: Any) -> bytes:
    return orjson.dumps({"query": "{ __typename }", "variables": variables})


def _nested(levels: int) -> bytes:
    """A body whose deepest value is `levels` deep, the body itself being the first."""
    lists = levels - 2
    return b'{"query":"{__typename}","variables":{"a":' + b"[" * lists + b"]" * lists + b"}}"


async def test_a_body_of_the_limit_is_read_and_a_byte_more_is_not(
    open_door: OpenDoor,
) -> None:
    body = _body(a="x" * 100)
    async with open_door(max_body_bytes=len(body)) as client:
        fits = await client.send(body)
        too_long = await client.send(body + b" ")

    assert fits.status_code == 200
    (error,) = too_long.json()["errors"]
    assert too_long.status_code == 413
    assert error["message"] == f"The body is longer than {len(body)} bytes."
    assert error["extensions"]["code"] == "PAYLOAD_TOO_LARGE"


async def test_a_body_without_a_length_is_read_no_further_than_the_limit(
    open_door: OpenDoor,
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 1_000:
            sent += 1
            yield b" " * 100

    async with open_door(max_body_bytes=1_000) as client:
        response = await client.http.post(
            "/graphql", content=endless(), headers={"content-type": "application/json"}
        )

    assert response.status_code == 413
    assert sent < 20


BOTH_DOORS = pytest.mark.parametrize("path", ["/graphql", "/api/v1/assistant-graphs"])


@BOTH_DOORS
async def test_an_announced_length_is_refused_before_reading(client: HttpClient, path: str) -> None:
    received: list[str] = []

    async def receive() -> Message:
        received.append("read")
        return {"type": "http.request", "body": b""}

    start, *_ = await client.raw(
        receive, path, content_type="application/json", content_length="9" * 5_000
    )

    assert (start["status"], received) == (413, [])


@BOTH_DOORS
async def test_a_client_that_goes_away_while_sending_gets_no_answer(
    client: HttpClient, path: str
) -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    assert await client.raw(receive, path, content_type="application/json") == []


async def test_a_query_string_over_the_limit_is_refused(open_door: OpenDoor) -> None:
    async with open_door(max_body_bytes=100) as client:
        response = await client.get(query="{ __typename }", variables="x" * 100)

    (error,) = response.json()["errors"]
    assert response.status_code == 414
    assert error["message"] == "The query string is longer than 100 bytes; use POST."
    assert error["extensions"]["code"] == "URI_TOO_LONG"


async def test_nesting_of_the_limit_is_read_and_a_level_more_is_not(client: HttpClient) -> None:
    fits = await client.send(_nested(64))
    too_deep = await client.send(_nested(65))

    assert fits.json() == {"data": {"__typename": "Query"}}
    assert (too_deep.status_code, too_deep.json()["errors"][0]["message"]) == (
        400,
        "The body is nested deeper than 64 levels.",
    )


async def test_brackets_side_by_side_or_in_strings_are_not_nesting(client: HttpClient) -> None:
    response = await client.send(_body(side=[{}] * 200, text='\\"[{' * 200))

    assert response.json() == {"data": {"__typename": "Query"}}


async def test_nesting_in_a_get_is_held_to_the_same_limit(client: HttpClient) -> None:
    response = await client.get(query="{ __typename }", variables="[" * 65)

    assert (response.status_code, response.json()["errors"][0]["message"]) == (
        400,
        "The parameter variables is nested deeper than 64 levels.",
    )


async def test_a_number_of_the_limit_is_read_and_a_digit_more_is_not(client: HttpClient) -> None:
    fits = await client.send(b'{"query":"{__typename}","variables":{"a":%s}}' % (b"1" * 64))
    too_long = await client.send(b'{"query":"{__typename}","variables":{"a":%s}}' % (b"1" * 65))

    assert fits.json() == {"data": {"__typename": "Query"}}
    assert (too_long.status_code, too_long.json()["errors"][0]["message"]) == (
        400,
        "The body has a number of more than 64 digits; send a string.",
    )


async def test_digits_in_a_string_are_not_a_number(client: HttpClient) -> None:
    response = await client.send(_body(a="1" * 10_000))

    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    "content",
    [
        b'{"query":"{__typename}","variables":{"a":[{"b":"x\\u0000"}]}}',
        b'{"query":"{__typename}","variables":{"a\\u0000":1}}',
        b'{"query":"{__typename}","extensions":{"a":"\\u0000"}}',
    ],
)
async def test_a_nul_character_in_json_is_refused(client: HttpClient, content: bytes) -> None:
    response = await client.send(content)

    assert (response.status_code, response.json()["errors"][0]["message"]) == (
        400,
        "The body has a NUL character (\\u0000) in a string; leave it out.",
    )


@pytest.mark.parametrize("escape", ["\\u0000", "\\u{0}", "\\u{000}"])
async def test_a_nul_character_in_a_literal_is_refused(client: HttpClient, escape: str) -> None:
    response = await client.query(f'{{ __type(name: "a{escape}") {{ name }} }}')

    assert (response.status_code, response.json()["errors"][0]["message"]) == (
        400,
        "The document has a NUL character (\\u0000) in a string; leave it out.",
    )


async def test_what_only_looks_like_a_nul_character_is_read(client: HttpClient) -> None:
    literal = await client.query(r'{ __type(name: "a\\u0000") { name } }')
    variable = await client.query(
        "query ($name: String!) { __type(name: $name) { name } }", name=r"a\u0000"
    )

    assert literal.json() == variable.json() == {"data": {"__type": None}}


HALF_A_MEGABYTE = 500_000


@pytest.mark.parametrize(
    "content",
    [
        b"[" * HALF_A_MEGABYTE,
        b'"\\' * (HALF_A_MEGABYTE // 2),
        b'\\"' * (HALF_A_MEGABYTE // 2),
        b'["",' * (HALF_A_MEGABYTE // 4),
        (b"e" * 64 + b" ") * (HALF_A_MEGABYTE // 65),
        b"1" * HALF_A_MEGABYTE,
        b'{"a":' * (HALF_A_MEGABYTE // 5),
    ],
    ids=["brackets", "backslashes", "quotes", "strings", "runs", "digits", "objects"],
)
async def test_a_hostile_body_is_refused_in_linear_time(client: HttpClient, content: bytes) -> None:
    """A scan in quadratic time would take 250 thousand million steps: it would not come back."""
    response = await client.send(content)

    assert response.status_code == 400
