"""The examples of the playground: what its menu opens."""

import json
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parents[1] / "gql/static/examples"
INDEX: list[dict[str, Any]] = json.loads((FOLDER / "index.json").read_text())


class Example(NamedTuple):
    """A document, and the variables that it is opened with."""

    query: str
    variables: dict[str, Any]


EXAMPLES = {
    each["name"]: Example(
        (FOLDER / f"{each['name']}.graphql").read_text(), each.get("variables", {})
    )
    for each in INDEX
}
SUBSCRIPTIONS = {
    name: example for name, example in EXAMPLES.items() if "\nsubscription " in example.query
}
ANSWERED = {name: example for name, example in EXAMPLES.items() if name not in SUBSCRIPTIONS}
"""Queries and mutations."""
