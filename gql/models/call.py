"""Calls: voice calls and SMS conversations are rows of one table, as the API documents say."""

import re
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Table, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from gql.models.enums import CallStatus, Channel, Direction, one_of
from gql.models.index_orders import highest_first
from gql.models.types import (
    json_object,
    loose_reference,
    micros,
    now,
    organization_key,
    primary_key,
)

_NOT_A_DIGIT = re.compile(r"[^0-9]")


def phone_digits(number: str) -> str:
    """The digits of a phone number: how numbers are compared."""
    return _NOT_A_DIGIT.sub("", number)


def _only(condition: str, name: str, *columns: Any) -> Index:
    """An index of the rows that pass a condition."""
    where = text(condition)
    return Index(name, *columns, postgresql_where=where, sqlite_where=where)


class Call(SQLModel, table=True):
    """A voice call, or an SMS conversation when `channel` is `sms`.

    `assistant_id` and `graph_id` have no foreign key: a call outlives both, and `assistant_name`
    and `graph_name` keep what they were called. Costs are millionths of `cost_currency`.
    """

    __tablename__ = "call"
    __table_args__ = (
        UniqueConstraint("organization_id", "call_sid", name="uq_call_call_sid"),
        Index("ix_call_newest", "organization_id", "channel", "started_at", "id"),
        Index("ix_call_status", "organization_id", "channel", "status", "started_at", "id"),
        Index("ix_call_direction", "organization_id", "channel", "direction", "started_at", "id"),
        # What an assistant's calls are counted, filtered and sorted by is read from here alone.
        Index(
            "ix_call_assistant",
            *("organization_id", "channel", "assistant_id", "started_at", "id"),
            *("status", "duration", "total_cost"),
        ),
        Index(
            "ix_call_assistant_name",
            *("organization_id", "channel", "assistant_name", "started_at", "id"),
        ),
        Index("ix_call_ended", "organization_id", "channel", "ended_at", "started_at", "id"),
        Index("ix_call_customer", "organization_id", "customer_phone_digits", "started_at", "id"),
        _only(
            "graph_id IS NOT NULL",
            *("ix_call_graph", "organization_id", "graph_id", "started_at", "id"),
        ),
        _only("channel = 'sms'", "ix_call_activity", "organization_id", "last_activity", "id"),
        CheckConstraint(one_of("channel", Channel), name="ck_call_channel"),
        CheckConstraint(one_of("direction", Direction), name="ck_call_direction"),
        CheckConstraint(one_of("status", CallStatus), name="ck_call_status"),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    channel: str = Channel.VOICE
    call_sid: str
    assistant_id: int | None = loose_reference()
    assistant_name: str | None = None
    graph_id: int | None = loose_reference()
    graph_name: str | None = None
    direction: str = Direction.INBOUND
    to_phone_number: str
    customer_phone_number: str
    customer_phone_digits: str
    status: str
    duration: int | None = None
    started_at: datetime = Field(default_factory=now)
    ended_at: datetime | None = None
    last_activity: datetime = Field(default_factory=now)
    message_count: int = 0
    call_meta: dict[str, Any] = json_object()
    is_archived: bool = False
    total_cost: int | None = micros()
    llm_cost: int | None = micros()
    tts_cost: int | None = micros()
    stt_cost: int | None = micros()
    telephony_cost: int | None = micros()
    cost_currency: str | None = None


def _highest_first(name: str, column: str) -> None:
    """Add an index of voice calls by status, from the highest value to those without one.

    It serves both directions: see `gql/query/branches.py`.
    """
    call: Table = Call.__table__  # type: ignore[attr-defined]
    scope = (call.c.organization_id, call.c.status)
    voice = text("channel = 'voice'")
    sorted_by = (highest_first(call.c[column]), call.c.id.desc())
    Index(name, *scope, *sorted_by, postgresql_where=voice, sqlite_where=voice)


_highest_first("ix_call_duration", "duration")
_highest_first("ix_call_cost", "total_cost")
