"""Reads by the reference way: records through the batching loaders, then objects of records."""

import asyncio
from dataclasses import dataclass
from typing import Any

from gql.engine.plan_nodes import (
    ConnectionPage,
    Count,
    Echo,
    Item,
    Joined,
    ListPage,
    Nodes,
    Object,
    RecordLookup,
    Selection,
    ToMany,
    Total,
)
from gql.engine.rest_fields import is_plain, present, presenter
from gql.engine.rest_query import RestArguments, RestQuery
from gql.errors import NotFound
from gql.loaders import record_loaders
from gql.query.context import Context
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


async def answer(context: Context, read: RestQuery, asked: RestArguments) -> Answered:
    """What is asked for.

    Raises:
        NotFound: when the record that is looked up is not there.
    """
    root = read.root
    if not isinstance(root, RecordLookup):
        return Answered(await _list(context, root, asked))
    record = await record_loaders.find(context, root.resource, asked.key, column=root.column)
    if record is None:
        raise NotFound(root.noun, asked.key)
    version = None if root.version is None else getattr(record, root.version)
    return Answered(await _of_record(context, record, root.item, asked), version)


async def _list(context: Context, root: ConnectionPage | ListPage, asked: RestArguments) -> Any:
    """A page, or an object about it."""
    assert asked.paging is not None  # noqa: S101, a read of a page is asked for one
    page = await record_loaders.page(context, root.resource, asked.paging, filter=asked.filter)
    if isinstance(root, ListPage):
        return await objects(context, root.selection, page.records)
    printed: dict[str, Any] = {}
    for key, item in root.items:
        match item:
            case Nodes(selection):
                printed[key] = await objects(context, selection, page.records)
            case Total():
                printed[key] = await record_loaders.count(
                    context, root.resource, filter=asked.filter
                )
            case Echo(name):
                printed[key] = asked.echoed[name]
            case _:
                raise TypeError(type(item).__name__)
    return printed


async def _of_record(context: Context, record: Record, item: Item, asked: RestArguments) -> Any:
    """What is printed of the record that was looked up."""
    match item:
        case Object(selection):
            (shaped,) = await objects(context, selection, [record])
            return shaped
        case ToMany():
            found = await record_loaders.children(
                context, item.resource, item.link, record.id, order=item.order, filter=asked.filter
            )
            return await objects(context, item.selection, found)
        case ListPage():
            return await _list(context, item, asked)
    raise TypeError(type(item).__name__)


async def objects(
    context: Context, selection: Selection, records: list[Record]
) -> list[dict[str, Any]]:
    """Records in a shape, with their relations."""
    if all(is_plain(item) for _, item in selection.items):
        return list(map(presenter(selection), records))
    return list(await asyncio.gather(*(_object(context, selection, record) for record in records)))


async def _object(context: Context, selection: Selection, record: Record) -> dict[str, Any]:
    """One record; the relations of all records are asked for in the same turn of the loop."""
    own = Selection(tuple(part for part in selection.items if is_plain(part[1])))
    lists = {
        (item.resource, item.link): key for key, item in selection.items if isinstance(item, ToMany)
    }
    values = present(own, record)
    related = [
        (key, item)
        for key, item in selection.items
        if key not in values and (not isinstance(item, Count) or _way(item) not in lists)
    ]
    found = await asyncio.gather(*(_related(context, record, item) for _, item in related))
    values.update(zip((key for key, _ in related), found, strict=True))
    for key, item in selection.items:
        # How many there are beside the list of them is the list's length.
        if key not in values and isinstance(item, Count):
            values[key] = len(values[lists[_way(item)]])
    return {key: values[key] for key, _ in selection.items}


def _way(item: Count) -> Any:
    return item.resource, item.link


async def _related(context: Context, record: Record, item: Item) -> Any:
    match item:
        case ToMany(resource, link, order, selection):
            found = await record_loaders.children(context, resource, link, record.id, order=order)
            return await objects(context, selection, found)
        case Count(resource, link):
            return await record_loaders.count(context, resource, link=link, key=record.id)
        case Joined(resource, key, column, leaf):
            other = await record_loaders.find(
                context, resource, getattr(record, key), column=column
            )
            return None if other is None else present(Selection((("", leaf),)), other)[""]
    raise TypeError(type(item).__name__)
