"""REST reads by resolvers: records through the batching loaders, then objects of records."""

import asyncio
from dataclasses import dataclass
from typing import Any

from gql.engine.fields import (
    ConnectionField,
    ConnectionSource,
    CountSource,
    EchoSource,
    JoinedSource,
    ManySource,
    ObjectSource,
    PageSource,
)
from gql.engine.plan import PlanNode, Selection
from gql.engine.rest_fields import is_plain, present, presenter
from gql.engine.rest_query import RestArguments, RestQuery
from gql.errors import NotFound
from gql.loaders.record_loaders import (
    ChildrenByParentLoader,
    CountByParentLoader,
    CountLoader,
    PageLoader,
    RecordByKeyLoader,
)
from gql.query.context import Context
from gql.query.record_list import RecordList
from gql.query.resource import Record


@dataclass(frozen=True)
class Answered:
    """What a read gave.

    Attributes:
        value: As JSON has it.
        version: Of the record that was looked up, where the read tells it.
    """

    value: Any
    version: int | None = None


async def answer(context: Context, query: RestQuery, arguments: RestArguments) -> Answered:
    """What one request reads.

    Raises:
        NotFound: when the record that is looked up is not there.
    """
    lookup = query.record
    if lookup is None:
        return Answered(await _list(context, query.item, arguments))
    loader = RecordByKeyLoader.of(context, lookup.resource, lookup.column)
    record = await loader.load(arguments.key)
    if record is None:
        raise NotFound(lookup.noun, arguments.key)
    version = None if lookup.version is None else getattr(record, lookup.version)
    return Answered(await _of_record(context, record, query.item, arguments), version)


async def _list(context: Context, node: PlanNode, arguments: RestArguments) -> Any:
    """A page, or an object about it."""
    source = node.source
    assert isinstance(source, (ConnectionSource, PageSource))  # noqa: S101, only they are pages
    assert arguments.paging is not None  # noqa: S101, a read of a page gets one
    records = RecordList.filtered(source.resource, arguments.filter)
    page = await PageLoader.of(context).load((records, arguments.paging))
    if isinstance(source, PageSource):
        return await objects(context, node.selection, page.records)
    printed: dict[str, Any] = {}
    for key, item in node.selection.items if node.selection else ():
        match item.source:
            case ConnectionField.NODES:
                printed[key] = await objects(context, item.selection, page.records)
            case ConnectionField.TOTAL_COUNT:
                printed[key] = await CountLoader.of(context).load(records)
            case EchoSource(name):
                printed[key] = arguments.echoed[name]
            case _:
                raise TypeError(type(item.source).__name__)
    return printed


async def _of_record(
    context: Context, record: Record, node: PlanNode, arguments: RestArguments
) -> Any:
    """What is printed of the record that was looked up."""
    match node.source:
        case ObjectSource():
            (shaped,) = await objects(context, node.selection, [record])
            return shaped
        case ManySource(resource, link, order):
            records = RecordList.filtered(resource, arguments.filter, link)
            children = await ChildrenByParentLoader.of(context, records, order).load(record.id)
            return await objects(context, node.selection, children)
        case PageSource():
            return await _list(context, node, arguments)
    raise TypeError(type(node.source).__name__)


async def objects(
    context: Context, selection: Selection | None, records: list[Record]
) -> list[dict[str, Any]]:
    """Records in a shape, with their relations."""
    assert selection is not None  # noqa: S101, an object always has a selection
    if all(is_plain(node) for _, node in selection.items):
        return list(map(presenter(selection), records))
    return list(await asyncio.gather(*(_object(context, selection, record) for record in records)))


async def _object(context: Context, selection: Selection, record: Record) -> dict[str, Any]:
    """One record; the relations of all records leave as one batch."""
    own = Selection(tuple(part for part in selection.items if is_plain(part[1])))
    lists = {
        (node.source.resource, node.source.link): key
        for key, node in selection.items
        if isinstance(node.source, ManySource)
    }
    values = present(own, record)
    related = [
        (key, node)
        for key, node in selection.items
        if key not in values and _counted_list(node, lists) is None
    ]
    loaded = await asyncio.gather(*(_related(context, record, node) for _, node in related))
    values.update(zip((key for key, _ in related), loaded, strict=True))
    for key, node in selection.items:
        # How many there are beside the list of them is the list's length.
        if key not in values:
            values[key] = len(values[lists[_counted_list(node, lists)]])
    return {key: values[key] for key, _ in selection.items}


def _counted_list(node: PlanNode, lists: dict[Any, str]) -> Any:
    """By what the list is known whose length a count is, when that is selected as well."""
    if not isinstance(node.source, CountSource):
        return None
    list_key = node.source.resource, node.source.link
    return list_key if list_key in lists else None


async def _related(context: Context, record: Record, node: PlanNode) -> Any:
    match node.source:
        case ManySource(resource, link, order):
            records = RecordList(resource, link=link)
            children = await ChildrenByParentLoader.of(context, records, order).load(record.id)
            return await objects(context, node.selection, children)
        case CountSource(resource, link):
            records = RecordList(resource, link=link)
            return await CountByParentLoader.of(context, records).load(record.id)
        case JoinedSource(resource, key, column, value):
            loader = RecordByKeyLoader.of(context, resource, column)
            other = await loader.load(getattr(record, key))
            if other is None:
                return None
            return present(Selection((("", PlanNode(value)),)), other)[""]
    raise TypeError(type(node.source).__name__)
