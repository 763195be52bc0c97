"""One declaration per GraphQL type: which resource it reads, its columns and its relations.

Each function returns a Strawberry field that resolves through the batching loaders (the reference
way) and carries the same fact as data under `metadata["source"]`, for a compiled plan to read.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import strawberry
from strawberry.types import Info

from gql.engine.fields import (
    AnyIdSource,
    ColumnSource,
    CountSource,
    FirstSource,
    GlobalIdSource,
    JsonNumberSource,
    JsonPathSource,
    ManySource,
    MoneySource,
    ObjectSource,
    OneSource,
)
from gql.loaders import record_loaders
from gql.query.global_id import global_id
from gql.query.json_pointer import resolve_pointer
from gql.query.resource import Link, Record, Resource

SOURCE = "source"
"""The key of a field's fact in its metadata."""

MICRO = Decimal("0.000001")
"""Money is stored in millionths."""

Pointer = Annotated[
    str,
    strawberry.argument(description="A JSON Pointer (RFC 6901), like `/previous_assistants/0`."),
]

T = TypeVar("T")


def entity(resource: Resource, *, also: tuple[Resource, ...] = ()) -> Callable[[type[T]], type[T]]:
    """Make a class the GraphQL type of a resource's records; its docstring is the description.

    `also` names narrower views of the same rows, whose records have the same labels.
    """

    def decorate(cls: type[T]) -> type[T]:
        cls.resources = (resource, *also)  # type: ignore[attr-defined]
        cls.is_type_of = _always  # type: ignore[attr-defined]
        return strawberry.type(cls, description=described(cls))

    return decorate


def described(cls: type) -> str:
    """The docstring of a class as the description of its GraphQL type."""
    lines = (cls.__doc__ or "").strip().splitlines()
    return "\n".join(line.strip() for line in lines)


def column(description: str, label: str | None = None, *, name: str | None = None) -> Any:
    """A column of the record; `label` when it is not the attribute's own name."""
    if label is None:
        return strawberry.field(
            name=name, description=description, metadata={SOURCE: ColumnSource("")}
        )

    def resolve(root: strawberry.Parent[Record]) -> Any:
        return getattr(root, label)

    return strawberry.field(
        resolve, name=name, description=description, metadata={SOURCE: ColumnSource(label)}
    )


def money(description: str, label: str) -> Any:
    """An amount, exact: integer micro-units in the record, a decimal outside; null stays null."""

    def resolve(root: strawberry.Parent[Record]) -> Any:
        micros = getattr(root, label)
        return None if micros is None else micros * MICRO

    return strawberry.field(resolve, description=description, metadata={SOURCE: MoneySource(label)})


def part(description: str) -> Any:
    """A nested object whose fields are columns of the same record."""

    def resolve(root: strawberry.Parent[Record]) -> Any:
        return root

    return strawberry.field(resolve, description=description, metadata={SOURCE: ObjectSource()})


def one(
    description: str, resource: Resource, key: str, *, column: str = "id", name: str | None = None
) -> Any:
    """The record that our `key` names; null when there is none that the caller may see."""

    async def resolve(root: strawberry.Parent[Record], info: Info) -> Any:
        value = getattr(root, key)
        if value is None:
            return None
        return await record_loaders.find(info.context, resource, value, column=column)

    fact = OneSource(resource, key, column)
    return strawberry.field(resolve, name=name, description=description, metadata={SOURCE: fact})


def many(
    description: str,
    resource: Resource,
    link: Link,
    *,
    usual: int,
    order: tuple[str, ...] = ("id",),
) -> Any:
    """All the records under this one, as a plain list; seldom more than `usual`."""

    async def resolve(root: strawberry.Parent[Record], info: Info) -> Any:
        return await record_loaders.children(info.context, resource, link, root.id, order=order)

    fact = ManySource(resource, link, order, usual)
    return strawberry.field(resolve, description=description, metadata={SOURCE: fact})


def first(description: str, resource: Resource, link: Link) -> Any:
    """The one record under this one, or null."""

    async def resolve(root: strawberry.Parent[Record], info: Info) -> Any:
        found = await record_loaders.children(info.context, resource, link, root.id)
        return found[0] if found else None

    fact = FirstSource(resource, link)
    return strawberry.field(resolve, description=description, metadata={SOURCE: fact})


def global_id_field(description: str) -> Any:
    """The record's global id."""

    def resolve(root: strawberry.Parent[Record]) -> strawberry.ID:
        return strawberry.ID(global_id(root))

    return strawberry.field(resolve, description=description, metadata={SOURCE: GlobalIdSource()})


def any_id(description: str, kind: str, key: str) -> Any:
    """The global id of a record of any kind, from labels of its kind and id; null without an id."""

    def resolve(root: strawberry.Parent[Record]) -> strawberry.ID | None:
        value = getattr(root, key)
        return None if value is None else strawberry.ID(f"{getattr(root, kind)}_{value}")

    return strawberry.field(
        resolve, description=description, metadata={SOURCE: AnyIdSource(kind, key)}
    )


def inside(description: str, label: str) -> Any:
    """The value inside a JSON column that the argument `path` points at; null without one."""

    def resolve(root: strawberry.Parent[Record], path: Pointer) -> Any:
        return resolve_pointer(getattr(root, label), path)

    return strawberry.field(
        resolve, description=description, metadata={SOURCE: JsonPathSource(label)}
    )


def number(description: str, label: str, key: str) -> Any:
    """A number under `key` in a JSON column; null without one."""

    def resolve(root: strawberry.Parent[Record]) -> Any:
        return getattr(root, label).get(key)

    return strawberry.field(
        resolve, description=description, metadata={SOURCE: JsonNumberSource(label, key)}
    )


def count(description: str, resource: Resource, link: Link) -> Any:
    """How many records are under this one."""

    async def resolve(root: strawberry.Parent[Record], info: Info) -> Any:
        return await record_loaders.count(info.context, resource, link=link, key=root.id)

    fact = CountSource(resource, link)
    return strawberry.field(resolve, description=description, metadata={SOURCE: fact})


def _always(_record: Any, _info: Any) -> bool:
    """A record reaches a type only through a field that is declared to give that type."""
    return True
