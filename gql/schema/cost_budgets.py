"""Monthly budgets of what calls cost, in the GraphQL schema."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry
from strawberry import UNSET
from strawberry.types import Info

from gql.domain.assistants import ASSISTANTS
from gql.domain.calls import CALLS
from gql.domain.cost_budgets import COST_BUDGETS, MOST_BUDGETS, budget_statuses
from gql.domain.cost_budgets import BudgetStatus as Spent
from gql.domain.graphs import GRAPHS
from gql.engine.declaration import column, entity, money, one
from gql.engine.fields import OWN_POINTS
from gql.models.types import now
from gql.money import micros_to_decimal
from gql.query.weights import GROUPED_TOTALS, SUMMED_CALL
from gql.schema.assistants import Assistant
from gql.schema.graphs import AssistantGraph
from gql.schema.node import NumberedNode

STATUS_POINTS = GROUPED_TOTALS + CALLS.usual * SUMMED_CALL.points // 2
"""Some rows of the rollup, and the calls of a month that graphs routed."""


@entity(COST_BUDGETS)
class CostBudget(NumberedNode):
    """What calls may cost in a month: all of the organization, of an assistant, or of a graph."""

    assistant: Assistant | None = one(
        "Whose calls; null for a graph's or all.", ASSISTANTS, "assistant_id"
    )
    graph: AssistantGraph | None = one(
        "Whose calls; null for an assistant's or all.", GRAPHS, "graph_id"
    )
    currency: str = column("The currency's ISO 4217 code: only calls in it count.")
    amount: Decimal = money("What they may cost in each month.", "amount")
    timezone: str = column("Where months begin: `Europe/Berlin`.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it was changed last.")


@strawberry.type(description="That a share of a budget was spent in a month.")
class CostBudgetPassing:
    """Made of a row of the table with that name."""

    percent: int = strawberry.field(description="The share: 80 or 100.")
    amount: Decimal = strawberry.field(description="What the budget was then.")
    passed_at: datetime = strawberry.field(description="When that was noticed.")


@strawberry.type(description="A budget, and how much of it is spent.")
class CostBudgetStatus:
    """Made of a `Spent`."""

    budget: CostBudget = strawberry.field(description="The budget.")
    month: str = strawberry.field(description="Of which month: `2026-06`.")
    start: datetime = strawberry.field(description="When that begins in the budget's time zone.")
    end: datetime = strawberry.field(description="The first instant after it.")
    spent: Decimal = strawberry.field(
        description="What the calls cost that began in it so far, SMS conversations too."
    )
    remaining: Decimal = strawberry.field(
        description="What is left; below zero where more was spent."
    )
    share: float = strawberry.field(description="What is spent of the budget: 1 is all.")
    without_cost: int = strawberry.field(
        description="Of how many such calls the total is not known, in whatever currency: they may"
        " cost more yet."
    )
    passings: list[CostBudgetPassing] = strawberry.field(
        description="Which shares were spent, the lowest first; each is noted once."
    )


async def _budget_status(
    info: Info,
    month: Annotated[
        str | None,
        strawberry.argument(
            description="Another month, as `2026-06`; without it the one that it is now in the"
            " time zone of each budget."
        ),
    ] = UNSET,
) -> list[CostBudgetStatus]:
    statuses = await budget_statuses(info.context, now(), month or None)
    return [_answer(status) for status in statuses]


def _answer(status: Spent) -> CostBudgetStatus:
    return CostBudgetStatus(
        budget=status.budget,
        month=status.month.name,
        start=status.month.start,
        end=status.month.end,
        spent=micros_to_decimal(status.spent),
        remaining=micros_to_decimal(status.budget.amount - status.spent),
        share=status.spent / status.budget.amount,
        without_cost=status.uncosted,
        passings=[
            CostBudgetPassing(
                percent=passing.percent,
                amount=micros_to_decimal(passing.amount),
                passed_at=passing.passed_at,
            )
            for passing in status.passings
        ],
    )


budget_status: Any = strawberry.field(
    resolver=_budget_status,
    description=f"All budgets, at most {MOST_BUDGETS}, by id, and what is spent of them in a"
    " month.",
    metadata={OWN_POINTS: STATUS_POINTS},
)
"""The root field."""
