"""The GraphQL documents in the guide for REST callers are valid."""

import re

import pytest
from graphql import build_schema, parse, validate

from gql.schema.schema import schema
from tests.live import ROOT

SCHEMA = build_schema(str(schema))
GUIDE = (ROOT / "docs" / "moving-over.md").read_text()
ROWS = re.findall(r"^\| `([A-Z]+ /[^`]*)` \| (.*) \|$", GUIDE, re.MULTILINE)


@pytest.mark.parametrize(("name", "answer"), ROWS)
def test_the_document_beside_a_route_is_valid(name: str, answer: str) -> None:
    documents = re.findall(r"`([^`]*)`", answer)

    assert documents or answer.startswith("none"), name
    for document in documents:
        assert validate(SCHEMA, parse(document)) == []
