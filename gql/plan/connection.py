"""Connections: lists that grow without bound, read in pages (Relay's Cursor Connections)."""

from dataclasses import dataclass
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

import strawberry
from strawberry import UNSET
from strawberry.types import Info

from gql.context import Context
from gql.domain import reading
from gql.domain.cursor import write_cursor
from gql.domain.filters import Filter
from gql.domain.paging import DEFAULT_PAGE, MAX_PAGE, Paging, paging
from gql.domain.resource import Link, Record, Resource
from gql.plan.declaration import READS

Node = TypeVar("Node")


@dataclass(frozen=True)
class Connected:
    """The records of `resource`, under us when there is a link, in pages."""

    resource: Resource
    link: Link | None
    descending: bool


@dataclass(frozen=True)
class Selected:
    """One list that a query asked for; a method costs something only when its field is selected."""

    context: Context
    resource: Resource
    asked: Paging
    filter: Filter
    link: Link | None
    key: Any

    async def page(self) -> reading.Page:
        """The records of the page."""
        return await reading.page(
            self.context,
            self.resource,
            self.asked,
            filter=self.filter,
            link=self.link,
            key=self.key,
        )

    async def total(self) -> int:
        """How many records the list has in all."""
        return await reading.count(
            self.context, self.resource, filter=self.filter, link=self.link, key=self.key
        )

    async def goes_on(self, *, earlier: bool) -> bool:
        """Whether the list has records before (`earlier`) or after the page."""
        if earlier == self.asked.backward and (await self.page()).more:
            return True
        return await reading.any_outside(
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
        resolver=_has_next_page, description="Whether the list goes on after this page."
    )
    has_previous_page: bool = strawberry.field(
        resolver=_has_previous_page, description="Whether the list has objects before this page."
    )
    start_cursor: str | None = strawberry.field(
        resolver=_start_cursor,
        description="The cursor of the first object; null when the page is empty.",
    )
    end_cursor: str | None = strawberry.field(
        resolver=_end_cursor,
        description="The cursor of the last object; null when the page is empty.",
    )


@strawberry.type(description="An object with its place in the list.")
class ConnectionEdge(Generic[Node]):
    """Resolved from an `Edge`."""

    cursor: str = strawberry.field(
        description="The place of the object: pass it as `after` or `before` with the same order."
    )
    node: Node = strawberry.field(description="The object itself.")


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
        resolver=_edges, description="The objects of this page, each with its cursor."
    )
    nodes: list[Node] = strawberry.field(resolver=_nodes, description="The objects of this page.")
    page_info: PageInfo = strawberry.field(
        resolver=_page_info, description="Where this page lies in the list."
    )
    total_count: int = strawberry.field(
        resolver=_total_count,
        description="How many objects the whole list has; counted when selected.",
    )


ORDER = "How the list is sorted; ties are broken by id, objects without a value come last."
FILTER = "Which objects the list has; all conditions must hold."

First = Annotated[
    int | None,
    strawberry.argument(
        description=f"The page's size, from the start: 0 to {MAX_PAGE}, {DEFAULT_PAGE} when absent."
    ),
]
Last = Annotated[
    int | None,
    strawberry.argument(description=f"The page's size, from the end of the list: 0 to {MAX_PAGE}."),
]
After = Annotated[
    str | None, strawberry.argument(description="Only objects after the one with this cursor.")
]
Before = Annotated[
    str | None, strawberry.argument(description="Only objects before the one with this cursor.")
]
Offset = Annotated[
    int | None,
    strawberry.argument(
        description="How many objects to pass over, for page numbers; not with cursors or `last`."
    ),
]


def connection(
    description: str,
    resource: Resource,
    *,
    order: Any,
    filter: Any = None,
    link: Link | None = None,
    descending: bool = True,
    narrowed_by: Filter = (),
) -> Any:
    """A list in pages, at the root or (with a link) under each parent.

    Args:
        description: What the list holds.
        resource: Whose records.
        order: The input type of `orderBy`, with a `field` enum of the resource's orders.
        filter: The input type of `filter`, with a `conditions()` method; no such argument without.
        link: How the records find their parent.
        descending: The direction when `orderBy` is absent; the order is the resource's first.
        narrowed_by: Conditions that always hold.
    """
    default = next(iter(resource.orders))
    filter_input: Any = filter or str

    def select(
        root: Any, info: Info, given_order: Any, given_filter: Any, **numbers: Any
    ) -> Selected:
        name = given_order.field.value if given_order else default
        down = given_order.direction.value == "desc" if given_order else descending
        return Selected(
            context=info.context,
            resource=resource,
            asked=paging(
                resource,
                name,
                descending=down,
                **{name: value for name, value in numbers.items() if value is not UNSET},
            ),
            filter=(*narrowed_by, *(given_filter.conditions() if given_filter else ())),
            link=link,
            key=root.id if link else None,
        )

    async def resolve(
        root: strawberry.Parent[Record],
        info: Info,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
        offset: Offset = UNSET,
        order_by: Annotated[order | None, strawberry.argument(description=ORDER)] = UNSET,
    ) -> Any:
        numbers = {
            "first": first,
            "after": after,
            "last": last,
            "before": before,
            "offset": offset,
        }
        return select(root, info, order_by, None, **numbers)

    async def resolve_filtered(
        root: strawberry.Parent[Record],
        info: Info,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
        offset: Offset = UNSET,
        order_by: Annotated[order | None, strawberry.argument(description=ORDER)] = UNSET,
        filter: Annotated[filter_input | None, strawberry.argument(description=FILTER)] = UNSET,
    ) -> Any:
        numbers = {
            "first": first,
            "after": after,
            "last": last,
            "before": before,
            "offset": offset,
        }
        return select(root, info, order_by, filter, **numbers)

    return strawberry.field(
        resolve_filtered if filter else resolve,
        description=description,
        metadata={READS: Connected(resource, link, descending)},
    )
