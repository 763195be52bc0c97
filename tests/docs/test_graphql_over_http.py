"""The page about GraphQL over HTTP shows what the gateway answers."""

import json
import re

from tests.conftest import GraphQL
from tests.live import ROOT

PAGE = (ROOT / "docs" / "graphql-over-http.md").read_text()


def block(language: str) -> str:
    """The block of the section about errors in this language."""
    section = PAGE.partition("\n## Errors\n")[2]
    (text,) = re.findall(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return str(text)


async def test_the_error_of_one_field_is_shown_as_it_is(graphql: GraphQL) -> None:
    shown = json.loads(block("json"))

    answer = await graphql(block("graphql"))

    for error, printed in zip(answer["errors"], shown["errors"], strict=True):
        assert printed["extensions"].pop("requestId").endswith("...")
        del error["extensions"]["requestId"]
    assert answer == shown


async def test_a_lookup_of_nothing_is_null_without_an_error(graphql: GraphQL) -> None:
    assert "is null without an error" in PAGE

    answer = await graphql('{ assistant(id: "999999") { id } graph(id: "999999") { id } }')

    assert answer == {"data": {"assistant": None, "graph": None}}
