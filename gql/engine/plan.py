"""A plan: the fields that one operation selects, each with its declaration, as a frozen tree.

It knows no values: fields that take arguments, or depend on the caller, are numbered in the order
of the tree, and the binder gives each its values for every request.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from cachetools import LRUCache
from graphql import FieldNode, GraphQLField, Node, VariableNode

from gql.engine.fields import (
    ConnectionField,
    ConstantSource,
    CostReportField,
    FieldSource,
    OneSource,
    ViewerRecordSource,
)
from gql.engine.statement import Statement
from gql.query.resource import Resource, UnionList

DEFINITION = "strawberry-definition"
"""Where Strawberry leaves its own field on graphql-core's."""

MOST_VARIANTS = 64
"""How many statements a plan keeps: those used last. A document whose filter is a variable has
thousands of variants, and must not push out other documents."""

_BYTES_AT_LEAST = 2_500
_BYTES_PER_NODE = 300
_BYTES_PER_ARGUMENT = 800
_BYTES_PER_SYNTAX_NODE = 200
"""As `tracemalloc` measured them, rounded up."""


@dataclass(frozen=True, slots=True)
class PlanNode:
    """One selected field.

    Attributes:
        source: Its declaration.
        selection: What is selected of the object, or of each object, that it gives.
        argument: Its number among the parameterized fields of the plan.
        required: Whether the schema promises a value: without one there is no answer.
        choices: In place of `selection`, where objects may be of several types: what is selected of
            the records of each resource.
    """

    source: FieldSource
    selection: "Selection | None" = None
    argument: int | None = None
    required: bool = False
    choices: "tuple[tuple[Resource, Selection], ...]" = ()

    @property
    def selected(self) -> "Selection":
        """`selection`, of a node that gives objects of one type."""
        assert self.selection is not None  # noqa: S101, a valid document selects fields of objects
        return self.selection

    @property
    def prefix(self) -> str:
        """What the names of its parameters begin with."""
        assert self.argument is not None  # noqa: S101, the planner numbers parameterized fields
        return argument_prefix(self.argument)


@dataclass(frozen=True, slots=True)
class Selection:
    """What is selected of an object: response keys in order, each with its node."""

    items: tuple[tuple[str, PlanNode], ...] = ()


@dataclass(frozen=True)
class ParameterizedField:
    """A field with arguments, as the binder needs it.

    Attributes:
        source: Its declaration.
        definition: graphql-core's field.
        node: The field in the document, with its arguments alone.
        is_constant: Whether every request binds it to the same values: it has no variable in it and
            does not depend on the caller.
    """

    source: FieldSource
    definition: GraphQLField
    node: FieldNode
    is_constant: bool

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes."""
        return _BYTES_PER_ARGUMENT + _BYTES_PER_SYNTAX_NODE * _count(self.node)


@dataclass(slots=True)
class PlanBinding:
    """How requests for a plan are bound.

    Attributes:
        binder: Its own `CompiledBinder`, once it has one.
        is_off: Whether it has none for good, and the general binder binds every request.
    """

    binder: Any = None
    is_off: bool = False


@dataclass(frozen=True, eq=False)
class Plan:
    """What an operation selects, with the statements that were made of it.

    Attributes:
        root: The root fields.
        arguments: The parameterized fields, by number.
        size: How many nodes there are in the tree.
        constants: What the constant ones of `arguments` are bound to, by number.
        binding: How requests are bound.
        statements: Its compiled statements, by the variant of its arguments.
    """

    root: Selection
    arguments: tuple[ParameterizedField, ...]
    size: int = 0
    constants: dict[int, Any] = field(default_factory=dict)
    binding: PlanBinding = field(default_factory=PlanBinding)
    statements: "LRUCache[Any, Statement]" = field(default_factory=lambda: LRUCache(MOST_VARIANTS))

    def __str__(self) -> str:
        """The indented tree."""
        return "\n".join(("data", *_outline_selection(self.root, 1)))

    @cached_property
    def constant(self) -> bytes | None:
        """The answer, where it depends on the document alone; None where it needs a statement."""
        items = [
            f'"{key}":{node.source.json}'
            for key, node in self.root.items
            if isinstance(node.source, ConstantSource)
        ]
        if len(items) < len(self.root.items):
            return None
        return f'{{"data":{{{",".join(items)}}}}}'.encode()

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes, with its statements."""
        own = _BYTES_AT_LEAST + _BYTES_PER_NODE * self.size + 2 * len(self.constant or b"")
        arguments = sum(field.weight for field in self.arguments)
        if self.binding.binder is not None:
            arguments *= 2  # its functions take less than what they are made of
        return own + arguments + sum(statement.weight for statement in self.statements.values())


def argument_prefix(number: int) -> str:
    """What the names of the parameters of an argument begin with: `arg0` of `arg0_limit`."""
    return f"arg{number}"


def parameterized(
    source: FieldSource, definition: GraphQLField, node: FieldNode
) -> ParameterizedField:
    """A field of a document that each request has to bind.

    A node's location holds every token of the document, which is most of what a document weighs: so
    name and arguments are copied without locations.
    """
    varies = any(has_variable(argument.value) for argument in node.arguments or ())
    alone = FieldNode(name=_copied(node.name), arguments=_copied(node.arguments))
    return ParameterizedField(
        source, definition, alone, is_constant=not varies and not source.depends_on_caller
    )


def outline(name: str, node: PlanNode, depth: int = 0) -> Iterator[str]:
    """The lines of a node as an indented tree."""
    yield f"{'  ' * depth}{name}: {_describe(node)}"
    if node.selection is not None:
        yield from _outline_selection(node.selection, depth + 1)
    for resource, selection in node.choices:
        yield f"{'  ' * (depth + 1)}{resource.name}"
        yield from _outline_selection(selection, depth + 2)


def _outline_selection(selection: Selection, depth: int) -> Iterator[str]:
    for key, node in selection.items:
        yield from outline(key, node, depth)


def _describe(node: PlanNode) -> str:
    """The kind of the source and its attributes; functions have no text worth printing."""
    source: Any = node.source
    if isinstance(source, (ConnectionField, CostReportField)):
        return f"{source.value[0].upper()}{source.value[1:]}"
    attributes = {
        part.name: _text(value)
        for part in fields(source)
        if part.repr and (value := getattr(source, part.name)) is not None
    }
    if node.argument is not None:
        attributes["argument"] = str(node.argument)
    if isinstance(source, (OneSource, ViewerRecordSource)):
        attributes["required"] = str(node.required)
    kind = type(source).__name__.removesuffix("Source")
    listed = ", ".join(f"{name}={value}" for name, value in attributes.items())
    return f"{kind}({listed})" if listed else kind


def _text(value: Any) -> str:
    if isinstance(value, UnionList):
        return value.resource.name
    return str(getattr(value, "name", value))


def _copied(part: Any) -> Any:
    """A part of a document without locations."""
    if isinstance(part, tuple):
        return tuple(_copied(item) for item in part)
    if not isinstance(part, Node):
        return part
    keys = (key for key in part.keys if key != "loc")
    return type(part)(**{key: _copied(getattr(part, key)) for key in keys})


def _count(part: Any) -> int:
    """How many syntax nodes there are in a part of a document."""
    if isinstance(part, tuple):
        return sum(map(_count, part))
    if not isinstance(part, Node):
        return 0
    return 1 + sum(_count(getattr(part, key)) for key in part.keys)


def has_variable(value: Any) -> bool:
    """Whether there is a variable in a value."""
    if isinstance(value, VariableNode):
        return True
    nested = [*getattr(value, "values", ()), *(part.value for part in getattr(value, "fields", ()))]
    return any(has_variable(part) for part in nested)
