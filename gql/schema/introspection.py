"""How much of the schema an operation prints.

Introspection is answered by graphql-core in one piece, on the event loop: some microseconds for
each value, with no list in pages and nothing to wait for. Fields of types of fields grow with every
level, so what is printed is counted on the schema itself, up to a limit.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    get_introspection_query,
    get_named_type,
    get_nullable_type,
    is_list_type,
    parse,
)

from gql.steps import pause_if_long

Fragments = Mapping[str, FragmentDefinitionNode]


class SchemaValues:
    """Counts the values that are printed below `__schema` and `__type`.

    Args:
        schema: What is asked for.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._info = SimpleNamespace(schema=schema)

    @cached_property
    def limit(self) -> int:
        """The most values of one operation: twice what tools ask for."""
        return 2 * self._standard()

    def count(self, nodes: Iterable[FieldNode], fragments: Fragments) -> int:
        """How many values some root fields print; one more than the limit stands for any more.

        The type that a variable names is taken to be the one with the most fields.
        """
        return _Count(self._info, fragments, self.limit).of_roots(map(self._root, nodes))

    def _standard(self) -> int:
        """How many values the introspection query of tools prints."""
        text = get_introspection_query(
            specified_by_url=True,
            directive_is_repeatable=True,
            schema_description=True,
            input_value_deprecation=True,
        )
        definitions: Any = parse(text).definitions
        operation, *others = definitions
        fragments = {each.name.value: each for each in others}
        roots = map(self._root, operation.selection_set.selections)
        return _Count(self._info, fragments, 10**9).of_roots(roots)

    def _root(self, node: FieldNode) -> "_Root":
        types = self._schema.type_map
        if node.name.value == "__schema":
            return self._schema, types["__Schema"], node.selection_set
        name = node.arguments[0].value if node.arguments else None
        if isinstance(name, StringValueNode):
            return types.get(name.value), types["__Type"], node.selection_set
        largest = max(types.values(), key=lambda kind: len(getattr(kind, "fields", ())))
        return largest, types["__Type"], node.selection_set


_Root = tuple[Any, Any, SelectionSetNode | None]
"""What a root field gives, its type, and what is selected of it."""


class _TooMany(Exception):  # noqa: N818 -- caught below
    """More objects were looked at than there may be values."""


class _Count:
    """Counts what some selections print, and each selection of one object once."""

    def __init__(self, info: Any, fragments: Fragments, limit: int) -> None:
        self._info = info
        self._fragments = fragments
        self._limit = limit
        # The object is kept as well: another one may get the address of one that is gone.
        self._counted: dict[tuple[int, int], tuple[Any, int]] = {}

    def of_roots(self, roots: Iterable[_Root]) -> int:
        try:
            count = sum(1 + self._object(*root) for root in roots if root[0] is not None)
        except _TooMany:
            return self._limit + 1
        return min(count, self._limit + 1)

    def _object(self, value: Any, kind: Any, selection_set: SelectionSetNode | None) -> int:
        """How many values below an object are printed."""
        if selection_set is None:
            return 0
        key = (id(value), id(selection_set))
        if key not in self._counted:
            pause_if_long()
            if len(self._counted) > self._limit:
                raise _TooMany
            count = sum(self._selected(value, kind, each) for each in selection_set.selections)
            self._counted[key] = value, count
        return self._counted[key][1]

    def _selected(self, value: Any, kind: Any, selection: SelectionNode) -> int:
        if isinstance(selection, FragmentSpreadNode):
            fragment = self._fragments[selection.name.value]
            return self._object(value, kind, fragment.selection_set)
        if isinstance(selection, InlineFragmentNode):
            return self._object(value, kind, selection.selection_set)
        assert isinstance(selection, FieldNode)  # noqa: S101, there is no fourth
        field = kind.fields.get(selection.name.value)
        if field is None or selection.selection_set is None:
            return 1
        arguments = {name: True for name in field.args if name == "includeDeprecated"}
        result = field.resolve(value, self._info, **arguments)
        if result is None:
            return 1
        of_type = get_named_type(field.type)
        if not is_list_type(get_nullable_type(field.type)):
            return 1 + self._object(result, of_type, selection.selection_set)
        return sum(1 + self._object(each, of_type, selection.selection_set) for each in result)
