"""The documents of docs/costs.md are answered."""

import re

import pytest

from tests.conftest import GraphQL
from tests.live import ROOT

PAGE = (ROOT / "docs" / "costs.md").read_text()
DOCUMENTS = re.findall(r"^```graphql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS)
async def test_a_document_finds_something(fresh_graphql: GraphQL, document: str) -> None:
    answer = await fresh_graphql(document)

    assert "errors" not in answer
    (field,) = answer["data"].values()
    members = {"groups", "summary", "differences", "costBudget"}
    assert field if isinstance(field, list) else any(field.get(name) for name in members)


def test_the_page_has_documents() -> None:
    assert len(DOCUMENTS) == 6
