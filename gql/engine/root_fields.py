"""Root fields that look one record up; null, never an error, for what the caller may not see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry
from strawberry import UNSET
from strawberry.types import Info

from gql.engine.declaration import SOURCE
from gql.loaders import record_loaders
from gql.query.global_id import read_id
from gql.query.resource import Resource

IdArgument = Annotated[
    strawberry.ID,
    strawberry.argument(description="The global id, or the documented integer."),
]


@dataclass(frozen=True)
class LookupSource:
    """The record of `resource` that the arguments name.

    `ask` turns the field's arguments into a column and its value, or raises `BadInput`.
    """

    resource: Resource
    ask: Callable[..., tuple[str, Any]]


@dataclass(frozen=True)
class NodesSource:
    """The records of any resource that the arguments name, in order.

    `ask` turns the field's arguments into resources and keys, or raises `BadInput`: one of each,
    or any number where there may be `many`.
    """

    ask: Callable[..., Sequence[tuple[Resource, int]]]
    many: bool = False


def by_id(description: str, resource: Resource) -> Any:
    """Look up by `id`, a global id or the documented integer."""

    def ask(*, id: str) -> tuple[str, Any]:
        return "id", read_id(id, resource.name)

    async def resolve(info: Info, id: IdArgument) -> Any:
        column, value = ask(id=id)
        return await record_loaders.find(info.context, resource, value, column=column)

    fact = LookupSource(resource, ask)
    return strawberry.field(resolve, description=description, metadata={SOURCE: fact})


def by(description: str, resource: Resource, names: Any) -> Any:
    """Look up by exactly one field of the input type `names`: `id`, or `call_sid`."""

    def ask(*, by: Any) -> tuple[str, Any]:
        if by.id is not UNSET:
            return "id", read_id(by.id, resource.name)
        return "call_sid", by.call_sid

    async def resolve(
        info: Info, by: Annotated[names, strawberry.argument(description="Which one.")]
    ) -> Any:
        column, value = ask(by=by)
        return await record_loaders.find(info.context, resource, value, column=column)

    fact = LookupSource(resource, ask)
    return strawberry.field(resolve, description=description, metadata={SOURCE: fact})
