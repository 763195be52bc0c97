"""Reads events by their numbers, and the cursors that name them."""

from datetime import datetime
from typing import NamedTuple, Self

from sqlalchemy import Integer, bindparam, select

from gql.database import DatabaseAccess, Snapshot
from gql.errors import ResyncRequired
from gql.models.enums import EventKind
from gql.models.event import EventHead, NumberedEvent
from gql.models.scope import owned, parameters, table_of
from gql.models.types import BIG

PAGE = 200
"""Most events of one read."""

READ_AGAIN = "Read everything again, then follow new events."
"""What to do when events may have been missed."""

_LONGEST_CURSOR = 40

_PARENTS = {"graph_session": "graph", "sms_message": "sms_conversation", "transcript": "call"}
"""By what was written: what its `parent_id` names."""

_EVENT, _HEAD = table_of(NumberedEvent), table_of(EventHead)
_COLUMNS = tuple(_EVENT.c[name] for name in ("seq", "tag", "kind", "object_id", "parent_id", "at"))
_BEHIND = (
    select(*_COLUMNS)
    .where(owned(_EVENT), _EVENT.c.seq > bindparam("after", type_=BIG))
    .order_by(_EVENT.c.seq)
    .limit(bindparam("most", type_=Integer()))
)
_AT = select(_EVENT.c.tag).where(owned(_EVENT), _EVENT.c.seq == bindparam("seq", type_=BIG))
_OWN_HEAD = select(_HEAD.c.pruned, _HEAD.c.last).where(owned(_HEAD))


class EventCursor(NamedTuple):
    """Names the event after which to read on, as `SEQ-TAG`.

    Attributes:
        seq: Its number; 0 before the first.
        tag: Its tag: another event with that number, as after a restore, has another.
    """

    seq: int
    tag: int

    def __str__(self) -> str:
        return f"{self.seq}-{self.tag}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The cursor that was printed so.

        Raises:
            ResyncRequired: when it is none.
        """
        seq, _, tag = text.partition("-")
        if len(text) > _LONGEST_CURSOR or not (seq.isdecimal() and tag.isdecimal()):
            raise ResyncRequired(unknown_event(text[:_LONGEST_CURSOR]))
        return cls(int(seq), int(tag))


def unknown_event(text: str) -> str:
    """A sentence on what is no event id."""
    return f"`{text}` is not an event id of this server. {READ_AGAIN}"


class StoredEvent(NamedTuple):
    """An event, as the model `NumberedEvent` says."""

    seq: int
    tag: int
    kind: EventKind
    object_id: int
    parent_id: int | None
    at: datetime

    @property
    def cursor(self) -> EventCursor:
        """To read on after it."""
        return EventCursor(self.seq, self.tag)

    @property
    def subject(self) -> str:
        """The global id of what was written."""
        return f"{self.kind.value.rpartition('_')[0]}_{self.object_id}"

    @property
    def parent(self) -> str | None:
        """The global id of what that belongs to: the graph of a session, a message's conversation.

        Also the call of a transcript. None for all else.
        """
        noun = _PARENTS.get(self.kind.value.rpartition("_")[0])
        return None if noun is None or self.parent_id is None else f"{noun}_{self.parent_id}"


async def read_events(
    database: DatabaseAccess, organization_id: int, after: int
) -> list[StoredEvent]:
    """The next events of an organization, at most `PAGE`."""
    async with database.snapshot() as snapshot:
        values = {**parameters(organization_id), "after": after, "most": PAGE}
        rows = await snapshot.rows(_BEHIND, values)
    return [
        StoredEvent(row.seq, row.tag, EventKind(row.kind), row.object_id, row.parent_id, row.at)
        for row in rows
    ]


async def last_event(database: DatabaseAccess, organization_id: int) -> EventCursor:
    """The cursor of whoever wants only what comes from now on."""
    async with database.snapshot() as snapshot:
        _, last = await _head(snapshot, organization_id)
        tag = await _tag(snapshot, organization_id, last)
    return EventCursor(last, tag or 0)


async def check_cursor(database: DatabaseAccess, organization_id: int, cursor: EventCursor) -> None:
    """Pass when everything after a cursor is still there to be read.

    Raises:
        ResyncRequired: when something may have been missed.
    """
    async with database.snapshot() as snapshot:
        pruned, last = await _head(snapshot, organization_id)
        if cursor.seq < pruned:
            raise ResyncRequired(
                f"Event {cursor.seq} is too old: events up to {pruned} are deleted. {READ_AGAIN}"
            )
        if cursor.seq > last:
            raise ResyncRequired(
                f"There is no event {cursor.seq} yet: the last one is {last}. {READ_AGAIN}"
            )
        tag = await _tag(snapshot, organization_id, cursor.seq)
    is_pruned = tag is None and cursor.seq == pruned
    if cursor.seq > 0 and tag != cursor.tag and not is_pruned:
        raise ResyncRequired(
            f"Event {cursor.seq} is not the one that had this id: the database was restored."
            f" {READ_AGAIN}"
        )


async def restart_cursor(
    database: DatabaseAccess, organization_id: int, cursor: EventCursor
) -> EventCursor:
    """Where to read on after a cursor that `check_cursor` refuses: as early as is possible."""
    async with database.snapshot() as snapshot:
        pruned, last = await _head(snapshot, organization_id)
        seq = pruned if cursor.seq < pruned else last
        tag = await _tag(snapshot, organization_id, seq)
    return EventCursor(seq, tag or 0)


async def _head(snapshot: Snapshot, organization_id: int) -> tuple[int, int]:
    rows = await snapshot.rows(_OWN_HEAD, parameters(organization_id))
    return (rows[0].pruned, rows[0].last) if rows else (0, 0)


async def _tag(snapshot: Snapshot, organization_id: int, seq: int) -> int | None:
    rows = await snapshot.rows(_AT, {**parameters(organization_id), "seq": seq})
    return rows[0].tag if rows else None
