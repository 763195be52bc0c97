"""Whether a caller with levels per kind of object may run an operation.

An operation is looked through once, before it is planned or run, and what it needs is cached with
its document. So no plan, cached answer or shared event reaches a caller who may not ask for it, and
nothing is left to the resolvers and plans. A field that `@skip` leaves out counts like any other.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from graphql import (
    ArgumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    value_from_ast_untyped,
)

from gql.engine.document import Request
from gql.engine.plan import has_variable
from gql.errors import BadInput, Forbidden
from gql.identity import Identity
from gql.kinds import CLOSED, OPEN, Access, MissingAccess, Needed
from gql.query.global_id import split_id
from gql.schema.documents import InvalidDocument
from gql.schema.kinds import FIELDS, INPUTS, MUTATIONS, NODE_IDS, TYPES
from gql.steps import in_steps, pause_if_long

_LISTS = ("ConnectionEdge", "Connection")
"""How the types of a list are called, behind the type of what it lists."""

Path = tuple[str, ...]
"""Response keys from the root to a field."""

ReadNeeds = Callable[[Any], Iterable[Access | None]]
"""What a value of an argument needs."""


@dataclass(frozen=True)
class _Use:
    """A field that needs something."""

    path: Path
    node: FieldNode


@dataclass(frozen=True)
class _VariableArgument:
    """An argument whose needs depend on variables."""

    use: _Use
    node: ArgumentNode
    needs: ReadNeeds


@dataclass
class OperationKinds:
    """What one operation needs.

    Attributes:
        uses: By what is needed, the first field that needs it.
        by_variables: Arguments that may need more.
    """

    uses: dict[Access | None, _Use] = field(default_factory=dict)
    by_variables: list[_VariableArgument] = field(default_factory=list)

    def with_variables(self, variables: dict[str, Any]) -> dict[Access | None, _Use]:
        """What the operation needs with these variables."""
        uses = dict(self.uses)
        for argument in self.by_variables:
            for need in argument.needs(value_from_ast_untyped(argument.node.value, variables)):
                uses.setdefault(need, argument.use)
        return uses


class KindChecks:
    """Checks the operations of callers with levels per kind.

    Args:
        schema: What documents are of.
        node_types: By the prefix of a global id, the type of what it names.
    """

    def __init__(self, schema: GraphQLSchema, node_types: Mapping[str, str]) -> None:
        self._schema = schema
        self._node_types = node_types

    async def check(self, caller: Identity, request: Request) -> None:
        """Pass when the caller may run the operation of a valid document.

        Raises:
            InvalidDocument: `FORBIDDEN`, with an error for each access that is missing.
        """
        if caller.kinds is None:
            return
        document = request.document
        kinds: OperationKinds | None = document.kinds.get(request.name)
        if kinds is None:
            kinds = document.kinds[request.name] = await in_steps(self.kinds_of, request)
        uses = kinds.uses
        if kinds.by_variables:
            uses = kinds.with_variables(_variables(request))
        missing = caller.lacks(uses)
        if missing:
            raise InvalidDocument(Forbidden, [_error(each, uses[each]) for each in missing])

    def kinds_of(self, request: Request) -> OperationKinds:
        """What an operation needs."""
        return _Walk(self, self._schema, request).kinds

    def of_field(self, parent: Any, name: str, declared: GraphQLField) -> Needed:
        """What a field needs, beside its arguments and what is selected of it."""
        if parent is self._schema.mutation_type:
            return MUTATIONS.get(name, CLOSED)
        needed = FIELDS.get((parent.name, name))
        if needed is not None:
            return needed
        of_type = get_named_type(declared.type)
        return self.of_type(of_type) if is_composite_type(of_type) else OPEN

    def of_type(self, of_type: Any) -> Needed:
        """What reading an object of a type needs."""
        if is_abstract_type(of_type):
            possible = self._schema.get_possible_types(of_type)
            return OPEN.union(*(self.of_type(each) for each in possible)) if possible else CLOSED
        needed = TYPES.get(of_type.name)
        if needed is not None:
            return needed
        if any(each.name == "Payload" for each in of_type.interfaces):
            return OPEN
        for suffix in _LISTS:
            listed = self._schema.get_type(of_type.name.removesuffix(suffix))
            if of_type.name.endswith(suffix) and listed is not None:
                return self.of_type(listed)
        return CLOSED

    def reader_of(self, parent: Any, name: str, argument: str, of_type: Any) -> ReadNeeds | None:
        """What reads the needs of an argument's values; None where these need nothing."""
        if NODE_IDS.get((parent.name, name)) == argument:
            return self._needs_of_ids
        if get_named_type(of_type).name not in self._telling_inputs:
            return None
        return lambda value: _needs_of_input(value, of_type)

    @cached_property
    def _telling_inputs(self) -> frozenset[str]:
        """The input types of which a value may need something."""
        telling = {name for name, _ in INPUTS}
        inputs = [
            each
            for each in self._schema.type_map.values()
            if isinstance(each, GraphQLInputObjectType)
        ]
        while True:
            more = {
                each.name
                for each in inputs
                if any(get_named_type(field.type).name in telling for field in each.fields.values())
            }
            if more <= telling:
                return frozenset(telling)
            telling |= more

    def _needs_of_ids(self, value: Any) -> Iterator[Access | None]:
        """What objects of these global ids need; an id of nothing is refused where it is read."""
        for each in value if isinstance(value, list) else [value]:
            try:
                name, _ = split_id(str(each))
            except BadInput:
                continue
            of_type = None if name is None else self._node_types.get(name)
            if of_type is not None:
                yield from self.of_type(self._schema.get_type(of_type))


class _Walk:
    """One walk through an operation, each fragment once."""

    def __init__(self, checks: KindChecks, schema: GraphQLSchema, request: Request) -> None:
        self.kinds = OperationKinds()
        self._checks = checks
        self._schema = schema
        self._fragments = {
            definition.name.value: definition
            for definition in request.document.node.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        operation = request.operation
        self._selections(operation.selection_set, schema.get_root_type(operation.operation), ())

    def _selections(self, selection_set: SelectionSetNode, parent: Any, path: Path) -> None:
        pause_if_long()
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                self._field(node, parent, path)
            elif isinstance(node, InlineFragmentNode):
                self._fragment(node, parent, path)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments.pop(node.name.value, None)
                if fragment is not None:
                    self._fragment(fragment, parent, path)

    def _fragment(
        self, node: InlineFragmentNode | FragmentDefinitionNode, parent: Any, path: Path
    ) -> None:
        condition = node.type_condition
        inner = parent if condition is None else self._schema.get_type(condition.name.value)
        self._selections(node.selection_set, inner, path)

    def _field(self, node: FieldNode, parent: Any, path: Path) -> None:
        name = node.name.value
        if name.startswith("__"):  # the schema is nobody's
            return
        declared = parent.fields[name]
        use = _Use((*path, node.alias.value if node.alias else name), node)
        self._need(self._checks.of_field(parent, name, declared), use)
        for argument in node.arguments or ():
            of_type = declared.args[argument.name.value].type
            read = self._checks.reader_of(parent, name, argument.name.value, of_type)
            if read is None:
                continue
            if has_variable(argument.value):
                self.kinds.by_variables.append(_VariableArgument(use, argument, read))
            else:
                self._need(read(value_from_ast_untyped(argument.value)), use)
        if node.selection_set is not None:
            self._selections(node.selection_set, get_named_type(declared.type), use.path)

    def _need(self, needed: Iterable[Access | None], use: _Use) -> None:
        for each in needed:
            self.kinds.uses.setdefault(each, use)


def _needs_of_input(value: Any, of_type: Any) -> Iterator[Access | None]:
    """What a value of an argument needs: a literal or variable as JSON, whether it fits or not."""
    if isinstance(of_type, GraphQLNonNull):
        of_type = of_type.of_type
    if isinstance(of_type, GraphQLList):
        for each in value if isinstance(value, list) else [value]:
            yield from _needs_of_input(each, of_type.of_type)
    elif isinstance(of_type, GraphQLInputObjectType) and isinstance(value, dict):
        for name, inner in value.items():
            yield from INPUTS.get((of_type.name, name), OPEN)
            if name in of_type.fields:
                yield from _needs_of_input(inner, of_type.fields[name].type)


def _variables(request: Request) -> dict[str, Any]:
    """The variables of a request as they came, and the defaults of those that did not."""
    defaults = {
        definition.variable.name.value: value_from_ast_untyped(definition.default_value)
        for definition in request.operation.variable_definitions or ()
        if definition.default_value is not None
    }
    return defaults | (request.variables or {})


def _error(access: Access | None, use: _Use) -> GraphQLError:
    """What tells a caller that a field needs an access which they lack."""
    missing = MissingAccess.of(access)
    return GraphQLError(
        missing.message, use.node, path=list(use.path), extensions=dict(missing.extensions)
    )
