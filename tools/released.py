"""Fails when the schema breaks what the last release promised and the changelog does not say so.

The promise is docs/released/schema.graphql, a copy of schema.graphql made at each release; before
the first there is none. A change that breaks clients is allowed when the newest part of
CHANGELOG.md names it under *Changed* or *Removed*: `Query.calls`, `Call.cost`, `CallStatus`.

    python -m tools.released
"""

import re
import sys
from pathlib import Path

from graphql import GraphQLSchema, build_schema, find_breaking_changes

CURRENT = Path("schema.graphql")
RELEASED = Path("docs/released/schema.graphql")
CHANGELOG = Path("CHANGELOG.md")

_HEADING = re.compile(r"^## ", re.MULTILINE)
_TOPIC = re.compile(r"^### ", re.MULTILINE)
_COORDINATE = re.compile(r"\b[A-Z]\w*(?:\.\w+)?")
_NOT_A_NAME = frozenset({"A", "An", "Field", "Enum", "Input", "Directive", "Union", "Required"})


def released(root: Path = Path()) -> str:
    """The schema that clients were promised; today's, before the first release."""
    path = root / RELEASED
    return (path if path.exists() else root / CURRENT).read_text()


def unannounced(before: str, after: str, changelog: str) -> list[str]:
    """The breaking changes that the newest part of a changelog does not name."""
    announced = _announcements(changelog)
    changes = find_breaking_changes(_built(before), _built(after))
    return [
        change.description
        for change in changes
        if not any(name in announced for name in _names(change.description))
    ]


def main() -> int:
    """Print what breaks; 1 when something does."""
    changelog = CHANGELOG.read_text()
    changes = unannounced(released(), CURRENT.read_text(), changelog)
    for description in changes:
        print(f"breaks clients, and {CHANGELOG} does not say so: {description}")
    return 1 if changes else 0


def _built(text: str) -> GraphQLSchema:
    return build_schema(text, assume_valid=True)


def _announcements(changelog: str) -> str:
    """What the newest part says under Changed and Removed."""
    parts = _HEADING.split(changelog)
    newest = next((part for part in parts[1:] if _TOPIC.search(part)), "")
    topics = _TOPIC.split(newest)[1:]
    return "\n".join(topic for topic in topics if topic.startswith(("Changed", "Removed")))


def _names(description: str) -> list[str]:
    """What a change is about: its first coordinate, `Type.field` or `Type`."""
    names = [f"`{name}`" for name in _COORDINATE.findall(description) if name not in _NOT_A_NAME]
    return names[:1]


if __name__ == "__main__":
    sys.exit(main())
