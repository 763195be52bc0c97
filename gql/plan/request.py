"""One request, as the engine takes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any

from graphql import DocumentNode, OperationDefinitionNode

MOST_CHARACTERS = 200
"""Longer variables do not come again."""

MOST_VARIABLES = 10
"""Nor do more of them."""


@dataclass(frozen=True)
class Request:
    """One request, as the engine takes it.

    Attributes:
        text: The document's text, by which plans are remembered.
        document: The valid document.
        operation: The operation in it that is meant.
        variables: As they came.
    """

    text: str
    document: DocumentNode
    operation: OperationDefinitionNode
    variables: Mapping[str, Any] | None


def again_key(request: Request, name: str | None) -> Any:
    """What requests that are the same have in common; None when a variable is not plain.

    The types belong to it, as 1, 1.0 and true are equal in Python and not in GraphQL.
    """
    given = request.variables or {}
    for value in given.values():
        if not isinstance(value, (str, int, float, NoneType)):
            return None
        if isinstance(value, str) and len(value) > MOST_CHARACTERS:
            return None
    plain = tuple((key, type(value), value) for key, value in given.items())
    return (request.text, name, plain) if len(plain) <= MOST_VARIABLES else None
