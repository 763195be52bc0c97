"""Documents are parsed and validated once, one at a time, and evicted when there are too many."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from graphql import DocumentNode, GraphQLSchema
from starlette.types import Message

from gql import loop_shares
from gql.engine.compile_lock import CompileLock
from gql.schema import documents
from gql.schema.plain_validity import is_plainly_valid
from tests.protocol.conftest import OpenDoor
from tests.protocol.http_client import HttpClient


@pytest.fixture
def validated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The text of every document that is validated while the test runs."""
    texts: list[str] = []

    def record(schema: GraphQLSchema, document: DocumentNode) -> bool:
        assert document.loc is not None
        texts.append(document.loc.source.body)
        return is_plainly_valid(schema, document)

    monkeypatch.setattr(documents, "is_plainly_valid", record)  # the rules come after it
    return texts


async def test_a_document_is_validated_once(client: HttpClient, validated: list[str]) -> None:
    answers = [await client.query("{ once: __typename }") for _ in range(3)]

    assert [answer.json() for answer in answers] == [{"data": {"once": "Query"}}] * 3
    assert validated == ["{ once: __typename }"]


async def test_an_invalid_document_is_not_remembered(
    client: HttpClient, validated: list[str]
) -> None:
    answers = [await client.query("{ noSuchField }") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert validated == ["{ noSuchField }"] * 2


async def test_documents_that_are_asked_once_only_push_out_each_other(
    open_door: OpenDoor, validated: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "DOCUMENTS_BYTES", 15_000)
    async with open_door(compiled=False) as client:
        for name in ("a", "a", "b", "c", "d", "a", "b"):
            await client.query(f"{{ {name}: __typename }}")

    assert [text[2] for text in validated] == ["a", "b", "c", "d", "b"]


async def test_the_least_recently_used_of_the_known_documents_is_forgotten(
    open_door: OpenDoor, validated: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "DOCUMENTS_BYTES", 12_000)
    cached = [name for name in "abcd" for _ in range(2)]
    async with open_door(compiled=False) as client:
        for name in (*cached, "a", "e", "e", "a", "b"):
            await client.query(f"{{ {name}: __typename }}")

    assert [text[2] for text in validated] == ["a", "b", "c", "d", "e", "b"]


async def test_a_document_too_heavy_for_new_ones_is_remembered_when_it_comes_again(
    open_door: OpenDoor, validated: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "DOCUMENTS_BYTES", 5_000)
    async with open_door(compiled=False) as client:
        for _ in range(4):
            await client.query("{ a: __typename }")

    assert [text[2] for text in validated] == ["a", "a"]


async def test_a_document_heavier_than_the_memory_runs_and_is_not_remembered(
    open_door: OpenDoor, validated: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "DOCUMENTS_BYTES", 1_000)
    async with open_door(compiled=False) as client:
        answers = [await client.query("{ __typename }") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(validated) == 2


async def test_a_document_that_arrives_many_times_at_once_is_validated_once(
    client: HttpClient, validated: list[str]
) -> None:
    texts = ("{ crowd: __typename }", "{ crowd: noSuchField }")
    answers = await asyncio.gather(*(client.query(text) for _ in range(20) for text in texts))

    assert [answer.status_code for answer in answers] == [200, 400] * 20
    assert sorted(validated) == sorted(texts)


async def test_known_documents_do_not_wait_for_new_ones(
    client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_shares, "ALLOWANCE", 3_600.0)  # all arrive in one round
    cached = "{ known: __typename }"
    await client.query(cached)
    order: list[str] = []

    async def ask(document: str) -> None:
        await client.query(document)
        order.append(document)

    new = [f"{{ new{number}: __typename }}" for number in range(20)]
    await asyncio.gather(*(ask(document) for document in (*new, cached)))

    assert order.index(cached) < 3
    assert [document for document in order if document != cached] == new


async def test_too_many_new_documents_at_once_are_told_to_come_again(
    client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MOST_WAITING", 3)
    monkeypatch.setattr(loop_shares, "ALLOWANCE", 3_600.0)  # all arrive in one round
    cached = "{ remembered: __typename }"
    await client.query(cached)
    new = [f"{{ late{number}: __typename }}" for number in range(5)]

    answers = await asyncio.gather(*(client.query(document) for document in (*new, cached)))

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429, 200]
    (error,) = answers[3].json()["errors"]
    assert error["message"] == (
        "3 other new documents of your organization wait to be read; try again in a second."
    )
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert answers[3].headers["retry-after"] == "1"
    assert (await client.query(new[4])).status_code == 200


async def test_a_client_that_goes_away_gives_its_turn_back(
    client: HttpClient, validated: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = asyncio.Lock()
    monkeypatch.setattr(CompileLock, "__aenter__", lambda _: lock.acquire())
    monkeypatch.setattr(CompileLock, "__aexit__", _releaser(lock))
    body = json.dumps({"query": "{ gone: __typename }"}).encode()
    messages = [{"type": "http.request", "body": body}]

    async def receive() -> Message:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async with lock:
        sent = await client.raw(receive, content_type="application/json")
    after = await client.query("{ after: __typename }")

    assert (sent, after.status_code) == ([], 200)
    assert validated == ["{ after: __typename }"]


def _releaser(lock: asyncio.Lock) -> Callable[..., Awaitable[None]]:
    async def release(*_: object) -> None:
        lock.release()

    return release
