"""Calls in the GraphQL schema, and what they share with SMS conversations."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.scalars import JSON

from gql.domain.assistants import ASSISTANTS
from gql.domain.calls import CALLS
from gql.domain.cost_entries import COST_ENTRIES
from gql.domain.graph_sessions import GRAPH_SESSIONS
from gql.domain.graphs import GRAPHS
from gql.domain.messages import MESSAGES, OF_CALL, TRANSCRIPTS
from gql.domain.recordings import RECORDINGS
from gql.engine.connection import Connection, connection
from gql.engine.declaration import column, entity, money, nested_object, one
from gql.schema.assistants import Assistant
from gql.schema.cost_entries import CostEntry, CostEntryFilter, CostEntryOrder
from gql.schema.enums import CallStatus, CallSuccess, Channel, Direction, EndedReasonKind
from gql.schema.graphs import AssistantGraph
from gql.schema.inputs.messages import (
    MessageFilter,
    MessageOrder,
    TranscriptFilter,
    TranscriptOrder,
)
from gql.schema.messages import Message, Transcript
from gql.schema.node import NumberedNode
from gql.schema.recordings import Recording, RecordingFilter, RecordingOrder
from gql.schema.scalars import BigInt

if TYPE_CHECKING:
    from gql.schema.graph_sessions import GraphSession


@strawberry.interface(description="A voice call or an SMS conversation.")
class CallRecord(NumberedNode):
    """What both have."""

    call_sid: str = column("The provider's id, unique in the organization.")
    channel: Channel = column("How customer and assistant talk.")
    direction: Direction = column("Who started it.")
    status: CallStatus = column("How far it is.")
    customer_phone_number: str = column("The customer's number.")
    assistant_phone_number: str = column("The organization's number.", "to_phone_number")
    message_count: int = column("How many messages the customer and the assistant wrote.")
    started_at: datetime = column("When it started.")
    ended_at: datetime | None = column("When it ended; null while it goes on.")
    assistant_name: str | None = column(
        "What the assistant is called, or was called before it was deleted."
    )
    assistant: Assistant | None = one(
        "Who answered; null once it was deleted.", ASSISTANTS, "assistant_id"
    )
    meta: JSON = column("Free-form data that callers store with it.", "call_meta")
    source: str = column("The system that it is known from; `manual` for none.")
    external_id: str | None = column("What that system calls it, unique among its calls.")
    customer_address: str | None = column(
        "What the source says in place of the customer's number: `sip:...`, `client:...`."
    )
    received_at: datetime | None = column("When it was first heard of here.")
    occurred_at: datetime | None = column("The newest instant that its source told anything of.")
    messages: Connection[Message] | None = connection(
        "What was said or written, oldest first.",
        MESSAGES,
        link=OF_CALL,
        order=MessageOrder,
        usual=50,
        filter=MessageFilter,
        descending=False,
    )


@strawberry.type(description="What a call cost. Null is not zero: it means not known (yet).")
class CallCost:
    """Resolved from a call's record."""

    total: Decimal | None = money("Everything together, as billed.", "total_cost")
    llm: Decimal | None = money("The language model.", "llm_cost")
    tts: Decimal | None = money("Text to speech.", "tts_cost")
    stt: Decimal | None = money("Speech to text.", "stt_cost")
    telephony: Decimal | None = money("The telephone line.", "telephony_cost")
    unattributed: Decimal | None = money(
        "What is in the total and in no service: a fee, or below zero a discount.",
        "unattributed_cost",
    )
    currency: str | None = column("The currency's ISO 4217 code.", "cost_currency")


@entity(CALLS)
class Call(CallRecord):
    """A voice call."""

    to_phone_number: str = column(
        "The organization's number.",
        deprecated="Since 2026-11-28: use `assistantPhoneNumber`. Goes on 2027-06-01.",
    )
    duration: int | None = column("Seconds; null while it goes on.")
    duration_ms: BigInt | None = column("The same in milliseconds, where the source is so exact.")
    answered_at: datetime | None = column("When somebody answered.")
    carrier_call_id: str | None = column("The telephone company's id, below the source.")
    ended_reason: str | None = column("Why it ended, in the source's own word.")
    ended_reason_kind: EndedReasonKind | None = column("The same in the words of all sources.")
    ended_message: str | None = column("What the source says about the end in a sentence.")
    summary: str | None = column("What it was about.")
    analysis: JSON | None = column("What the source found out about it, in the source's form.")
    success: CallSuccess | None = column("Whether it reached its goal, as the source judged.")
    sentiment: str | None = column("The customer's mood, in the source's word.")
    latency: JSON | None = column("Milliseconds by stage, as `p50`, `p95` and `avg`.")
    recordings: Connection[Recording] | None = connection(
        "What was recorded, in the order in which it became known.",
        RECORDINGS,
        link=OF_CALL,
        order=RecordingOrder,
        usual=2,
        filter=RecordingFilter,
        descending=False,
    )
    cost: CallCost = nested_object("What it cost.")
    cost_entries: Connection[CostEntry] | None = connection(
        "The lines that the cost is added up from, where its source has any.",
        COST_ENTRIES,
        link=OF_CALL,
        order=CostEntryOrder,
        usual=10,
        filter=CostEntryFilter,
        descending=False,
    )
    graph_name: str | None = column("What the graph that routed it was called.")
    graph: AssistantGraph | None = one(
        "The graph that routed it; null without one or once it was deleted.", GRAPHS, "graph_id"
    )
    session: Annotated["GraphSession", strawberry.lazy("gql.schema.graph_sessions")] | None = one(
        "Its walk through the graph.", GRAPH_SESSIONS, "call_sid", column="call_sid"
    )
    transcript: Connection[Transcript] | None = connection(
        "What was heard, oldest first.",
        TRANSCRIPTS,
        link=OF_CALL,
        order=TranscriptOrder,
        usual=100,
        filter=TranscriptFilter,
        descending=False,
    )
