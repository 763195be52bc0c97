"""Folds changes into the sums over calls, and compares and repairs those sums.

See `gql/models/rollup.py`. Only one transaction at a time changes an organization's `call_rollup`
on PostgreSQL: it holds the organization's fold lock. Writers of calls and readers never wait.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from secrets import randbits
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Numeric,
    Select,
    SmallInteger,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel.sql.sqltypes import UTCDateTime

from gql.database.engine import begin_write
from gql.models.call import Call
from gql.models.change_stamp import ChangeStamp
from gql.models.enums import Channel
from gql.models.organization import Organization
from gql.models.rollup import NO_ASSISTANT, SERVICES, SUMS, CallRollup, CallRollupChange, Grain
from gql.models.scope import owned, parameters, table_of
from gql.models.types import BIG
from gql.sql.advisory_locks import CALL_ROLLUP, try_lock, wait_for_lock
from gql.sql.instants import LAST_DAY, day_end, day_number, day_start, month_number
from gql.sql.session import lift_statement_timeout

FOLDED_AT_ONCE = 20_000
"""Most changes that one statement folds; half a second of work."""

_CALL, _ROLLUP, _CHANGE = table_of(Call), table_of(CallRollup), table_of(CallRollupChange)
_STAMP = table_of(ChangeStamp)

_FINEST = tuple(name for name in _CHANGE.c.keys() if name not in {"id", *SUMS})  # noqa: SIM118
_KEY = tuple(column.name for column in _ROLLUP.primary_key)


class Month(NamedTuple):
    """A calendar month, from its number: 12 * year + month - 1."""

    number: int

    def __str__(self) -> str:
        year, month = divmod(self.number, 12)
        return f"{year:04}-{month + 1:02}"


async def fold_changes(
    engine: AsyncEngine, organization_id: int, most: int = FOLDED_AT_ONCE
) -> int:
    """Fold some changes of an organization into its sums; 0 also when another one is at it.

    Returns:
        How many changes there were; fewer than `most` when there are no more.
    """
    if engine.dialect.name == "sqlite":
        return 0
    async with _transaction(engine) as connection:
        if not await connection.scalar(try_lock(CALL_ROLLUP, organization_id)):
            return 0
        values = {**parameters(organization_id), "most": most}
        return int((await connection.execute(_FOLD, values)).scalar_one())


async def unfolded(engine: AsyncEngine) -> list[int]:
    """The organizations that have changes."""
    async with engine.connect() as connection:
        rows = await connection.execute(select(_CHANGE.c.organization_id).distinct())
        return sorted(rows.scalars())


async def fold_all(engine: AsyncEngine) -> int:
    """Fold what there is, of every organization; returns how many changes that were."""
    folded = 0
    for organization_id in await unfolded(engine):
        number = FOLDED_AT_ONCE
        while number == FOLDED_AT_ONCE:
            number = await fold_changes(engine, organization_id)
            folded += number
    return folded


async def organizations(engine: AsyncEngine) -> list[int]:
    """The ids of all organizations."""
    async with engine.connect() as connection:
        rows = await connection.execute(select(table_of(Organization).c.id))
        return sorted(rows.scalars())


async def months_of(engine: AsyncEngine, organization_id: int) -> list[Month]:
    """The months in which an organization has calls, or sums that are not zero, in order.

    Each is found behind the one before by an index, so that calls are not walked.
    """
    months: list[Month] = []
    async with engine.connect() as connection:
        values = {**parameters(organization_id), "after_month": -1, "after_day": -1}
        while (number := (await connection.execute(_NEXT_MONTH, values)).scalar_one()) is not None:
            months.append(Month(number))
            values |= {"after_month": number, "after_day": _days_of(Month(number))[1]}
    return months


async def compare_month(
    engine: AsyncEngine,
    organization_id: int,
    month: Month,
    *,
    repair: bool = False,
    has_stamps: bool = True,
) -> int:
    """Compare an organization's sums of a month with its calls, and repair them when told to.

    A repair adds the difference of one instant, which is the same at every other instant, as each
    write changes calls and sums alike: so writers need not wait, and an interrupted one can just
    run again. The first sums of calls that are older than the triggers are made that way too.

    Returns:
        How many sums differ, or did: each is a row of the rollup.
    """
    first, last = _days_of(month)
    values = {
        **parameters(organization_id),
        "month": month.number,
        "first_day": first,
        "last_day": last,
    }
    async with _transaction(engine) as connection:
        if not repair:
            return int((await connection.execute(_COUNT, values)).scalar_one())
        await _lock(connection, organization_id)
        # One statement sees one instant, also after it has waited for the lock.
        statement = _repair(connection.dialect.name)
        repaired = (await connection.execute(statement, values)).rowcount
        if repaired and has_stamps:
            # Repaired sums are another answer, though no call has changed.
            own = owned(_STAMP, organization_id), _STAMP.c.family == "calls"
            await connection.execute(update(_STAMP).where(*own).values(stamp=randbits(62)))
        return repaired


async def all_months(engine: AsyncEngine) -> list[tuple[int, Month]]:
    """The months of every organization, each with the organization's id."""
    return [
        (organization_id, month)
        for organization_id in await organizations(engine)
        for month in await months_of(engine, organization_id)
    ]


@asynccontextmanager
async def _transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A write transaction whose statements may take as long as they need."""
    async with engine.connect() as connection:
        await connection.execution_options(jackfield_write=True)
        await begin_write(connection)
        await lift_statement_timeout(connection)
        yield connection
        await connection.commit()


async def _lock(connection: AsyncConnection, organization_id: int) -> None:
    """Wait until nobody folds an organization's changes, and let nobody begin."""
    if connection.dialect.name == "postgresql":
        await connection.execute(wait_for_lock(CALL_ROLLUP, organization_id))


def _days_of(month: Month) -> tuple[int, int]:
    """The numbers of its first and last day; no day is before the year 1 or after 9999."""

    def first_day(number: int) -> int:
        year, index = divmod(number, 12)
        return LAST_DAY + 1 if year > date.max.year else (date(year, index + 1, 1) - date.min).days

    return first_day(month.number), first_day(month.number + 1) - 1


# -- the statements --------------------------------------------------------------------------------


def _expanded(finest: FromClause, sign: int = 1) -> Select[Any]:
    """Rows by assistant and day as rows of each grain."""
    grains = union_all(
        *(select(literal(grain.value, SmallInteger).label("grain")) for grain in Grain)
    ).subquery()
    grain = grains.c.grain
    key = {
        "grain": grain,
        "period": case(
            (grain.in_((Grain.MONTH, Grain.ASSISTANT_MONTH)), month_number(finest.c.day)),
            else_=finest.c.day,
        ),
        "assistant_id": case(
            (grain.in_((Grain.DAY, Grain.MONTH)), literal(0, BIG)), else_=finest.c.assistant_id
        ),
    }
    columns = [(key[name] if name in key else finest.c[name]).label(name) for name in _KEY]
    sums = [(finest.c[name] * sign).label(name) for name in SUMS]
    return select(*columns, *sums).select_from(finest.join(grains, literal(1) == literal(1)))


def _summed(rows: FromClause, key: tuple[str, ...]) -> Select[Any]:
    """One row for each key."""
    sums = [cast(func.sum(rows.c[name]), _ROLLUP.c[name].type).label(name) for name in SUMS]
    columns = [rows.c[name] for name in key]
    return select(*columns, *sums).group_by(*columns)


def _fold_statement() -> Select[Any]:
    """Delete changes, add them to the sums, and count them, in one statement."""
    some = _CHANGE.alias()
    oldest = (
        select(some.c.id)
        .where(owned(some))
        .order_by(some.c.id)
        .limit(bindparam("most", type_=Integer()))
    )
    changes = (
        delete(_CHANGE)
        .where(owned(_CHANGE), _CHANGE.c.id.in_(oldest))
        .returning(*_CHANGE.c)
        .cte("changes")
    )
    rows = _summed(_expanded(changes).subquery(), _KEY)
    added_up = _added(postgresql.insert(_ROLLUP), rows).returning(_ROLLUP.c.grain).cte("added_up")
    return select(func.count()).select_from(changes).add_cte(added_up)


def _added(statement: Any, rows: Select[Any]) -> Any:
    """An INSERT of rows that are added to those with the same key."""
    added = statement.from_select(
        [*_KEY, *SUMS], rows.order_by(*rows.selected_columns[: len(_KEY)])
    )
    sums = {name: _ROLLUP.c[name] + added.excluded[name] for name in SUMS}
    return added.on_conflict_do_update(index_elements=_KEY, set_=sums)


def _difference() -> Select[Any]:
    """What has to be added to each sum of one month, where that is anything."""
    first, last = bindparam("first_day", type_=Integer()), bindparam("last_day", type_=Integer())
    month = bindparam("month", type_=Integer())
    # Each of these is a range of the primary key.
    in_month = (
        and_(
            _ROLLUP.c.channel == channel,
            _ROLLUP.c.grain == literal(grain.value, SmallInteger),
            _ROLLUP.c.period == month
            if grain in {Grain.MONTH, Grain.ASSISTANT_MONTH}
            else _ROLLUP.c.period.between(first, last),
        )
        for channel in Channel
        for grain in Grain
    )
    stored = select(
        *(_ROLLUP.c[name] for name in _KEY), *((-_ROLLUP.c[name]).label(name) for name in SUMS)
    ).where(owned(_ROLLUP), or_(*in_month))
    changes = select(*(_CHANGE.c[name] for name in (*_FINEST, *SUMS))).where(
        owned(_CHANGE), _CHANGE.c.day.between(first, last)
    )
    calls = _calls().where(
        owned(_CALL),
        or_(*(_CALL.c.channel == channel for channel in Channel)),
        _CALL.c.started_at >= day_start(first),
        _CALL.c.started_at <= day_end(last),
    )
    every = union_all(
        _expanded(calls.subquery()), _expanded(changes.subquery(), sign=-1), stored
    ).subquery()
    summed = _summed(every, _KEY).subquery()
    return select(summed).where(or_(*(summed.c[name] != 0 for name in SUMS)))


def _calls() -> Select[Any]:
    """What calls come to by assistant and day, computed from the calls themselves."""
    call = _CALL
    key: dict[str, ColumnElement[Any]] = {
        "assistant_id": func.coalesce(call.c.assistant_id, literal(NO_ASSISTANT, BIG)),
        "day": day_number(call.c.started_at),
        "currency": func.coalesce(call.c.cost_currency, ""),
        "has_total": call.c.total_cost.is_not(None),
    }
    columns = {name: key[name] if name in key else call.c[name] for name in _FINEST}
    sums = {
        "calls": func.count(),
        "timed": func.count(call.c.duration),
        "duration": func.coalesce(func.sum(call.c.duration), 0),
        **{f"{service}_costed": func.count(call.c[f"{service}_cost"]) for service in SERVICES},
        **{
            f"{name}_cost": func.coalesce(func.sum(cast(call.c[f"{name}_cost"], Numeric)), 0)
            for name in ("total", *SERVICES)
        },
    }
    return select(
        *(column.label(name) for name, column in columns.items()),
        *(sums[name].label(name) for name in SUMS),
    ).group_by(*columns.values())


def _repair(dialect: str) -> Any:
    rows = _difference()
    insert_into = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return _added(insert_into(_ROLLUP), rows)


def _next_month() -> Select[Any]:
    """The first month after `after_month`, which ends on `after_day`, that has anything."""
    after_month = bindparam("after_month", type_=Integer())
    after_day = bindparam("after_day", type_=Integer())
    earliest = func.min(_CALL.c.started_at, type_=UTCDateTime())
    # PostgreSQL's GREATEST passes NULL over.
    in_calls = case((earliest.is_not(None), month_number(day_number(earliest))))
    months = union_all(
        *(
            select(in_calls.label("month")).where(
                owned(_CALL),
                _CALL.c.channel == channel,
                or_(after_day < 0, _CALL.c.started_at > day_end(after_day)),
            )
            for channel in Channel
        ),
        *(
            select(func.min(_ROLLUP.c.period)).where(
                owned(_ROLLUP),
                _ROLLUP.c.channel == channel,
                _ROLLUP.c.grain == literal(Grain.MONTH.value, SmallInteger),
                _ROLLUP.c.period > after_month,
            )
            for channel in Channel
        ),
        select(month_number(func.min(_CHANGE.c.day))).where(
            owned(_CHANGE), _CHANGE.c.day > after_day
        ),
    ).subquery()
    return select(func.min(months.c.month))


_FOLD = _fold_statement()
_COUNT = select(func.count()).select_from(_difference().subquery())
_NEXT_MONTH = _next_month()
