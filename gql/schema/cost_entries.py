"""The lines of what calls cost in the GraphQL schema."""

from datetime import datetime
from decimal import Decimal

from strawberry.scalars import JSON

from gql.domain.cost_entries import COST_ENTRIES
from gql.engine.declaration import column, entity, money
from gql.schema.enums import CostService
from gql.schema.inputs.comparators import Comparators, comparators
from gql.schema.inputs.filtering import FilterInput, criterion, filter_of
from gql.schema.inputs.ordering import order_of
from gql.schema.node import NumberedNode

CostEntryOrder = order_of("CostEntry", COST_ENTRIES, id="By id: the order in which they arrived.")


@comparators(CostService)
class CostServiceFilter(Comparators):
    """Compares what an amount was paid for."""


@filter_of(COST_ENTRIES)
class CostEntryFilter(FilterInput):
    """Which lines a list has."""

    service: CostServiceFilter | None = criterion("By what they were paid for.")
    is_superseded: bool | None = criterion("Those that do not count (true), or those that do.")


@entity(COST_ENTRIES)
class CostEntry(NumberedNode):
    """One line of what a call cost."""

    source: str = column("The system that told of it.")
    producer: str = column("By which of its ways: `webhook`, `pull`, `file`, `event` or `manual`.")
    external_id: str = column("What tells it from the other lines of that bill.")
    service: CostService = column("What it was paid for.")
    provider: str | None = column("Who was paid.")
    model: str | None = column("The model, where it was one.")
    usage_type: str | None = column("What was counted: tokens, characters, minutes.")
    usage_amount: float | None = column("How many of these.")
    unit_price: float | None = column("What one of these cost.")
    amount: Decimal | None = money("What it cost; below zero for a discount.", "amount")
    amount_text: str | None = column("The same as the source wrote it, which may be more exact.")
    currency: str | None = column("The currency's ISO 4217 code.")
    is_superseded: bool = column(
        "Whether another bill has the same money; then it is not a part of the call's cost."
    )
    occurred_at: datetime | None = column("When it was charged.")
    meta: JSON | None = column("What else the source says about it.")
