"""What has changed since an event: a filter of lists, for who polls."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, String, Table, case, cast, func, literal, select

from gql.errors import ResyncRequired
from gql.events.reading import EventCursor, unknown_event
from gql.models.enums import EventKind
from gql.models.event import EventHead, NumberedEvent
from gql.models.scope import owned, table_of
from gql.models.types import MAX_ID
from gql.query.filters import Criterion
from gql.query.weights import KEY, Weight
from gql.sql.keys import is_selected

_EVENT, _HEAD = table_of(NumberedEvent), table_of(EventHead)
_MOST_TAG = 2**31 - 1


@dataclass(frozen=True)
class ChangedSince(Criterion):
    """A criterion on the events of a row: there are some after the one that is named.

    Where that event is not there, since it is too old or of another history, nobody knows what has
    changed, and every row passes: whoever polls then reads all anew. The numbers of events are in
    the order of the commits, so that nothing is passed by; no instant of writing is.

    Attributes:
        table: Of the rows.
        kinds: Events of a row.
        parts: Events of what belongs to a row.
    """

    comparators = frozenset({"eq"})

    table: Table
    kinds: tuple[EventKind, ...]
    parts: tuple[EventKind, ...] = ()

    def is_selective(self, _comparator: str) -> bool:
        """Always: one event later, or a week."""
        return True

    def lookup(self, _comparator: str) -> Weight:
        """By the numbers of the events."""
        return KEY

    def prepare(self, _comparator: str, value: str) -> tuple[int, int]:
        """The number of the event and its tag.

        Raises:
            ResyncRequired: when it is no event id.
        """
        cursor = EventCursor.parse(value)
        if cursor.seq > MAX_ID or cursor.tag > _MOST_TAG:
            raise ResyncRequired(unknown_event(value))
        return cursor.seq, cursor.tag

    def condition(self, table: FromClause, _comparator: str, *values: Any) -> ColumnElement[bool]:
        seq, tag = values
        newer, named, every = _EVENT.alias(), _EVENT.alias(), self.table.alias()
        after = owned(newer), newer.c.seq > seq
        is_named = owned(named), named.c.seq == seq, named.c.tag == tag
        # By LIMIT: SQLite would walk all rows under a condition that none of them passes.
        limit = case((select(named.c.seq).where(*is_named).exists(), 0), else_=MAX_ID)
        all_or_none = select(every.c.id).where(owned(every)).limit(limit).subquery()
        # One set of keys, as an OR of two conditions would be found by no index.
        keys = [
            select(newer.c.object_id).where(*after, newer.c.kind.in_(self.kinds)),
            select(all_or_none.c.id),
        ]
        if self.parts:
            keys.append(select(newer.c.parent_id).where(*after, newer.c.kind.in_(self.parts)))
        return is_selected(table.c.id, keys[0].union_all(*keys[1:]))


def last_event_id(_organization: FromClause) -> ColumnElement[str]:
    """The id of the newest event of the organization, as `EventCursor` prints it."""
    head, event = _HEAD.alias(), _EVENT.alias()
    last = select(head.c.last).where(owned(head)).scalar_subquery()
    tag = select(event.c.tag).where(owned(event), event.c.seq == last).scalar_subquery()
    seq = cast(func.coalesce(last, 0), String)
    return seq + literal("-", String) + cast(func.coalesce(tag, 0), String)
