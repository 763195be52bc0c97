"""The documents of docs/lists.md are answered with something."""

import re

import pytest

from tests.conftest import GraphQL
from tests.live import ROOT

PAGE = (ROOT / "docs" / "lists.md").read_text()
DOCUMENTS = re.findall(r"^```graphql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS)
async def test_a_document_finds_something(graphql: GraphQL, document: str) -> None:
    answer = await graphql(document)

    assert "errors" not in answer
    answer["data"].pop("viewer", None)
    for page in answer["data"].values():
        assert page.get("totalCount") or page["nodes"]


def test_the_page_has_documents() -> None:
    assert len(DOCUMENTS) == 8
