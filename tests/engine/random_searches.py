"""Random arguments of `search`: words that texts have, cursors of real answers, and the rest."""

from typing import Any

from graphql import GraphQLField

from tests.engine.random_arguments import DAMAGED, Values, Word


def search_arguments(values: Values, spec: GraphQLField) -> dict[str, Any]:
    """Values by argument."""
    pick = values.pick
    arguments = values.arguments(spec, None, pages=False)
    arguments["text"] = values.words()
    if "orderBy" in arguments and pick.random() < 0.8:
        arguments["orderBy"] = Word("NEWEST")
    if "first" in arguments and pick.random() < 0.95:
        arguments["first"] = pick.choice([0, 1, 2, 3, 20, 100])
    if "in" in arguments and not arguments["in"]:
        arguments["in"] = [Word("MESSAGES")]
    if "after" in arguments:
        order = str(arguments.get("orderBy") or "NEWEST").lower()
        cursors = values.cursors.get(("search", order, ""), [])
        arguments["after"] = pick.choice(cursors) if cursors else DAMAGED
    return arguments
