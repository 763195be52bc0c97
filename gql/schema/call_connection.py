"""A page of calls, with what all calls of its list cost."""

from typing import Annotated

import strawberry
from strawberry import UNSET
from strawberry.types import Info

from gql.engine.connection import Connection, PageParent
from gql.engine.fields import SOURCE, CostSummarySource
from gql.query.repricing import RateCard
from gql.query.resource import Record
from gql.schema.calls import Call
from gql.schema.costs import CostFigures, selects_percentiles
from gql.schema.repricing import RATE_CARD, RateCardInput, read_rate_card


def _read_arguments(*, rate_card: RateCardInput | None = UNSET) -> RateCard | None:
    """The arguments of `summary`.

    Raises:
        BadInput: when a price cannot be used.
    """
    return read_rate_card(rate_card) if rate_card else None


async def _summary(
    root: PageParent,
    info: Info,
    rate_card: Annotated[RateCardInput | None, strawberry.argument(description=RATE_CARD)] = UNSET,
) -> list[Record]:
    return await root.cost_summary(
        _read_arguments(rate_card=rate_card), with_percentiles=selects_percentiles(info)
    )


@strawberry.type(name="CallConnection", description="A page of a list.")
class CallConnection(Connection[Call]):
    """Resolved from a `RequestedPage`."""

    summary: list[CostFigures] | None = strawberry.field(
        resolver=_summary,
        metadata={SOURCE: CostSummarySource(_read_arguments)},
        description="What all calls of the list cost and how long they took, by currency.",
    )
