"""Whole lists of records, streamed from one snapshot in chunks."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from gql.models.scope import parameters
from gql.query.context import Context
from gql.query.filters import Filter
from gql.query.paging import Paging, ordering
from gql.query.record_list import RecordList
from gql.query.resource import Record, Resource

CHUNK = 1_000
"""Most records in memory at a time."""


async def export(
    context: Context,
    resource: Resource,
    labels: tuple[str, ...],
    order: str,
    *,
    descending: bool,
    filter: Filter = (),
) -> AsyncGenerator[list[Record], None]:
    """The visible records, in chunks; the snapshot stays open until the last one.

    Args:
        context: The operation's; it must stay open until the last chunk is read.
        resource: Whose records.
        labels: The columns to read, of the resource's labels; rows have them as attributes.
        order: A name in the resource's `orders`.
        descending: The direction.
        filter: Which records.
    """
    source = RecordList.filtered(resource, filter).rows()
    paging = Paging(CHUNK, order, descending=descending)
    statement = source.select(
        *(resource.expression(label, source.table).label(label) for label in labels)
    ).order_by(*ordering(resource, source.table, paging))
    values = parameters(context.organization_id)
    async with aclosing(context.snapshot.stream(statement, values, size=CHUNK)) as chunks:
        async for rows in chunks:
            yield list(rows)
