"""The page about the engine shows what the engine does."""

from pathlib import Path

import pytest

from tests.engine import worked_example

PAGE = Path(__file__).parents[2] / "docs" / "engine.md"


@pytest.mark.parametrize(
    "text", [worked_example.DOCUMENT, worked_example.tree(), worked_example.sql()]
)
def test_the_page_shows_document_tree_and_statement_as_they_are(text: str) -> None:
    assert text in PAGE.read_text(), "python -m tests.engine.worked_example prints the new ones"
