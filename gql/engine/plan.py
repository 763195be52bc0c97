"""From a valid document to a plan tree; what the engine does not know raises `Unsupported`."""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    is_enum_type,
    is_non_null_type,
)

from gql.engine import fields
from gql.engine.collect_fields import Collector, Unsupported
from gql.engine.connection import ConnectionSource
from gql.engine.declaration import SOURCE
from gql.engine.parameterized_fields import (
    DEFINITION,
    ParameterizedField,
    Plan,
    detached,
    is_constant,
)
from gql.engine.plan_nodes import (
    AnyId,
    Column,
    ConnectionItem,
    ConnectionPage,
    Constant,
    Count,
    Edges,
    GlobalId,
    Item,
    JsonNumber,
    JsonPath,
    Kind,
    Lookup,
    Money,
    Nodes,
    NodesLookup,
    Object,
    PageInfo,
    Selection,
    ToFirst,
    ToMany,
    ToOne,
    Total,
    ToUnion,
    ViewerField,
    ViewerRecord,
)
from gql.engine.root_fields import LookupSource, NodesSource
from gql.query.resource import Resource

KINDS: Mapping[str, Kind] = {
    "Boolean": "boolean",
    "DateTime": "instant",
    "Float": "float",
    "Int": "integer",
    "JSON": "json",
    "String": "text",
}


def plan(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> Plan:
    """The plan of an operation, under the given values of its steering variables.

    Raises:
        Unsupported: when the reference way has to run.
    """
    if operation.operation != OperationType.QUERY:
        raise Unsupported(operation.operation.value)
    planner = _Planner(schema, document, variables)
    assert schema.query_type is not None  # noqa: S101, a schema without one cannot be built
    root = planner.selection(schema.query_type, [operation.selection_set])
    return Plan(root, tuple(planner.slots), planner.size)


class _Planner:
    """CollectFields of the specification, over the declarations."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]
    ) -> None:
        self._schema = schema
        self._collect = Collector(schema, document, variables)
        self.slots: list[ParameterizedField] = []
        self.size = 0

    def selection(
        self, parent: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode]
    ) -> Selection:
        """The fields of an object, merged by response key, in order."""
        items: list[tuple[str, Item]] = []
        for key, nodes in self._collect(parent, selection_sets).items():
            name = nodes[0].name.value
            if name == "__typename":
                items.append((key, Constant(f'"{parent.name}"')))
            elif name not in parent.fields:
                raise Unsupported(name)
            else:
                items.append((key, self._item(parent.fields[name], nodes)))
        self.size += len(items)
        return Selection(tuple(items))

    def _item(self, field: GraphQLField, nodes: list[FieldNode]) -> Item:
        fact = field.extensions[DEFINITION].metadata.get(SOURCE)
        plain = self._plain(field, fact)
        if plain is not None:
            return plain
        if isinstance(fact, ConnectionSource):
            slot = self._slot(fact, field, nodes[0])
            page_type = self._object(field)
            return ConnectionPage(slot, fact.resource, fact.link, self._page(page_type, nodes))
        target = get_named_type(field.type)
        special = self._special(fact, field, nodes)
        if special is not None:
            return special
        if fact is None or not isinstance(target, GraphQLObjectType):
            raise Unsupported(nodes[0].name.value)
        slotted = isinstance(fact, (LookupSource, fields.ViewerRecordSource))
        slot = self._slot(fact, field, nodes[0]) if slotted else -1
        required = is_non_null_type(field.type)
        return self._relation(fact, slot, self.selection(target, _sets(nodes)), required=required)

    def _special(self, fact: Any, field: GraphQLField, nodes: list[FieldNode]) -> Item | None:
        """Slots without a page, and what may be of several types."""
        match fact:
            case fields.AnyIdSource(kind, key):
                return AnyId(kind, key)
            case fields.JsonPathSource(label):
                return JsonPath(self._slot(fact, field, nodes[0]), label)
            case fields.ViewerFieldSource():
                return ViewerField(self._slot(fact, field, nodes[0]))
            case fields.UnionSource():
                found = self._choices(field, nodes)
                choices = tuple((word, kind, found[kind]) for word, kind in fact.choices.items())
                return ToUnion(fact, choices)
            case NodesSource():
                slot = self._slot(fact, field, nodes[0])
                return NodesLookup(slot, tuple(self._choices(field, nodes).items()), fact.many)
        return None

    def _choices(self, field: GraphQLField, nodes: list[FieldNode]) -> dict[Resource, Selection]:
        """What is selected of each type that a record of an interface may have."""
        interface = get_named_type(field.type)
        assert isinstance(interface, GraphQLInterfaceType)  # noqa: S101, so it was declared
        return {
            possible.extensions[DEFINITION].origin.resources[0]: self.selection(
                possible, _sets(nodes)
            )
            for possible in self._schema.get_possible_types(interface)
        }

    def _plain(self, field: GraphQLField, fact: Any) -> Item | None:
        """A field that has no selection."""
        match fact:
            case fields.GlobalIdSource():
                return GlobalId()
            case fields.ColumnSource(label):
                own = field.extensions[DEFINITION].python_name
                return Column(label or own, self._kind(field))
            case fields.MoneySource(label):
                return Money(label)
            case fields.JsonNumberSource(label, key):
                return JsonNumber(label, key)
            case fields.CountSource(resource, link):
                return Count(resource, link)
        return None

    def _relation(self, fact: Any, slot: int, selection: Selection, *, required: bool) -> Item:
        match fact:
            case fields.ObjectSource() | fields.ViewerSource():
                return Object(selection)
            case fields.OneSource(resource, key, column):
                return ToOne(resource, key, column, selection, required)
            case fields.ViewerRecordSource(resource):
                return ViewerRecord(slot, resource, selection, required)
            case fields.FirstSource(resource, link):
                return ToFirst(resource, link, selection)
            case fields.ManySource(resource, link, order):
                return ToMany(resource, link, order, selection)
            case LookupSource(resource):
                return Lookup(slot, resource, selection)
        raise Unsupported(type(fact).__name__)

    def _page(
        self, parent: GraphQLObjectType, nodes: list[FieldNode]
    ) -> tuple[tuple[str, ConnectionItem], ...]:
        items: list[tuple[str, ConnectionItem]] = []
        for key, group in self._collect(parent, _sets(nodes)).items():
            items.append((key, self._page_item(parent, group)))
        return tuple(items)

    def _page_item(self, parent: GraphQLObjectType, nodes: list[FieldNode]) -> ConnectionItem:
        name = nodes[0].name.value
        if name == "__typename":
            return Constant(f'"{parent.name}"')
        if name == "totalCount":
            return Total()
        target = self._object(parent.fields[name])
        if name == "nodes":
            return Nodes(self.selection(target, _sets(nodes)))
        collected = self._collect(target, _sets(nodes))
        if name == "pageInfo":
            return PageInfo(tuple((key, _named(target, group)) for key, group in collected.items()))
        return Edges(tuple((key, self._edge(target, group)) for key, group in collected.items()))

    def _edge(self, parent: GraphQLObjectType, nodes: list[FieldNode]) -> Any:
        if nodes[0].name.value == "node":
            target = self._object(parent.fields["node"])
            return self.selection(target, _sets(nodes))
        return _named(parent, nodes)

    def _slot(self, fact: Any, field: GraphQLField, node: FieldNode) -> int:
        self.slots.append(ParameterizedField(fact, field, detached(node), is_constant(fact, node)))
        return len(self.slots) - 1

    def _kind(self, field: GraphQLField) -> Kind:
        target = get_named_type(field.type)
        if is_enum_type(target):
            return "enum"
        kind = KINDS.get(target.name)
        if kind is None:
            raise Unsupported(target.name)
        return kind

    def _object(self, field: GraphQLField) -> GraphQLObjectType:
        target = get_named_type(field.type)
        if not isinstance(target, GraphQLObjectType):
            raise Unsupported(target.name)
        return target


def _sets(nodes: list[FieldNode]) -> list[SelectionSetNode]:
    return [node.selection_set for node in nodes if node.selection_set]


def _named(parent: GraphQLObjectType, nodes: list[FieldNode]) -> Constant | str:
    name = nodes[0].name.value
    return Constant(f'"{parent.name}"') if name == "__typename" else name
