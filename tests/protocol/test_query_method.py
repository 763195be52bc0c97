"""QUERY, the method that reads and has a body (RFC 10008), and what GET and QUERY may keep."""

from typing import Any

import pytest

from tests.databases import settings_for
from tests.http_server import listening
from tests.protocol.http_client import HttpClient

GRAPHQL = "application/graphql-response+json"
NAME = {"query": "query ($id: ID!) { graph(id: $id) { name } }", "variables": {"id": 1}}
BY_GET = {"query": "{ graph(id: 1) { name } }"}
ANSWER = {"data": {"graph": {"name": "Customer Service Router"}}}
MUTATION = {"query": "mutation { updateGraph(input: {id: 1}) { clientMutationId } }"}


async def query(client: HttpClient, body: Any, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.http.request("QUERY", "/graphql", json=body, headers=named)


async def test_it_answers_as_post_does(client: HttpClient) -> None:
    responses = [await query(client, NAME) for _ in range(2)]  # the second from the cache
    posted = await client.post(NAME)

    assert [each.json() for each in (*responses, posted)] == [ANSWER] * 3
    assert {each.status_code for each in responses} == {200}


async def test_a_server_takes_it_from_the_wire(client: HttpClient) -> None:
    body = b'{"query":"{__typename}"}'
    authorization = client.http.headers["authorization"].encode()
    head = b"QUERY /graphql HTTP/1.1\r\nhost: a\r\nauthorization: %b\r\ncontent-length: %d\r\n"
    settings = settings_for("sqlite:///unused.db")
    async with listening(client.app, settings) as server:
        answer = await server.ask(
            head % (authorization, len(body)),
            b"content-type: application/json\r\nconnection: close\r\n\r\n",
            body,
        )

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b'{"data":{"__typename":"Query"}}')


async def test_it_changes_nothing(client: HttpClient) -> None:
    response = await query(client, MUTATION)

    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert response.json()["errors"][0]["message"] == (
        "Send mutations by POST: a QUERY must not change anything."
    )


async def test_a_body_without_its_type_is_refused(client: HttpClient) -> None:
    """RFC 10008, 2: content whose type is missing must be refused."""
    response = await client.http.request("QUERY", "/graphql", content=b"{}")

    assert response.status_code == 415


@pytest.mark.parametrize("method", ["GET", "HEAD", "QUERY"])
async def test_what_only_reads_may_be_kept_and_asked_for_again(
    client: HttpClient, method: str
) -> None:
    request: dict[str, Any] = {"json": NAME} if method == "QUERY" else {"params": BY_GET}
    first = await client.http.request(method, "/graphql", **request)
    tag = {"if-none-match": first.headers["etag"]}
    again = await client.http.request(method, "/graphql", headers=tag, **request)
    as_graphql = await client.http.request(
        method, "/graphql", headers={**tag, "accept": GRAPHQL}, **request
    )
    expected = {"if-match": '"x"'}
    refused = await client.http.request(method, "/graphql", headers=expected, **request)

    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["vary"] == "Accept, Authorization, Cookie"
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert not {"content-type", "content-length"} & set(again.headers)
    assert as_graphql.status_code == 200
    assert as_graphql.headers["etag"] != first.headers["etag"]
    assert refused.status_code == 412
    if method != "HEAD":
        assert refused.json()["errors"][0]["extensions"]["code"] == "PRECONDITION_FAILED"


async def test_what_changes_or_has_errors_is_not_kept(client: HttpClient) -> None:
    answers = (
        await client.post(NAME),
        await query(client, {"query": "{"}),
        await client.get(query="{ call(by: {id: 0}) { id } graph(id: 1) { name } }"),
        await query(client, MUTATION),
    )

    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers
