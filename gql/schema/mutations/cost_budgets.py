"""Mutations of monthly budgets."""

from decimal import Decimal

import strawberry

from gql.domain.assistants import ASSISTANTS
from gql.domain.cost_budgets import COST_BUDGETS
from gql.domain.graphs import GRAPHS
from gql.domain.writes import cost_budgets
from gql.domain.writes.cost_budgets import BudgetScope
from gql.engine.declaration import one
from gql.money import decimal_to_micros
from gql.query.context import Context
from gql.query.resource import Resource
from gql.schema.cost_budgets import CostBudget
from gql.schema.mutations.payloads import (
    ChangeInput,
    Payload,
    change_input,
    optional,
    payload,
    required,
)
from gql.schema.mutations.run import default, global_id_of, key_of, mutation


@change_input
class SetCostBudgetInput(ChangeInput):
    """What calls may cost in each month. Calls have one budget in each currency."""

    assistant_id: strawberry.ID | None = optional("Only those of an assistant.")
    graph_id: strawberry.ID | None = optional("Only those of a graph; not beside `assistantId`.")
    currency: str = required("The currency's ISO 4217 code.")
    amount: Decimal = required("What they may cost; more than zero.")
    timezone: str = strawberry.field(
        default="UTC", description="Where months begin: `Europe/Berlin`."
    )


@payload
class SetCostBudgetPayload(Payload):
    """A budget that was made or changed."""

    cost_budget: CostBudget | None = one(
        "The budget; null when it was not set.", COST_BUDGETS, "object_id"
    )


@mutation(
    "Set what calls may cost in a month: of the organization, of an assistant, or of a graph."
    " When 80 % and when 100 % of it are spent, that is told once: see `budgetStatus`."
)
async def set_cost_budget(context: Context, input: SetCostBudgetInput) -> SetCostBudgetPayload:
    scope = BudgetScope(
        _key(input.assistant_id, ASSISTANTS, "assistant_id"),
        _key(input.graph_id, GRAPHS, "graph_id"),
    )
    # Exact, as a `Decimal` has six digits at most.
    amount = int(decimal_to_micros(input.amount))
    budget_id = await cost_budgets.set_cost_budget(
        context, scope, input.currency, amount, input.timezone
    )
    return SetCostBudgetPayload(object_id=budget_id)


def _key(text: strawberry.ID | None, resource: Resource, path: str) -> int | None:
    named = default(text, None)
    return None if named is None else key_of(named, resource, path)


@change_input
class RemoveCostBudgetInput(ChangeInput):
    """A budget to remove."""

    id: strawberry.ID = required("Its global id, or the integer in it.")


@payload
class RemoveCostBudgetPayload(Payload):
    """A budget that is gone."""

    removed_id: strawberry.ID | None = strawberry.field(
        default=None, description="Its global id; null when it was not removed."
    )


@mutation("Remove a budget, with what is noted of it.")
async def remove_cost_budget(
    context: Context, input: RemoveCostBudgetInput
) -> RemoveCostBudgetPayload:
    budget_id = key_of(input.id, COST_BUDGETS)
    await cost_budgets.remove_cost_budget(context, budget_id)
    return RemoveCostBudgetPayload(removed_id=global_id_of(COST_BUDGETS, budget_id))


MUTATIONS = (set_cost_budget, remove_cost_budget)
