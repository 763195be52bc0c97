"""Which fields an operation selects of an object, in which order.

Implements CollectFields of the GraphQL specification, over the directives `@skip` and `@include`:
https://spec.graphql.org/October2021/#CollectFields()
"""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    VariableNode,
)


class Unsupported(Exception):  # noqa: N818, it is no error: resolvers run
    """The engine has no plan for this part of a document; the message names it."""


def steering_variables(document: DocumentNode) -> frozenset[str]:
    """The variables in `@skip` and `@include`, whose values choose the plan."""
    names: set[str] = set()
    pending: list[Any] = list(document.definitions)
    while pending:
        node = pending.pop()
        for directive in getattr(node, "directives", None) or ():
            for argument in directive.arguments or ():
                if isinstance(argument.value, VariableNode):
                    names.add(argument.value.name.value)
        selections = getattr(node, "selection_set", None)
        pending.extend(selections.selections if selections else ())
    return frozenset(names)


class Collector:
    """Collects the fields of selection sets.

    Args:
        schema: For the types in conditions of fragments.
        document: With the fragments.
        variables: The values of the steering variables.
    """

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]
    ) -> None:
        self._schema = schema
        self._variables = variables
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }

    def __call__(
        self, parent: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode]
    ) -> dict[str, list[FieldNode]]:
        """Response keys in the order they first appear, each with all fields that it merges."""
        collected: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        pending = [selection for part in selection_sets for selection in part.selections][::-1]
        while pending:
            node = pending.pop()
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                collected.setdefault((node.alias or node.name).value, []).append(node)
                continue
            pending.extend(self._spread(parent, node, seen)[::-1])
        return collected

    def _spread(self, parent: GraphQLObjectType, node: Any, seen: set[str]) -> list[Any]:
        fragment: InlineFragmentNode | FragmentDefinitionNode
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name in seen:
                return []
            seen.add(name)
            fragment = self._fragments[name]
        else:
            fragment = node
        applies = self._applies(parent, fragment.type_condition)
        return list(fragment.selection_set.selections) if applies else []

    def _applies(self, parent: GraphQLObjectType, condition: Any) -> bool:
        if condition is None or condition.name.value == parent.name:
            return True
        required = self._schema.get_type(condition.name.value)
        return isinstance(required, GraphQLInterfaceType) and self._schema.is_sub_type(
            required, parent
        )

    def _included(self, node: Any) -> bool:
        """Whether the directives let a selection be: `@skip` is asked first, wherever it stands."""
        conditions = {each.name.value: each.arguments[0].value for each in node.directives or ()}
        for name in conditions.keys() - {"skip", "include"}:
            raise Unsupported(f"@{name}")
        for name in ("skip", "include"):
            if name in conditions and self._condition(name, conditions[name]) == (name == "skip"):
                return False
        return True

    def _condition(self, directive: str, value: Any) -> bool:
        """The value of `if`, which is never null.

        Validation lets a variable that may be null in, when it has a default:
        https://spec.graphql.org/September2025/#sec-Coercing-Field-Arguments

        Raises:
            GraphQLError: when a variable is null all the same; resolvers word the answer.
        """
        if not isinstance(value, VariableNode):
            return bool(value.value)
        condition: bool | None = self._variables[value.name.value]
        if condition is None:
            raise GraphQLError(f"the variable ${value.name.value} of @{directive} is null")
        return condition
