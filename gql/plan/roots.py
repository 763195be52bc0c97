"""Root fields that look one record up; null, never an error, for what the caller may not see."""

from dataclasses import dataclass
from typing import Annotated, Any

import strawberry
from strawberry import UNSET
from strawberry.types import Info

from gql.domain import reading
from gql.domain.global_id import read_id
from gql.domain.resource import Resource
from gql.plan.declaration import READS

Id = Annotated[
    strawberry.ID,
    strawberry.argument(description="The global id, or the documented integer."),
]


@dataclass(frozen=True)
class ById:
    """The record of `resource` with the id in the argument `id`."""

    resource: Resource


@dataclass(frozen=True)
class By:
    """The record of `resource` named by the one field that the argument `by` has."""

    resource: Resource


def by_id(description: str, resource: Resource) -> Any:
    """Look up by `id`, a global id or the documented integer."""

    async def resolve(info: Info, id: Id) -> Any:
        return await reading.find(info.context, resource, read_id(id, resource.name))

    return strawberry.field(resolve, description=description, metadata={READS: ById(resource)})


def by(description: str, resource: Resource, names: Any) -> Any:
    """Look up by exactly one field of the input type `names`: `id`, or a unique column."""

    async def resolve(
        info: Info,
        by: Annotated[names, strawberry.argument(description="Which one.")],
    ) -> Any:
        if by.id is not UNSET:
            return await reading.find(info.context, resource, read_id(by.id, resource.name))
        return await reading.find(info.context, resource, by.call_sid, column="call_sid")

    return strawberry.field(resolve, description=description, metadata={READS: By(resource)})
