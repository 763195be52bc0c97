"""Budgets of each organization: of all calls, of an assistant, and of a graph."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from gql.demo.tenant import Item, Tenant
from gql.models.cost_budget import CostBudget, CostBudgetPassing

_AMOUNT = 100_000_000


def budgets(tenant: Tenant, now: datetime) -> Iterator[Item]:
    """The budgets; 80 % of each were spent in the month of `now`."""
    scopes: tuple[dict[str, int], ...] = (
        {},
        {"assistant_id": tenant.assistants[0].id},
        {"graph_id": tenant.graphs[0].id},
    )
    for scope in scopes:
        budget_id = tenant.ids.next(CostBudget)
        yield (
            CostBudget,
            {
                "id": budget_id,
                "organization_id": tenant.organization_id,
                **scope,
                "currency": "USD",
                "amount": _AMOUNT,
                "timezone": "Europe/Berlin",
                "created_at": now - timedelta(days=90),
                "updated_at": now - timedelta(days=90),
            },
        )
        yield (
            CostBudgetPassing,
            {
                "id": tenant.ids.next(CostBudgetPassing),
                "organization_id": tenant.organization_id,
                "budget_id": budget_id,
                "month": f"{now:%Y-%m}",
                "percent": 80,
                "amount": _AMOUNT,
                "passed_at": now - timedelta(days=2),
            },
        )
