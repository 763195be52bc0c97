"""The types of a page of a list, and the list that they are resolved from."""

from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import strawberry

from gql.engine.fields import SOURCE, ConnectionField
from gql.loaders.record_loaders import (
    AnyOutsideByParentLoader,
    AnyOutsideLoader,
    CountByParentLoader,
    CountLoader,
    Page,
    PageByParentLoader,
    PageLoader,
)
from gql.query.context import Context
from gql.query.cursor import write_cursor
from gql.query.paging import Paging
from gql.query.record_list import RecordList
from gql.query.resource import Record

Node = TypeVar("Node")


@dataclass(frozen=True)
class RequestedPage:
    """A page of a list that a query requests; each method reads what its field needs when selected.

    Attributes:
        context: The operation's.
        records: The list.
        paging: Which part of it.
        parent_key: The parent that the list is under, where it is under one.
    """

    context: Context
    records: RecordList
    paging: Paging
    parent_key: Any

    async def page(self) -> Page:
        if self.records.link is None:
            return await PageLoader.of(self.context).load((self.records, self.paging))
        loader = PageByParentLoader.of(self.context, self.records, self.paging)
        return await loader.load(self.parent_key)

    async def total(self) -> int:
        if self.records.link is None:
            return await CountLoader.of(self.context).load(self.records)
        return await CountByParentLoader.of(self.context, self.records).load(self.parent_key)

    async def has_more(self, *, earlier: bool) -> bool:
        """Whether the list has records before (`earlier`) or after the page."""
        if earlier == self.paging.backward and (await self.page()).has_more:
            return True
        if not self.paging.is_bounded(earlier=earlier):
            return False
        if self.records.link is None:
            loader = AnyOutsideLoader.of(self.context)
            return await loader.load((self.records, self.paging, earlier))
        by_parent = AnyOutsideByParentLoader.of(
            self.context, self.records, self.paging, earlier=earlier
        )
        return await by_parent.load(self.parent_key)

    def cursor(self, record: Record) -> str:
        return write_cursor(
            self.records.resource,
            self.paging.order,
            descending=self.paging.descending,
            record=record,
        )

    async def cursor_at(self, index: int) -> str | None:
        """The cursor of the page's first (0) or last (-1) record."""
        records = (await self.page()).records
        return self.cursor(records[index]) if records else None


class Edge(NamedTuple):
    """A record with its place in the list."""

    cursor: str
    node: Record


async def _has_next_page(root: strawberry.Parent[RequestedPage]) -> bool:
    return await root.has_more(earlier=False)


async def _has_previous_page(root: strawberry.Parent[RequestedPage]) -> bool:
    return await root.has_more(earlier=True)


async def _start_cursor(root: strawberry.Parent[RequestedPage]) -> str | None:
    return await root.cursor_at(0)


async def _end_cursor(root: strawberry.Parent[RequestedPage]) -> str | None:
    return await root.cursor_at(-1)


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Resolved from a `RequestedPage`."""

    has_next_page: bool = strawberry.field(
        metadata={SOURCE: ConnectionField.HAS_NEXT_PAGE},
        resolver=_has_next_page,
        description="Whether the list goes on after this page.",
    )
    has_previous_page: bool = strawberry.field(
        metadata={SOURCE: ConnectionField.HAS_PREVIOUS_PAGE},
        resolver=_has_previous_page,
        description="Whether the list has objects before this page.",
    )
    start_cursor: str | None = strawberry.field(
        metadata={SOURCE: ConnectionField.START_CURSOR},
        resolver=_start_cursor,
        description="The cursor of the first object; null when the page is empty.",
    )
    end_cursor: str | None = strawberry.field(
        metadata={SOURCE: ConnectionField.END_CURSOR},
        resolver=_end_cursor,
        description="The cursor of the last object; null when the page is empty.",
    )


@strawberry.type(description="An object with its place in the list.")
class ConnectionEdge(Generic[Node]):
    """Resolved from an `Edge`."""

    cursor: str = strawberry.field(
        metadata={SOURCE: ConnectionField.CURSOR},
        description="The place of the object: pass it as `after` or `before` with the same order.",
    )
    node: Node = strawberry.field(
        metadata={SOURCE: ConnectionField.NODE}, description="The object itself."
    )


async def _edges(root: strawberry.Parent[RequestedPage]) -> Any:
    return [Edge(root.cursor(record), record) for record in (await root.page()).records]


async def _nodes(root: strawberry.Parent[RequestedPage]) -> Any:
    return (await root.page()).records


def _page_info(root: strawberry.Parent[RequestedPage]) -> Any:
    return root


async def _total_count(root: strawberry.Parent[RequestedPage]) -> int:
    return await root.total()


@strawberry.type(description="A page of a list.")
class Connection(Generic[Node]):
    """Resolved from a `RequestedPage`."""

    edges: list[ConnectionEdge[Node]] = strawberry.field(
        metadata={SOURCE: ConnectionField.EDGES},
        resolver=_edges,
        description="The objects of this page, each with its cursor.",
    )
    nodes: list[Node] = strawberry.field(
        metadata={SOURCE: ConnectionField.NODES},
        resolver=_nodes,
        description="The objects of this page.",
    )
    page_info: PageInfo = strawberry.field(
        metadata={SOURCE: ConnectionField.PAGE_INFO},
        resolver=_page_info,
        description="Where this page lies in the list.",
    )
    total_count: int = strawberry.field(
        metadata={SOURCE: ConnectionField.TOTAL_COUNT},
        resolver=_total_count,
        description="How many objects the whole list has; counted when selected.",
    )
