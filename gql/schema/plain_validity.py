"""Accepts most valid documents in one walk, at a twentieth of what the rules of validation take.

The rules walk a document side by side, with a stack of types and a look-up of methods at each node,
and three of them collect the variables of each operation for themselves. This walk does what they
do for documents of the common form: one query or mutation, whose response keys are unique in each
selection, with fragments and variables. It knows no errors. Where it does not accept a document the
rules decide, and write the messages, so it must never accept what they refuse:
https://spec.graphql.org/September2025/#sec-Validation
"""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Undefined,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    do_types_overlap,
    get_named_type,
    is_composite_type,
    is_input_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
    type_from_ast,
)
from graphql.utilities.coerce_input_value import coerce_input_literal
from graphql.validation.rules.variables_in_allowed_position import allowed_variable_usage

from gql.steps import pause_if_long

_TYPENAME = "__typename"
_OPERATIONS = frozenset({OperationType.QUERY, OperationType.MUTATION})
_CONDITIONS = frozenset({"skip", "include"})

_Keys = dict[str, tuple[str, str] | None]
"""The response keys of a selection, fragments expanded: name and type of a field that may be
repeated as it is, like `id`; None for one with arguments or selections."""


class _Unaccepted(Exception):  # noqa: N818 -- the rules decide
    """Something in the document is wrong, or not of the common form."""


def is_plainly_valid(schema: GraphQLSchema, document: DocumentNode) -> bool:
    """Whether the document is known to be valid; False where the rules have to decide."""
    try:
        _Walk(schema, document).accept()
    except _Unaccepted:
        return False
    return True


class _Walk:
    """One walk through a document."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._operations = []
        self._fragments: dict[str, FragmentDefinitionNode] = {}
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                self._operations.append(definition)
            elif isinstance(definition, FragmentDefinitionNode):
                _accept_only(definition.name.value not in self._fragments)
                self._fragments[definition.name.value] = definition
            else:
                raise _Unaccepted
        self._keys_of_fragments: dict[str, _Keys | None] = {}
        self._variables: dict[str, tuple[Any, VariableDefinitionNode]] = {}
        self._used: set[str] = set()

    def accept(self) -> None:
        """Accept the document.

        Raises:
            _Unaccepted: when it may be invalid.
        """
        _accept_only(len(self._operations) == 1)
        operation = self._operations[0]
        _accept_only(operation.operation in _OPERATIONS and not operation.directives)
        root = self._schema.get_root_type(operation.operation)
        _accept_only(root is not None)
        for definition in operation.variable_definitions or ():
            self._define(definition)
        self._selections(operation.selection_set, root, {})
        # Each is used, as each that is used was found.
        _accept_only(len(self._used) == len(self._variables))
        _accept_only(len(self._keys_of_fragments) == len(self._fragments))

    def _define(self, definition: VariableDefinitionNode) -> None:
        name = definition.variable.name.value
        of_type = type_from_ast(self._schema, definition.type)
        _accept_only(name not in self._variables and not definition.directives)
        _accept_only(of_type is not None and is_input_type(of_type))
        if definition.default_value is not None:
            self._value(definition.default_value, of_type, Undefined)
        self._variables[name] = of_type, definition

    def _selections(self, selection_set: SelectionSetNode, parent: Any, keys: _Keys) -> None:
        """Accept selections on a type, and add their response keys."""
        pause_if_long()
        for node in selection_set.selections:
            self._directives(node.directives)
            if isinstance(node, FieldNode):
                self._field(node, parent, keys)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inner = parent if condition is None else self._narrowed(condition, parent)
                self._selections(node.selection_set, inner, keys)
            elif isinstance(node, FragmentSpreadNode):
                self._spread(node, parent, keys)
            else:
                raise _Unaccepted

    def _spread(self, node: FragmentSpreadNode, parent: Any, keys: _Keys) -> None:
        name = node.name.value
        fragment = self._fragments.get(name)
        if fragment is None or fragment.directives or fragment.variable_definitions:
            raise _Unaccepted
        _accept_only(not getattr(node, "arguments", None))
        inner = self._narrowed(fragment.type_condition, parent)
        if name not in self._keys_of_fragments:
            self._keys_of_fragments[name] = None  # while it is walked: a cycle finds that
            own: _Keys = {}
            self._selections(fragment.selection_set, inner, own)
            self._keys_of_fragments[name] = own
        expanded = self._keys_of_fragments[name]
        if expanded is None:
            raise _Unaccepted
        for key, what in expanded.items():
            _add_key(keys, key, what)

    def _narrowed(self, condition: Any, parent: Any) -> Any:
        """The type of a fragment that is spread on another one."""
        of_type: Any = self._schema.get_type(condition.name.value)
        _accept_only(of_type is not None and is_composite_type(of_type))
        _accept_only(of_type is parent or do_types_overlap(self._schema, of_type, parent))
        return of_type

    def _field(self, node: FieldNode, parent: Any, keys: _Keys) -> None:
        name = node.name.value
        key = node.alias.value if node.alias else name
        if name == _TYPENAME:
            _accept_only(not node.arguments and node.selection_set is None)
            _add_key(keys, key, (name, "String!"))
            return
        if not isinstance(parent, (GraphQLObjectType, GraphQLInterfaceType)):
            raise _Unaccepted
        field: GraphQLField | None = parent.fields.get(name)
        if field is None:  # `__schema` and `__type` too
            raise _Unaccepted
        self._arguments(node.arguments, field.args)
        of_type = get_named_type(field.type)
        if is_leaf_type(of_type):
            _accept_only(node.selection_set is None)
            _add_key(keys, key, None if node.arguments else (name, str(field.type)))
        else:
            if node.selection_set is None:
                raise _Unaccepted
            _add_key(keys, key, None)
            self._selections(node.selection_set, of_type, {})

    def _arguments(
        self, nodes: Iterable[ArgumentNode] | None, declared: Mapping[str, GraphQLArgument]
    ) -> None:
        present = set()
        for node in nodes or ():
            name = node.name.value
            argument = declared.get(name)
            if argument is None or name in present:
                raise _Unaccepted
            present.add(name)
            self._value(node.value, argument.type, _default(argument))
        for name, argument in declared.items():
            if name not in present and is_required_argument(argument):
                raise _Unaccepted

    def _directives(self, nodes: Iterable[DirectiveNode] | None) -> None:
        """Only `@skip` and `@include`, each of them once."""
        present = set()
        for node in nodes or ():
            name = node.name.value
            directive = self._schema.get_directive(name)
            if name not in _CONDITIONS or name in present or directive is None:
                raise _Unaccepted
            present.add(name)
            self._arguments(node.arguments, directive.args)

    def _value(self, node: ValueNode, of_type: Any, default: Any) -> None:
        """Accept a value where a type is expected.

        Args:
            node: The value.
            of_type: The type.
            default: What is used in place of an absent value; `Undefined` for nothing.
        """
        if isinstance(node, VariableNode):
            self._variable(node.name.value, of_type, default)
            return
        if isinstance(of_type, GraphQLNonNull):
            of_type = of_type.of_type
        if isinstance(node, NullValueNode):  # there are rules of its own
            raise _Unaccepted
        if isinstance(of_type, GraphQLList):
            if not isinstance(node, ListValueNode):
                raise _Unaccepted
            for item in node.values:
                self._value(item, of_type.of_type, Undefined)
        elif isinstance(of_type, GraphQLInputObjectType):
            self._object(node, of_type)
        elif isinstance(of_type, GraphQLEnumType):
            _accept_only(isinstance(node, EnumValueNode) and node.value in of_type.values)
        else:
            self._scalar(node, of_type)

    def _scalar(self, node: ValueNode, of_type: GraphQLScalarType) -> None:
        if isinstance(node, (ListValueNode, ObjectValueNode)):  # variables may be in it
            raise _Unaccepted
        try:
            value = coerce_input_literal(node, of_type)
        except Exception:  # noqa: BLE001 -- whatever it is, the rules word it
            raise _Unaccepted from None
        _accept_only(value is not Undefined)

    def _object(self, node: ValueNode, of_type: GraphQLInputObjectType) -> None:
        if not isinstance(node, ObjectValueNode) or of_type.is_one_of:
            raise _Unaccepted
        present = set()
        for each in node.fields:
            name = each.name.value
            field = of_type.fields.get(name)
            if field is None or name in present:
                raise _Unaccepted
            present.add(name)
            self._value(each.value, field.type, _default(field))
        for name, field in of_type.fields.items():
            if name not in present and is_required_input_field(field):
                raise _Unaccepted

    def _variable(self, name: str, of_type: Any, default: Any) -> None:
        if name not in self._variables:
            raise _Unaccepted
        own_type, definition = self._variables[name]
        self._used.add(name)
        if own_type is not of_type:
            _accept_only(
                allowed_variable_usage(
                    self._schema, own_type, definition.default_value, of_type, default
                )
            )


def _accept_only(accepted: bool) -> None:
    if not accepted:
        raise _Unaccepted


def _add_key(keys: _Keys, key: str, what: tuple[str, str] | None) -> None:
    """Add a response key, which may be there already for the same field without more."""
    if key in keys and (what is None or keys[key] != what):
        raise _Unaccepted
    keys[key] = what


def _default(declared: Any) -> Any:
    """The default of an argument or input field; `Undefined` for none."""
    default = declared.default
    return declared.default_value if default is None else default
