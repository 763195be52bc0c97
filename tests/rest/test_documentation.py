"""docs/rest.md says what the code does."""

from pathlib import Path

from gql.rest.route_table import route_table

PAGE = Path(__file__).parents[2] / "docs" / "rest.md"


def test_the_page_lists_every_route() -> None:
    assert route_table() in PAGE.read_text()
