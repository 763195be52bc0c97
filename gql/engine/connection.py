"""Connections: lists that grow without bound, read in pages (Relay's Cursor Connections)."""

from typing import Annotated, Any

import strawberry
from strawberry import UNSET
from strawberry.types import Info

from gql.engine.connection_types import Connection, RequestedPage
from gql.engine.fields import SOURCE, ConnectionSource
from gql.identity import Permission
from gql.query.filters import Filter
from gql.query.paging import DEFAULT_PAGE, MAX_PAGE, Paging, paging
from gql.query.record_list import RecordList
from gql.query.resource import Link, Record, Resource

__all__ = ["Connection", "connection"]

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
    permission: Permission | None = None,
) -> Any:
    """A list in pages, at the root or (with a link) under each parent.

    Args:
        description: What the list holds.
        resource: Whose records.
        order: The input type of `orderBy`, with a `field` enum of the resource's orders.
        filter: The input type of `filter`, a `FilterInput`; no such argument without.
        link: How the records find their parent.
        descending: The direction when `orderBy` is absent; the order is the resource's first.
        permission: What the caller needs to read the list; None for nothing.
    """
    default = next(iter(resource.orders))
    if filter:
        filter.check(resource)
    filter_input: Any = filter or str

    def read_arguments(
        *, order_by: Any = UNSET, filter: Any = UNSET, **bounds: Any
    ) -> tuple[Paging, Filter]:
        page = paging(
            resource,
            order_by.field.value if order_by else default,
            descending=order_by.direction.value == "desc" if order_by else descending,
            **{name: value for name, value in bounds.items() if value is not UNSET},
        )
        return page, filter.conditions() if filter else ()

    source = ConnectionSource(resource, link, read_arguments, permission)

    def select(root: Any, info: Info, **arguments: Any) -> RequestedPage:
        if permission is not None:
            info.context.identity.require(permission)
        page, conditions = read_arguments(**arguments)
        records = RecordList.filtered(resource, conditions, link)
        return RequestedPage(info.context, records, page, root.id if link else None)

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
        return select(
            root,
            info,
            first=first,
            after=after,
            last=last,
            before=before,
            offset=offset,
            order_by=order_by,
        )

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
        return select(
            root,
            info,
            first=first,
            after=after,
            last=last,
            before=before,
            offset=offset,
            order_by=order_by,
            filter=filter,
        )

    return strawberry.field(
        resolve_filtered if filter else resolve,
        description=description,
        metadata={SOURCE: source},
    )
