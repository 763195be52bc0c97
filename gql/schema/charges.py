"""What each field of an operation costs.

Each selected field is a *charge*: points, times the sizes of all the lists that it is under. A page
counts as long as its arguments say, a plain list as its declaration says. Selections that execution
merges are merged here, and what `@skip` leaves out is counted. A walk is linear in the fields that
an operation selects with its fragments expanded, which `limits.py` has bounded before.
"""

from collections.abc import Iterable, Iterator, Mapping
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
    SearchSource,
)
from gql.query.weights import (
    JSON_STEP,
    KEY,
    SCHEMA_VALUE,
)
from gql.schema.declared_costs import (
    field_weight,
    is_batch_results,
    is_object_list,
    number_points,
    source_of,
    type_weight,
)
from gql.schema.introspection import SchemaValues
from gql.schema.list_arguments import (
    Argument,
    ListArguments,
    arguments_of,
)
from gql.schema.operation_cost import Charge, Quantity
from gql.schema.quantities import (
    computed_length,
    counted_number,
    list_length,
    looks_at_bills,
    pointer_steps,
    points_of_lookups,
    points_of_page,
    points_of_total,
)
from gql.steps import pause_if_long

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
            yield here.charge(looks_at_bills(arguments["rateCard"]), usual * KEY.points)
        if isinstance(source, ConnectionSource):
            of_list = ListArguments(source, field, arguments)
        here = at.below(path, of_list, computed_length(field, source, arguments))
        yield here.charge(field_weight(field))
        if isinstance(source, CostReportSource):
            yield here.charge(looks_at_bills(arguments["rateCard"]), CALLS.usual * KEY.points)
        if isinstance(source, SearchSource):
            records = ListArguments(ConnectionSource(source.resource), field, arguments)
            yield here.charge(points_of_lookups(records))
        counted = number_points(field)
        if counted is not None:
            yield here.charge(counted_number(arguments[counted.argument], counted), counted.points)
        if is_leaf_type(target):
            yield from _leaf(here, source, arguments)
            return
        selections = [node.selection_set for node in nodes if node.selection_set]
        selected = self._merged(target, selections)
        if isinstance(source, ConnectionSource) and of_list and _reads_rows(selected):
            yield here.charge(points_of_page(of_list))
        if is_object_list(field):
            of_report = source is CostReportField.GROUPS
            of_page = isinstance(source, ConnectionField) and of_list is None
            is_listed = of_report or of_page or is_batch_results(field)
            here = here.times(at.listed if is_listed else list_length(field, of_list, arguments))
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
        yield at.charge(points_of_total(at.arguments))
    elif isinstance(source, JsonPathSource):
        yield at.charge(pointer_steps(arguments["path"]), JSON_STEP.points)


def _reads_rows(selected: _Merged) -> bool:
    """Whether the selections of a connection need its page."""
    fields = (kind.fields[nodes[0].name.value] for kind, nodes in selected.values())
    return any(source_of(field) in _OF_ROWS for field in fields)
