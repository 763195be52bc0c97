"""Connections: lists that grow without bound, read in pages.

Implements GraphQL Cursor Connections (https://relay.dev/graphql/connections.htm), with `nodes`,
`totalCount`, `offset`, `orderBy` and `filter` besides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import strawberry
from strawberry import UNSET
from strawberry.annotation import StrawberryAnnotation
from strawberry.types import Info
from strawberry.types.arguments import StrawberryArgument

from gql.engine.fields import SOURCE, ConnectionField, ConnectionSource
from gql.loaders.cost_groups import CostGroupsByParentLoader, CostGroupsLoader, GroupsKey
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
from gql.query.cost_groups import CostGroups, GroupValues
from gql.query.cursor import write_cursor
from gql.query.paging import DEFAULT_PAGE, MAX_PAGE, Paging, paging
from gql.query.record_list import RecordList
from gql.query.repricing import RateCard
from gql.query.resource import Link, Record, Resource

Node = TypeVar("Node")


def connection(
    description: str,
    resource: Resource,
    *,
    order: Any,
    usual: int | None = None,
    filter: Any = None,
    link: Link | None = None,
    descending: bool = True,
) -> Any:
    """A field that is a list in pages, at the root or (with a link) under each parent.

    Args:
        description: What the list holds.
        resource: Whose records.
        order: The input type of `orderBy`, with a `field` enum of the resource's orders.
        usual: How many records the list under a parent usually has, for the estimate of what it
            costs; at the root the resource says so.
        filter: The input type of `filter`, a `FilterInput`; no such argument without.
        link: How the records find their parent.
        descending: The direction when `orderBy` is absent; the order is the resource's first.
    """
    length = usual or resource.usual
    default_order = next(iter(resource.orders))
    if filter is not None:
        filter.check(resource)

    def read_paging(*, order_by: Any = UNSET, **bounds: Any) -> Paging:
        return paging(
            resource,
            order_by.field.value if order_by else default_order,
            descending=_is_descending(resource, order_by) if order_by else descending,
            **{name: value for name, value in bounds.items() if value is not UNSET},
        )

    source = ConnectionSource(resource, link, read_paging, length)

    async def resolve(
        root: strawberry.Parent[Record], info: Info, **arguments: Any
    ) -> RequestedPage:
        if resource.permission is not None:
            info.context.identity.require(resource.permission)
        page, conditions = source.read_arguments(**arguments)
        records = RecordList.filtered(resource, conditions, link)
        return RequestedPage(info.context, records, page, root.id if link else None)

    field = strawberry.field(resolve, description=description, metadata={SOURCE: source})
    field.arguments = list(_arguments(order, filter))
    return field


def _is_descending(resource: Resource, order_by: Any) -> bool:
    """Which way a list is sorted: names from A to Z, all else from the largest or latest."""
    if order_by.direction is None or order_by.direction is UNSET:
        return resource.orders[order_by.field.value].kind != "text"
    return bool(order_by.direction.value == "desc")


def _arguments(order: Any, filter: Any) -> Iterator[StrawberryArgument]:
    """The arguments of a connection, all of them optional."""

    def argument(
        name: str, type: Any, description: str, default: Any = UNSET
    ) -> StrawberryArgument:
        annotation = StrawberryAnnotation(type | None)
        return StrawberryArgument(name, None, annotation, description=description, default=default)

    size = f"0 to {MAX_PAGE}"
    yield argument(
        "first",
        int,
        f"The page's size, from the start: {size}. With `last` its default does not count.",
        DEFAULT_PAGE,
    )
    yield argument("after", str, "Only objects after the one with this cursor.")
    yield argument("last", int, f"The page's size, from the end of the list: {size}.")
    yield argument("before", str, "Only objects before the one with this cursor.")
    yield argument(
        "offset",
        int,
        "How many objects to pass over, for page numbers; not with cursors or `last`.",
    )
    yield argument(
        "order_by",
        order,
        "How the list is sorted; ties are broken by id, objects without a value come last.",
    )
    if filter is not None:
        yield argument("filter", filter, "Which objects the list has; all conditions must hold.")


@dataclass(frozen=True)
class RequestedPage:
    """A page that a query requests; each method reads what its field needs when that is selected.

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

    @property
    def page_info(self) -> "RequestedPage":
        return self

    async def page(self) -> Page:
        if self.records.link is None:
            return await PageLoader.of(self.context).load((self.records, self.paging))
        loader = PageByParentLoader.of(self.context, self.records, self.paging)
        return await loader.load(self.parent_key)

    async def total_count(self) -> int:
        if self.records.link is None:
            return await CountLoader.of(self.context).load(self.records)
        return await CountByParentLoader.of(self.context, self.records).load(self.parent_key)

    async def cost_summary(
        self, rate_card: RateCard | None, *, with_percentiles: bool
    ) -> list[Record]:
        """What all records of a list of calls cost, by currency, also by a rate card."""
        groups = CostGroups.summary(self.records, rate_card.services if rate_card else ())
        values = GroupValues(rate_card=rate_card)
        if self.records.link is None:
            loader = CostGroupsLoader.of(self.context)
            key = GroupsKey(groups, values, with_percentiles, with_count=False)
            return (await loader.load(key)).groups
        return await CostGroupsByParentLoader.of(self.context, groups, values).load(self.parent_key)

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


class RecordEdge(NamedTuple):
    """A record with its cursor."""

    cursor: str
    node: Record


PageParent = strawberry.Parent[RequestedPage]


async def _has_next_page(root: PageParent) -> bool:
    return await root.has_more(earlier=False)


async def _has_previous_page(root: PageParent) -> bool:
    return await root.has_more(earlier=True)


async def _start_cursor(root: PageParent) -> str | None:
    return await root.cursor_at(0)


async def _end_cursor(root: PageParent) -> str | None:
    return await root.cursor_at(-1)


async def _edges(root: PageParent) -> Any:  # for mypy, edges would have to be `ConnectionEdge`s
    return [RecordEdge(root.cursor(record), record) for record in (await root.page()).records]


async def _nodes(root: PageParent) -> list[Record]:
    return (await root.page()).records


async def _total_count(root: PageParent) -> int:
    return await root.total_count()


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
    """Resolved from a `RecordEdge`."""

    cursor: str = strawberry.field(
        metadata={SOURCE: ConnectionField.CURSOR},
        description="The place of the object: pass it as `after` or `before` with the same order.",
    )
    node: Node = strawberry.field(
        metadata={SOURCE: ConnectionField.NODE}, description="The object itself."
    )


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
        description="Where this page lies in the list.",
    )
    total_count: int = strawberry.field(
        metadata={SOURCE: ConnectionField.TOTAL_COUNT},
        resolver=_total_count,
        description="How many objects the whole list has; counted when selected.",
    )
