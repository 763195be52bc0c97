"""A text to filter by is bounded at the door, and what a value causes slows down nobody else."""

from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from gql.engine.statement import MOST_FAILURES
from gql.query.filters import LONGEST_TEXT
from tests.conftest import GraphQL

LONGEST, TOO_LONG = "z%_" * 333 + "z", "z" * (LONGEST_TEXT + 1)

FILTERS: dict[str, Any] = {
    "contains": {"callSid": {"contains": "{}"}},
    "startsWith": {"assistantName": {"startsWith": "{}"}},
    "eq": {"callSid": {"eq": "{}"}},
    "in": {"callSid": {"in": ["short", "{}"]}},
    "phone": {"customerPhoneNumber": {"contains": "{}"}},
    "key": {"meta": {"key": "{}", "eq": "1"}},
    "value": {"meta": {"key": "source", "eq": "{}"}},
}

QUERY = "query ($filter: CallFilter) { calls(filter: $filter) { totalCount } }"


def filled(value: Any, text: str) -> Any:
    """A filter with a text in its place."""
    if isinstance(value, dict):
        return {key: filled(inner, text) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, text) for inner in value]
    return text if value == "{}" else value


@pytest.mark.parametrize("name", FILTERS)
async def test_a_text_of_graphql_is_bounded(graphql: GraphQL, name: str) -> None:
    fitting = await graphql(QUERY, {"filter": filled(FILTERS[name], LONGEST)})
    refused = await graphql(QUERY, {"filter": filled(FILTERS[name], TOO_LONG)})

    assert fitting == {"data": {"calls": {"totalCount": 0}}}
    (error,) = refused["errors"]
    assert error["message"] == "A text to filter by has at most 1000 characters, not 1001."
    assert error["path"] == ["calls"]
    assert (error["extensions"]["code"], error["extensions"]["most"]) == ("BAD_USER_INPUT", 1000)


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/calls?customer_phone={}",
        "/api/v1/calls/search?q={}",
        "/api/v1/calls/export?assistant_name={}",
        "/api/v1/sms-conversations?customer_phone={}",
    ],
)
async def test_a_text_of_rest_is_bounded(
    client: httpx2.AsyncClient, owner: dict[str, str], address: str
) -> None:
    texts = (httpx2.QueryParams(t=text) for text in (LONGEST, TOO_LONG))
    fitting, refused = [
        await client.get(address.format(str(text).removeprefix("t=")), headers=owner)
        for text in texts
    ]

    assert fitting.status_code == 200, fitting.text
    assert refused.status_code == 422
    (detail,) = refused.json()["detail"]
    assert (detail["type"], detail["ctx"]) == ("string_too_long", {"max_length": LONGEST_TEXT})


async def test_refused_texts_send_nobody_else_to_resolvers(
    app: Starlette, graphql: GraphQL, stranger: dict[str, str]
) -> None:
    routes: list[Any] = [each for each in app.routes if getattr(each, "name", "") == "graphql"]
    resolved = routes[0].endpoint.runner.counts.resolved
    for _ in range(MOST_FAILURES):
        await graphql(QUERY, {"filter": filled(FILTERS["contains"], "z" * 60_000)})
    before = dict(resolved)

    answer = await graphql(QUERY, {"filter": filled(FILTERS["contains"], "z")}, headers=stranger)

    assert answer == {"data": {"calls": {"totalCount": 0}}}
    assert dict(resolved) == before
