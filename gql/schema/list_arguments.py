"""The arguments of a list as a document writes them, with variables where there are some.

Prices are made before arguments are coerced, so nothing here raises: an argument that cannot be
used counts as absent, as its operation will be refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
    value_from_ast_untyped,
)

from gql.engine.fields import ConnectionSource
from gql.engine.plan import DEFINITION, has_variable
from gql.query.filters import PreparedAnyOf, PreparedCondition, PreparedFilter
from gql.query.paging import DEFAULT_PAGE, MAX_PAGE
from gql.query.rows_read import RowsRead, lookup_points, read_by_page, read_by_total
from gql.schema.inputs.filtering import NONE

SLICING_ARGUMENTS = ("first", "last")
"""The arguments of a connection that say how long its page is."""

Variables = Mapping[str, Any]
"""The variables of a request, as they came."""


@dataclass(frozen=True, eq=False)
class Argument:
    """The value of an argument, which may have variables in it.

    Attributes:
        node: As it is written; None for an argument that is absent.
        defaults: Of the operation's variables.
    """

    node: ValueNode | None
    defaults: Variables

    @cached_property
    def is_constant(self) -> bool:
        return self.node is None or not has_variable(self.node)

    def value(self, variables: Variables) -> Any:
        """The value for these variables; None when it is absent."""
        return None if self.node is None else self._value(self.node, variables)

    def _value(self, node: ValueNode, variables: Variables) -> Any:
        if isinstance(node, VariableNode):
            name = node.name.value
            return variables.get(name, self.defaults.get(name))
        if isinstance(node, ObjectValueNode):
            return {each.name.value: self._value(each.value, variables) for each in node.fields}
        if isinstance(node, ListValueNode):
            return [self._value(each, variables) for each in node.values]
        return value_from_ast_untyped(node)


@dataclass(frozen=True, eq=False)
class ListArguments:
    """The arguments of one connection.

    Attributes:
        source: Its declaration.
        definition: graphql-core's field.
        arguments: By name.
    """

    source: ConnectionSource
    definition: GraphQLField
    arguments: Mapping[str, Argument]

    def is_constant(self, *names: str) -> bool:
        """Whether these arguments are the same for every request."""
        return all(self.arguments[name].is_constant for name in names)

    def page_size(self, variables: Variables) -> int:
        """How many objects a page may have; 0 for a page that will be refused."""
        first, last = (self.arguments[name].value(variables) for name in SLICING_ARGUMENTS)
        if first is not None and last is not None:
            return 0
        size = DEFAULT_PAGE if first is last else first if last is None else last
        return int(size) if is_int(size) and 0 <= size <= MAX_PAGE else 0

    def total(self, variables: Variables) -> RowsRead:
        """What counting the list reads."""
        source = self.source
        conditions = self._filter(variables)
        return read_by_total(source.resource, source.link, conditions, source.usual)

    def summary(self) -> RowsRead:
        """What adding up the whole list reads."""
        return RowsRead(summed=self.source.usual)

    def page(self, variables: Variables) -> RowsRead:
        """What finding the rows of the page reads."""
        source, offset = self.source, self.arguments["offset"].value(variables)
        return read_by_page(
            source.resource,
            source.link,
            self._filter(variables),
            source.usual,
            order=self._order(variables),
            offset=offset if is_int(offset) and offset > 0 else 0,
        )

    def lookups(self, variables: Variables) -> int:
        """The points of the values in the filter that indexes find."""
        return lookup_points(self.source.resource, self._filter(variables))

    def _filter(self, variables: Variables) -> PreparedFilter:
        """The filter's conditions, with the values of the request."""
        if "filter" not in self.definition.args:
            return ()
        filter_type: Any = get_named_type(self.definition.args["filter"].type)
        return tuple(_conditions(filter_type, self.arguments["filter"].value(variables)))

    def _order(self, variables: Variables) -> str:
        """The order of the list, by its name in the resource's orders."""
        default = next(iter(self.source.resource.orders))
        order_by = self.arguments["orderBy"].value(variables)
        if not isinstance(order_by, dict):
            return default
        order_type: Any = get_named_type(self.definition.args["orderBy"].type)
        choices: Any = get_named_type(order_type.fields["field"].type)
        assert isinstance(choices, GraphQLEnumType)  # noqa: S101, `order_of` made it
        choice = choices.values.get(str(order_by.get("field")))
        return default if choice is None else str(choice.value)


def arguments_of(
    definition: GraphQLField, node: FieldNode, defaults: Variables
) -> dict[str, Argument]:
    """Every argument that a field may have, by name."""
    written = {each.name.value: each.value for each in node.arguments or ()}
    return {name: Argument(written.get(name), defaults) for name in definition.args}


def _conditions(
    filter_type: GraphQLInputObjectType, value: Any
) -> Iterator[PreparedCondition | PreparedAnyOf]:
    """The conditions of a value of a filter input."""
    for field, operand in _members(filter_type, value):
        name = field.extensions[DEFINITION].python_name
        compared_by = get_named_type(field.type)
        if compared_by is filter_type:
            filters = operand if isinstance(operand, list) else [operand]
            alternatives = (tuple(_conditions(filter_type, each)) for each in filters)
            yield PreparedAnyOf(tuple(alternatives), negated=name == NONE)
        elif not isinstance(compared_by, GraphQLInputObjectType):
            yield PreparedCondition(name, "eq", (operand,))
        else:
            comparators = compared_by.extensions[DEFINITION].origin.comparators
            for each, compared in _members(compared_by, operand):
                comparator = comparators.get(each.extensions[DEFINITION].python_name)
                if comparator is not None:
                    yield PreparedCondition(name, comparator, (compared,))


def _members(kind: GraphQLInputObjectType, value: Any) -> Iterator[tuple[Any, Any]]:
    """The fields of an input object that have a value, each with it."""
    if isinstance(value, dict):
        for name, member in value.items():
            if member is not None and name in kind.fields:
                yield kind.fields[name], member


def is_int(value: Any) -> bool:
    """Whether GraphQL takes it for an Int; a request with anything else is refused."""
    whole = value.is_integer() if isinstance(value, float) else isinstance(value, int)
    return whole and not isinstance(value, bool)
