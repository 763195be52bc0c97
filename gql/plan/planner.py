"""From a valid document to a plan tree; what the engine does not know raises `Unsupported`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_enum_type,
)

from gql.plan import declaration
from gql.plan.connection import Connected
from gql.plan.declaration import READS
from gql.plan.roots import Lookup
from gql.plan.tree import (
    Amount,
    ConnectionItem,
    Constant,
    Counted,
    Edges,
    GlobalId,
    Inner,
    Item,
    Kind,
    Leaf,
    LookedUp,
    Member,
    Nodes,
    Paged,
    PageInfo,
    Selection,
    ToFirst,
    ToMany,
    ToOne,
    Total,
)

DEFINITION = "strawberry-definition"
"""Where Strawberry leaves its own field on graphql-core's."""

KINDS: Mapping[str, Kind] = {
    "Boolean": "boolean",
    "DateTime": "instant",
    "Float": "float",
    "Int": "integer",
    "JSON": "json",
    "String": "text",
}


class Unsupported(Exception):  # noqa: N818, it is no error: the reference way runs
    """The engine does not know this part of a document."""


@dataclass(frozen=True)
class Slot:
    """A field with arguments, as the binder needs it.

    Attributes:
        fact: Its declaration, whose `ask` takes the arguments.
        definition: graphql-core's field.
        node: The field in the document.
    """

    fact: Connected | Lookup
    definition: GraphQLField
    node: FieldNode


@dataclass(frozen=True)
class Plan:
    """What an operation selects, and the fields in it that take arguments."""

    root: Selection
    slots: tuple[Slot, ...]


def steering(document: DocumentNode) -> frozenset[str]:
    """The variables in `@skip` and `@include`: another value of one is another plan."""
    names: set[str] = set()
    waiting: list[Any] = list(document.definitions)
    while waiting:
        node = waiting.pop()
        for directive in getattr(node, "directives", None) or ():
            for argument in directive.arguments or ():
                if isinstance(argument.value, VariableNode):
                    names.add(argument.value.name.value)
        selections = getattr(node, "selection_set", None)
        waiting.extend(selections.selections if selections else ())
    return frozenset(names)


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
    return Plan(root, tuple(planner.slots))


class _Planner:
    """CollectFields of the specification, over the declarations."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]
    ) -> None:
        self._schema = schema
        self._variables = variables
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self.slots: list[Slot] = []

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
        return Selection(tuple(items))

    def _item(self, field: GraphQLField, nodes: list[FieldNode]) -> Item:
        fact = field.extensions[DEFINITION].metadata.get(READS)
        plain = self._plain(field, fact)
        if plain is not None:
            return plain
        if isinstance(fact, Connected):
            slot = self._slot(fact, field, nodes[0])
            page_type = self._object(field)
            return Paged(slot, fact.resource, fact.link, self._page(page_type, nodes))
        target = get_named_type(field.type)
        if fact is None or not isinstance(target, GraphQLObjectType):
            raise Unsupported(nodes[0].name.value)
        slot = self._slot(fact, field, nodes[0]) if isinstance(fact, Lookup) else -1
        return self._relation(fact, slot, self.selection(target, _sets(nodes)))

    def _plain(self, field: GraphQLField, fact: Any) -> Item | None:
        """A field that has no selection."""
        match fact:
            case declaration.Id():
                return GlobalId()
            case declaration.Column(label):
                kind = self._kind(field)
                return Leaf(label or field.extensions[DEFINITION].python_name, kind)
            case declaration.Money(label):
                return Amount(label)
            case declaration.Number(label, key):
                return Member(label, key)
            case declaration.Count(resource, link):
                return Counted(resource, link)
        return None

    def _relation(self, fact: Any, slot: int, selection: Selection) -> Item:
        match fact:
            case declaration.Part():
                return Inner(selection)
            case declaration.One(resource, key, column):
                return ToOne(resource, key, column, selection)
            case declaration.First(resource, link):
                return ToFirst(resource, link, selection)
            case declaration.Many(resource, link, order):
                return ToMany(resource, link, order, selection)
            case Lookup(resource):
                return LookedUp(slot, resource, selection)
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

    def _slot(self, fact: Connected | Lookup, field: GraphQLField, node: FieldNode) -> int:
        self.slots.append(Slot(fact, field, node))
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

    def _collect(
        self, parent: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode]
    ) -> dict[str, list[FieldNode]]:
        """CollectFields: response keys in the order they first appear, with all their nodes."""
        collected: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        waiting = [selection for part in selection_sets for selection in part.selections][::-1]
        while waiting:
            node = waiting.pop()
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                collected.setdefault((node.alias or node.name).value, []).append(node)
                continue
            inside = self._spread(parent, node, seen)
            waiting.extend(inside[::-1])
        return collected

    def _spread(self, parent: GraphQLObjectType, node: Any, seen: set[str]) -> list[Any]:
        fragment: InlineFragmentNode | FragmentDefinitionNode
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name in seen:
                return []
            seen.add(name)
            fragment = self._fragments[name]
        else:
            fragment = node
        applies = self._applies(parent, fragment.type_condition)
        return list(fragment.selection_set.selections) if applies else []

    def _applies(self, parent: GraphQLObjectType, condition: Any) -> bool:
        if condition is None or condition.name.value == parent.name:
            return True
        kind = self._schema.get_type(condition.name.value)
        return isinstance(kind, GraphQLInterfaceType) and self._schema.is_sub_type(kind, parent)

    def _included(self, node: Any) -> bool:
        for directive in node.directives or ():
            name = directive.name.value
            if name not in {"skip", "include"}:
                raise Unsupported(f"@{name}")
            value = directive.arguments[0].value
            on = (
                self._variables[value.name.value]
                if isinstance(value, VariableNode)
                else value.value
            )
            if on == (name == "skip"):
                return False
        return True


def _sets(nodes: list[FieldNode]) -> list[SelectionSetNode]:
    return [node.selection_set for node in nodes if node.selection_set]


def _named(parent: GraphQLObjectType, nodes: list[FieldNode]) -> Constant | str:
    name = nodes[0].name.value
    return Constant(f'"{parent.name}"') if name == "__typename" else name
