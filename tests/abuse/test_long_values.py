"""A text or a JSON value that is too long is refused by both doors, by the field's own error."""

from typing import Any

import httpx2
import pytest

from tests.conftest import GraphQL, bearer
from tests.databases import Copy

LONGEST = 65_536

BOUNDS = {
    "name": ("n", 255),
    "description": ("d", LONGEST),
    "phoneNumber": ("5", 50),
    "llmModel": ("m", 255),
}

CREATE = "mutation ($input: CreateAssistantInput!) { createAssistant(input: $input) { assistant {\
 name description phoneNumber llmModel settings } userErrors { message code } } }"


def problem(path: str, length: int, longest: int, kind: str = "characters") -> str:
    return f"{path} has {length:,} {kind}, but may have at most {longest:,}"


@pytest.mark.parametrize("field", BOUNDS)
async def test_a_text_may_be_as_long_as_its_column_says(fresh_graphql: GraphQL, field: str) -> None:
    letter, longest = BOUNDS[field]
    fits = {"name": "Concierge", field: letter * longest}
    answer = await fresh_graphql(CREATE, {"input": fits})
    refused = await fresh_graphql(CREATE, {"input": {**fits, field: letter * (longest + 1)}})

    assert answer["data"]["createAssistant"]["assistant"][field] == letter * longest
    message = problem(field, longest + 1, longest)
    assert refused["data"]["createAssistant"] == {
        "assistant": None,
        "userErrors": [{"message": message, "code": "TOO_LONG"}],
    }


async def test_json_may_be_as_long_as_it_is_stored(fresh_graphql: GraphQL) -> None:
    fits = {"a": "x" * (LONGEST - len('{"a":""}'))}
    answers = [
        await fresh_graphql(CREATE, {"input": {"name": "Concierge", "settings": settings}})
        for settings in (fits, {"a": fits["a"] + "x"})
    ]

    assert answers[0]["data"]["createAssistant"]["assistant"]["settings"] == fits
    message = problem("settings", LONGEST + 1, LONGEST, "characters as JSON")
    assert answers[1]["data"]["createAssistant"] == {
        "assistant": None,
        "userErrors": [{"message": message, "code": "TOO_LONG"}],
    }


@pytest.mark.parametrize(
    ("method", "address", "body", "message"),
    [
        (
            "POST",
            "/api/v1/assistants",
            {"name": "A", "description": "d" * (LONGEST + 1)},
            problem("description", LONGEST + 1, LONGEST),
        ),
        (
            "POST",
            "/api/v1/assistant-graphs",
            {
                "name": "A",
                "nodes": [{"assistant_id": 1, "configuration": {"a": "x" * LONGEST}}],
                "edges": [],
            },
            problem("nodes[0].configuration", LONGEST + 8, LONGEST, "characters as JSON"),
        ),
        (
            "PATCH",
            "/api/v1/calls/101/metadata",
            {"metadata": {"a": "x" * LONGEST}},
            problem("metadata", LONGEST + 8, LONGEST, "characters as JSON"),
        ),
    ],
)
async def test_rest_refuses_it_too(
    fresh_client: httpx2.AsyncClient,
    fresh: Copy,
    method: str,
    address: str,
    body: dict[str, Any],
    message: str,
) -> None:
    response = await fresh_client.request(
        method, address, json=body, headers=bearer(fresh.organizations[0])
    )

    (error,) = response.json()["errors"]
    assert (response.status_code, response.json()["detail"]) == (400, message)
    assert (error["type"], error["msg"]) == ("too_long", message)


async def test_what_is_merged_is_bounded_as_a_whole(
    fresh_client: httpx2.AsyncClient, fresh: Copy
) -> None:
    half = "x" * 40_000
    responses = [
        await fresh_client.patch(
            "/api/v1/assistants/1",
            json={"settings": {key: half}},
            headers=bearer(fresh.organizations[0]),
        )
        for key in ("first", "second")
    ]

    (error,) = responses[1].json()["errors"]
    assert [response.status_code for response in responses] == [200, 400]
    assert error["loc"] == ["body", "settings"]
    assert error["msg"].startswith("settings has 80,")
