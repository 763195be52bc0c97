"""Documents are parsed to what graphql-core makes of them, without what only the parser needs."""

import gc
from collections.abc import Iterator

import pytest
from graphql import GraphQLError, Node, parse
from graphql.language.visitor import Visitor, visit

from gql.schema.documents import parse_document

DOCUMENTS = (
    "{ calls(first: 2) { nodes { id } } }",
    """# before
    query Calls($ids: [ID!]! = ["call_1"], $if: Boolean! = true) { # within
      first: nodes(ids: $ids) @include(if: $if) { ...F ... on Call { status } }
      smsConversations(filter: {customerPhoneNumber: {contains: "555"}}) { nodes { id } }
    }
    fragment F on Node { id } # at the end""",
    'mutation { x(text: """block\n  text""", number: -1.5e3, list: [1, null, $v]) { id } }',
)


@pytest.fixture
def without_collection() -> Iterator[None]:
    """No garbage but that of the test."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def written(document: Node) -> list[tuple[str, int, int]]:
    """Every node of a document with where in the text it begins and ends."""
    spans: list[tuple[str, int, int]] = []

    class Spans(Visitor):
        def enter(self, node: Node, *_: object) -> None:
            assert node.loc is not None
            assert node.loc.source.body == document.loc.source.body  # type: ignore[union-attr]
            spans.append((node.kind, node.loc.start, node.loc.end))

    visit(document, Spans())
    return spans


@pytest.mark.parametrize("text", DOCUMENTS)
def test_a_document_is_the_one_that_graphql_core_parses(text: str) -> None:
    document, expected = parse_document(text, 1_000), parse(text)

    assert document == expected
    assert written(document) == written(expected)


def test_an_error_says_where() -> None:
    document = parse_document("{\n  calls { id }\n}", 100)
    selection = document.definitions[0].selection_set.selections[0]  # type: ignore[attr-defined]

    assert GraphQLError("no", [selection]).formatted["locations"] == [{"line": 2, "column": 3}]


@pytest.mark.usefixtures("without_collection")
@pytest.mark.parametrize("text", DOCUMENTS)
def test_a_document_is_freed_with_its_last_reference(text: str) -> None:
    parse_document(text, 1_000)
    gc.collect()  # what a first time makes

    document = parse_document(text, 1_000)
    del document

    assert gc.collect() == 0
