"""What an operation may cost: the most objects that its answer can have.

Depth and tokens do not bound that: three nested lists of a hundred are a million objects in 100
characters. So objects are counted. A page counts as often as it is long, a plain list as often as
its declaration says, everything else once. Selections that execution merges are merged here, what
`@skip` leaves out is counted, and introspection is free.

The cost is computed once per operation of a document, after `limits.py` has bounded what its
fragments expand to. It is a number, unless variables say how long a page is: then it is a sum that
is only evaluated for a request if the longest pages would be over the limit.
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
from gql.query.paging import DEFAULT_PAGE, MAX_PAGE
from gql.schema.limits import check_limit
from gql.schema.query import MAX_IDS

DEFAULT_LIST_SIZE = 20
"""How long a plain list is taken to be, when its declaration does not say."""

Variables = Mapping[str, Any]
"""The variables of a request, as they came."""


@dataclass(frozen=True)
class Variable:
    """A variable of the operation, in place of an argument's value."""

    name: str
    default: Any = None


@dataclass(frozen=True)
class PageSize:
    """The number of objects on a page, by its arguments `first` and `last`."""

    first: int | Variable | None = None
    last: int | Variable | None = None
    most = MAX_PAGE

    @property
    def is_constant(self) -> bool:
        return not isinstance(self.first, Variable) and not isinstance(self.last, Variable)

    def objects(self, variables: Variables) -> int:
        """The number for these variables; 0 for a page that will be refused."""
        first, last = _value(self.first, variables), _value(self.last, variables)
        if first is not None and last is not None:
            return 0
        size = DEFAULT_PAGE if first is last else first if last is None else last
        return int(size) if _is_int(size) and 0 <= size <= MAX_PAGE else 0


@dataclass(frozen=True)
class IdCount:
    """The number of objects that an argument `ids` looks up."""

    ids: Any
    most = MAX_IDS

    @property
    def is_constant(self) -> bool:
        return not isinstance(self.ids, Variable)

    def objects(self, variables: Variables) -> int:
        """The number for these variables; 0 for a list that will be refused."""
        ids = _value(self.ids, variables)
        # GraphQL coerces a single value to a list of one.
        number = len(ids) if isinstance(ids, list) else int(ids is not None)
        return number if number <= MAX_IDS else 0


Size = int | PageSize | IdCount
"""How many objects a field has under each object that it is selected on."""


@dataclass(frozen=True)
class OperationCost:
    """A number of objects.

    Attributes:
        fixed: The part that is the same for every request.
        varying: Lists whose sizes depend on variables, each with the cost of one of its objects.
    """

    fixed: int = 0
    varying: tuple[tuple[Size, "OperationCost"], ...] = ()

    @cached_property
    def most(self) -> int:
        """The number for the variables that make it largest."""
        return self.fixed + sum(
            (size if isinstance(size, int) else size.most) * each.most
            for size, each in self.varying
        )

    def objects(self, variables: Variables) -> int:
        """The number for these variables."""
        return self.fixed + sum(
            (size if isinstance(size, int) else size.objects(variables)) * each.objects(variables)
            for size, each in self.varying
        )


def check_cost(cost: OperationCost, variables: Variables, limit: int) -> None:
    """Check that the answer cannot have more objects than the limit.

    Raises:
        TooComplex: when it can; the message names the limit and the number.
    """
    if cost.most > limit:
        check_limit("can answer with {} objects", cost.objects(variables), limit)


def cost_of(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> OperationCost:
    """The cost of an operation of a valid document that is within the other limits."""
    root = schema.get_root_type(operation.operation)
    if root is None:
        return OperationCost()
    return _Walk(schema, document, operation).objects(root, [operation.selection_set])


class _Walk:
    """Walks the selections of an operation, its fragments expanded, and adds up the objects."""

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
        self, parent: Any, selection_sets: Iterable[SelectionSetNode], page: PageSize | None = None
    ) -> OperationCost:
        """The cost of what is selected on one object; `page` is its size when it is a page."""
        merged = self._merged(parent, selection_sets).values()
        below = [self._field(kind, nodes, page) for kind, nodes in merged]
        varying = tuple(part for cost in below for part in cost.varying)
        return OperationCost(sum(cost.fixed for cost in below), varying)

    def _field(self, parent: Any, nodes: list[FieldNode], page: PageSize | None) -> OperationCost:
        field: GraphQLField = parent.fields[nodes[0].name.value]
        target = get_named_type(field.type)
        if is_leaf_type(target):
            return OperationCost()
        sets = [node.selection_set for node in nodes if node.selection_set]
        inside = self.objects(target, sets, self._page(field, nodes[0]))
        each = OperationCost(inside.fixed + 1, inside.varying)
        return _times(self._size(field, nodes[0], page), each)

    def _size(self, field: GraphQLField, node: FieldNode, page: PageSize | None) -> Size:
        if not is_list_type(get_nullable_type(field.type)):
            return 1
        if page is not None:
            return page
        if "ids" in field.args:
            return IdCount(self._argument(node, "ids"))
        match field.extensions[DEFINITION].metadata.get(SOURCE):
            case ManySource(usual=size):
                return size
            case UnionSource(union):
                return union.limit
        return DEFAULT_LIST_SIZE

    def _page(self, field: GraphQLField, node: FieldNode) -> PageSize | None:
        if "first" not in field.args:
            return None
        return PageSize(self._argument(node, "first"), self._argument(node, "last"))

    def _argument(self, node: FieldNode, name: str) -> Any:
        """The value of an argument, or a `Variable`; None when it is absent."""
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
        """The fields of one level, by the type that they are selected on and response key."""
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


def _times(size: Size, each: OperationCost) -> OperationCost:
    """The cost of `size` objects that cost `each`."""
    if not isinstance(size, int) and size.is_constant:
        size = size.objects({})
    if not isinstance(size, int):
        return OperationCost(0, ((size, each),))
    if not each.varying:
        return OperationCost(size * each.fixed)
    return each if size == 1 else OperationCost(0, ((size, each),))


def _value(value: Any, variables: Variables) -> Any:
    return variables.get(value.name, value.default) if isinstance(value, Variable) else value


def _is_int(value: Any) -> bool:
    """Whether GraphQL takes it for an Int; a request with anything else is refused."""
    whole = value.is_integer() if isinstance(value, float) else isinstance(value, int)
    return whole and not isinstance(value, bool)
