"""The fields of a plan that take arguments, or that depend on who is asking."""

from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, GraphQLField, Node, VariableNode

from gql.engine.connection import ConnectionSource
from gql.engine.fields import ViewerFieldSource, ViewerRecordSource
from gql.engine.plan_nodes import Selection, outline

DEFINITION = "strawberry-definition"
"""Where Strawberry leaves its own field on graphql-core's."""


@dataclass(frozen=True)
class ParameterizedField:
    """A field with arguments, as the binder needs it.

    Attributes:
        source: Its facts.
        definition: graphql-core's field.
        node: The field in the document, with its arguments alone.
        is_constant: Whether every request binds it alike: no variable, nothing about who is asking.
    """

    source: Any
    definition: GraphQLField
    node: FieldNode
    is_constant: bool


@dataclass(frozen=True)
class Plan:
    """What an operation selects, and the fields in it that take arguments.

    `size` is how many items there are in the tree.
    """

    root: Selection
    slots: tuple[ParameterizedField, ...]
    size: int = 0

    def __str__(self) -> str:
        """The indented tree."""
        return "\n".join(outline("data", self.root))


def detached(node: FieldNode) -> FieldNode:
    """A field of a document with its arguments alone.

    A node's location holds every token of the document, which is most of what a document weighs.
    """
    return FieldNode(name=_copied(node.name), arguments=_copied(node.arguments))


def depends_on_caller(fact: Any) -> bool:
    """Whether a field is bound by who is asking: to what is told of them, or not for everybody."""
    return isinstance(fact, (ViewerFieldSource, ViewerRecordSource)) or (
        isinstance(fact, ConnectionSource) and fact.needs is not None
    )


def is_constant(fact: Any, node: FieldNode) -> bool:
    """Whether every request binds a field alike."""
    varies = any(_varies(argument.value) for argument in node.arguments or ())
    return not depends_on_caller(fact) and not varies


def _copied(part: Any) -> Any:
    """A part of a document without locations."""
    if isinstance(part, tuple):
        return tuple(_copied(item) for item in part)
    if not isinstance(part, Node):
        return part
    keys = (key for key in part.keys if key != "loc")
    return type(part)(**{key: _copied(getattr(part, key)) for key in keys})


def _varies(value: Any) -> bool:
    """Whether there is a variable in a value."""
    if isinstance(value, VariableNode):
        return True
    inside = [*getattr(value, "values", ()), *(part.value for part in getattr(value, "fields", ()))]
    return any(_varies(part) for part in inside)
