"""The interface of every object with a global id (Relay's Global Object Identification)."""

from typing import Any

import strawberry
from graphql import GraphQLAbstractType, GraphQLResolveInfo

from gql.domain.global_id import global_id
from gql.domain.resource import Record
from gql.plan.declaration import column


def _id(root: strawberry.Parent[Record]) -> strawberry.ID:
    return strawberry.ID(global_id(root))


@strawberry.interface(description="An object with a global id.")
class Node:
    """Resolved from any record."""

    id: strawberry.ID = strawberry.field(
        resolver=_id, description="The global id: unique over all types, stable for good."
    )
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
