"""From the variables of one request to the values of a statement, and to its variant."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import orjson
from graphql import FieldNode, GraphQLField, get_argument_values, get_named_type
from graphql.execution.values import VariableValues
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments

from gql.engine.fallback import NoPlan, unsupported
from gql.engine.fields import (
    ConnectionSource,
    CostReportSource,
    CostSummarySource,
    GlobalLookupSource,
    JsonPathSource,
    LookupSource,
    SearchSource,
    SnippetSource,
    ViewerFieldSource,
    ViewerRecordSource,
)
from gql.engine.pieces import marks_key, words_key
from gql.engine.plan import DEFINITION, ParameterizedField, argument_prefix
from gql.engine.variants import (
    AnyOfVariant,
    ConditionVariant,
    CostReportVariant,
    CostSummaryVariant,
    FieldVariant,
    FilterConditions,
    ListVariant,
    LookupVariant,
    NodesVariant,
    PathVariant,
    SearchVariant,
    VariantKey,
    depends_on_caller,
)
from gql.identity import Identity
from gql.query.cost_groups import CostRequest
from gql.query.cursor import Cursor
from gql.query.filters import AnyOf, Criterion, Filter, prepare_condition
from gql.query.json_pointer import tokens
from gql.query.paging import Paging
from gql.query.repricing import RateCard
from gql.query.resource import Resource
from gql.query.rollup import depth
from gql.query.search_cursor import RankPosition
from gql.query.text_search import SearchRequest, merge_values
from gql.sql.json_paths import is_array_index

Values = dict[str, Any]
"""What the statement's parameters are filled with, by name."""

Arguments = dict[str, Any]
"""The arguments of a field as its resolver gets them, by their names in Python."""


ConstantBindings = dict[int, tuple[FieldVariant, Values]]
"""What the constant parameterized fields of a plan are bound to, by number."""


class Binder:
    """Coerces the arguments of parameterized fields as graphql-core and Strawberry do."""

    def __init__(self, converter: GraphQLCoreConverter) -> None:
        self._registry = converter.scalar_registry
        self._config = converter.config

    def bind(
        self,
        arguments: tuple[ParameterizedField, ...],
        variables: VariableValues,
        identity: Identity,
        constants: ConstantBindings,
    ) -> tuple[VariantKey, Values]:
        """The variant of the SQL, and the values of the statement's parameters.

        Args:
            arguments: The parameterized fields of a plan.
            variables: Of the request.
            identity: The caller.
            constants: What the constant ones are bound to; filled here by the first request.

        Raises:
            GatewayError: when an argument cannot be used; resolvers word the answer.
            GraphQLError: the same, for an argument of the wrong type.
        """

        def bind_one(number: int, values: Values) -> FieldVariant:
            field = arguments[number]

            read_arguments = partial(self.read_arguments, field.definition, field.node, variables)
            return bind_field(number, field, read_arguments, identity, values)

        return bind_fields(arguments, bind_one, constants)

    def read_arguments(
        self, definition: GraphQLField, node: FieldNode, variables: VariableValues
    ) -> Arguments:
        """The arguments of one field.

        Raises:
            GraphQLError: when one has the wrong type.
        """
        return convert_arguments(
            get_argument_values(definition, node, variables),
            definition.extensions[DEFINITION].arguments,
            self._registry,
            self._config,
        )


def bind_fields(
    fields: tuple[ParameterizedField, ...],
    bind_one: Callable[[int, Values], FieldVariant],
    constants: ConstantBindings,
) -> tuple[VariantKey, Values]:
    """The variant of the SQL, and the values of the statement's parameters.

    Args:
        fields: The parameterized fields of a plan.
        bind_one: Gives the variant of a field, by its number, and adds its values.
        constants: What the constant fields are bound to; filled here by the first request.

    Raises:
        GatewayError: when an argument cannot be used.
    """
    values: Values = {}
    variant = []
    for number, field in enumerate(fields):
        bound = constants.get(number)
        if bound is not None:
            variant.append(bound[0])
            values.update(bound[1])
        elif field.is_constant:
            of_field: Values = {}
            of_constant = bind_one(number, of_field)
            if not depends_on_caller(of_constant):
                constants[number] = of_constant, of_field
            variant.append(of_constant)
            values.update(of_field)
        else:
            variant.append(bind_one(number, values))
    return tuple(variant), values


def bind_field(  # noqa: PLR0911 -- a case per source
    number: int,
    field: ParameterizedField,
    read_arguments: Callable[[], Arguments],
    identity: Identity,
    values: Values,
) -> FieldVariant:
    """The variant of a field; its values go into `values`, under names of their own.

    Args:
        number: Of the field in its plan.
        field: The field.
        read_arguments: Gives its coerced arguments.
        identity: The caller.
        values: Where its values go.
    """
    source, prefix = field.source, argument_prefix(number)
    match source:
        case ConnectionSource(resource):
            if resource.permission is not None:
                identity.require(resource.permission)
            paging, conditions = source.read_arguments(**read_arguments())
            return bind_page(prefix, resource, paging, conditions, values)
        case CostReportSource():
            request = source.read_arguments(**read_arguments())
            return _bind_cost_report(prefix, source, request, values)
        case CostSummarySource():
            return _bind_cost_summary(prefix, source.read_arguments(**read_arguments()), values)
        case SearchSource():
            return _bind_search(number, source, source.read_arguments(**read_arguments()), values)
        case SnippetSource():
            values[marks_key(number)] = source.read_arguments(**read_arguments())
            return None
        case LookupSource():
            column, values[f"{prefix}_key"] = source.read_arguments(**read_arguments())
            return LookupVariant(column)
        case GlobalLookupSource():
            records = source.read_arguments(**read_arguments())
            return _bind_global_ids(prefix, source, records, identity, values)
        case JsonPathSource():
            return _bind_path(prefix, tokens(read_arguments()["path"]), values)
        case ViewerFieldSource():
            values[f"{prefix}_value"] = _json(field, source.value(identity))
            return None
        case ViewerRecordSource():
            values[f"{prefix}_key"] = source.key(identity)
            return None
    raise TypeError(type(source).__name__)


def _bind_global_ids(
    prefix: str,
    source: GlobalLookupSource,
    records: Sequence[tuple[Resource, int]],
    identity: Identity,
    values: Values,
) -> LookupVariant | NodesVariant:
    """One id is a variant by its type; of many ids the types are values, like their numbers.

    What the caller may not read is looked up without a number, and so is not there.
    """
    numbers = [number if each.is_open_to(identity) else None for each, number in records]
    needs_permission = any(each.permission is not None for each, _ in records)
    if source.many:
        values[f"{prefix}_kinds"] = [resource.name for resource, _ in records]
        values[f"{prefix}_numbers"] = numbers
        return NodesVariant(needs_permission)
    (values[f"{prefix}_key"],) = numbers
    return LookupVariant("id", records[0][0].name, needs_permission)


def _bind_cost_report(
    prefix: str, source: CostReportSource, request: CostRequest, values: Values
) -> CostReportVariant:
    """The variant of a report; the values of the period before are under names of their own."""
    criteria = source.resources[request.resource].filters
    values.update((f"{prefix}_{name}", value) for name, value in request.values.by_name().items())
    conditions = bind_conditions(prefix, criteria, request.filter, values)
    previous = request.previous
    before = None
    if previous is not None:
        before = bind_conditions(previous_prefix(prefix), criteria, previous, values)
    return CostReportVariant(request.resource, request.grouping, conditions, before)


def _bind_cost_summary(
    prefix: str, rate_card: RateCard | None, values: Values
) -> CostSummaryVariant:
    if rate_card is None:
        return CostSummaryVariant(())
    values.update((f"{prefix}_{name}", value) for name, value in rate_card.values().items())
    return CostSummaryVariant(rate_card.services)


def _bind_search(
    number: int, source: SearchSource, request: SearchRequest, values: Values
) -> SearchVariant:
    """The variant of a page of texts.

    Raises:
        NoPlan: when the texts are sorted by rank, which Python does.
    """
    prefix, position = argument_prefix(number), request.position
    if isinstance(position, RankPosition):
        raise NoPlan(unsupported("search"))
    values[words_key(number)] = request.words
    values[f"{prefix}_tsquery"] = request.words.tsquery
    values[f"{prefix}_fts5"] = request.words.fts5
    values.update(merge_values(prefix, request.limit, position))
    conditions = bind_conditions(prefix, source.resource.filters, request.filter, values)
    return SearchVariant(request.kinds, request.is_first, conditions)


def previous_prefix(prefix: str) -> str:
    """What the names of the parameters of the period before begin with."""
    return f"{prefix}_previous"


def _bind_path(prefix: str, pointer: Sequence[str], values: Values) -> PathVariant:
    values.update((f"{prefix}_token{number}", token) for number, token in enumerate(pointer))
    return PathVariant(tuple(is_array_index(token) for token in pointer))


def _json(field: ParameterizedField, value: Any) -> str:
    """A value about the caller, serialized by the field's GraphQL type."""
    if value is None:
        return "null"
    leaf: Any = get_named_type(field.definition.type)
    many = isinstance(value, list)
    return orjson.dumps(
        [leaf.serialize(item) for item in value] if many else leaf.serialize(value)
    ).decode()


def bind_page(
    prefix: str, resource: Resource, paging: Paging, filter: Filter, values: Values
) -> ListVariant:
    """The variant of a page; its values go into `values`, their names begin with `prefix`."""
    conditions = bind_conditions(prefix, resource.filters, filter, values)
    return ListVariant(bind_paging(prefix, paging, values), conditions)


WITH_KEY = Cursor("", 1)
"""Stands in a variant for every cursor of a row with a value in the column that is sorted by."""

WITHOUT_KEY = Cursor(None, 1)
"""Stands for every cursor of a row without such a value: other SQL finds the rows after it."""


def bind_paging(prefix: str, paging: Paging, values: Values) -> Paging:
    """The paging with placeholders for its values."""
    values[f"{prefix}_limit"] = paging.limit
    values[f"{prefix}_limit_and_one"] = paging.limit + 1
    if paging.offset:
        values[f"{prefix}_offset"] = paging.offset
    return Paging(
        1,
        paging.order,
        paging.descending,
        depth(paging.offset) if paging.offset else 0,
        paging.backward,
        _bind_cursor(f"{prefix}_after", paging.after, values),
        _bind_cursor(f"{prefix}_before", paging.before, values),
    )


def _bind_cursor(prefix: str, cursor: Cursor | None, values: Values) -> Cursor | None:
    """The placeholder of a cursor."""
    if cursor is None:
        return None
    values[f"{prefix}_key"] = cursor.key
    values[f"{prefix}_id"] = cursor.id
    return WITHOUT_KEY if cursor.key is None else WITH_KEY


def bind_conditions(
    prefix: str, criteria: Mapping[str, Criterion], filter: Filter, values: Values
) -> FilterConditions:
    """The variant of a filter's conditions; their values go into `values`."""
    variants: list[ConditionVariant | AnyOfVariant] = []
    for number, condition in enumerate(filter):
        name = f"{prefix}_filter{number}"
        if isinstance(condition, AnyOf):
            filters = (
                bind_conditions(f"{name}_{index}", criteria, each, values)
                for index, each in enumerate(condition.filters)
            )
            variants.append(AnyOfVariant(tuple(filters), condition.negated))
            continue
        field, comparator, value = condition
        if comparator == "is_null":
            variants.append(ConditionVariant(field, comparator, value, 0))
            continue
        prepared = prepare_condition(criteria, condition).values
        for part, bound in enumerate(prepared or ()):
            values[f"{name}_{part}"] = bound
        size = None if prepared is None else len(prepared)
        selective = criteria[field].is_selective(comparator)
        variants.append(ConditionVariant(field, comparator, None, size, selective))
    return tuple(variants)
