"""The interface of every object with a global id (Relay's Global Object Identification)."""

from typing import Any

import strawberry
from graphql import GraphQLAbstractType, GraphQLResolveInfo

from gql.engine.declaration import column, global_id_field


@strawberry.interface(description="An object with a global id.")
class Node:
    """Resolved from any record."""

    id: strawberry.ID = global_id_field("The global id: unique over all types, stable for good.")
    database_id: int = column("The documented integer id, unique within the type.", "id")

    @classmethod
    def resolve_type(
        cls, record: Any, info: GraphQLResolveInfo[Any], kind: GraphQLAbstractType
    ) -> str:
        """The type that declares the record's resource."""
        for possible in info.schema.get_possible_types(kind):
            declared = possible.extensions["strawberry-definition"].origin
            if record.resource in declared.resources:
                return possible.name
        raise TypeError(f"no type of {kind.name} declares {record.resource.name}")
