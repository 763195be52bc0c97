"""Monthly budgets: what calls may cost, and when that was spent."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from gql.models.index_orders import only
from gql.models.types import Micros, now, organization_key, primary_key, reference

NEITHER = "assistant_id IS NULL AND graph_id IS NULL"
OF_ASSISTANT = "assistant_id IS NOT NULL"
OF_GRAPH = "graph_id IS NOT NULL"
"""Which budgets are of the organization, of an assistant, and of a graph."""


class CostBudget(SQLModel, table=True):
    """What all calls of a month may cost in one currency, or those of an assistant or a graph.

    Attributes:
        assistant_id: Whose calls; `graph_id` likewise. With neither it is of the organization.
        amount: Millionths of `currency`, for each month.
        timezone: Where months begin: a name of the IANA time zone database.
    """

    __tablename__ = "cost_budget"
    __table_args__ = (
        # PostgreSQL has such an index already: its primary key.
        Index("ix_cost_budget_organization", "organization_id", "id").ddl_if(dialect="sqlite"),
        only(NEITHER, "uq_cost_budget_organization", "organization_id", "currency", unique=True),
        only(
            OF_ASSISTANT,
            *("uq_cost_budget_assistant", "organization_id", "assistant_id", "currency"),
            unique=True,
        ),
        only(
            OF_GRAPH,
            *("uq_cost_budget_graph", "organization_id", "graph_id", "currency"),
            unique=True,
        ),
        CheckConstraint("assistant_id IS NULL OR graph_id IS NULL", name="ck_cost_budget_scope"),
        CheckConstraint("amount > 0", name="ck_cost_budget_amount"),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    assistant_id: int | None = reference("assistant", nullable=True)
    graph_id: int | None = reference("assistant_graph", nullable=True)
    currency: str
    amount: int = Field(sa_type=Micros)
    timezone: str = "UTC"
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)


class CostBudgetPassing(SQLModel, table=True):
    """That a share of a budget was spent in a month: a constraint lets it be noted once.

    A trigger makes an event of it: see the migration `cost_budgets`.

    Attributes:
        month: `2026-06`.
        percent: Of the budget.
        amount: What the budget was then.
        passed_at: When that was noticed.
    """

    __tablename__ = "cost_budget_passing"
    __table_args__ = (
        UniqueConstraint(
            *("organization_id", "budget_id", "month", "percent"), name="uq_cost_budget_passing"
        ),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    budget_id: int = reference("cost_budget")
    month: str
    percent: int
    amount: int = Field(sa_type=Micros)
    passed_at: datetime = Field(default_factory=now)
