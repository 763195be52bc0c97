"""Reads what an event shows by a compiled plan: a query is made of a subscription, once.

A payload has values of the event itself, and objects that its ids name. The query selects those
objects, by `node(id:)`, under the names that the answer has them by; so the objects of an event are
one statement, however deep they go. What is printed of the event is put around its answer. Where
no query can be made, or the query has no plan, resolvers answer.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self

import orjson
from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    print_ast,
    visit,
)

from gql.database import RequestDatabase
from gql.engine.collect_fields import Collector, Unsupported
from gql.engine.document import Request
from gql.engine.engine import Engine
from gql.engine.fields import SOURCE, OneSource
from gql.engine.plan import DEFINITION
from gql.errors import GatewayError
from gql.events.reading import StoredEvent
from gql.identity import Identity
from gql.schema.documents import Documents, InvalidDocument
from gql.schema.following import Following
from gql.schema.subscription import PRINTED
from gql.steps import in_steps

_BEGINNING, _END = b'{"data":{', b"}}"
_TYPENAME = "__typename"

Printers = dict[str, Callable[[StoredEvent], str]]
"""By key in the answer."""


@dataclass(frozen=True)
class _Object:
    """An object that an event names.

    Attributes:
        variable: Has its global id.
        resource: What its id begins with.
        label: The attribute of the event that its number is in.
    """

    variable: str
    resource: str
    label: str


@dataclass(frozen=True)
class EventQuery:
    """Of one subscription.

    Attributes:
        key: Of its field in the answer.
        before: By key, what prints the fields of the payload that are of the event itself.
        after: The same, behind the objects.
        objects: The objects that are read; none where the event says all.
        request: The query that reads them.
    """

    key: str
    before: Printers
    after: Printers
    objects: tuple[_Object, ...]
    request: Request | None

    @classmethod
    async def of(
        cls,
        schema: GraphQLSchema,
        documents: Documents,
        request: Request,
        following: Following,
        organization_id: int,
    ) -> Self | None:
        """The query of a subscription; None where resolvers have to answer.

        Args:
            schema: With both root types.
            documents: Where the query is found again by whoever subscribes to the same.
            request: The subscription.
            following: The same.
            organization_id: Whose steps it is made in.
        """
        if following.records is not None:
            return None  # filter and object are one statement, which resolvers read
        try:
            query = await in_steps(_Maker, schema, request, following)
        except Unsupported:
            return None
        read: Request | None = None
        if query.objects:
            text = print_ast(query.document)
            try:
                document = documents.get(text) or await documents.validate(text, organization_id)
            except (GatewayError, InvalidDocument):
                return None
            (operation, *_) = document.node.definitions
            assert isinstance(operation, OperationDefinitionNode)  # noqa: S101 -- as it was made
            variables = {
                name: value
                for name, value in (request.variables or {}).items()
                if name in query.variables
            }
            read = Request(document, operation, variables)
        return cls(query.key, query.before, query.after, tuple(query.objects), read)

    async def answer(
        self,
        engine: Engine,
        database: RequestDatabase,
        caller: Identity,
        event: StoredEvent,
        request_id: str,
    ) -> bytes | None:
        """The answer for an event; None where resolvers have to make it.

        Raises:
            GatewayError: when the database cannot answer now, or the answer is too long.
        """
        parts = [_members(self.before, event)]
        if self.request is not None:
            ids = {each.variable: getattr(event, each.label) for each in self.objects}
            if None in ids.values():
                return None
            names = {
                each.variable: f"{each.resource}_{ids[each.variable]}" for each in self.objects
            }
            request = replace(self.request, variables={**(self.request.variables or {}), **names})
            bound = await engine.bind_request(request, caller)
            body = await engine.answer(database, bound, caller.organization_id, request_id)
            if not isinstance(body, bytes):
                return None
            parts.append(body.removeprefix(_BEGINNING).removesuffix(_END))
        parts.append(_members(self.after, event))
        printed = b",".join(filter(None, parts))
        return b'{"data":{%s:{%s}}}' % (orjson.dumps(self.key), printed)


class _Maker:
    """Makes the query.

    Raises:
        Unsupported: when there is none.
    """

    def __init__(self, schema: GraphQLSchema, request: Request, following: Following) -> None:
        (root, *more) = request.operation.selection_set.selections
        if more or not isinstance(root, FieldNode) or root.selection_set is None:
            raise Unsupported("several fields")
        assert schema.subscription_type is not None  # noqa: S101 -- the document is valid
        payload = get_named_type(schema.subscription_type.fields[root.name.value].type)
        assert isinstance(payload, GraphQLObjectType)  # noqa: S101 -- all of them are
        self.key = (root.alias or root.name).value
        self.before: Printers = {}
        self.after: Printers = {}
        self.objects: list[_Object] = []
        self._definitions = {
            each.variable.name.value: each for each in request.operation.variable_definitions or ()
        }
        collect = Collector(schema, request.document.node, following.variables)
        selections: list[FieldNode] = []
        for key, nodes in collect(payload, [root.selection_set]).items():
            name = nodes[0].name.value
            printer = partial(_typename, payload.name) if name == _TYPENAME else PRINTED.get(name)
            if printer is not None:
                (self.after if self.objects else self.before)[key] = printer
                continue
            source = payload.fields[name].extensions[DEFINITION].metadata.get(SOURCE)
            if self.after or not isinstance(source, OneSource):
                raise Unsupported(name)
            of_type = get_named_type(payload.fields[name].type).name
            selections += self._objects_of(key, nodes, of_type, source)
        fragments = {
            each.name.value: each
            for each in request.document.node.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        uses = _Uses(fragments, selections)
        self.variables = uses.variables & self._definitions.keys()
        definitions = [
            *(self._definitions[name] for name in sorted(self.variables)),
            *(_definition(each.variable) for each in self.objects),
        ]
        operation = OperationDefinitionNode(
            operation=OperationType.QUERY,
            variable_definitions=tuple(definitions),
            selection_set=SelectionSetNode(selections=tuple(selections)),
        )
        used = [fragments[name] for name in sorted(uses.fragments)]
        self.document = DocumentNode(definitions=(operation, *used))

    def _objects_of(
        self, key: str, nodes: list[FieldNode], of_type: str, source: OneSource
    ) -> Iterator[FieldNode]:
        variable = f"object{len(self.objects)}"
        while variable in self._definitions:
            variable += "_"
        self.objects.append(_Object(variable, source.resource.name, source.key))
        for node in nodes:
            assert node.selection_set is not None  # noqa: S101 -- the document is valid
            selected = InlineFragmentNode(
                type_condition=NamedTypeNode(name=NameNode(value=of_type)),
                selection_set=node.selection_set,
            )
            yield FieldNode(
                alias=NameNode(value=key),
                name=NameNode(value="node"),
                arguments=(
                    ArgumentNode(
                        name=NameNode(value="id"),
                        value=VariableNode(name=NameNode(value=variable)),
                    ),
                ),
                selection_set=SelectionSetNode(selections=(selected,)),
            )


class _Uses(Visitor):
    """The variables and fragments that some fields use, those of the fragments too."""

    def __init__(
        self, fragments: Mapping[str, FragmentDefinitionNode], nodes: Iterable[FieldNode]
    ) -> None:
        super().__init__()
        self._fragments = fragments
        self.variables: set[str] = set()
        self.fragments: set[str] = set()
        for node in nodes:
            visit(node, self)

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.variables.add(node.name.value)

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        name = node.name.value
        if name not in self.fragments:
            self.fragments.add(name)
            visit(self._fragments[name], self)


def _definition(variable: str) -> VariableDefinitionNode:
    return VariableDefinitionNode(
        variable=VariableNode(name=NameNode(value=variable)),
        type=NonNullTypeNode(type=NamedTypeNode(name=NameNode(value="ID"))),
        directives=(),
    )


def _typename(name: str, _event: StoredEvent) -> str:
    return name


def _members(fields: Printers, event: StoredEvent) -> bytes:
    """Members of the payload that are printed of the event, without braces."""
    return orjson.dumps({key: printer(event) for key, printer in fields.items()})[1:-1]
