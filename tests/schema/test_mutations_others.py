"""Mutations of assistants, calls, SMS conversations and API keys, over HTTP."""

import re
from pathlib import Path
from typing import Any

import httpx2
import orjson

from gql.database import Database
from gql.errors import PreconditionFailed
from gql.models.idempotency import IdempotencyKey
from gql.schema.enums import UserErrorCode
from gql.schema.mutations.run import REFUSALS
from tests.conftest import Counting, GraphQL, bearer
from tests.databases import Copy
from tests.domain.writes.conftest import all_rows, rows
from tests.domain.writes.executed_sql import verbs_and_tables

ERRORS = "userErrors { message code path }"
ASSISTANT = "id name description phoneNumber llmProvider llmModel settings isActive"
CREATE_ASSISTANT = f"""mutation ($input: CreateAssistantInput!) {{
    createAssistant(input: $input) {{ assistant {{ {ASSISTANT} }} {ERRORS} }} }}"""
UPDATE_ASSISTANT = f"""mutation ($input: UpdateAssistantInput!) {{
    updateAssistant(input: $input) {{ assistant {{ {ASSISTANT} }} {ERRORS} }} }}"""
DELETE_ASSISTANT = f"""mutation ($input: DeleteAssistantInput!) {{
    deleteAssistant(input: $input) {{ deletedId name {ERRORS} }} }}"""
UPDATE_META = f"""mutation ($input: UpdateCallMetaInput!) {{
    updateCallMeta(input: $input) {{ call {{ id meta }} {ERRORS} }} }}"""
ARCHIVE = f"""mutation ($input: ArchiveSmsConversationInput!) {{
    archiveSmsConversation(input: $input) {{ archivedId {ERRORS} }} }}"""
CREATE_KEY = f"""mutation ($input: CreateApiKeyInput!) {{ createApiKey(input: $input) {{
    secret apiKey {{ id name keyPrefix isActive expiresAt }} {ERRORS} }} }}"""
REVOKE_KEY = f"""mutation ($input: RevokeApiKeyInput!) {{ revokeApiKey(input: $input) {{
    apiKey {{ id isActive }} {ERRORS} }} }}"""


async def change(graphql: GraphQL, query: str, **values: Any) -> Any:
    answer = await graphql(query, {"input": values})
    assert list(answer) == ["data"], answer
    [payload] = answer["data"].values()
    return payload


def refused(message: str, code: str, *path: str) -> list[dict[str, Any]]:
    return [{"message": message, "code": code, "path": ["input", *path]}]


async def test_an_assistant_is_created_changed_and_deleted(
    fresh_graphql: GraphQL, fresh_statements: Counting
) -> None:
    with fresh_statements() as ran:
        created = await change(fresh_graphql, CREATE_ASSISTANT, name="Concierge", settings={"a": 1})
    assistant = created["assistant"]
    assert created == {
        "assistant": {
            "id": assistant["id"],
            "name": "Concierge",
            "description": None,
            "phoneNumber": None,
            "llmProvider": "openai",
            "llmModel": "gpt-4o-mini",
            "settings": {"a": 1},
            "isActive": True,
        },
        "userErrors": [],
    }
    assert verbs_and_tables(ran.texts) == [
        "INSERT assistant",
        "INSERT audit_log",
        "SELECT assistant",
    ]

    changes = {"settings": {"b": 2}, "mergeSettings": True, "isActive": False, "description": "Hi"}
    changed = await change(fresh_graphql, UPDATE_ASSISTANT, id=assistant["id"], **changes)
    assert changed == {
        "assistant": assistant
        | {"settings": {"a": 1, "b": 2}, "isActive": False, "description": "Hi"},
        "userErrors": [],
    }

    deleted = await change(fresh_graphql, DELETE_ASSISTANT, id=assistant["id"])
    assert deleted == {"deletedId": assistant["id"], "name": "Concierge", "userErrors": []}
    again = await change(fresh_graphql, DELETE_ASSISTANT, id=assistant["id"])
    number = assistant["id"].removeprefix("assistant_")
    assert again["userErrors"] == refused(
        f"There is no assistant {number} in your organization.", "NOT_FOUND", "id"
    )


async def test_an_assistant_that_nodes_use_cannot_be_deleted(fresh_graphql: GraphQL) -> None:
    await change(fresh_graphql, CREATE_ASSISTANT, name="Busy")
    listed = await fresh_graphql("{ assistants(last: 1) { nodes { id databaseId } } }")
    [assistant] = listed["data"]["assistants"]["nodes"]
    created = await fresh_graphql(
        'mutation ($id: ID!) { createGraph(input: {name: "Taker", nodes: [{key: "a",'
        " assistantId: $id}]}) { graph { databaseId } } }",
        {"id": assistant["id"]},
    )
    graph = created["data"]["createGraph"]["graph"]["databaseId"]

    payload = await change(fresh_graphql, DELETE_ASSISTANT, id=assistant["id"])

    assert payload == {
        "deletedId": None,
        "name": None,
        "userErrors": refused(
            "Assistant 'Busy' cannot be deleted while nodes of these graphs have it: 'Taker'"
            f" ({graph})",
            "IN_USE",
            "id",
        ),
    }


async def test_calls_of_a_deleted_assistant_keep_its_name(fresh_graphql: GraphQL) -> None:
    await change(fresh_graphql, DELETE_ASSISTANT, id=123)

    answer = await fresh_graphql("{ call(id: 101) { assistantName assistant { id } } }")
    assert answer["data"]["call"] == {"assistantName": "ServiceBot", "assistant": None}


async def test_what_is_wrong_with_an_assistant(fresh_graphql: GraphQL) -> None:
    payload = await change(fresh_graphql, UPDATE_ASSISTANT, id="call_1")
    assert payload["userErrors"] == refused(
        "`call_1` is not the id of an assistant: this needs `assistant_...`.", "INVALID", "id"
    )
    payload = await change(
        fresh_graphql, UPDATE_ASSISTANT, id=1, name="\t", phoneNumber="1" * 60, llmModel=None
    )
    assert payload == {
        "assistant": None,
        "userErrors": [
            *refused("name must not be blank", "REQUIRED", "name"),
            *refused(
                "phoneNumber has 60 characters, but may have at most 50", "TOO_LONG", "phoneNumber"
            ),
            *refused("llmModel must be text", "INVALID", "llmModel"),
        ],
    }


async def test_metadata_is_merged(fresh_graphql: GraphQL, fresh_statements: Counting) -> None:
    with fresh_statements() as ran:
        payload = await change(
            fresh_graphql, UPDATE_META, id="call_101", meta={"campaign": None, "score": 5}
        )

    assert payload == {
        "call": {"id": "call_101", "meta": {"customer_id": "cust_abc123", "score": 5}},
        "userErrors": [],
    }
    assert verbs_and_tables(ran.texts) == [
        "SELECT call",
        "UPDATE call",
        "INSERT audit_log",
        "SELECT assistant",  # whose name is a column of the call that is read back
    ]


async def test_metadata_that_is_not_an_object(fresh_graphql: GraphQL) -> None:
    payload = await change(fresh_graphql, UPDATE_META, id=101, meta=[1])

    assert payload == {
        "call": None,
        "userErrors": refused("meta must be a JSON object", "INVALID", "meta"),
    }


async def test_an_archived_conversation_is_hidden(
    fresh_graphql: GraphQL, fresh_statements: Counting
) -> None:
    with fresh_statements() as ran:
        payload = await change(fresh_graphql, ARCHIVE, id="sms_conversation_102")

    assert payload == {"archivedId": "sms_conversation_102", "userErrors": []}
    assert verbs_and_tables(ran.texts) == [
        "SELECT call",
        "UPDATE call",
        "DELETE chat_message",
        "DELETE sms_audit_log",
        "DELETE sms_message_log",
        "INSERT audit_log",
        "DELETE sms_session",
    ]
    seen = await fresh_graphql('{ smsConversation(id: "102") { id } node(id: "message_1") { id } }')
    assert seen == {"data": {"smsConversation": None, "node": None}}
    again = await change(fresh_graphql, ARCHIVE, id=102)
    assert again == {
        "archivedId": None,
        "userErrors": refused(
            "There is no sms conversation 102 in your organization.", "NOT_FOUND", "id"
        ),
    }


async def test_a_new_key_works_until_it_is_revoked(
    fresh_graphql: GraphQL, fresh_client: httpx2.AsyncClient
) -> None:
    created = await change(fresh_graphql, CREATE_KEY, name="Reports", permissions=["READ"])
    secret = created["secret"]
    assert created == {
        "secret": secret,
        "apiKey": {
            "id": created["apiKey"]["id"],
            "name": "Reports",
            "keyPrefix": secret[:12] + "...",
            "isActive": True,
            "expiresAt": None,
        },
        "userErrors": [],
    }
    headers = {"Authorization": f"Bearer {secret}"}
    seen = await fresh_graphql("{ viewer { permissions apiKey { name } } }", headers=headers)
    assert seen["data"]["viewer"] == {"permissions": ["READ"], "apiKey": {"name": "Reports"}}
    answer = await fresh_client.post(
        "/graphql",
        json={"query": 'mutation { deleteGraph(input: {id: "1"}) { name } }'},
        headers=headers | {"Accept": "application/graphql-response+json"},
    )
    assert answer.status_code == 403

    revoked = await change(fresh_graphql, REVOKE_KEY, id=created["apiKey"]["id"])
    assert revoked == {
        "apiKey": {"id": created["apiKey"]["id"], "isActive": False},
        "userErrors": [],
    }


async def test_the_secret_is_shown_once_and_never_stored(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    values = {"name": "Reports", "idempotencyKey": "key-1"}
    first = await change(fresh_graphql, CREATE_KEY, **values)
    again = await change(fresh_graphql, CREATE_KEY, **values)

    assert first["secret"].startswith("burki_")
    assert again == first | {"secret": None}
    assert first["secret"] not in repr(await all_rows(fresh_database))
    key_id = int(first["apiKey"]["id"].removeprefix("api_key_"))
    [(stored,)] = await rows(fresh_database, IdempotencyKey, "answer")
    assert orjson.loads(stored) == {"object_id": key_id}


async def test_keys_are_for_administrators(fresh_graphql: GraphQL) -> None:
    created = await change(fresh_graphql, CREATE_KEY, name="Writer")
    writer = {"Authorization": f"Bearer {created['secret']}"}

    answer = await fresh_graphql(CREATE_KEY, {"input": {"name": "Mine"}}, writer)

    [error] = answer["errors"]
    assert answer["data"] is None
    assert error["path"] == ["createApiKey"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["message"] == "This needs the admin permission, which your credential lacks."


async def test_a_stranger_finds_nothing_to_change(fresh_graphql: GraphQL, fresh: Copy) -> None:
    seen = """{ assistant(id: 1) { name updatedAt } call(id: 101) { meta }
        smsConversation(id: 102) { messageCount } auditLog { totalCount }
        viewer { apiKey { id isActive } } }"""
    before = await fresh_graphql(seen)
    key = before["data"]["viewer"]["apiKey"]["id"]
    stranger = bearer(fresh.organizations[1])
    for query, values in (
        (UPDATE_ASSISTANT, {"id": 1, "name": "Mine"}),
        (DELETE_ASSISTANT, {"id": 123}),
        (UPDATE_META, {"id": 101, "meta": {"a": 1}}),
        (ARCHIVE, {"id": 102}),
        (REVOKE_KEY, {"id": key}),
    ):
        answer = await fresh_graphql(query, {"input": values}, stranger)
        [payload] = answer["data"].values()
        [error] = payload["userErrors"]
        assert (error["code"], error["path"]) == ("NOT_FOUND", ["input", "id"]), query
    assert await fresh_graphql(seen) == before


def test_every_refusal_of_a_mutation_has_a_code_in_the_schema() -> None:
    """A code that the enum does not have would make an error of ours out of a refusal."""
    kinds: list[Any] = list(REFUSALS)
    for kind in kinds:
        kinds += kind.__subclasses__()
    codes = {kind.code for kind in kinds if kind is not PreconditionFailed}  # of headers of REST
    problems = Path("docs/errors.md").read_text().partition("| Problem | Meaning |")[2]
    documented = re.findall(r"^\| `([A-Z_]+)` \|", problems, re.MULTILINE)

    assert codes | set(documented) == set(UserErrorCode)
