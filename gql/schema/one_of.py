"""`@oneOf` inputs as the specification has them, where the libraries differ.

Strawberry has a validation rule of its own, which is not used: it fails with a KeyError on an
unknown variable, and with an AttributeError on a fragment written before the operation.
graphql-core has the rule too, once the types are marked.
"""

from typing import Any

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    ValidationRule,
    is_nullable_type,
    type_from_ast,
)


def follow_one_of(schema: GraphQLSchema) -> None:
    """Mark the `@oneOf` inputs of a schema for graphql-core, which Strawberry does not.

    Introspection prints the mark: `isOneOf` is null for what is no input object, where Strawberry
    says false: https://spec.graphql.org/September2025/#sec-The-__Type-Type
    """
    for input_type in schema.type_map.values():
        if isinstance(input_type, GraphQLInputObjectType):
            definition = input_type.extensions.get("strawberry-definition")
            input_type.is_one_of = bool(getattr(definition, "is_one_of", False))
    introspection: Any = schema.type_map["__Type"]
    introspection.fields["isOneOf"].resolve = _is_one_of


def _is_one_of(of_type: Any, _info: Any) -> bool | None:
    return of_type.is_one_of if isinstance(of_type, GraphQLInputObjectType) else None


class OneOfVariablesRule(ValidationRule):
    """A variable in a `@oneOf` input has a type that may not be null.

    graphql-core's own rule sees that where the input may be null itself, and overlooks inputs that
    are required: https://spec.graphql.org/September2025/#sec-All-Variable-Usages-Are-Allowed
    """

    def leave_operation_definition(self, operation: OperationDefinitionNode, *_: Any) -> None:
        definitions = {
            definition.variable.name.value: definition
            for definition in operation.variable_definitions or ()
        }
        for usage in self.context.get_recursive_variable_usages(operation):
            parent, name = usage.parent_type, usage.node.name.value
            if not isinstance(parent, GraphQLNonNull) or name not in definitions:
                continue
            one_of = parent.of_type
            if not isinstance(one_of, GraphQLInputObjectType) or not one_of.is_one_of:
                continue
            definition = definitions[name]
            of_type = type_from_ast(self.context.schema, definition.type)
            if of_type is not None and is_nullable_type(of_type):
                message = (
                    f"Variable '${name}' is of type '{of_type}' but must be non-nullable"
                    f" to be used for OneOf Input Object '{one_of}'."
                )
                self.report_error(GraphQLError(message, [definition, usage.node]))
