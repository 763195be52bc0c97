"""Deletes old events, after it was published which ones nobody can read on from."""

from datetime import datetime

from sqlalchemy import bindparam, delete, select, update

from gql.database import Database
from gql.models.event import EventHead, NumberedEvent
from gql.models.scope import owned, parameters, table_of
from gql.models.types import BIG

DELETED_AT_ONCE = 1_000
"""Events are deleted so many at a time; fewer that are old stay a little longer."""

_EVENT, _HEAD = table_of(NumberedEvent), table_of(EventHead)
_UP_TO = bindparam("up_to", type_=BIG)

_HEADS = select(_HEAD.c.organization_id, _HEAD.c.last, _HEAD.c.pruned)
_AT = select(_EVENT.c.at).where(owned(_EVENT), _EVENT.c.seq == _UP_TO)
_DELETE = delete(_EVENT).where(owned(_EVENT), _EVENT.c.seq <= _UP_TO)


async def prune_events(database: Database, *, before: datetime, most: int) -> int:
    """Delete the events of every organization that are older or more than are kept.

    Args:
        database: Where they are.
        before: Older ones go.
        most: So many of an organization are kept at most, of the newest.

    Returns:
        Up to how many events were deleted.
    """
    async with database.engine.connect() as connection:
        heads = (await connection.execute(_HEADS)).all()
    deleted = 0
    for organization_id, last, pruned in heads:
        up_to = pruned + DELETED_AT_ONCE
        while up_to <= last and (
            up_to <= last - most or await _is_older(database, organization_id, up_to, before)
        ):
            await _prune(database, organization_id, up_to)
            deleted += DELETED_AT_ONCE
            up_to += DELETED_AT_ONCE
    return deleted


async def _is_older(database: Database, organization_id: int, seq: int, before: datetime) -> bool:
    async with database.engine.connect() as connection:
        values = {**parameters(organization_id), "up_to": seq}
        at = (await connection.execute(_AT, values)).scalar_one_or_none()
    return at is None or at < before


async def _prune(database: Database, organization_id: int, up_to: int) -> None:
    """In two transactions: whoever finds events missing finds the reason too."""
    own = owned(_HEAD, organization_id), _HEAD.c.pruned < up_to
    async with database.transaction() as connection:
        await connection.execute(update(_HEAD).where(*own).values(pruned=up_to))
    async with database.transaction() as connection:
        await connection.execute(_DELETE, {**parameters(organization_id), "up_to": up_to})
