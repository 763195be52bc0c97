"""One credential does not get the answer to another's write by guessing its idempotency key."""

from typing import Any

import httpx2
import pytest

from gql.accounts.api_keys import issue_key
from gql.accounts.people import create_person
from gql.auth.bearer import issue_token
from gql.database import Database
from gql.identity import Permission
from gql.settings import Settings
from tests.auth.tokens import claims_of, hs256
from tests.conftest import bearer
from tests.databases import Copy, settings_for
from tests.rest.people import token_header

READ_WRITE = (Permission.READ, Permission.WRITE)
GRAPHQL = """mutation ($name: String!) {
    createAssistant(input: {name: $name, idempotencyKey: "same"}) {
        assistant { id } userErrors { code }
    }
}"""


async def credentials(database: Database, settings: Settings) -> dict[str, dict[str, str]]:
    """Headers of six credentials of one organization."""
    secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else ""
    headers = {}
    for name in ("first key", "second key"):
        _, key = await issue_key(database, 1, name=name, permissions=READ_WRITE, user_id=1)
        headers[name] = token_header(key)
    eve = await create_person(database, 1, email="eve@example.com", name="Eve")
    for name, user_id in (("owner", 1), ("eve", eve.id)):
        headers[name] = token_header(issue_token(settings, 1, user_id=user_id))
    for issuer in ("https://one.example", "https://two.example"):
        token = hs256(claims_of(1, sub="5", iss=issuer), secret)
        headers[issuer] = token_header(token)
    return headers


@pytest.mark.parametrize("door", ["rest", "graphql"])
async def test_each_credential_has_its_own_keys(
    fresh: Copy, fresh_database: Database, fresh_client: httpx2.AsyncClient, door: str
) -> None:
    async def write(headers: dict[str, str], name: str) -> Any:
        if door == "rest":
            response = await fresh_client.post(
                "/api/v1/assistants",
                json={"name": name, "llm_provider": "openai", "llm_model": "gpt-4o-mini"},
                headers={**headers, "Idempotency-Key": "same"},
            )
            return response.status_code, response.json().get("id")
        body = {"query": GRAPHQL, "variables": {"name": name}}
        response = await fresh_client.post("/graphql", json=body, headers=headers)
        payload = response.json()["data"]["createAssistant"]
        return payload["userErrors"], (payload["assistant"] or {}).get("id")

    everybody = await credentials(fresh_database, settings_for(fresh.url))
    everybody["demo"] = bearer(fresh.organizations[0])

    first = {name: await write(headers, "A") for name, headers in everybody.items()}
    again = {name: await write(headers, "A") for name, headers in everybody.items()}
    other = [await write(headers, "B") for headers in everybody.values()]

    assert len({written for _, written in first.values()}) == len(everybody)
    assert again == first
    if door == "rest":
        assert other == [(422, None)] * len(everybody)
    else:
        assert other == [([{"code": "IDEMPOTENCY_KEY_REUSED"}], None)] * len(everybody)


async def test_a_person_who_logs_in_again_gets_the_answer_to_the_first_attempt(
    fresh: Copy, fresh_client: httpx2.AsyncClient
) -> None:
    settings = settings_for(fresh.url)
    answers = []
    for seconds in (60, 600):
        headers = token_header(issue_token(settings, 1, user_id=1, seconds=seconds))
        body = {"query": GRAPHQL, "variables": {"name": "A"}}
        answers.append((await fresh_client.post("/graphql", json=body, headers=headers)).json())

    assert answers[0] == answers[1]
    assert answers[0]["data"]["createAssistant"]["assistant"] is not None
