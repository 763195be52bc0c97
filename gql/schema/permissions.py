"""The permission that a mutation declares, as the endpoint and the executor ask for it."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLSchema,
    OperationDefinitionNode,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter

from gql.identity import Permission

PERMISSION = "permission"
"""The key of a mutation's permission in the metadata of its field."""


def permission_of(field: GraphQLField) -> Permission:
    """The permission that a mutation needs: `write` where it declares none."""
    declared = field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    permission: Permission = declared.metadata.get(PERMISSION, Permission.WRITE)
    return permission


def least_permission(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> Permission:
    """Without which an operation of mutations is refused as a whole: `ingest` if all need just it.

    Each mutation asks for its own permission besides. The document is valid.
    """
    assert schema.mutation_type is not None  # noqa: S101 -- validation has found it
    fields = schema.mutation_type.fields
    names = set(_root_fields(document, operation)) - {"__typename"}
    needed = {permission_of(fields[name]) for name in names}
    return Permission.INGEST if needed == {Permission.INGEST} else Permission.WRITE


def _root_fields(document: DocumentNode, operation: OperationDefinitionNode) -> Iterator[str]:
    """The names of all fields of an operation, skipped ones too."""
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    pending: list[Any] = list(operation.selection_set.selections)
    while pending:
        node = pending.pop()
        if isinstance(node, FieldNode):
            yield node.name.value
        elif not isinstance(node, FragmentSpreadNode):
            pending.extend(node.selection_set.selections)
        elif fragment := fragments.pop(node.name.value, None):  # each once is enough
            pending.extend(fragment.selection_set.selections)
