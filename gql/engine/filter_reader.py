"""Filters that a document writes out, read without making the objects that they are written as.

`filter: {status: {eq: $status}}` says in the document which fields are compared, and how. So the
function made of it looks up the variables and converts their values; `FilterInput.conditions` does
the same for a filter that comes as a variable, from the same declarations (`FilterField`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from graphql import (
    GraphQLInputObjectType,
    ObjectValueNode,
    Undefined,
    ValueNode,
    get_named_type,
)

from gql.engine.coercion import Coercions, NotCoerced, Reader, Variables
from gql.engine.plan import ParameterizedField
from gql.query.filters import MAX_CONDITIONS, Condition, Filter, FilterField

FILTER = "filter"
"""The argument of a connection that this is about."""

FilterReader = Callable[[Variables], Filter]
"""From the coerced variables to the conditions of a filter."""


class _Comparison(NamedTuple):
    """A comparator that is written out: `eq: $status`."""

    name: str
    read: Reader


class _Criterion(NamedTuple):
    """A field of a filter.

    Attributes:
        field: Its declaration.
        comparisons: Those that are written out.
        read: In their place, where the value as a whole is a variable, or `true` or `false`.
    """

    field: FilterField
    comparisons: tuple[_Comparison, ...] = ()
    read: Reader | None = None


def filter_reader(coercions: Coercions, field: ParameterizedField) -> FilterReader:
    """The function that reads the argument `filter` of a field.

    Raises:
        NoFunction: when there is none.
    """
    nodes = (each.value for each in field.node.arguments or () if each.name.value == FILTER)
    node = next(nodes, None)
    if node is None:
        return lambda _: ()
    of_type = field.definition.args[FILTER].type
    if isinstance(node, ObjectValueNode):
        filter_type: Any = get_named_type(of_type)
        fields = coercions.input_object(filter_type).python_class.filter_fields
        written = _written(coercions, filter_type, node)
        if written.keys() <= {each.name for each in fields}:  # without `any` and `none`
            return _written_out(
                [
                    _criterion(coercions, each, *written[each.name])
                    for each in fields
                    if each.name in written
                ]
            )
    read_whole = coercions.value(node, of_type)

    def read(variables: Variables) -> Filter:
        value = read_whole(variables)
        conditions: Filter = value.conditions() if value else ()
        return conditions

    return read


def _written_out(criteria: Sequence[_Criterion]) -> FilterReader:
    def read(variables: Variables) -> Filter:
        conditions: list[Condition] = []
        for criterion in criteria:
            _read_criterion(criterion, variables, conditions)
        if len(conditions) > MAX_CONDITIONS:
            raise NotCoerced
        return tuple(conditions)

    return read


def _read_criterion(
    criterion: _Criterion, variables: Variables, conditions: list[Condition]
) -> None:
    """Add the conditions of a criterion, of which there has to be one at least."""
    field, comparisons, read_whole = criterion
    if read_whole is not None:
        value = read_whole(variables)
        if value is None:
            raise NotCoerced
        if value is not Undefined:
            conditions += field.conditions(value)
        return
    before = len(conditions)
    for name, read in comparisons:
        value = read(variables)
        if value is None:
            raise NotCoerced
        if value is not Undefined:
            conditions.append(field.condition(name, value))
    if len(conditions) == before:
        raise NotCoerced


def _criterion(
    coercions: Coercions, field: FilterField, node: ValueNode, of_type: Any
) -> _Criterion:
    if isinstance(node, ObjectValueNode):
        written = _written(coercions, get_named_type(of_type), node)
        if written.keys() <= field.comparators.keys():
            comparisons = (
                _Comparison(name, coercions.value(*written[name]))
                for name in field.comparators
                if name in written
            )
            return _Criterion(field, tuple(comparisons))
    return _Criterion(field, read=coercions.value(node, of_type))


def _written(
    coercions: Coercions, of_type: Any, node: ObjectValueNode
) -> Mapping[str, tuple[ValueNode, Any]]:
    """The fields that an object is written with, and their types, by their names in Python."""
    assert isinstance(of_type, GraphQLInputObjectType)  # noqa: S101, the document is valid
    names = coercions.input_object(of_type).names
    return {
        names[each.name.value]: (each.value, of_type.fields[each.name.value].type)
        for each in node.fields
    }
