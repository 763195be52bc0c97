"""One request, as the engine takes it."""

from dataclasses import dataclass
from typing import Any

from graphql import DocumentNode, OperationDefinitionNode


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as the engine takes it.

    Attributes:
        text: The document's text, by which plans are remembered.
        document: The valid document.
        operation: The operation in it that is meant.
        variables: As they came.
        raw: The bytes that all of this came in, which requests that are the same have in common;
            None when they are not worth remembering.
    """

    text: str
    document: DocumentNode
    operation: OperationDefinitionNode
    variables: dict[str, Any] | None
    raw: bytes | None = None

    @property
    def name(self) -> str | None:
        """The operation's name."""
        return self.operation.name.value if self.operation.name else None
