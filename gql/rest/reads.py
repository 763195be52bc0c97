"""Declares what a route reads, in the shape of the pydantic model that documents its answer.

A field of a model is the column of the same name, printed as its type says. Where that is not
enough, a `FieldSource` in `Annotated` says where the value comes from:

    class Call(BaseModel):
        id: int
        flow_name: Annotated[str | None, ColumnSource("graph_name")]
        total_cost: Money | None
        messages: Annotated[list[Message], ManySource(MESSAGES, OF_CALL)]

    @route("GET", "/api/v1/calls/{call_id}", reads=lookup(CALLS, Call, noun="call"), ...)
    def get_by_id(path: CallPath) -> RestArguments:
        return RestArguments(path.call_id)
"""

from dataclasses import replace
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from gql.engine.fields import (
    ColumnKind,
    ColumnSource,
    ConnectionSource,
    ConstantSource,
    FieldSource,
    JoinedSource,
    ManySource,
    MemberSource,
    ObjectSource,
    PageSource,
    UnionSource,
)
from gql.engine.plan import PlanNode, Selection
from gql.engine.rest_query import LIST_ARGUMENT, RecordLookup, RestQuery
from gql.query.resource import Link, Resource, UnionList

Money = Annotated[float, ColumnSource(kind="decimal")]
"""A column of millionths of a currency unit as a number of units: 50000 is 0.05."""

_KINDS: dict[Any, ColumnKind] = {
    bool: "boolean",
    datetime: "timestamp",
    float: "float",
    int: "integer",
    str: "text",
}


def list_of(resource: Resource, model: type[BaseModel]) -> RestQuery:
    """One page of a resource as an array."""
    return RestQuery(list_page(resource, model))


def page_of(resource: Resource, model: type[BaseModel]) -> RestQuery:
    """One page of a resource in an object, of which each field is a part of a connection."""
    return RestQuery(PlanNode(ConnectionSource(resource), selection_of(model), LIST_ARGUMENT))


def lookup(
    resource: Resource,
    printed: type[BaseModel] | PlanNode,
    *,
    noun: str,
    by: str = "id",
) -> RestQuery:
    """The record that a key names, or a list that belongs to it.

    Args:
        resource: Whose record.
        printed: Its shape; or the list, from `list_page`, `all_under` or `newest_under`.
        noun: What the record is called in a 404.
        by: The column that the key is in.
    """
    if not isinstance(printed, PlanNode):
        printed = PlanNode(ObjectSource(), selection_of(printed))
    return RestQuery(printed, RecordLookup(resource, by, noun))


def list_page(resource: Resource, model: type[BaseModel]) -> PlanNode:
    """One page of a resource as an array."""
    return PlanNode(PageSource(resource), selection_of(model), LIST_ARGUMENT)


def all_under(
    resource: Resource,
    link: Link,
    model: type[BaseModel],
    *,
    usual: int,
    order: tuple[str, ...] = ("id",),
) -> PlanNode:
    """All records under the one that is looked up that pass the request's filter.

    There are seldom more than `usual`.
    """
    return PlanNode(ManySource(resource, link, order, usual), selection_of(model), LIST_ARGUMENT)


def newest_under(records: UnionList, model: type[BaseModel]) -> PlanNode:
    """The newest records of several kinds under the one that is looked up, all of one shape."""
    selection = selection_of(model)
    kinds = records.resource.kinds
    assert kinds is not None  # noqa: S101, else it would not be a union
    choices = tuple((resource, selection) for resource in kinds.resources.values())
    return PlanNode(UnionSource(records), choices=choices)


@cache
def selection_of(model: type[BaseModel]) -> Selection:
    """What is printed of a record: the fields of a model, in its order."""
    annotations = get_type_hints(model, include_extras=True)
    return Selection(tuple((name, _node(name, annotations[name])) for name in model.model_fields))


def _node(name: str, annotation: Any) -> PlanNode:
    type_, source = _unwrap(annotation)
    if source is None or isinstance(source, ColumnSource):
        return PlanNode(_column(source or ColumnSource(), name, type_))
    if isinstance(source, MemberSource):
        return PlanNode(replace(source, key=name))
    if isinstance(source, JoinedSource):
        return PlanNode(replace(source, value=_column(source.value, name, type_)))
    model = get_args(type_)[0] if get_origin(type_) is list else None
    # A constant, such as `[]`, is printed instead of a list and reads nothing.
    is_read = model is not None and not isinstance(source, ConstantSource)
    return PlanNode(source, selection_of(model) if is_read else None)


def _unwrap(annotation: Any) -> tuple[Any, FieldSource | None]:
    """The type without `None` and without metadata, and the source among the metadata."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        type_, source = _unwrap(inner)
        sources = [item for item in metadata if isinstance(item, FieldSource)]
        return type_, sources[0] if sources else source
    if get_origin(annotation) in (Union, UnionType):
        (type_,) = (part for part in get_args(annotation) if part is not NoneType)
        return _unwrap(type_)
    return annotation, None


def _column(source: ColumnSource, name: str, type_: Any) -> ColumnSource:
    """A column with what its declaration may leave out."""
    return ColumnSource(source.label or name, source.kind or _kind(type_))


def _kind(type_: Any) -> ColumnKind:
    origin = get_origin(type_)
    if origin is Literal:
        return "enum_value"
    if origin in (dict, list) or issubclass(type_, BaseModel):
        return "json"
    return _KINDS[type_]
