"""The checks of the public GraphQL-over-HTTP audit suite, under the suite's own ids."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from tests.protocol.http_client import HttpClient

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
TYPENAME = {"query": "{ __typename }"}
TYPE = "query Type($name: String!) { __type(name: $name) { name } }"
NO_SUCH_FIELD = {"query": "{ noSuchField }"}
UNFIT_VARIABLE = {
    "query": "query CoerceFailure($id: ID!) { __typename }",
    "variables": {"id": None},
}
NOT_JSON = b'{ "not a JSON'


@dataclass(frozen=True)
class Audit:
    """One check: what is sent, and what must come back.

    Attributes:
        id: The suite's.
        body: Sent as JSON, or as it is when it is bytes; None sends none.
        accept: The `Accept` header; none is sent when it is None.
        statuses: Those that are right.
        media_type: What the answer must be.
        without: Keys that the answer's JSON must not have.
        parameters: The query string; the request is a GET when there is one.
        content_type: The `Content-Type` header.
    """

    id: str
    body: Any = field(default_factory=lambda: TYPENAME)
    accept: str | None = None
    statuses: tuple[int, ...] = (200,)
    media_type: str | None = None
    without: tuple[str, ...] = ()
    parameters: dict[str, str] | None = None
    content_type: str | None = JSON

    async def send(self, http: httpx2.AsyncClient) -> httpx2.Response:
        headers = {"accept": self.accept, "content-type": self.content_type}
        method = "POST" if self.parameters is None else "GET"
        raw = self.body is None or isinstance(self.body, bytes)
        request = http.build_request(
            method,
            "/graphql",
            params=self.parameters,
            json=None if raw or self.parameters else self.body,
            content=self.body if raw else None,
        )
        for name, value in headers.items():
            request.headers.pop(name, None)
            if value is not None:
                request.headers[name] = value
        return await http.send(request)


REFUSED = tuple(range(400, 500))

NOT_STRINGS = ({"obj": "ect"}, 0, False, ["array"])
NOT_OBJECTS = ("string", 0, False, ["array"])
OPTIONAL = ("variables", "operationName", "extensions")


def _accepts() -> Iterator[Audit]:
    yield Audit("22EB", accept=GRAPHQL, media_type=GRAPHQL)
    yield Audit("4655", accept=JSON, media_type=JSON)
    yield Audit("47DE", accept="*/*", media_type=JSON)
    yield Audit("80D8", media_type=JSON)
    yield Audit("82A3")
    yield Audit(
        "BF61",
        {"query": '{ __type(name: "Run🏃Swim🏊") { name } }'},
        content_type="application/json; charset=utf-8",
    )
    yield Audit("78D5")


def _methods() -> Iterator[Audit]:
    yield Audit("2C94")
    yield Audit("5A70", parameters=TYPENAME)
    yield Audit(
        "9C48", parameters={"query": "mutation { __typename }"}, accept=GRAPHQL, statuses=REFUSED
    )
    yield Audit("9ABE", statuses=REFUSED, content_type=None)
    yield Audit("03D4")
    yield Audit("A5BF", None, statuses=(400,))


def _query_and_operation_name() -> Iterator[Audit]:
    yield Audit("423L", {"notquery": "{ __typename }"}, accept=GRAPHQL, statuses=(400,))
    for index, invalid in enumerate(NOT_STRINGS):
        yield Audit(f"LKJ{index}", {"query": invalid}, statuses=(400,))
    yield Audit("34A2", accept=GRAPHQL)
    yield Audit("13EE", accept=JSON, without=("errors",))
    for index, invalid in enumerate(NOT_STRINGS):
        yield Audit(f"6C0{index}", {"operationName": invalid, **TYPENAME}, statuses=(400,))
    named = {"operationName": "Query", "query": "query Query { __typename }"}
    yield Audit("8161", named, accept=GRAPHQL)
    yield Audit("B8B3", named, accept=JSON, without=("errors",))


def _variables_and_extensions() -> Iterator[Audit]:
    for index, name in enumerate(OPTIONAL):
        yield Audit(f"94B{index}", {**TYPENAME, name: None}, accept=GRAPHQL, without=("errors",))
        yield Audit(f"022{index}", {**TYPENAME, name: None}, accept=JSON, without=("errors",))
    for index, invalid in enumerate(NOT_OBJECTS):
        yield Audit(f"476{index}", {**TYPENAME, "variables": invalid}, statuses=(400,))
    body = {"query": TYPE, "variables": {"name": "sometype"}}
    yield Audit("2EA1", body, accept=GRAPHQL)
    yield Audit("28B9", body, accept=JSON, without=("errors",))
    url = {"query": TYPE, "variables": '{"name":"sometype"}'}
    yield Audit("D6D5", parameters=url, accept=GRAPHQL, without=("errors",))
    yield Audit("6A70", parameters=url, accept=JSON, without=("errors",))
    for index, invalid in enumerate(NOT_OBJECTS):
        yield Audit(f"58B{index}", {**TYPENAME, "extensions": invalid}, statuses=(400,))
    extended = {**TYPENAME, "extensions": {"some": "value"}}
    yield Audit("428F", extended, accept=GRAPHQL)
    yield Audit("1B7A", extended, accept=JSON, without=("errors",))


def _statuses() -> Iterator[Audit]:
    yield Audit("B6DC", NOT_JSON, accept=JSON, statuses=(*range(200, 300), *range(400, 600)))
    yield Audit("BCF8", NOT_JSON, accept=JSON, statuses=(400,))
    yield Audit("B7N8", NOT_JSON, accept=GRAPHQL, statuses=(400,))
    yield Audit("8764", {"qeury": "{ __typename }"}, statuses=tuple(range(400, 600)))
    yield Audit("3E3A", {"qeury": "{ __typename }"}, statuses=(400,))
    yield Audit("572B", {"query": "{"}, accept=JSON)
    yield Audit("FDE2", NO_SUCH_FIELD, accept=JSON)
    yield Audit("7B9B", UNFIT_VARIABLE, accept=JSON)
    yield Audit("865D", {"query": "{"}, accept=GRAPHQL, statuses=tuple(range(400, 600)))
    yield Audit("556A", {"query": "{"}, accept=GRAPHQL, statuses=(400,))
    yield Audit("D586", {"query": "{"}, accept=GRAPHQL, statuses=(400,), without=("data",))
    yield Audit("51FE", NO_SUCH_FIELD, accept=GRAPHQL, statuses=tuple(range(400, 600)))
    yield Audit("74FF", NO_SUCH_FIELD, accept=GRAPHQL, statuses=(400,))
    yield Audit("5E5B", NO_SUCH_FIELD, accept=GRAPHQL, statuses=(400,), without=("data",))
    yield Audit("86EE", UNFIT_VARIABLE, accept=GRAPHQL, statuses=(400,))


AUDITS = (
    *_accepts(),
    *_methods(),
    *_query_and_operation_name(),
    *_variables_and_extensions(),
    *_statuses(),
)


@pytest.mark.parametrize("audit", AUDITS, ids=lambda audit: audit.id)
async def test_audit(audit: Audit, client: HttpClient) -> None:
    response = await audit.send(client.http)

    assert response.status_code in audit.statuses, response.text
    answer = response.content.decode("utf-8")
    if audit.media_type is not None:
        assert response.headers["content-type"] == f"{audit.media_type}; charset=utf-8"
    assert not set(audit.without) & set(response.json()), answer


def test_no_audit_is_left_out() -> None:
    assert len({audit.id for audit in AUDITS}) == 61
