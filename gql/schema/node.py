"""The interface of every object with a global id.

Implements Global Object Identification (https://relay.dev/graphql/objectidentification.htm).
"""

from typing import Any

import strawberry
from graphql import GraphQLAbstractType, GraphQLResolveInfo

from gql.engine.declaration import column, global_id_field


@strawberry.interface(description="An object with a global id.")
class Node:
    """Resolved from any record."""

    id: strawberry.ID = global_id_field("The global id: unique over all types, stable for good.")

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


@strawberry.type
class NumberedNode(Node):
    """The base of every type whose records the API documents know by an integer; no type itself."""

    database_id: int = column("The documented integer id, unique within the type.", "id")
