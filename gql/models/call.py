"""Calls: voice calls and SMS conversations are rows of one table, as the API documents say."""

import re
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Table, UniqueConstraint, false
from sqlmodel import Field, SQLModel

from gql.models.enums import (
    CallStatus,
    CallSuccess,
    Channel,
    Direction,
    EndedReasonKind,
    one_of,
)
from gql.models.index_orders import highest_first, only
from gql.models.phone_numbers import international_form
from gql.models.types import (
    BIG,
    bounded_text,
    instant_of_writing,
    json_object,
    loose_reference,
    merge_state_column,
    micros,
    optional_json,
    organization_key,
    primary_key,
)

_NOT_A_DIGIT = re.compile(r"[^0-9]")
_ADDRESS = re.compile(r"(sips?|client):", re.IGNORECASE)


def phone_digits(number: str) -> str:
    """The digits of a phone number: how numbers are compared; none, of an address that is none.

    Triggers on `call` do the same for `customer_phone_digits`, but for what only a list of
    countries tells (see `international_form`): items are stored in a form that both agree on.
    """
    return "" if _ADDRESS.match(number) else _NOT_A_DIGIT.sub("", international_form(number))


class Call(SQLModel, table=True):
    """A voice call, or an SMS conversation when `channel` is `sms`.

    `assistant_id` and `graph_id` have no foreign key: a call outlives both, and `assistant_name`
    and `graph_name` keep what they were called. Costs are millionths of `cost_currency`.

    Attributes:
        source: The system that the call is known from.
        external_id: What that system calls it.
        carrier_call_id: What the telephone company below that system calls it.
        source_ids: Further ids that the source has for it.
        customer_address: What the source says in place of a number: `sip:`, `client:`, a name.
        external_assistant_id: The source's id of the assistant, and of the graph the next one.
        ended_reason: The source's own word; `ended_reason_kind` is what it means.
        ended_message: What the source says about it in a sentence.
        duration_ms: `duration` is this in seconds.
        analysis: What the source found out about the call, in its own form.
        success: Whether the source says that the call reached its goal.
        latency: By stage, in milliseconds.
        received_at: When we heard of it first.
        occurred_at: The newest instant that the source told anything about it.
        customer_phone_digits: Derived by triggers, like the next three, whoever writes: the digits
            of `customer_phone_number`.
        is_archived: Whether `call_meta` has `"sms_deleted": true`.
        message_count: How many messages the customer and the assistant wrote.
        last_activity: Of an SMS conversation, when the last of them was written.
        unattributed_cost: `total_cost` less the costs of the services; below zero for a discount.
        has_recording: Kept by triggers on `recording`.
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
        only(
            "graph_id IS NOT NULL",
            *("ix_call_graph", "organization_id", "graph_id", "started_at", "id"),
        ),
        only("channel = 'sms'", "ix_call_activity", "organization_id", "last_activity", "id"),
        only(
            "external_id IS NOT NULL",
            *("uq_call_external_id", "organization_id", "external_id", "source"),
            unique=True,
        ),
        only(
            "carrier_call_id IS NOT NULL",
            *("ix_call_carrier", "organization_id", "carrier_call_id"),
        ),
        Index("ix_call_source", "organization_id", "channel", "source", "started_at", "id"),
        *(
            only(
                f"channel = 'voice' AND {column} IS NOT NULL",
                *(f"ix_call_{column}", "organization_id", column, "started_at", "id"),
            )
            for column in ("ended_reason", "ended_reason_kind")
        ),
        only(
            "channel = 'voice'",
            *("ix_call_has_recording", "organization_id", "has_recording", "started_at", "id"),
        ),
        CheckConstraint(one_of("channel", Channel), name="ck_call_channel"),
        CheckConstraint(one_of("direction", Direction), name="ck_call_direction"),
        CheckConstraint(one_of("status", CallStatus), name="ck_call_status"),
        CheckConstraint(
            one_of("ended_reason_kind", EndedReasonKind), name="ck_call_ended_reason_kind"
        ),
        CheckConstraint(one_of("success", CallSuccess), name="ck_call_success"),
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
    to_phone_number: str = ""
    customer_phone_number: str = ""
    customer_phone_digits: str = ""
    status: str
    duration: int | None = None
    started_at: datetime = instant_of_writing()
    ended_at: datetime | None = None
    last_activity: datetime = instant_of_writing()
    message_count: int = 0
    call_meta: dict[str, Any] = json_object()
    is_archived: bool = False
    total_cost: int | None = micros()
    llm_cost: int | None = micros()
    tts_cost: int | None = micros()
    stt_cost: int | None = micros()
    telephony_cost: int | None = micros()
    cost_currency: str | None = None
    source: str = "manual"
    external_id: str | None = None
    carrier_call_id: str | None = None
    source_ids: dict[str, Any] | None = optional_json()
    customer_address: str | None = None
    external_assistant_id: str | None = None
    external_graph_id: str | None = None
    ended_reason: str | None = None
    ended_reason_kind: str | None = None
    ended_message: str | None = bounded_text(default=None)
    answered_at: datetime | None = None
    duration_ms: int | None = Field(default=None, sa_type=BIG)
    summary: str | None = bounded_text(default=None)
    analysis: dict[str, Any] | None = optional_json()
    success: str | None = None
    sentiment: str | None = None
    latency: dict[str, Any] | None = optional_json()
    received_at: datetime | None = None
    occurred_at: datetime | None = None
    unattributed_cost: int | None = micros()
    merge_state: dict[str, Any] | None = merge_state_column()
    has_recording: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


_call: Table = Call.__table__  # type: ignore[attr-defined]


def _highest_first(name: str, column: str) -> None:
    """Add an index of voice calls by status, from the highest value to those without one.

    It serves both directions: see `gql/query/branches.py`.
    """
    scope = (_call.c.organization_id, _call.c.status)
    only("channel = 'voice'", name, *scope, highest_first(_call.c[column]), _call.c.id.desc())


_highest_first("ix_call_duration", "duration")
_highest_first("ix_call_cost", "total_cost")
_highest_first("ix_call_received", "received_at")
