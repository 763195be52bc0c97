"""A page of calls, with what all calls of its list cost."""

import strawberry

from gql.engine.connection import Connection, PageParent
from gql.engine.fields import SOURCE, CostSummarySource
from gql.query.resource import Record
from gql.schema.calls import Call
from gql.schema.costs import CostFigures


async def _summary(root: PageParent) -> list[Record]:
    return await root.cost_summary()


@strawberry.type(name="CallConnection", description="A page of a list.")
class CallConnection(Connection[Call]):
    """Resolved from a `RequestedPage`."""

    summary: list[CostFigures] = strawberry.field(
        resolver=_summary,
        metadata={SOURCE: CostSummarySource()},
        description="What all calls of the list cost and how long they took, by currency.",
    )
