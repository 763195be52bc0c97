"""One declaration per GraphQL type: which resource it reads, its columns and its relations.

Each function returns a Strawberry field that resolves through the batching loaders and carries its
source (`fields.py`) under `metadata["source"]`, from which the engine plans. The resolver is made
of the same source, so neither SQL nor resolvers are written by hand.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import strawberry
from sqlalchemy import ColumnElement, FromClause
from strawberry.types import Info

from gql.engine.fields import (
    SOURCE,
    ColumnSource,
    CountSource,
    ExpressionSource,
    FieldSource,
    FirstSource,
    GlobalIdSource,
    JsonPathSource,
    ManySource,
    ObjectSource,
    OneSource,
    UnionSource,
    ViewerFieldSource,
    ViewerRecordSource,
    ViewerSource,
)
from gql.identity import Identity
from gql.loaders.record_loaders import (
    ChildrenByParentLoader,
    CountByParentLoader,
    RecordByKeyLoader,
    UnionByParentLoader,
)
from gql.money import micros_to_decimal
from gql.query.context import Context
from gql.query.global_id import global_id
from gql.query.json_pointer import resolve_pointer
from gql.query.record_list import RecordList
from gql.query.resource import Link, Record, Resource, UnionList
from gql.sql import json_sql
from gql.sql.json_sql import concatenated, literal_text, or_null

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


# A record's own values.


def column(
    description: str,
    label: str | None = None,
    *,
    name: str | None = None,
    deprecated: str | None = None,
) -> Any:
    """A column of the record; `label` when it is not the attribute's own name."""
    if label is None:
        return field_of(description, ColumnSource(), None, name=name, deprecated=deprecated)

    def resolve(root: strawberry.Parent[Record]) -> Any:
        return getattr(root, label)

    return field_of(description, ColumnSource(label), resolve, name=name, deprecated=deprecated)


def money(description: str, label: str) -> Any:
    """An amount, exact: integer micro-units in the record, a decimal outside; null stays null."""

    def value(record: Record) -> Decimal | None:
        micros: int | None = getattr(record, label)
        return None if micros is None else micros_to_decimal(micros)

    def json(table: FromClause) -> ColumnElement[str]:
        return or_null(json_sql.json_decimal_string(table.c[label]))

    return _expression(description, ExpressionSource(f"money {label}", value, json))


def sum_of_money(description: str, label: str) -> Any:
    """A sum of amounts, exact: text of a decimal in the record; null stays null."""

    def value(record: Record) -> Decimal | None:
        text: str | None = getattr(record, label)
        return None if text is None else Decimal(text)

    def json(table: FromClause) -> ColumnElement[str]:
        return or_null(json_sql.json_word(table.c[label]))

    return _expression(description, ExpressionSource(f"sum {label}", value, json))


def number(description: str, label: str, key: str) -> Any:
    """A number under `key` in a JSON column; null without one."""

    def value(record: Record) -> Any:
        return getattr(record, label).get(key)

    def json(table: FromClause) -> ColumnElement[str]:
        return or_null(json_sql.json_member_number(table.c[label], literal_text(key)))

    return _expression(description, ExpressionSource(f"number {label}.{key}", value, json))


def any_id(description: str, kind: str, key: str) -> Any:
    """The global id of a record of any kind, from labels of its kind and id; null without an id."""

    def value(record: Record) -> strawberry.ID | None:
        number = getattr(record, key)
        return None if number is None else strawberry.ID(f"{getattr(record, kind)}_{number}")

    def json(table: FromClause) -> ColumnElement[str]:
        number = json_sql.json_integer(table.c[key])
        return or_null(json_sql.json_string(concatenated([table.c[kind], "_", number])))

    return _expression(description, ExpressionSource(f"id {kind}_{key}", value, json))


def global_id_field(description: str) -> Any:
    """The record's global id."""

    def resolve(root: strawberry.Parent[Record]) -> strawberry.ID:
        return strawberry.ID(global_id(root))

    return field_of(description, GlobalIdSource(), resolve)


def value_at_path(description: str, label: str) -> Any:
    """The value inside a JSON column that the argument `path` points at; null without one."""

    def resolve(root: strawberry.Parent[Record], path: Pointer) -> Any:
        return resolve_pointer(getattr(root, label), path)

    return field_of(description, JsonPathSource(label), resolve)


def nested_object(description: str) -> Any:
    """A nested object whose fields are columns of the same record."""

    def resolve(root: strawberry.Parent[Record]) -> Record:
        return root

    return field_of(description, ObjectSource(), resolve)


# Other records.


def one(
    description: str, resource: Resource, key: str, *, column: str = "id", name: str | None = None
) -> Any:
    """The record that our `key` names; null when there is none that the caller may see."""

    async def resolve(root: strawberry.Parent[Record], info: Info) -> Record | None:
        value = getattr(root, key)
        if value is None:
            return None
        return await RecordByKeyLoader.of(info.context, resource, column).load(value)

    return field_of(description, OneSource(resource, key, column), resolve, name=name)


def first(description: str, resource: Resource, link: Link) -> Any:
    """The one record under this one, or null."""
    records = RecordList(resource, link=link)

    async def resolve(root: strawberry.Parent[Record], info: Info) -> Record | None:
        children = await ChildrenByParentLoader.of(info.context, records).load(root.id)
        return children[0] if children else None

    return field_of(description, FirstSource(resource, link), resolve)


def many(
    description: str,
    resource: Resource,
    link: Link,
    *,
    usual: int,
    order: tuple[str, ...] = ("id",),
) -> Any:
    """All the records under this one, as a plain list; one seldom exceeds `usual`."""
    records = RecordList(resource, link=link)

    async def resolve(root: strawberry.Parent[Record], info: Info) -> list[Record]:
        return await ChildrenByParentLoader.of(info.context, records, order).load(root.id)

    return field_of(description, ManySource(resource, link, order, usual), resolve)


def union(description: str, records: UnionList) -> Any:
    """The newest records of several kinds under this one, as a plain list."""

    async def resolve(root: strawberry.Parent[Record], info: Info) -> list[Record]:
        return await UnionByParentLoader.of(info.context, records).load(root.id)

    return field_of(description, UnionSource(records), resolve)


def count(description: str, resource: Resource, link: Link) -> Any:
    """How many records are under this one."""
    records = RecordList(resource, link=link)

    async def resolve(root: strawberry.Parent[Record], info: Info) -> int:
        return await CountByParentLoader.of(info.context, records).load(root.id)

    return field_of(description, CountSource(resource, link), resolve)


# Roots: what the caller is; `lookups.py` has the records that arguments name.


def viewer(description: str) -> Any:
    """A nested object made of the caller's identity."""

    def resolve(info: Info) -> Identity:
        context: Context = info.context
        return context.identity

    return field_of(description, ViewerSource(), resolve)


def viewer_field(description: str, value: Callable[[Identity], Any]) -> Any:
    """A value read from the caller's identity."""

    def resolve(root: strawberry.Parent[Identity]) -> Any:
        return value(root)

    return field_of(description, ViewerFieldSource(value), resolve)


def viewer_record(
    description: str,
    resource: Resource,
    key: Callable[[Identity], int | None],
    *,
    required: bool = False,
) -> Any:
    """The record whose id is `key` of the caller's identity.

    Without a key it is null; a `required` record that is missing raises `NotFound`.
    """

    async def resolve(root: strawberry.Parent[Identity], info: Info) -> Record | None:
        value = key(root)
        if value is None:
            return None
        loader = RecordByKeyLoader.of(info.context, resource)
        return await (loader.require(value) if required else loader.load(value))

    return field_of(description, ViewerRecordSource(resource, key), resolve)


def _expression(description: str, source: ExpressionSource) -> Any:
    def resolve(root: strawberry.Parent[Record]) -> Any:
        return source.value(root)

    return field_of(description, source, resolve)


def field_of(
    description: str,
    source: FieldSource,
    resolve: Any,
    *,
    name: str | None = None,
    deprecated: str | None = None,
) -> Any:
    """A Strawberry field with its source, for the engine."""
    return strawberry.field(
        resolve,
        name=name,
        description=description,
        deprecation_reason=deprecated,
        metadata={SOURCE: source},
    )


def _always(_record: Any, _info: Any) -> bool:
    """A record reaches a type only through a field that is declared to give that type."""
    return True
