"""Documents are parsed and validated once, and forgotten when there are too many."""

from typing import Any

import pytest
from graphql import DocumentNode, GraphQLSchema, validate

from gql.schema import documents
from tests.protocol.conftest import OpenDoor
from tests.protocol.door import Door


@pytest.fixture
def validated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The text of every document that is validated while the test runs."""
    texts: list[str] = []

    def record(schema: GraphQLSchema, document: DocumentNode, *rest: Any, **options: Any) -> Any:
        assert document.loc is not None
        texts.append(document.loc.source.body)
        return validate(schema, document, *rest, **options)

    monkeypatch.setattr("gql.schema.documents.validate", record)
    return texts


async def test_a_document_is_validated_once(client: Door, validated: list[str]) -> None:
    answers = [await client.query("{ once: __typename }") for _ in range(3)]

    assert [answer.json() for answer in answers] == [{"data": {"once": "Query"}}] * 3
    assert validated == ["{ once: __typename }"]


async def test_an_invalid_document_is_not_remembered(client: Door, validated: list[str]) -> None:
    answers = [await client.query("{ noSuchField }") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert validated == ["{ noSuchField }"] * 2


async def test_the_least_recently_used_document_is_forgotten(
    open_door: OpenDoor, validated: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "REMEMBERED_BYTES", 5_000)
    async with open_door(compiled=False) as client:
        for name in ("a", "b", "a", "c", "a", "b"):
            await client.query(f"{{ {name}: __typename }}")

    assert [text[2] for text in validated] == ["a", "b", "c", "b"]


async def test_a_document_heavier_than_the_memory_runs_and_is_not_remembered(
    open_door: OpenDoor, validated: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "REMEMBERED_BYTES", 1_000)
    async with open_door(compiled=False) as client:
        answers = [await client.query("{ __typename }") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(validated) == 2
