"""Whatever is sent, the answer is a result or a clear refusal; never a 500."""

from typing import Any

import httpx2
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gql.schema.schema import schema
from tests.protocol.http_client import HttpClient
from tests.protocol.random_operations import operations

bounded = settings(max_examples=75)

text = st.text(st.characters(codec="utf-8"))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=10,
)
WORDS = """
    ... \\u0000 \\ud800 query mutation subscription fragment on null true Query F type schema 1 -0
    __typename __schema __type name viewer @skip(if:true) ($v:Int=1) (v:$v) 1e9 0x
"""
SIGNS = '{}()[]:@$!=|&#,\n\0"\ufeff💥a'
pieces = st.sampled_from(SIGNS) | st.sampled_from(WORDS.split())
documents = st.lists(pieces, max_size=25).map(" ".join) | text
headers = st.dictionaries(
    st.sampled_from(["accept", "content-type", "content-length", "content-encoding", "x-other"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
    | st.sampled_from(["application/json", "*/*", 'application/json;q=0.5;charset="', ";;,=,"]),
)
methods = st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT", "BREW"])


def _is_clear(response: httpx2.Response) -> None:
    """Assert that an answer is a result, or an error that says what is wrong."""
    assert response.status_code < 500, response.text
    if response.request.method in {"HEAD", "OPTIONS"}:
        return
    answer: dict[str, Any] = response.json()
    assert answer.keys() <= {"data", "errors"}
    assert response.status_code == 200 or "data" not in answer
    for error in answer.get("errors", ()):
        assert error["message"]
        assert error["extensions"]["code"] != "INTERNAL_SERVER_ERROR"
        assert error["extensions"]["requestId"]


@bounded
@given(content=st.binary(max_size=200))
async def test_any_bytes(client: HttpClient, content: bytes) -> None:
    _is_clear(await client.send(content))


@bounded
@given(body=json_values)
async def test_any_json(client: HttpClient, body: Any) -> None:
    _is_clear(await client.send(orjson.dumps(body)))


@bounded
@given(
    body=st.fixed_dictionaries(
        {"query": documents | json_values},
        optional={
            "variables": json_values | st.dictionaries(st.sampled_from("vwx"), json_values),
            "operationName": json_values | st.sampled_from(["Query", "F", "a"]),
            "extensions": json_values,
        },
    )
)
async def test_any_parameters(client: HttpClient, body: dict[str, Any]) -> None:
    _is_clear(await client.send(orjson.dumps(body)))


@bounded
@given(
    query_string=st.binary(max_size=200)
    | st.lists(
        st.tuples(st.sampled_from(["query", "variables", "operationName"]), text), max_size=4
    ).map(lambda pairs: str(httpx2.QueryParams(tuple(pairs))).encode())
)
async def test_any_query_string(client: HttpClient, query_string: bytes) -> None:
    raw = bytes(byte for byte in query_string if 32 < byte < 127 and byte != ord("#"))
    _is_clear(await client.http.get(f"/graphql?{raw.decode()}"))


@bounded
@given(method=methods, named=headers, content=st.binary(max_size=40) | documents.map(str.encode))
async def test_any_method_and_headers(
    client: HttpClient, method: str, named: dict[str, str], content: bytes
) -> None:
    _is_clear(await client.http.request(method, "/graphql", headers=named, content=content))


# graphql-core cancels the siblings of a field that fails; one that had not begun is never awaited.
@pytest.mark.filterwarnings("ignore:coroutine .*_async_resolver. was never awaited:RuntimeWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@bounded
@given(document=operations(schema._schema))  # noqa: SLF001 -- Strawberry has no other way to it
async def test_any_question_that_the_schema_allows(client: HttpClient, document: str) -> None:
    _is_clear(await client.query(document))


@pytest.mark.parametrize(
    "content",
    [
        b'{"query":"{ __type(name: \\"\\\\ud800\\") { name } }"}',
        b'{"query":"\xf0\x9f"}',
        b'{"query":"{ a }","variables":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        b'{"query":"{ a }","extensions":{"n":' + b"9" * 10_000 + b"}}",
        b'{"query":"' + b"{a" * 20_000 + b'"}',
        b'{"query":"{ a(b: ' + b"9" * 10_000 + b') }"}',
        b'[{"query":"{ a }"},7]',
    ],
    ids=["surrogate", "utf-8", "deep-variables", "long-number", "deep-document", "digits", "batch"],
)
async def test_what_breaks_stock_servers(client: HttpClient, content: bytes) -> None:
    _is_clear(await client.send(content))
