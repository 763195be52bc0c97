"""Variables and arguments, coerced by functions that are made once per type and per document.

graphql-core and Strawberry coerce a value by walking its type again each time, and Strawberry names
every field of an input anew: a filter of two conditions takes them 90 us. Here a type becomes a
function from a JSON value to the value that a resolver gets, and an argument becomes a function
from the coerced variables to its value:
https://spec.graphql.org/September2025/#sec-Coercing-Variable-Values and
https://spec.graphql.org/September2025/#sec-Coercing-Field-Arguments.

These functions write no error messages. Whatever one raises, the general functions of those two
libraries then run: they refuse the request with a message, or accept it, as they do `5.0` for an
`Int`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field
from functools import partial
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_required_input_field,
)
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import input_is_nested_too_deeply
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal
from strawberry.schema.schema_converter import GraphQLCoreConverter

from gql.engine.plan import DEFINITION, ParameterizedField

Coerce = Callable[[Any], Any]
"""From a JSON value to the value that resolvers get."""

Variables = Mapping[str, Any]
"""The coerced variables of a request."""

Reader = Callable[[Variables], Any]
"""From the variables to the value of a node of the document; `Undefined` for an absent variable."""

RawVariables = Mapping[str, Any]
"""The variables of a request as JSON, before they are coerced."""


class NotCoerced(Exception):  # noqa: N818 -- the general functions run
    """These functions do not coerce the value; the general ones may."""


class NoFunction(Exception):  # noqa: N818 -- a fact about a document, not a fault
    """The document has something that these functions do not cover."""


@dataclass
class InputObject:
    """An input type.

    Attributes:
        python_class: Its class, a dataclass.
        names: The names of its fields in Python, by those in GraphQL.
        required: The names in Python of the fields that must be present.
        defaults: The values of absent fields that are not on the class, by their names in Python.
        is_one_of: Whether exactly one field must be present, and not null.
        fields: The function that coerces each field, by its name in GraphQL.
    """

    python_class: Any
    names: Mapping[str, str]
    required: frozenset[str]
    defaults: Mapping[str, Any]
    is_one_of: bool
    fields: dict[str, Coerce] = field(default_factory=dict)

    def coerce(self, value: Any) -> Any:
        """The instance of a JSON object."""
        if type(value) is not dict:
            raise NotCoerced
        names, fields = self.names, self.fields
        return self.instance({names[name]: fields[name](item) for name, item in value.items()})

    def instance(self, values: dict[str, Any]) -> Any:
        """The instance of coerced values, by their names in Python; it takes the dictionary over.

        Most fields of a filter are absent. They are not put into the instance, as `__init__` does:
        a dataclass has the defaults of its fields as attributes of the class.
        """
        if self.required and not self.required <= values.keys():
            raise NotCoerced
        if self.is_one_of and (len(values) != 1 or None in values.values()):
            raise NotCoerced
        instance = object.__new__(self.python_class)
        instance.__dict__ = {**self.defaults, **values} if self.defaults else values
        return instance


class Coercions:
    """Makes the functions of a schema.

    Args:
        schema: graphql-core's.
        converter: Strawberry's, which knows its names.
    """

    def __init__(self, schema: GraphQLSchema, converter: GraphQLCoreConverter) -> None:
        self._schema = schema
        self._names = converter.config.name_converter
        self._objects: dict[str, InputObject] = {}

    def variables(
        self, operation: OperationDefinitionNode
    ) -> Callable[[RawVariables], dict[str, Any]]:
        """The function that coerces the variables of an operation; it ignores unknown ones.

        Raises:
            NoFunction: when there is none.
        """
        parts = []
        for definition in operation.variable_definitions or ():
            signature: Any = get_variable_signature(self._schema, definition)
            default: Any = Undefined
            if definition.default_value is not None:
                default = self.value(definition.default_value, signature.type)({})
            is_required = default is Undefined and isinstance(signature.type, GraphQLNonNull)
            parts.append(
                (signature.name, self._depth_checked(signature.type), default, is_required)
            )

        def coerce(raw: RawVariables) -> dict[str, Any]:
            coerced = {}
            for name, coerce_one, default, is_required in parts:
                value = raw.get(name, Undefined)
                if value is not Undefined:
                    coerced[name] = coerce_one(value)
                elif is_required:
                    raise NotCoerced
                elif default is not Undefined:
                    coerced[name] = default
            return coerced

        return coerce

    def arguments(
        self, field: ParameterizedField, *, without: str | None = None
    ) -> Callable[[Variables], dict[str, Any]]:
        """The function from variables to the arguments of a field, by their names in Python.

        Args:
            field: The field.
            without: The name of an argument that is left out.

        Raises:
            NoFunction: when there is none.
        """
        nodes = {each.name.value: each.value for each in field.node.arguments or ()}
        defaults, parts = {}, []
        for argument in field.definition.extensions[DEFINITION].arguments:
            name = self._names.from_argument(argument)
            if name == without:
                continue
            spec = field.definition.args[name]
            default = coerce_default_value(spec)
            if default is not Undefined:
                if not is_leaf_type(get_nullable_type(spec.type)):
                    raise NoFunction(name)
                defaults[argument.python_name] = default
            if name in nodes:
                parts.append((argument.python_name, self.value(nodes[name], spec.type)))

        def read(variables: Variables) -> dict[str, Any]:
            arguments = defaults.copy()
            for name, read_one in parts:
                value = read_one(variables)
                if value is not Undefined:
                    arguments[name] = value
            return arguments

        return read

    def value(self, node: ValueNode, of_type: Any) -> Reader:
        """The function from variables to the value of a node, which may be or contain variables.

        Raises:
            NoFunction: when there is none.
        """
        is_required = isinstance(of_type, GraphQLNonNull)
        if isinstance(node, VariableNode):
            return partial(_required if is_required else _optional, node.name.value)
        if isinstance(node, NullValueNode):
            return _null
        if is_required:
            of_type = of_type.of_type
        if isinstance(of_type, GraphQLList):
            if not isinstance(of_type.of_type, GraphQLNonNull):  # a missing variable is null there
                raise NoFunction(str(of_type))
            nodes = node.values if isinstance(node, ListValueNode) else (node,)
            return partial(_items, [self.value(each, of_type.of_type) for each in nodes])
        if isinstance(of_type, GraphQLInputObjectType) and isinstance(node, ObjectValueNode):
            input_object = self.input_object(of_type)
            parts = [
                (
                    input_object.names[each.name.value],
                    self.value(each.value, of_type.fields[each.name.value].type),
                )
                for each in node.fields
            ]
            return partial(_members, input_object, parts)
        if isinstance(node, (ListValueNode, ObjectValueNode)):  # of a scalar such as JSON
            raise NoFunction(str(of_type))
        constant = coerce_input_literal(node, of_type)
        if constant is Undefined:
            raise NoFunction(str(of_type))
        return lambda _: constant

    def coercion(self, of_type: Any) -> Coerce:
        """The function that coerces JSON values to a type."""
        if isinstance(of_type, GraphQLNonNull):
            return partial(_coerce_required, self._nullable(of_type.of_type))
        return partial(_coerce_optional, self._nullable(of_type))

    def _depth_checked(self, of_type: Any) -> Coerce:
        """As `coercion`, for a variable, whose depth is limited as by graphql-core."""
        coerce = self.coercion(of_type)
        named = get_named_type(of_type)
        if not isinstance(named, GraphQLInputObjectType):
            return coerce
        nesting = {
            name for name, spec in named.fields.items() if _can_nest(spec.type, frozenset({named}))
        }

        def coerce_checked(value: Any) -> Any:
            is_flat = type(value) is dict and nesting.isdisjoint(value)
            if not is_flat and input_is_nested_too_deeply(value, of_type):
                raise NotCoerced
            return coerce(value)

        return coerce_checked

    def _nullable(self, of_type: Any) -> Coerce:
        if isinstance(of_type, GraphQLList):
            return partial(_coerce_items, self.coercion(of_type.of_type))
        if isinstance(of_type, GraphQLInputObjectType):
            return self.input_object(of_type).coerce
        if isinstance(of_type, GraphQLEnumType):
            return {name: of_type.coerce_input_value(name) for name in of_type.values}.__getitem__
        exact = _EXACT.get(of_type.name)
        return partial(exact, of_type.coerce_input_value) if exact else of_type.coerce_input_value

    def input_object(self, of_type: GraphQLInputObjectType) -> InputObject:
        """An input type, made once, since one may have itself as a field."""
        if of_type.name in self._objects:
            return self._objects[of_type.name]
        definition = of_type.extensions[DEFINITION]
        if definition.from_input is not None:
            raise NoFunction(of_type.name)
        input_object = self._objects[of_type.name] = _input_object(of_type, definition, self._names)
        input_object.fields.update(
            (name, self.coercion(spec.type)) for name, spec in of_type.fields.items()
        )
        return input_object


def _input_object(of_type: GraphQLInputObjectType, definition: Any, names: Any) -> InputObject:
    """An input type whose fields have no functions yet."""
    python_class = definition.origin
    if hasattr(python_class, "__post_init__") or hasattr(python_class, "__slots__"):
        raise NoFunction(of_type.name)
    python_names, defaults = {}, {}
    for each in definition.fields:
        name = names.from_field(each)
        python_names[name] = each.python_name
        default = coerce_default_value(of_type.fields[name])
        if default is not Undefined:
            if not is_leaf_type(get_nullable_type(of_type.fields[name].type)):
                raise NoFunction(f"{of_type.name}.{name}")
            defaults[each.python_name] = default
        elif each.default_factory is not MISSING:
            raise NoFunction(f"{of_type.name}.{name}")
        elif each.default_value is MISSING:
            defaults[each.python_name] = None  # as Strawberry passes it
    values = vars(python_class(**defaults))
    return InputObject(
        python_class=python_class,
        names=python_names,
        required=frozenset(
            python_names[name]
            for name, spec in of_type.fields.items()
            if is_required_input_field(spec)
        ),
        defaults={
            name: value
            for name, value in values.items()
            if getattr(python_class, name, MISSING) is not value
        },
        is_one_of=of_type.is_one_of,
    )


def _can_nest(of_type: Any, above: frozenset[Any]) -> bool:
    """Whether an input type has fields of itself or of a type above, as `any` of a filter is."""
    named = get_named_type(of_type)
    if not isinstance(named, GraphQLInputObjectType):
        return False
    return named in above or any(
        _can_nest(spec.type, above | {named}) for spec in named.fields.values()
    )


def _required(name: str, variables: Variables) -> Any:
    """A variable that must not be null; it may be absent where the position has a default."""
    value = variables.get(name, Undefined)
    if value is None:
        raise NotCoerced
    return value


def _optional(name: str, variables: Variables) -> Any:
    return variables.get(name, Undefined)


def _null(_: Variables) -> None:
    return None


def _items(readers: Sequence[Reader], variables: Variables) -> list[Any]:
    return [read(variables) for read in readers]


def _members(
    input_object: InputObject, parts: Sequence[tuple[str, Reader]], variables: Variables
) -> Any:
    """An input object of fields by their names in Python; one whose variable is absent is too."""
    values = {}
    for name, read in parts:
        value = read(variables)
        if value is not Undefined:
            values[name] = value
    return input_object.instance(values)


def _coerce_required(coerce: Coerce, value: Any) -> Any:
    if value is None:
        raise NotCoerced
    return coerce(value)


def _coerce_optional(coerce: Coerce, value: Any) -> Any:
    return None if value is None else coerce(value)


def _coerce_items(coerce: Coerce, value: Any) -> list[Any]:
    if type(value) is not list:
        raise NotCoerced
    return [coerce(item) for item in value]


def _coerce_text(general: Coerce, value: Any) -> Any:
    """A string or an id; `type` and not `isinstance`, as `True` is an `int` in Python."""
    return value if type(value) is str else general(value)


def _coerce_int(general: Coerce, value: Any) -> Any:
    is_int = type(value) is int and -(2**31) <= value < 2**31
    return value if is_int else general(value)


_EXACT: Mapping[str, Callable[[Coerce, Any], Any]] = {
    "ID": _coerce_text,
    "String": _coerce_text,
    "Int": _coerce_int,
}
"""By scalar: returns values that are already right, and leaves the others to its own function."""
