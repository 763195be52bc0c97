"""Budgets: set, removed, and noted when a share of them is spent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select, text

from gql.domain.assistants import ASSISTANTS
from gql.domain.cost_budgets import (
    COST_BUDGETS,
    MOST_BUDGETS,
    BudgetStatus,
    budget_statuses,
    passed,
)
from gql.domain.graphs import GRAPHS
from gql.domain.writes.audit import audit
from gql.domain.writes.rows import delete_row, lock
from gql.domain.writes.transaction import WriteContext, transaction
from gql.domain.writes.validation import ProblemList
from gql.errors import BadInput, Invalid, NotFound, Problem
from gql.models.cost_budget import NEITHER, OF_ASSISTANT, OF_GRAPH, CostBudgetPassing
from gql.models.scope import owned, table_of
from gql.models.types import now
from gql.query.context import Context
from gql.query.resource import Resource
from gql.query.time_buckets import time_zone
from gql.sql.writes import insert_of

_BUDGET, _PASSING = COST_BUDGETS.table, table_of(CostBudgetPassing)


class BudgetScope(NamedTuple):
    """Whose calls a budget is for: those of an assistant, of a graph, or all of them."""

    assistant_id: int | None = None
    graph_id: int | None = None

    @property
    def key(self) -> tuple[list[str], str]:
        """The columns of the unique index beside the currency, and which rows it has."""
        if self.assistant_id is not None:
            return ["organization_id", "assistant_id"], OF_ASSISTANT
        if self.graph_id is not None:
            return ["organization_id", "graph_id"], OF_GRAPH
        return ["organization_id"], NEITHER


async def set_cost_budget(
    context: Context, scope: BudgetScope, currency: str, amount: int, timezone: str
) -> int:
    """The id of the budget of these calls in a currency, which is made or changed.

    Args:
        context: Of the caller.
        scope: Which calls.
        currency: Its code.
        amount: Millionths for each month.
        timezone: Where months begin.

    Raises:
        Invalid: when a value cannot be used, or the organization has no such assistant or graph;
            nothing is written.
    """
    async with transaction(context) as write:
        _check(scope, currency, amount, timezone)
        await _lock_named(write, ASSISTANTS, "assistant_id", scope.assistant_id)
        await _lock_named(write, GRAPHS, "graph_id", scope.graph_id)
        former = await _former(write, scope, currency)
        if former is None:
            await _refuse_too_many(write)
        values = {"amount": amount, "timezone": timezone, "updated_at": now()}
        columns, where = scope.key
        row = {
            "organization_id": write.organization_id,
            **scope._asdict(),
            "currency": currency,
            **values,
            "created_at": values["updated_at"],
        }
        statement = insert_of(write.connection.dialect, _BUDGET).values(**row)
        upsert = statement.on_conflict_do_update(
            index_elements=[*columns, "currency"], index_where=text(where), set_=values
        )
        budget_id = int((await write.run(upsert.returning(_BUDGET.c.id))).scalar_one())
        after = {**scope._asdict(), "currency": currency, "amount": amount, "timezone": timezone}
        before = None
        if former is not None:
            before = {name: getattr(former, name) for name in after}
        await audit(write, "cost_budget.set", budget_id, before=before, after=after)
        return budget_id


async def remove_cost_budget(context: Context, budget_id: int) -> None:
    """Remove a budget, with what is noted of it.

    Raises:
        NotFound: when the organization has no such budget.
    """
    async with transaction(context) as write:
        budget = await lock(write, COST_BUDGETS, budget_id)
        await delete_row(write, COST_BUDGETS, budget_id)
        names = ("assistant_id", "graph_id", "currency", "amount", "timezone")
        before = {name: getattr(budget, name) for name in names}
        await audit(write, "cost_budget.remove", budget_id, before=before)


async def note_passed_budgets(context: Context, instant: datetime) -> int:
    """Note the shares of budgets that are spent in the month of an instant, each once.

    Returns:
        How many were noted: each is an event.
    """
    due = [status for status in await budget_statuses(context, instant) if status.due]
    return sum([await _note(context, status) for status in due])


async def _note(context: Context, status: BudgetStatus) -> int:
    """Another process may note the same: it waits for the budget's row, and finds it done."""
    async with transaction(context) as write:
        try:
            budget = await lock(write, COST_BUDGETS, status.budget.id)
        except NotFound:
            return 0
        own = (
            owned(_PASSING, write.organization_id),
            _PASSING.c.budget_id == budget.id,
            _PASSING.c.month == status.month.name,
        )
        noted = set((await write.run(select(_PASSING.c.percent).where(*own))).scalars())
        # It may have been changed since the calls were added up.
        is_same = budget.timezone == status.budget.timezone
        percents = set(passed(status.spent, budget.amount)) - noted if is_same else set()
        rows = _passings(write, budget, status.month.name, sorted(percents))
        if rows:
            await write.run(insert(_PASSING), rows)
        return len(rows)


def _passings(
    write: WriteContext, budget: Any, month: str, percents: Sequence[int]
) -> list[dict[str, Any]]:
    return [
        {
            "organization_id": write.organization_id,
            "budget_id": budget.id,
            "month": month,
            "percent": percent,
            "amount": budget.amount,
            "passed_at": now(),
        }
        for percent in percents
    ]


def _check(scope: BudgetScope, currency: str, amount: int, timezone: str) -> None:
    problems = ProblemList()
    if None not in scope:
        problems.add(("graph_id",), "is one too many: a budget is of an assistant or of a graph")
    problems.check_name(("currency",), currency)
    if amount <= 0:
        problems.add(("amount",), "must be more than zero", "OUT_OF_RANGE")
    try:
        time_zone(timezone)
    except BadInput as error:
        problems.add(("timezone",), f"is none: {error.message}")
    problems.raise_if_any()


async def _lock_named(
    write: WriteContext, resource: Resource, column: str, key: int | None
) -> None:
    """Keep what a budget names from being deleted before it is written."""
    if key is None:
        return
    try:
        await lock(write, resource, key)
    except NotFound as error:
        raise Invalid((Problem((column,), error.message, "NOT_FOUND"),)) from None


async def _former(write: WriteContext, scope: BudgetScope, currency: str) -> Any:
    """The budget that is to be changed, locked; None where there is none."""
    statement = select(_BUDGET).where(
        owned(_BUDGET, write.organization_id),
        _BUDGET.c.currency == currency,
        *(_BUDGET.c[name].is_not_distinct_from(key) for name, key in scope._asdict().items()),
    )
    return (await write.run(statement.with_for_update())).one_or_none()


async def _refuse_too_many(write: WriteContext) -> None:
    number = select(func.count()).select_from(_BUDGET).where(owned(_BUDGET, write.organization_id))
    if (await write.run(number)).scalar_one() >= MOST_BUDGETS:
        problems = ProblemList()
        problems.add((), f"there are {MOST_BUDGETS} budgets already: remove one", "TOO_MANY")
        problems.raise_if_any()
