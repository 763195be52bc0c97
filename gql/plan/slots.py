"""The fields of a plan that take arguments, or that depend on who is asking."""

from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, GraphQLField, VariableNode

from gql.plan.facts import Own, Told
from gql.plan.tree import Selection, outline

DEFINITION = "strawberry-definition"
"""Where Strawberry leaves its own field on graphql-core's."""


@dataclass(frozen=True)
class Slot:
    """A field with arguments, as the binder needs it.

    Attributes:
        fact: Its facts.
        definition: graphql-core's field.
        node: The field in the document.
        settled: Whether every request binds it alike: no variable, nothing about who is asking.
    """

    fact: Any
    definition: GraphQLField
    node: FieldNode
    settled: bool


@dataclass(frozen=True)
class Plan:
    """What an operation selects, and the fields in it that take arguments."""

    root: Selection
    slots: tuple[Slot, ...]

    def __str__(self) -> str:
        """The indented tree."""
        return "\n".join(outline("data", self.root))


def is_settled(fact: Any, node: FieldNode) -> bool:
    """Whether every request binds a field alike."""
    told = isinstance(fact, (Told, Own))
    return not told and not any(_varies(argument.value) for argument in node.arguments or ())


def _varies(value: Any) -> bool:
    """Whether there is a variable in a value."""
    if isinstance(value, VariableNode):
        return True
    inside = [*getattr(value, "values", ()), *(part.value for part in getattr(value, "fields", ()))]
    return any(_varies(part) for part in inside)
