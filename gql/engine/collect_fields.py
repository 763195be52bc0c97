"""CollectFields of the specification: which fields an object has, in which order."""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    VariableNode,
)


class Unsupported(Exception):  # noqa: N818, it is no error: resolvers run
    """The engine does not know this part of a document."""


def steering_variables(document: DocumentNode) -> frozenset[str]:
    """The variables in `@skip` and `@include`: another value of one is another plan."""
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
    """Collects the fields of selection sets, under the given values of steering variables."""

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
        """CollectFields: response keys in the order they first appear, with all their nodes."""
        collected: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        waiting = [selection for part in selection_sets for selection in part.selections][::-1]
        while waiting:
            node = waiting.pop()
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                collected.setdefault((node.alias or node.name).value, []).append(node)
                continue
            inside = self._spread(parent, node, seen)
            waiting.extend(inside[::-1])
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
        kind = self._schema.get_type(condition.name.value)
        return isinstance(kind, GraphQLInterfaceType) and self._schema.is_sub_type(kind, parent)

    def _included(self, node: Any) -> bool:
        for directive in node.directives or ():
            name = directive.name.value
            if name not in {"skip", "include"}:
                raise Unsupported(f"@{name}")
            value = directive.arguments[0].value
            on = (
                self._variables[value.name.value]
                if isinstance(value, VariableNode)
                else value.value
            )
            if on == (name == "skip"):
                return False
        return True
