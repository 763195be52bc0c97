"""SMS conversations with ids that are strings: the same answers otherwise."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.conftest import bearer, connect, start
from tests.databases import Copy, settings_for

BASE = "/api/v1/sms-conversations"
IDS = {"id", "conversation_id"}


@pytest.fixture
async def strings(shared: Copy) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a gateway that writes these ids as strings."""
    settings = settings_for(shared.url, sms_ids="string")
    async with start(shared, settings) as running, connect(running.app) as client:
        yield client


def with_string_ids(value: Any) -> Any:
    """The answer of the other gateway, as this one must print it."""
    if isinstance(value, list):
        return [with_string_ids(each) for each in value]
    if isinstance(value, dict):
        return {
            name: str(each) if name in IDS else with_string_ids(each)
            for name, each in value.items()
        }
    return value


@pytest.mark.parametrize(
    "path",
    [f"{BASE}/?limit=1000", f"{BASE}/102"]
    + [f"{BASE}/102/{part}" for part in ("messages", "related", "export?format=json")],
)
async def test_every_id_is_a_string_and_nothing_else_differs(
    client: httpx2.AsyncClient, strings: httpx2.AsyncClient, owner: dict[str, str], path: str
) -> None:
    numbered = (await client.get(path, headers=owner)).json()
    answer = await strings.get(path, headers=owner)

    assert answer.status_code == 200
    assert numbered
    assert json.dumps(answer.json()) == json.dumps(with_string_ids(numbered))


async def test_what_is_no_json_and_what_is_not_there_are_the_same(
    client: httpx2.AsyncClient, strings: httpx2.AsyncClient, owner: dict[str, str]
) -> None:
    for path in ("102/export?format=csv", "102/export", "999", "sms_102/messages"):
        numbered = await client.get(f"{BASE}/{path}", headers=owner)
        answer = await strings.get(f"{BASE}/{path}", headers=owner)
        assert (answer.status_code, answer.content) == (numbered.status_code, numbered.content)


async def test_the_openapi_document_says_so(
    client: httpx2.AsyncClient, strings: httpx2.AsyncClient
) -> None:
    numbered, document = [(await each.get("/openapi.json")).json() for each in (client, strings)]
    schemas = document["components"]["schemas"]
    of_ids = {
        f"{name}.{field}": schema["properties"].pop(field)["type"]
        for name, schema in schemas.items()
        if name in {"SmsConversation", "SmsMessage", "RelatedRecord", "ExportedConversation"}
        for field in IDS & set(schema["properties"])
    }

    assert of_ids == dict.fromkeys(
        (
            *("SmsConversation.id", "SmsMessage.id", "SmsMessage.conversation_id"),
            *("RelatedRecord.id", "ExportedConversation.id"),
        ),
        "string",
    )
    assert list(document["paths"]) == list(numbered["paths"])
    listed = document["paths"][BASE]["get"]["responses"]["200"]["content"]["application/json"]
    assert listed["example"][0]["id"] == "101"


async def test_a_conversation_is_archived_as_it_was_read(fresh: Copy) -> None:
    settings = settings_for(fresh.url, sms_ids="string")
    async with start(fresh, settings) as running, connect(running.app) as client:
        client.headers.update(bearer(fresh.organizations[0]))
        read = await client.get(f"{BASE}/102")
        archived = await client.delete(
            f"{BASE}/{read.json()['id']}", headers={"If-Match": read.headers["etag"]}
        )

    assert archived.status_code == 200
