"""What each field of an operation costs.

Each selected field is a *charge*: points, times the sizes of all the lists that it is under. A page
counts as long as its arguments say, a plain list as its declaration says. Selections that execution
merges are merged here, and what `@skip` leaves out is counted. A walk is linear in the fields that
an operation selects with its fragments expanded, which `limits.py` has bounded before.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
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
    get_named_type,
    is_leaf_type,
    value_from_ast_untyped,
)

from gql.domain.calls import CALLS
from gql.engine.fields import (
    ConnectionField,
    ConnectionSource,
    CostReportField,
    CostReportSource,
    CostSummarySource,
    FieldSource,
    JsonPathSource,
    NumberPoints,
    SearchSource,
)
from gql.ingest.apply import MOST_ITEMS
from gql.models.rollup import SERVICES
from gql.query.cost_groups import MAX_GROUPS
from gql.query.filters import MAX_CONDITIONS
from gql.query.paging import DEFAULT_PAGE, MAX_PAGE
from gql.query.rows_read import most_lookup_points
from gql.query.weights import (
    COMPARED_ROW,
    COUNTED_ROW,
    JSON_STEP,
    KEY,
    SCHEMA_VALUE,
    SORTED_ROW,
)
from gql.schema.costs import DEFAULT_GROUPS
from gql.schema.declared_costs import (
    batch_items,
    field_weight,
    is_batch_results,
    is_computed_page,
    is_object_list,
    list_size,
    number_points,
    source_of,
    type_weight,
)
from gql.schema.inputs.comparators import MAX_IN
from gql.schema.introspection import SchemaValues
from gql.schema.list_arguments import (
    SLICING_ARGUMENTS,
    Argument,
    ListArguments,
    Variables,
    arguments_of,
    is_int,
)
from gql.schema.operation_cost import Charge, Quantity
from gql.schema.query import MAX_IDS
from gql.steps import pause_if_long

MOST_STEPS = 1_000_000
"""More steps of a JSON Pointer than a request has room for."""

_OF_ROWS = frozenset({ConnectionField.NODES, ConnectionField.EDGES, ConnectionField.PAGE_INFO})
"""The fields of a connection for which its page is read."""


@dataclass(frozen=True, slots=True)
class _Position:
    """Where the fields of an object are.

    Attributes:
        path: The response keys that lead to the object.
        factor: How many such objects there are, as far as that depends on the document alone.
        sizes: The rest of that product.
        arguments: Of the connection that the object is, or that it is an edge of.
        listed: How long the list is of the object, where it is a report of costs, a page that a
            resolver makes, or what became of a batch.
    """

    path: str = ""
    factor: int = 1
    sizes: tuple[Quantity, ...] = ()
    arguments: ListArguments | None = None
    listed: int | Quantity = 0

    def below(
        self, path: str, arguments: ListArguments | None, listed: int | Quantity = 0
    ) -> "_Position":
        """The object at a path below this one."""
        return _Position(path, self.factor, self.sizes, arguments, listed)

    def times(self, size: "int | Quantity") -> "_Position":
        """This position in each object of a list."""
        if isinstance(size, int):
            return _Position(self.path, self.factor * size, self.sizes, self.arguments)
        return _Position(self.path, self.factor, (*self.sizes, size), self.arguments)

    def charge(self, points: "int | Quantity", weight: int = 1) -> Charge:
        """Points for each of these objects, where each point weighs `weight`."""
        if isinstance(points, int):
            return Charge(self.path, self.factor * points * weight, self.sizes)
        return Charge(self.path, self.factor * weight, (*self.sizes, points))


_Merged = Mapping[tuple[str, str], tuple[Any, list[FieldNode]]]
"""The fields of one level, by the type that they are selected on and response key."""


class ChargeWalk:
    """Walks the selections of an operation, its fragments expanded.

    Attributes:
        schema_values: How many values of the schema it has met so far.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        schema_values: SchemaValues,
    ) -> None:
        self._schema = schema
        self._operation = operation
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
        self._counter = schema_values
        self.schema_values = 0

    def charges(self) -> Iterator[Charge]:
        """What each field of the operation costs."""
        root = self._schema.get_root_type(self._operation.operation)
        if root is None:
            return
        fields = self._merged(root, [self._operation.selection_set])
        yield from (charge for charge in self._object(_Position(), fields) if charge.points)

    def _object(self, at: _Position, fields: _Merged) -> Iterator[Charge]:
        for (_, key), (kind, nodes) in fields.items():
            pause_if_long()
            path = f"{at.path}.{key}".removeprefix(".")
            if nodes[0].name.value in kind.fields:
                yield from self._field(at, path, kind.fields[nodes[0].name.value], nodes)
            elif self.schema_values <= self._counter.limit:  # `__schema` and `__type`
                values = self._counter.count(nodes, self._fragments)
                self.schema_values += values
                yield at.below(path, None).charge(values * SCHEMA_VALUE.points)

    def _field(
        self, at: _Position, path: str, field: GraphQLField, nodes: list[FieldNode]
    ) -> Iterator[Charge]:
        source, target = source_of(field), get_named_type(field.type)
        arguments = arguments_of(field, nodes[0], self._defaults)
        of_list = at.arguments if isinstance(source, ConnectionField) else None
        if isinstance(source, CostSummarySource) and at.arguments is not None:
            here = at.below(path, None)
            yield here.charge(at.arguments.summary().points)
            usual = at.arguments.source.usual
            yield here.charge(_rates(arguments["rateCard"]), usual * KEY.points)
        if isinstance(source, ConnectionSource):
            of_list = ListArguments(source, field, arguments)
        here = at.below(path, of_list, _listed(field, source, arguments))
        yield here.charge(field_weight(field))
        if isinstance(source, CostReportSource):
            yield here.charge(_rates(arguments["rateCard"]), CALLS.usual * KEY.points)
        if isinstance(source, SearchSource):
            records = ListArguments(ConnectionSource(source.resource), field, arguments)
            yield here.charge(_lookups(records))
        counted = number_points(field)
        if counted is not None:
            yield here.charge(_number(arguments[counted.argument], counted), counted.points)
        if is_leaf_type(target):
            yield from _leaf(here, source, arguments)
            return
        selections = [node.selection_set for node in nodes if node.selection_set]
        selected = self._merged(target, selections)
        if isinstance(source, ConnectionSource) and of_list and _reads_rows(selected):
            yield here.charge(_page_points(of_list))
        if is_object_list(field):
            of_report = source is CostReportField.GROUPS
            of_page = isinstance(source, ConnectionField) and of_list is None
            is_listed = of_report or of_page or is_batch_results(field)
            here = here.times(at.listed if is_listed else _size(field, of_list, arguments))
        yield here.charge(type_weight(target))
        yield from self._object(here, selected)

    def _merged(self, parent: Any, selection_sets: Iterable[SelectionSetNode]) -> _Merged:
        merged: dict[tuple[str, str], tuple[Any, list[FieldNode]]] = {}
        spread: set[str] = set()
        waiting = [(parent, selection_set) for selection_set in selection_sets]
        while waiting:
            kind, selection_set = waiting.pop()
            for node in selection_set.selections:
                if isinstance(node, FieldNode):
                    if node.name.value != "__typename":
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


def _leaf(
    at: _Position, source: FieldSource | None, arguments: Mapping[str, Argument]
) -> Iterator[Charge]:
    """What the arguments of a field without selections add."""
    if source is ConnectionField.TOTAL_COUNT and at.arguments is not None:
        yield at.charge(_total_points(at.arguments))
    elif isinstance(source, JsonPathSource):
        yield at.charge(_steps(arguments["path"]), JSON_STEP.points)


def _reads_rows(selected: _Merged) -> bool:
    """Whether the selections of a connection need its page."""
    fields = (kind.fields[nodes[0].name.value] for kind, nodes in selected.values())
    return any(source_of(field) in _OF_ROWS for field in fields)


def _size(
    field: GraphQLField, of_list: ListArguments | None, arguments: Mapping[str, Argument]
) -> int | Quantity:
    """How long a list of objects is, which may be a part of a page."""
    if of_list is not None:
        constant = of_list.is_constant(*SLICING_ARGUMENTS)
        return _quantity(MAX_PAGE, of_list.page_size, is_constant=constant)
    if "ids" in arguments:
        ids = arguments["ids"]
        return _quantity(MAX_IDS, lambda variables: _count(ids.value(variables)), ids.is_constant)
    size = list_size(field)
    assert size is not None  # noqa: S101, it is a list of objects
    return size.assumed


def _listed(
    field: GraphQLField, source: FieldSource | None, arguments: Mapping[str, Argument]
) -> int | Quantity:
    """How long the list of a report, a computed page or a batch may be; 0 of all else."""
    items = batch_items(field)
    if items is not None:
        return _batch_size(arguments["input"], items)
    if isinstance(source, CostReportSource):
        return _first(arguments["first"], DEFAULT_GROUPS, MAX_GROUPS)
    return _first(arguments["first"], DEFAULT_PAGE, MAX_PAGE) if is_computed_page(field) else 0


def _batch_size(batch: Argument, name: str) -> int | Quantity:
    """How many items a batch has; 0 for one that will be refused."""

    def value(variables: Variables) -> int:
        fields = batch.value(variables)
        items = fields.get(name) if isinstance(fields, Mapping) else None
        if items is None:
            return MOST_ITEMS
        # GraphQL coerces a single value to a list of one.
        number = len(items) if isinstance(items, list) else 1
        return number if number <= MOST_ITEMS else 0

    return _quantity(MOST_ITEMS, value, batch.is_constant)


def _first(first: Argument, default: int, most: int) -> int | Quantity:
    """How many the argument `first` asks for; 0 where it will be refused."""

    def value(variables: Variables) -> int:
        number = first.value(variables)
        if number is None:
            return default
        return int(number) if is_int(number) and 0 <= number <= most else 0

    return _quantity(most, value, first.is_constant)


def _number(argument: Argument, counted: NumberPoints) -> int | Quantity:
    """The number that an argument has."""
    return _quantity(
        counted.most,
        lambda variables: counted.number(argument.value(variables)),
        argument.is_constant,
    )


def _count(ids: Any) -> int:
    """How many ids there are; 0 for a list that will be refused."""
    # GraphQL coerces a single value to a list of one.
    number = len(ids) if isinstance(ids, list) else int(ids is not None)
    return number if number <= MAX_IDS else 0


def _rates(rate_card: Argument) -> int | Quantity:
    """How often a rate card looks at the bills of all calls.

    Twice for a rate that tells kinds of tokens apart, else once. Calls of the period before are not
    looked at besides: both periods together have no more calls than the list.
    """
    most = len(SERVICES)

    def value(variables: Variables) -> int:
        card = rate_card.value(variables)
        rates = card.get("rates") if isinstance(card, Mapping) else None
        if not isinstance(rates, list):  # GraphQL coerces a single value to a list of one
            rates = [] if rates is None else [rates]
        return sum(map(_looks, rates)) if len(rates) <= most else 0

    return _quantity(_MOST_LOOKS * most, value, rate_card.is_constant)


_MOST_LOOKS = 2


def _looks(rate: Any) -> int:
    """How often one rate looks at the bills of all calls."""
    has_kinds = isinstance(rate, Mapping) and rate.get("inputPrice") is not None
    return _MOST_LOOKS if has_kinds else 1


def _steps(path: Argument) -> int | Quantity:
    """How many steps a JSON Pointer has."""
    return _quantity(
        MOST_STEPS, lambda variables: str(path.value(variables)).count("/"), path.is_constant
    )


def _page_points(of_list: ListArguments) -> int | Quantity:
    """What finding the rows of a page costs; a page of no rows reads none."""

    def points(variables: Variables) -> int:
        if not of_list.page_size(variables):
            return 0
        return of_list.page(variables).points + of_list.lookups(variables)

    per_row = _most_comparisons(of_list) + SORTED_ROW.points + 2 * COUNTED_ROW.points
    most = of_list.source.usual * per_row + _most_lookups(of_list)
    return _quantity(most, points, of_list.is_constant(*of_list.arguments))


def _total_points(of_list: ListArguments) -> int | Quantity:
    """What counting a list costs."""

    def points(variables: Variables) -> int:
        return of_list.total(variables).points + of_list.lookups(variables)

    most = of_list.source.usual * _most_comparisons(of_list) + _most_lookups(of_list)
    is_constant = "filter" not in of_list.arguments or of_list.is_constant("filter")
    return _quantity(most, points, is_constant)


def _lookups(of_list: ListArguments) -> int | Quantity:
    """What it costs that indexes find the values in a filter."""
    is_constant = of_list.is_constant("filter")
    return _quantity(_most_lookups(of_list), of_list.lookups, is_constant)


def _most_comparisons(of_list: ListArguments) -> int:
    """The points of a row that is looked at for every condition of the longest filter."""
    return COMPARED_ROW.points * (MAX_CONDITIONS if "filter" in of_list.arguments else 1)


def _most_lookups(of_list: ListArguments) -> int:
    """The points of the longest filter."""
    if "filter" not in of_list.arguments:
        return 0
    return MAX_CONDITIONS * most_lookup_points(of_list.source.resource, MAX_IN)


def _quantity(most: int, value: Callable[[Variables], int], is_constant: bool) -> int | Quantity:
    return value({}) if is_constant else Quantity(most, value)
