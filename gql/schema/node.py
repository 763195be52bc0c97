"""The interface of every object with a global id.

Implements Global Object Identification (https://relay.dev/graphql/objectidentification.htm).
"""

from typing import Any

import strawberry
from graphql import GraphQLAbstractType, GraphQLResolveInfo

from gql.engine.declaration import column, field_of, global_id_field
from gql.engine.fields import ColumnSource
from gql.errors import TooLargeForInt
from gql.query.resource import Record
from gql.schema.scalars import BigInt

USE_FULL_DATABASE_ID = "Since 2026-11-28: use `fullDatabaseId`. Goes on 2027-06-01."

DATABASE_ID_DESCRIPTION = (
    "`fullDatabaseId` where it has 32 bits; null beside an error where it has more."
)

_INT = range(-(2**31), 2**31)
"""https://spec.graphql.org/October2021/#sec-Int"""


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


def int_of(number: int) -> int:
    """An id for a field of the type `Int`.

    Raises:
        TooLargeForInt: when it has more than 32 bits; the field is then null beside the error.
    """
    if number not in _INT:
        raise TooLargeForInt(
            f"`databaseId` cannot hold {number}, which has more than 32 bits: select"
            " `fullDatabaseId`."
        )
    return number


def database_id_field() -> Any:
    """The integer of the id as an `Int`, as it was before ids could have more than 32 bits."""

    def resolve(root: strawberry.Parent[Record]) -> int | None:
        return int_of(root.id)

    return field_of(
        DATABASE_ID_DESCRIPTION, ColumnSource("id"), resolve, deprecated=USE_FULL_DATABASE_ID
    )


@strawberry.type
class NumberedNode(Node):
    """The base of every type whose records the API documents know by an integer; no type itself."""

    full_database_id: BigInt = column("The documented integer id, unique within the type.", "id")
    database_id: int | None = database_id_field()
