"""What a request may carry, and the refusals of those that cannot be read."""

from typing import Any

import pytest

from tests.protocol.http_client import HttpClient

END_OF_DATA = "unexpected end of data"
MANY = "query A { __typename } query B { b: __typename }"


async def _refused(client: HttpClient, content: bytes) -> str:
    response = await client.send(content)

    (error,) = response.json()["errors"]
    assert (response.status_code, error["extensions"]["code"]) == (400, "BAD_REQUEST")
    return str(error["message"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", 'The body is empty; send a JSON object such as {"query": "{ viewer }"}.'),
        (b"null", "The body must be a JSON object, not null."),
        (b"1", "The body must be a JSON object, not a number."),
        (b'"x"', "The body must be a JSON object, not a string."),
        (b"true", "The body must be a JSON object, not a boolean."),
        (
            b"[]",
            "Batches are not served: send one JSON object per request, not an array.",
        ),
        (b"{}", "The parameter query is missing: send the document in it."),
        (
            b'{"qeury":"{a}","b":1}',
            (
                "The parameter query is missing: send the document in it."
                " The request has only b, qeury."
            ),
        ),
        (b'{"query":7}', "The parameter query must be a string, not a number."),
        (
            b'{"query":"{a}","operationName":[]}',
            "The parameter operationName must be a string or null, not an array.",
        ),
        (
            b'{"query":"{a}","variables":"{}"}',
            "The parameter variables must be a JSON object or null, not a string.",
        ),
        (
            b'{"query":"{a}","extensions":0.5}',
            "The parameter extensions must be a JSON object or null, not a number.",
        ),
    ],
)
async def test_a_body_that_is_no_request_says_what_is_wrong(
    client: HttpClient, content: bytes, message: str
) -> None:
    assert await _refused(client, content) == message


@pytest.mark.parametrize(
    "content",
    [
        b'{"query":',
        b'{"query":"{a}"} x',
        b'{"query":"\xff"}',
        b'{"query":"\\ud800"}',
        b'{"query":"{a}","variables":{"\\udc00":1}}',
        b'{"query":"{a}","variables":{"a":NaN}}',
        b'{"query":"{a}","variables":{"a":-Infinity}}',
        b'{"query":"{a}","variables":{"a":1e999}}',
    ],
)
async def test_what_is_not_strict_json_says_where(client: HttpClient, content: bytes) -> None:
    message = await _refused(client, content)

    assert message.startswith("The body is not JSON: ")
    assert ": line 1 column " in message


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "The parameter query is missing: send the document in it."),
        (
            {"query": "{a}", "variables": "[1]"},
            "The parameter variables must be a JSON object or null, not an array.",
        ),
        (
            {"query": "{a}", "extensions": "{"},
            f"The parameter extensions is not JSON: {END_OF_DATA}: line 1 column 2 (char 1).",
        ),
        (
            {"query": "{a}", "extensions": '"x"'},
            "The parameter extensions must be a JSON object or null, not a string.",
        ),
    ],
)
async def test_a_query_string_that_is_no_request_says_what_is_wrong(
    client: HttpClient, parameters: dict[str, str], message: str
) -> None:
    response = await client.get(**parameters)

    (error,) = response.json()["errors"]
    assert (response.status_code, error["message"]) == (400, message)


@pytest.mark.parametrize(
    ("query_string", "message"),
    [
        ("query=%ff", "The query string is not percent-encoded UTF-8."),
        ("query=%ED%A0%80", "The query string is not percent-encoded UTF-8."),
        ("query={a}&query={b}", "The query string has query twice."),
    ],
)
async def test_a_query_string_is_read_strictly(
    client: HttpClient, query_string: str, message: str
) -> None:
    response = await client.http.get(f"/graphql?{query_string}")

    assert (response.status_code, response.json()["errors"][0]["message"]) == (400, message)


@pytest.mark.parametrize(
    "parameters",
    [
        {"operationName": "", "variables": "", "extensions": ""},
        {"variables": "null", "extensions": "null", "unknown": "x"},
        {"variables": "{}", "extensions": '{"a":[1]}'},
    ],
)
async def test_an_empty_or_null_or_unknown_parameter_counts_as_left_out(
    client: HttpClient, parameters: dict[str, str]
) -> None:
    response = await client.get(query="{ __typename }", **parameters)

    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(("name", "data"), [("A", "__typename"), ("B", "b")])
async def test_the_named_operation_runs(client: HttpClient, name: str, data: str) -> None:
    response = await client.post({"query": MANY, "operationName": name})

    assert response.json() == {"data": {data: "Query"}}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"query": MANY},
            "The document has 2 operations; name one in operationName: A, B.",
        ),
        (
            {"query": MANY, "operationName": "C"},
            "The document has no operation C; it has: A, B.",
        ),
        (
            {"query": "{ __typename }", "operationName": "A"},
            "The document has no operation A; it has: one without a name.",
        ),
    ],
)
@pytest.mark.parametrize(
    ("accept", "status"), [("application/graphql-response+json", 400), ("application/json", 200)]
)
async def test_an_operation_that_cannot_be_told_is_a_request_error(
    client: HttpClient, body: dict[str, Any], message: str, accept: str, status: int
) -> None:
    response = await client.post(body, headers={"accept": accept})

    (error,) = response.json()["errors"]
    assert (response.status_code, error["message"]) == (status, message)
    assert error["extensions"]["code"] == "OPERATION_RESOLUTION_FAILURE"


async def test_a_document_of_fragments_alone_is_no_operation(client: HttpClient) -> None:
    response = await client.query("fragment F on Query { __typename }")

    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
