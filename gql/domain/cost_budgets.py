"""Monthly budgets, and how much of them calls have cost: amounts are integers of millionths.

What was spent is read from the sums over calls, for all budgets by one statement; only what graphs
routed, which those do not tell apart, is read from calls. A call counts in the month, of the
budget's time zone, in which it began, with SMS conversations and archived ones.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Integer, Select, func, literal, select, union_all

from gql.domain.cost_groups import COSTED_RECORDS
from gql.errors import BadInput
from gql.models.cost_budget import CostBudget, CostBudgetPassing
from gql.models.rollup import NO_ASSISTANT
from gql.models.scope import owned, parameters, table_of
from gql.money import MICROS_PER_UNIT
from gql.query.context import Context
from gql.query.filters import Condition
from gql.query.record_list import RecordList
from gql.query.resource import Record, Resource
from gql.query.rollup_sums import RollupSums, summed
from gql.query.time_buckets import Bucket, bucket_bounds, time_zone
from gql.sql.aggregates import sum_of_micros, sum_of_units
from gql.sql.json_sql import literal_text
from gql.sql.keys import is_among

COST_BUDGETS = Resource("cost_budget", table_of(CostBudget))

MOST_BUDGETS = 200
"""Most budgets of an organization."""

PERCENTS = (80, 100)
"""The shares of a budget whose passing is noted."""

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])", re.ASCII)
_MIDDLE = 15
"""A day that is in the same month everywhere on Earth."""

_BUDGET, _PASSING = table_of(CostBudget), table_of(CostBudgetPassing)
_BUDGETS = select(*COST_BUDGETS.columns(_BUDGET)).where(owned(_BUDGET)).order_by(_BUDGET.c.id)
_PASSINGS = (
    select(_PASSING)
    .where(owned(_PASSING), is_among(_PASSING.c.month, "keys"))
    .order_by(_PASSING.c.budget_id, _PASSING.c.percent)
)
_NO_GRAPH = 0


@dataclass(frozen=True)
class BudgetMonth:
    """A month of a time zone.

    Attributes:
        name: `2026-06`.
        end: The first instant after it.
    """

    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class BudgetStatus:
    """A budget, and how much of it is spent.

    Attributes:
        spent: Of calls whose total is known.
        uncosted: How many calls have no total.
        passings: Rows of `CostBudgetPassing`, the lowest share first.
    """

    budget: Record
    month: BudgetMonth
    spent: int
    uncosted: int
    passings: tuple[Record, ...]

    @property
    def due(self) -> list[int]:
        """The shares that are passed, and whose passing is not noted."""
        noted = {passing.percent for passing in self.passings}
        return [each for each in passed(self.spent, self.budget.amount) if each not in noted]


class _Scope(NamedTuple):
    """Which calls; `NO_ASSISTANT` and `_NO_GRAPH` where they are not told apart by these."""

    month: BudgetMonth
    assistant_id: int
    graph_id: int


class _Spent(NamedTuple):
    """What some calls cost: millionths by currency, and how many have no total."""

    amounts: dict[str, int]
    uncosted: list[int]


def passed(spent: int, amount: int) -> list[int]:
    """The shares of a budget that are spent."""
    return [percent for percent in PERCENTS if 100 * spent >= percent * amount]


async def budget_statuses(
    context: Context, instant: datetime, month: str | None = None
) -> list[BudgetStatus]:
    """All budgets of the organization by id; three statements, however many there are.

    Args:
        context: Of the caller.
        instant: In the month that is looked at, which each budget's time zone says.
        month: Another month, as `2026-06`.

    Raises:
        BadInput: when the month is none.
    """
    rows = context.snapshot.rows
    budgets = COST_BUDGETS.records(await rows(_BUDGETS, parameters(context.organization_id)))
    instant = instant if month is None else _within(month)
    months = {each.timezone: _month_of(each.timezone, instant) for each in budgets}
    if not budgets:
        return []
    spent = await _spent(context, [(each, months[each.timezone]) for each in budgets])
    names = sorted({each.name for each in months.values()})
    noted = defaultdict(list)
    for passing in await rows(_PASSINGS, {**parameters(context.organization_id), "keys": names}):
        noted[passing.budget_id, passing.month].append(passing)
    statuses = []
    for budget in budgets:
        its_month = months[budget.timezone]
        of_scope = spent[_scope(budget, its_month)]
        statuses.append(
            BudgetStatus(
                budget,
                its_month,
                of_scope.amounts.get(budget.currency, 0),
                sum(of_scope.uncosted),
                tuple(noted[budget.id, its_month.name]),
            )
        )
    return statuses


def _within(month: str) -> datetime:
    match = _MONTH.fullmatch(month)
    if match is None:
        raise BadInput(f"`{month[:20]}` is no month: write it like `2026-06`.")
    return datetime(int(match[1]), int(match[2]), _MIDDLE, tzinfo=UTC)


def _month_of(zone_name: str, instant: datetime) -> BudgetMonth:
    zone = time_zone(zone_name)
    start, end = bucket_bounds(Bucket.MONTH, zone, instant, instant + timedelta(microseconds=1))
    return BudgetMonth(f"{start.astimezone(zone):%Y-%m}", start, end)


def _scope(budget: Record, month: BudgetMonth) -> _Scope:
    return _Scope(month, budget.assistant_id or NO_ASSISTANT, budget.graph_id or _NO_GRAPH)


async def _spent(
    context: Context, budgets: Sequence[tuple[Record, BudgetMonth]]
) -> dict[_Scope, _Spent]:
    """What the calls of each scope cost: one statement."""
    months = list(dict.fromkeys(month for _, month in budgets))
    graph_ids = sorted({each.graph_id for each, _ in budgets if each.graph_id is not None})
    parts: list[Select[Any]] = []
    for number, month in enumerate(months):
        of_month = [budget for budget, its_month in budgets if its_month == month]
        parts += _sums(number, month, of_month)
    values = {**parameters(context.organization_id), "keys": graph_ids}
    spent: dict[_Scope, _Spent] = defaultdict(lambda: _Spent(defaultdict(int), []))
    for row in await context.snapshot.rows(union_all(*parts), values):
        number, assistant_id, graph_id, currency, has_total, calls, units, micros = tuple(row)
        amount = int(units or 0) * MICROS_PER_UNIT + int(micros or 0)
        scopes = {_Scope(months[number], NO_ASSISTANT, graph_id)}
        if graph_id == _NO_GRAPH:
            scopes.add(_Scope(months[number], assistant_id, graph_id))
        for scope in scopes:
            if has_total:
                spent[scope].amounts[currency] += amount
            else:
                spent[scope].uncosted.append(int(calls))
    return spent


def _sums(number: int, month: BudgetMonth, budgets: Sequence[Record]) -> Iterator[Select[Any]]:
    """The sums that these budgets need of a month, which gets a number."""
    between = (
        Condition("started_at", "gte", month.start),
        Condition("started_at", "lt", month.end),
    )
    records = RecordList.filtered(COSTED_RECORDS["call_record"], between)
    label = literal(number, Integer).label("budget_month")
    if any(budget.graph_id is None for budget in budgets):
        by_assistant = any(budget.assistant_id is not None for budget in budgets)
        kinds = ("currency", "has_total", *(["assistant_id"] if by_assistant else []))
        rows = RollupSums(
            records,
            ("calls", "total_cost"),
            kinds,
            whole_days=all(_is_midnight(each) for each in (month.start, month.end)),
        ).rows()
        nobody = literal(NO_ASSISTANT, BigInteger)
        yield select(
            label,
            (rows.c.assistant_id if by_assistant else nobody).label("assistant_id"),
            literal(_NO_GRAPH, BigInteger).label("graph_id"),
            rows.c.currency,
            rows.c.has_total,
            summed(rows, "calls"),
            sum_of_units(rows.c.total_cost),
            sum_of_micros(rows.c.total_cost),
        ).group_by(*(rows.c[name] for name in kinds))
    if any(budget.graph_id is not None for budget in budgets):
        source = records.rows()
        call = source.table
        source.conditions.append(is_among(call.c.graph_id, "keys"))
        currency = func.coalesce(call.c.cost_currency, literal_text(""))
        has_total = call.c.total_cost.is_not(None)
        yield source.select(
            label,
            literal(NO_ASSISTANT, BigInteger).label("assistant_id"),
            call.c.graph_id,
            currency,
            has_total,
            func.count(),
            sum_of_units(call.c.total_cost),
            sum_of_micros(call.c.total_cost),
        ).group_by(call.c.graph_id, currency, has_total)


def _is_midnight(instant: datetime) -> bool:
    return instant.astimezone(UTC).time() == time(0)
