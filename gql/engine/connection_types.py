"""The types of a page of a list, and the list that they are resolved from."""

from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import strawberry

from gql.engine.fields import SOURCE, ConnectionField
from gql.loaders import record_loaders
from gql.query.context import Context
from gql.query.cursor import write_cursor
from gql.query.filters import Filter
from gql.query.paging import Paging
from gql.query.resource import Link, Record, Resource

Node = TypeVar("Node")


@dataclass(frozen=True)
class Selected:
    """One list that a query asked for; a method costs something only when its field is selected."""

    context: Context
    resource: Resource
    asked: Paging
    filter: Filter
    link: Link | None
    key: Any

    async def page(self) -> record_loaders.Page:
        """The records of the page."""
        return await record_loaders.page(
            self.context,
            self.resource,
            self.asked,
            filter=self.filter,
            link=self.link,
            key=self.key,
        )

    async def total(self) -> int:
        """How many records the list has in all."""
        return await record_loaders.count(
            self.context, self.resource, filter=self.filter, link=self.link, key=self.key
        )

    async def goes_on(self, *, earlier: bool) -> bool:
        """Whether the list has records before (`earlier`) or after the page."""
        if earlier == self.asked.backward and (await self.page()).more:
            return True
        return await record_loaders.any_outside(
            self.context,
            self.resource,
            self.asked,
            earlier=earlier,
            filter=self.filter,
            link=self.link,
            key=self.key,
        )

    def cursor(self, record: Record) -> str:
        """The place of a record in this list."""
        return write_cursor(
            self.resource, self.asked.order, descending=self.asked.descending, record=record
        )

    async def cursor_at(self, index: int) -> str | None:
        """The cursor of the page's first (0) or last (-1) record."""
        records = (await self.page()).records
        return self.cursor(records[index]) if records else None


class Edge(NamedTuple):
    """A record with its place in the list."""

    cursor: str
    node: Record


async def _has_next_page(root: strawberry.Parent[Selected]) -> bool:
    return await root.goes_on(earlier=False)


async def _has_previous_page(root: strawberry.Parent[Selected]) -> bool:
    return await root.goes_on(earlier=True)


async def _start_cursor(root: strawberry.Parent[Selected]) -> str | None:
    return await root.cursor_at(0)


async def _end_cursor(root: strawberry.Parent[Selected]) -> str | None:
    return await root.cursor_at(-1)


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Resolved from a `Selected` list."""

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


async def _edges(root: strawberry.Parent[Selected]) -> Any:
    return [Edge(root.cursor(record), record) for record in (await root.page()).records]


async def _nodes(root: strawberry.Parent[Selected]) -> Any:
    return (await root.page()).records


def _page_info(root: strawberry.Parent[Selected]) -> Any:
    return root


async def _total_count(root: strawberry.Parent[Selected]) -> int:
    return await root.total()


@strawberry.type(description="A page of a list.")
class Connection(Generic[Node]):
    """Resolved from a `Selected` list."""

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
