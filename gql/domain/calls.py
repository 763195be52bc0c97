"""Voice calls, as readers see them."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, false, func, not_, or_, select

from gql.domain.assistants import CURRENT_NAME, current_name
from gql.domain.changes import ChangedSince
from gql.domain.text_indexes import SPOKEN_WORDS
from gql.models.assistant import Assistant
from gql.models.call import Call
from gql.models.enums import CallStatus, Channel, Direction, EventKind
from gql.models.rollup import CallRollup, CallRollupChange
from gql.models.scope import owned, table_of
from gql.query.filters import (
    COMPARATORS,
    Condition,
    Criterion,
    OwnerCondition,
    compare,
    digits,
    key_equals,
    prepared,
)
from gql.query.record_list import RecordList
from gql.query.resource import LeadingColumn, Link, Order, Resource, RollupTable
from gql.sql.json_sql import literal_text
from gql.sql.keys import is_selected

TABLE = table_of(Call)


@dataclass(frozen=True)
class AssistantName(Criterion):
    """A criterion on the name the call was made under, or the name that its assistant has now."""

    comparators = frozenset({"eq", "ne", "in", "not_in", "contains", "starts_with"})

    def is_selective(self, _comparator: str) -> bool:
        """Always: from the calls' own names or from the assistants', the value says which."""
        return True

    def prepare(self, comparator: str, value: Any) -> tuple[Any, ...]:
        return (prepared(comparator, value),)

    def condition(self, table: FromClause, comparator: str, *values: Any) -> ColumnElement[bool]:
        opposite = {"ne": "eq", "not_in": "in"}.get(comparator)
        if opposite is None:
            return self._has(table, comparator, values[0])
        named = current_name(table).is_not(None)
        return and_(named, not_(func.coalesce(self._has(table, opposite, values[0]), false())))

    def own_condition(
        self, table: FromClause, comparator: str, *values: Any
    ) -> ColumnElement[bool]:
        return COMPARATORS[comparator](table.c.assistant_name, values[0])

    def owner_condition(self, comparator: str, *values: Any) -> OwnerCondition | None:
        if comparator in {"ne", "not_in"}:
            return None
        assistant = table_of(Assistant).alias()
        named = COMPARATORS[comparator](assistant.c.name, values[0])
        return OwnerCondition("assistant_id", assistant, (owned(assistant), named))

    def _has(self, table: FromClause, comparator: str, value: Any) -> ColumnElement[bool]:
        """Whether one of the names passes."""
        current = self.owner_condition(comparator, value)
        assert current is not None  # noqa: S101, not for what a name is not
        ids = select(current.owners.c.id).where(*current.conditions)
        own = self.own_condition(table, comparator, value)
        return or_(own, is_selected(table.c.assistant_id, ids))


FILTERS: dict[str, Criterion] = {
    "status": compare("status"),
    "assistant_id": compare("assistant_id"),
    "assistant_name": AssistantName(),
    "graph_id": compare("graph_id"),
    "customer_phone_number": digits("customer_phone_digits"),
    "customer_phone": digits("customer_phone_digits"),  # its former name in the GraphQL schema
    "started_at": compare("started_at"),
    "ended_at": compare("ended_at"),
    "source": compare("source"),
    "external_id": compare("external_id"),
    "meta": key_equals("call_meta"),
    "said": SPOKEN_WORDS,
}
"""What voice calls and SMS conversations may both be filtered by."""

ROLLUP = RollupTable(
    table_of(CallRollup),
    table_of(CallRollupChange),
    owner="assistant_id",
    columns=("status", "direction"),
    instant="started_at",
)
"""The sums over both."""

_STATUS = LeadingColumn("status", tuple(CallStatus), "unless_short")
_DIRECTION = LeadingColumn("direction", tuple(Direction), "if_filtered")

NEWEST = Order("started_at", "instant", leading=(replace(_STATUS, used="if_filtered"), _DIRECTION))
"""By start: all together have an index, and so have those of one status or direction."""

VOICE, SMS = literal_text(Channel.VOICE), literal_text(Channel.SMS)
"""Written into every statement: indexes of one channel alone are used for no parameter."""

CALLS = Resource(
    "call",
    TABLE,
    visible=lambda call: (call.c.channel == VOICE,),
    computed={"assistant_name": current_name},
    joined={"assistant_name": CURRENT_NAME},
    filters={
        **FILTERS,
        "call_sid": compare("call_sid"),
        "direction": compare("direction"),
        "duration": compare("duration"),
        "total_cost": compare("total_cost"),
        "currency": compare("cost_currency"),
        "assistant_phone_number": compare("to_phone_number"),
        "ended_reason": compare("ended_reason"),
        "ended_reason_kind": compare("ended_reason_kind"),
        "has_recording": compare("has_recording"),
        "received_at": compare("received_at"),
        "changed_since": ChangedSince(
            TABLE,
            (EventKind.CALL_CREATED, EventKind.CALL_UPDATED),
            parts=(EventKind.TRANSCRIPT_CREATED, EventKind.TRANSCRIPT_UPDATED),
        ),
    },
    orders={
        "started_at": NEWEST,
        "duration": Order("duration", "integer", nullable=True, leading=(_STATUS,)),
        "total_cost": Order("total_cost", "integer", nullable=True, leading=(_STATUS,)),
        "received_at": Order("received_at", "instant", nullable=True, leading=(_STATUS,)),
    },
    rollup=ROLLUP,
    usual=25_000,
)

OF_ASSISTANT = Link.by("assistant_id")
"""From an assistant to its calls or SMS conversations."""


def calls_since(instant: datetime) -> RecordList:
    """The voice calls that started at an instant or later."""
    return RecordList.filtered(CALLS, (Condition("started_at", "gte", instant),))
