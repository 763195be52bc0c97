"""From a valid document to a plan; a field without a declaration raises `Unsupported`."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute_sync,
    get_named_type,
    is_enum_type,
    is_non_null_type,
)
from graphql.execution import Executor

from gql.engine.collect_fields import Collector, Unsupported
from gql.engine.fields import (
    SOURCE,
    ColumnKind,
    ColumnSource,
    ConstantSource,
    FieldSource,
    SchemaSource,
)
from gql.engine.plan import (
    DEFINITION,
    ParameterizedField,
    Plan,
    PlanNode,
    Selection,
    parameterized,
)
from gql.query.resource import Resource
from gql.steps import pause_if_long

KINDS: Mapping[str, ColumnKind] = {
    "BigInt": "integer_text",
    "Boolean": "boolean",
    "DateTime": "instant",
    "Float": "float",
    "Int": "int32",
    "JSON": "json",
    "String": "text",
}
"""How columns of the scalar types are printed."""


def plan_operation(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> Plan:
    """The plan of an operation.

    Args:
        schema: Whose fields have their declarations in their metadata.
        document: The valid document.
        operation: The operation in it.
        variables: The coerced values of those in `@skip` and `@include`.

    Raises:
        GraphQLError: when a variable in `@skip` or `@include` is null.
        Unsupported: when resolvers have to run.
    """
    if operation.operation != OperationType.QUERY:
        raise Unsupported(operation.operation.value)
    planner = _Planner(schema, document, operation, variables)
    assert schema.query_type is not None  # noqa: S101, a schema without one cannot be built
    root = planner.selection(schema.query_type, [operation.selection_set])
    plan = Plan(root, tuple(planner.arguments), planner.size)
    if plan.constant is None and any(isinstance(n.source, SchemaSource) for _, n in root.items):
        raise Unsupported("__schema")
    return plan


class _PausingExecutor(Executor[Any]):
    """graphql-core's executor, which lets the event loop go round at each value that it prints."""

    def complete_leaf_value(  # type: ignore[override]  # static there, and called on `self`
        self, return_type: GraphQLLeafType, result: Any
    ) -> Any:
        pause_if_long()
        return Executor.complete_leaf_value(return_type, result)


class _Planner:
    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._document = document
        self._has_variables = bool(operation.variable_definitions)
        self._collect = Collector(schema, document, variables)
        self.arguments: list[ParameterizedField] = []
        self.size = 0

    def selection(
        self, parent: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode]
    ) -> Selection:
        """The fields of an object, merged by response key, in order."""
        items: list[tuple[str, PlanNode]] = []
        for key, nodes in self._collect(parent, selection_sets).items():
            pause_if_long()
            name = nodes[0].name.value
            if name == "__typename":
                items.append((key, PlanNode(ConstantSource(f'"{parent.name}"'))))
            elif name in parent.fields:
                items.append((key, self._node(parent.fields[name], nodes)))
            else:
                items.append((key, PlanNode(self._introspected(key, nodes))))
        self.size += len(items)
        return Selection(tuple(items))

    def _introspected(self, key: str, nodes: list[FieldNode]) -> SchemaSource:
        """What `__schema` or `__type` prints, which is the same for all who send the document."""
        name = nodes[0].name.value
        if self._has_variables:  # they may be arguments of it, and a plan has no values
            raise Unsupported(name)
        fragments = (
            each for each in self._document.definitions if isinstance(each, FragmentDefinitionNode)
        )
        alone = OperationDefinitionNode(
            operation=OperationType.QUERY, selection_set=SelectionSetNode(selections=tuple(nodes))
        )
        document = DocumentNode(definitions=(alone, *fragments))
        result = execute_sync(self._schema, document, executor_class=_PausingExecutor)
        if result.data is None or result.errors:
            raise Unsupported(name)
        return SchemaSource(orjson.dumps(result.data[key]).decode())

    def _node(self, field: GraphQLField, nodes: list[FieldNode]) -> PlanNode:
        source = _source(field, nodes[0].name.value)
        argument = None
        if source.is_parameterized:
            argument = len(self.arguments)
            self.arguments.append(parameterized(source, field, nodes[0]))
        required = is_non_null_type(field.type)
        selection_sets = [node.selection_set for node in nodes if node.selection_set]
        target = get_named_type(field.type)
        if isinstance(target, GraphQLInterfaceType):
            choices = self._choices(target, selection_sets)
            return PlanNode(source, None, argument, required, choices)
        if isinstance(target, GraphQLObjectType):
            return PlanNode(source, self.selection(target, selection_sets), argument, required)
        return PlanNode(source, None, argument, required)

    def _choices(
        self, interface: GraphQLInterfaceType, selection_sets: list[SelectionSetNode]
    ) -> tuple[tuple[Resource, Selection], ...]:
        """What is selected of each type that a record may have."""
        return tuple(
            (
                possible.extensions[DEFINITION].origin.resources[0],
                self.selection(possible, selection_sets),
            )
            for possible in self._schema.get_possible_types(interface)
        )


def _source(field: GraphQLField, name: str) -> FieldSource:
    """The declaration of a field, with what only the schema knows of a column."""
    definition = field.extensions[DEFINITION]
    source: FieldSource | None = definition.metadata.get(SOURCE)
    if source is None:
        raise Unsupported(name)
    if not isinstance(source, ColumnSource):
        return source
    return replace(source, label=source.label or definition.python_name, kind=_kind(field))


def _kind(field: GraphQLField) -> ColumnKind:
    target = get_named_type(field.type)
    if is_enum_type(target):
        return "enum"
    kind = KINDS.get(target.name)
    if kind is None:
        raise Unsupported(target.name)
    return kind
