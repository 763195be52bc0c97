"""A stranger with the owner's ids gets nothing and learns nothing, on every path of the schema."""

from collections.abc import Collection, Iterator
from typing import Any

import pytest
from graphql import build_schema
from sqlalchemy import select

from gql.database import Database
from gql.models.scope import owner as owner_of
from gql.schema.query import ENTITIES
from gql.schema.schema import schema
from tests.conftest import GraphQL
from tests.tenancy.probes import Owned, documents, lookups

OWNER = 1
ABSENT = 987_654_321

CURSORS = """{
    AssistantGraph: graphs(first: 1) { pageInfo { endCursor } }
    Assistant: assistants(first: 1) { pageInfo { endCursor } }
    GraphSession: graphSessions(first: 1) { pageInfo { endCursor } }
    Call: calls(first: 1) { pageInfo { endCursor } }
    SmsConversation: smsConversations(first: 1) { pageInfo { endCursor } }
}"""
TEXTS = """{
    calls(first: 1) { nodes { callSid customerPhoneNumber assistantName } }
    graphSessions(first: 1) { nodes { callSid } }
    smsConversations(first: 1) { nodes { callSid customerPhoneNumber assistantName } }
}"""


async def all_ids(database: Database) -> dict[str, set[int]]:
    """The ids that the owner has of every resource."""
    ids: dict[str, set[int]] = {}
    async with database.engine.connect() as connection:
        for entity in ENTITIES:
            resource = entity.resources[0]
            table = resource.table
            result = await connection.execute(select(table.c.id).where(owner_of(table) == OWNER))
            ids[resource.name] = {row[0] for row in result}
    return ids


@pytest.fixture
async def owned(graphql: GraphQL) -> Owned:
    lists = {
        "graph": "graphs(first: 1) { nodes { id nodes { id } edges { id } } }",
        "assistant": "assistants(first: 1) { nodes { id } }",
        "graph_session": "graphSessions(first: 1) { nodes { id transitions { nodes { id } } } }",
        "call": "calls(first: 1) { nodes { id } }",
        "sms_conversation": "smsConversations(first: 1) { nodes { id messages { nodes { id } } } }",
        "hook_endpoint": "hookEndpoints { nodes { id } }",
        "hook_delivery": "inbox(first: 1) { nodes { id } }",
        "webhook_subscription": "webhookSubscriptions { nodes { id } }",
        "webhook_delivery": "webhookDeliveries(first: 1) { nodes { id } }",
        "organization": "viewer { organization { id } user { id } apiKey { id } }",
    }
    answer = await graphql("{ " + " ".join(lists.values()) + " }")
    ids: dict[str, str] = {}
    for text in _texts(answer["data"], "id"):
        ids.setdefault(text.rpartition("_")[0], text)
    cursors = (await graphql(CURSORS))["data"]
    texts = (await graphql(TEXTS))["data"]
    call = texts["calls"]["nodes"][0]
    conversation = texts["smsConversations"]["nodes"][0]
    return Owned(
        ids=ids,
        texts={
            "call.callSid": call["callSid"],
            "call.customerPhoneNumber": call["customerPhoneNumber"],
            "call.assistantName": call["assistantName"],
            "graphSession.callSid": texts["graphSessions"]["nodes"][0]["callSid"],
            "smsConversation.callSid": conversation["callSid"],
            "smsConversation.customerPhoneNumber": conversation["customerPhoneNumber"],
            "smsConversation.assistantName": conversation["assistantName"],
        },
        cursors={name: value["pageInfo"]["endCursor"] for name, value in cursors.items()},
    )


async def test_no_path_and_no_argument_shows_a_row_of_the_owner(
    graphql: GraphQL, stranger: dict[str, str], owned: Owned, database: Database
) -> None:
    secret = {
        f"{name}_{number}" for name, ids in (await all_ids(database)).items() for number in ids
    }
    assert len(owned.ids) >= 10
    tried = 0
    for document in documents(build_schema(str(schema)), owned):
        answer = await graphql(document.query, headers=stranger)
        assert "errors" not in answer, (document, answer)
        values_by_alias = _values(answer["data"], document.probes)
        for alias, probe in document.probes.items():
            values = values_by_alias[alias]
            leaked = secret.intersection(_texts(values))
            assert not leaked, (probe, document.query, leaked)
            assert not probe.is_empty or all(map(_is_empty, values)), (probe, document.query)
        assert not secret.intersection(_texts(answer["data"])), document.query
        tried += len(document.probes)
    print(f"{tried} paths and arguments walked with a stranger's key")  # noqa: T201

    assert tried > 500


async def test_an_id_of_the_owner_answers_like_one_that_nobody_has(
    graphql: GraphQL, stranger: dict[str, str], owned: Owned
) -> None:
    """The whole body is the same, so existence cannot be told from absence."""
    tried = list(lookups(owned))
    assert len(tried) > 20
    for lookup in tried:
        absent = lookup.query
        for value in (*owned.ids.values(), *owned.texts.values()):
            absent = absent.replace(f'"{value}"', f'"{value.rpartition("_")[0]}_{ABSENT}"')
        if "callSid" in lookup.query:
            absent = lookup.query.replace('callSid: "', 'callSid: "x')
        foreign = await graphql(lookup.query, headers=stranger)
        missing = await graphql(absent, headers=stranger)
        assert foreign == missing, lookup
        assert "errors" not in foreign, (lookup, foreign)
        assert _is_empty(foreign["data"]), (lookup, foreign)


def _values(value: Any, keys: Collection[str]) -> dict[str, list[Any]]:
    """Every value under each of some keys, wherever it stands outside of the others' values."""
    values: dict[str, list[Any]] = {key: [] for key in keys}
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            for name, inner in each.items():
                values.get(name, waiting).append(inner)
        elif isinstance(each, list):
            waiting += each
    return values


def _texts(value: Any, key: str | None = None) -> Iterator[str]:
    """Every text in an answer, or those under one key."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str):
                if key in {None, name}:
                    yield inner
            else:
                yield from _texts(inner, key)
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, str) and key is None:
                yield inner
            else:
                yield from _texts(inner, key)


def _is_empty(value: Any) -> bool:
    """Whether an answer has no object: lists are empty, totals zero, look-ups null."""
    if isinstance(value, dict):
        if "totalCount" in value:
            return bool(value["totalCount"] == 0 and not value.get("nodes"))
        if "groupCount" in value:
            return bool(value["groupCount"] == 0 and not value.get("groups"))
        return all(_is_empty(inner) for name, inner in value.items() if name != "__typename")
    if isinstance(value, list):
        return all(_is_empty(inner) for inner in value)
    return value is None
