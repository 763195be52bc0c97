"""Fields that give the record which their arguments name, by an id or another key of its own.

They are declared as those of `declaration.py` are: the resolver and the plan come of one source.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import strawberry
from strawberry import UNSET
from strawberry.annotation import StrawberryAnnotation
from strawberry.types import Info
from strawberry.types.arguments import StrawberryArgument

from gql.engine.declaration import field_of
from gql.engine.fields import GlobalLookupSource, LookupSource
from gql.errors import BadInput
from gql.loaders.record_loaders import RecordByKeyLoader
from gql.query.context import Context
from gql.query.global_id import read_id
from gql.query.resource import Record, Resource

IdArgument = Annotated[
    strawberry.ID,
    strawberry.argument(description="The global id, or the documented integer."),
]

GlobalIdArgument = Annotated[strawberry.ID, strawberry.argument(description="The global id.")]

GlobalIdsArgument = Annotated[
    list[strawberry.ID],
    strawberry.argument(description="Global ids, of any types, in any order."),
]


def by_id(description: str, resource: Resource) -> Any:
    """The record that `id` names, a global id or the documented integer."""

    def read_arguments(*, id: str) -> tuple[str, Any]:
        return "id", read_id(id, resource.name)

    async def resolve(info: Info, id: IdArgument) -> Record | None:
        column, value = read_arguments(id=id)
        return await RecordByKeyLoader.of(info.context, resource, column).load(value)

    return field_of(description, LookupSource(resource, read_arguments), resolve)


def by_id_or_sid(
    description: str, resource: Resource, *, sid: str, former: tuple[Any, str] | None = None
) -> Any:
    """The record that `id` or `callSid` names: exactly one of the two.

    Args:
        description: What it gives.
        resource: Whose record.
        sid: The description of `callSid`.
        former: The input type of `by`, which names a record by one of its fields, and why that is
            deprecated; None where there never was such an argument.
    """

    def read_arguments(*, by: Any = None, **names: Any) -> tuple[str, Any]:
        pairs = [*names.items()]
        if by:
            pairs += [(name, getattr(by, name)) for name in _NAMES]
        named = [each for each in pairs if each[1] is not None and each[1] is not UNSET]
        if len(named) != 1:
            raise BadInput("Give `id` or `callSid`: exactly one of them.")
        ((column, value),) = named
        return column, read_id(value, resource.name) if column == "id" else value

    async def resolve(info: Info, **arguments: Any) -> Record | None:
        column, value = read_arguments(**arguments)
        return await RecordByKeyLoader.of(info.context, resource, column).load(value)

    field = field_of(description, LookupSource(resource, read_arguments), resolve)
    field.arguments = [
        _optional("id", strawberry.ID, "The global id, or the documented integer."),
        _optional("call_sid", str, sid),
    ]
    if former is not None:
        field.arguments.append(_optional("by", former[0], "Which one.", former[1]))
    return field


_NAMES = ("id", "call_sid")
"""What a record is named by."""


def _optional(
    name: str, type: Any, description: str, deprecated: str | None = None
) -> StrawberryArgument:
    return StrawberryArgument(
        name,
        None,
        StrawberryAnnotation(type | None),
        description=description,
        deprecation_reason=deprecated,
    )


ReadGlobalId = Callable[[str], tuple[Resource, int]]
"""From a global id to what it names, or `BadInput`."""


def any_by_id(description: str, read: ReadGlobalId) -> Any:
    """The record of any resource that `id` names."""

    def read_arguments(*, id: str) -> list[tuple[Resource, int]]:
        return [read(id)]

    async def resolve(info: Info, id: GlobalIdArgument) -> Record | None:
        return await _named(info.context, *read(id))

    return field_of(description, GlobalLookupSource(read_arguments), resolve)


async def _named(context: Context, resource: Resource, key: int) -> Record | None:
    """The record of a global id; None where there is none that the caller may see."""
    if not resource.is_open_to(context.identity):
        return None
    return await RecordByKeyLoader.of(context, resource).load(key)


def any_by_ids(description: str, read: ReadGlobalId, *, limit: int) -> Any:
    """The records of any resources that `ids` name, in their order; at most `limit`."""

    def read_arguments(*, ids: Sequence[str]) -> list[tuple[Resource, int]]:
        if len(ids) > limit:
            raise BadInput(f"`ids` has {len(ids)} ids, but may have at most {limit}.")
        return [read(each) for each in ids]

    async def resolve(info: Info, ids: GlobalIdsArgument) -> list[Record | None]:
        keys = read_arguments(ids=ids)
        return await asyncio.gather(*(_named(info.context, *each) for each in keys))

    return field_of(description, GlobalLookupSource(read_arguments, many=True), resolve)
