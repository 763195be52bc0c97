"""What an operation may cost: the most objects that its answer can have.

Depth and tokens do not tell: three lists of a hundred, one inside the other, are a million objects
in 100 characters. So objects are counted: what is selected of a page, as often as the page is long;
of a plain list, as often as such a list usually is; of everything else, once. Selections that
execution merges are merged here, whatever `@skip` leaves out is in, and introspection is free.

This is worked out once for each operation that is asked for, after `limits.py` has bounded what
its fragments expand to, and gives a number; only where variables say how long a page is, and the
longest would be too much, is the sum done again for each request.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    value_from_ast_untyped,
)

from gql.engine.fields import SOURCE, ManySource, UnionSource
from gql.engine.plan import DEFINITION
from gql.schema.limits import hold
from gql.schema.list_sizes import Given, Ids, Page, Size, Variable

USUAL = 20
"""How long a plain list is taken to be, when nothing is declared of it."""


@dataclass(frozen=True)
class Cost:
    """A number of objects: a fixed one, and those of lists whose sizes variables steer."""

    fixed: int = 0
    varying: tuple[tuple[Size, "Cost"], ...] = ()

    @cached_property
    def most(self) -> int:
        """The figure for the variables that ask for most."""
        return self.fixed + sum(
            (size if isinstance(size, int) else size.most) * each.most
            for size, each in self.varying
        )

    def objects(self, given: Given) -> int:
        """The figure for these variables."""
        return self.fixed + sum(
            (size if isinstance(size, int) else size.objects(given)) * each.objects(given)
            for size, each in self.varying
        )


def check_cost(cost: Cost, given: Given, limit: int) -> None:
    """Pass when the answer cannot have more objects than the limit.

    Raises:
        TooComplex: when it can; the message names the limit and the figure.
    """
    if cost.most > limit:
        hold("can answer with {} objects", cost.objects(given), limit)


def cost_of(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> Cost:
    """The cost of an operation of a valid document that is within the other limits."""
    root = schema.get_root_type(operation.operation)
    if root is None:
        return Cost()
    return _Walk(schema, document, operation).objects(root, [operation.selection_set])


class _Walk:
    """Goes through what an operation selects, its fragments expanded, and sums it up."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
    ) -> None:
        self._schema = schema
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._defaults = {
            definition.variable.name.value: value_from_ast_untyped(definition.default_value)
            for definition in operation.variable_definitions or ()
            if definition.default_value is not None
        }

    def objects(
        self, parent: Any, selection_sets: Iterable[SelectionSetNode], page: Page | None = None
    ) -> Cost:
        """The objects below one object; when it is a page, `page` is how long."""
        merged = self._merged(parent, selection_sets).values()
        below = [self._field(kind, nodes, page) for kind, nodes in merged]
        varying = tuple(part for cost in below for part in cost.varying)
        return Cost(sum(cost.fixed for cost in below), varying)

    def _field(self, parent: Any, nodes: list[FieldNode], page: Page | None) -> Cost:
        field: GraphQLField = parent.fields[nodes[0].name.value]
        target = get_named_type(field.type)
        if is_leaf_type(target):
            return Cost()
        sets = [node.selection_set for node in nodes if node.selection_set]
        inside = self.objects(target, sets, self._page(field, nodes[0]))
        each = Cost(inside.fixed + 1, inside.varying)
        return _times(self._size(field, nodes[0], page), each)

    def _size(self, field: GraphQLField, node: FieldNode, page: Page | None) -> Size:
        if not is_list_type(get_nullable_type(field.type)):
            return 1
        if page is not None:
            return page
        if "ids" in field.args:
            return Ids(self._argument(node, "ids"))
        match field.extensions[DEFINITION].metadata.get(SOURCE):
            case ManySource(usual=size):
                return size
            case UnionSource(union):
                return union.limit
        return USUAL

    def _page(self, field: GraphQLField, node: FieldNode) -> Page | None:
        if "first" not in field.args:
            return None
        return Page(self._argument(node, "first"), self._argument(node, "last"))

    def _argument(self, node: FieldNode, name: str) -> Any:
        """A variable or a value; None for what is absent."""
        for argument in node.arguments or ():
            if argument.name.value == name:
                value = argument.value
                if isinstance(value, VariableNode):
                    return Variable(value.name.value, self._defaults.get(value.name.value))
                return value_from_ast_untyped(value)
        return None

    def _merged(
        self, parent: Any, selection_sets: Iterable[SelectionSetNode]
    ) -> Mapping[tuple[str, str], tuple[Any, list[FieldNode]]]:
        """The fields of one level by response key, and by the type that they are selected of."""
        merged: dict[tuple[str, str], tuple[Any, list[FieldNode]]] = {}
        spread: set[str] = set()
        waiting = [(parent, selection_set) for selection_set in selection_sets]
        while waiting:
            kind, selection_set = waiting.pop()
            for node in selection_set.selections:
                if isinstance(node, FieldNode):
                    if not node.name.value.startswith("__"):
                        key = (kind.name, (node.alias or node.name).value)
                        merged.setdefault(key, (kind, []))[1].append(node)
                    continue
                fragment: Any = node
                if isinstance(node, FragmentSpreadNode):
                    if node.name.value in spread:
                        continue
                    spread.add(node.name.value)
                    fragment = self._fragments[node.name.value]
                on = fragment.type_condition
                narrowed = self._schema.get_type(on.name.value) if on else kind
                waiting.append((narrowed, fragment.selection_set))
        return merged


def _times(size: Size, each: Cost) -> Cost:
    """So many times the same; a number where nothing in it varies."""
    if not isinstance(size, int) and size.settled:
        size = size.objects({})
    if not isinstance(size, int):
        return Cost(0, ((size, each),))
    if not each.varying:
        return Cost(size * each.fixed)
    return each if size == 1 else Cost(0, ((size, each),))
