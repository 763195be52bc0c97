"""A page of calls, with what all calls of its list cost."""

import strawberry
from strawberry.types import Info

from gql.engine.connection import Connection, PageParent
from gql.engine.fields import SOURCE, CostSummarySource
from gql.query.resource import Record
from gql.schema.calls import Call
from gql.schema.costs import CostFigures, selects_percentiles


async def _summary(root: PageParent, info: Info) -> list[Record]:
    return await root.cost_summary(with_percentiles=selects_percentiles(info))


@strawberry.type(name="CallConnection", description="A page of a list.")
class CallConnection(Connection[Call]):
    """Resolved from a `RequestedPage`."""

    summary: list[CostFigures] = strawberry.field(
        resolver=_summary,
        metadata={SOURCE: CostSummarySource()},
        description="What all calls of the list cost and how long they took, by currency.",
    )
