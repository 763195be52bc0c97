"""Numbers events that are committed, on PostgreSQL: see `gql/models/event.py`.

Numbers are given under the lock of the organization's `event_head` alone, which is held until they
are committed: nobody sees number n + 1 before number n. What commits late is numbered late, what is
rolled back never has a number, and writers wait for none of it.
"""

from sqlalchemy import Integer, Select, bindparam, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gql.database.engine import begin_write
from gql.models.event import EventHead, NumberedEvent, UnnumberedEvent
from gql.models.scope import owned, parameters, table_of
from gql.models.types import BIG

NUMBERED_AT_ONCE = 1_000
"""Most events of an organization that one statement numbers."""

_NEW, _EVENT, _HEAD = table_of(UnnumberedEvent), table_of(NumberedEvent), table_of(EventHead)

_WITH_NEW = select(_NEW.c.organization_id).distinct()

_ADD_HEAD = (
    insert(_HEAD)
    .values(organization_id=bindparam("organization_id", type_=BIG), last=0, pruned=0)
    .on_conflict_do_nothing()
)
_LOCK_HEAD = select(_HEAD.c.last).where(owned(_HEAD)).with_for_update()


async def number_events(engine: AsyncEngine) -> set[int]:
    """Number what is committed, of every organization; the organizations that had anything."""
    numbered: set[int] = set()
    while organizations := await _organizations_with_new(engine):
        await _number(engine, organizations)
        numbered.update(organizations)
    return numbered


async def _organizations_with_new(engine: AsyncEngine) -> list[int]:
    async with engine.connect() as connection:
        return sorted((await connection.execute(_WITH_NEW)).scalars())


async def _number(engine: AsyncEngine, organizations: list[int]) -> None:
    """Number some events of each, in one transaction, as each commit waits for the disk."""
    async with engine.connect() as connection:
        # In a repeatable read the second statement would see what the first one saw.
        await connection.execution_options(isolation_level="READ COMMITTED", jackfield_write=True)
        await begin_write(connection)
        for organization_id in organizations:  # in order, so that no two processes deadlock
            await _number_one(connection, organization_id)
        await connection.commit()


async def _number_one(connection: AsyncConnection, organization_id: int) -> None:
    """Two statements, not one: the snapshot of one that waits for the lock is older than the lock.

    It would number what the former holder of the lock has numbered already.
    """
    owner = parameters(organization_id)
    last = (await connection.execute(_LOCK_HEAD, owner)).scalar_one_or_none()
    if last is None:
        await connection.execute(_ADD_HEAD, owner)
        last = (await connection.execute(_LOCK_HEAD, owner)).scalar_one()
    await connection.execute(_NUMBER, {**owner, "last": last, "most": NUMBERED_AT_ONCE})


def _number_statement() -> Select[int]:
    """Move events from one table to the other, the oldest first, and count them."""
    some = _NEW.alias()
    oldest = (
        select(some.c.id)
        .where(owned(some))
        .order_by(some.c.id)
        .limit(bindparam("most", type_=Integer()))
    )
    fresh = delete(_NEW).where(owned(_NEW), _NEW.c.id.in_(oldest)).returning(*_NEW.c).cte("fresh")
    last = bindparam("last", type_=BIG)
    values = {
        column.name: last + func.row_number().over(order_by=fresh.c.id)
        if column.name == "seq"
        else fresh.c[column.name]
        for column in _EVENT.c
    }
    numbered = (
        insert(_EVENT)
        .from_select([*values], select(*values.values()))
        .returning(_EVENT.c.organization_id, _EVENT.c.seq)
        .cte("numbered")
    )
    highest = select(
        numbered.c.organization_id, func.max(numbered.c.seq), literal(0, BIG)
    ).group_by(numbered.c.organization_id)
    adding = insert(_HEAD).from_select(["organization_id", "last", "pruned"], highest)
    head = (
        adding.on_conflict_do_update(
            index_elements=["organization_id"], set_={"last": adding.excluded.last}
        )
        .returning(_HEAD.c.last)
        .cte("head")
    )
    return select(func.count()).select_from(fresh).add_cte(head)


_NUMBER = _number_statement()
