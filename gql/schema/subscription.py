"""The subscription fields: what is written, told as it happens.

A field says which events it gives and what is printed of one; `gql/events/feed.py` reads the events
and has the document run once for each. So these generators never run, and nobody reads their
arguments here.
"""

# ruff: noqa: ARG002 -- see above

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from gql.domain.calls import CALLS
from gql.domain.cost_budgets import COST_BUDGETS
from gql.domain.graph_sessions import GRAPH_SESSIONS
from gql.domain.graphs import GRAPHS
from gql.domain.messages import SMS_MESSAGES, TRANSCRIPTS
from gql.domain.sms import SMS_CONVERSATIONS
from gql.engine.declaration import one
from gql.engine.listed_records import listed_records
from gql.events.feed import Passes
from gql.events.reading import StoredEvent
from gql.loaders.record_loaders import ListedRecords
from gql.query.global_id import read_id
from gql.query.resource import Resource
from gql.schema.calls import Call
from gql.schema.enums import EventKind
from gql.schema.graph_sessions import GraphSession
from gql.schema.graphs import AssistantGraph
from gql.schema.inputs.calls import CallFilter
from gql.schema.inputs.filtering import FilterInput
from gql.schema.messages import Message, Transcript
from gql.schema.scalars import print_instant
from gql.schema.sms import SmsConversation

AfterArgument = Annotated[
    str | None,
    strawberry.argument(
        description="The `eventId` after which to go on; without it, what comes from now on."
    ),
]


@strawberry.type(description="Something that was written.")
class Change:
    """What every subscription gives."""

    event_id: strawberry.ID = strawberry.field(
        description="Names the event; as `after` of the same subscription it goes on behind it."
    )
    kind: EventKind = strawberry.field(description="What was written.")
    at: datetime = strawberry.field(description="When.")
    object_id: strawberry.Private[int]
    parent_id: strawberry.Private[int | None]


@strawberry.type(description="A write of anything that has events.")
class AnyChange(Change):
    """What `events` gives."""

    @strawberry.field(description="The global id of what was written, which may be gone.")  # type: ignore[untyped-decorator]
    def changed_id(self) -> strawberry.ID:
        """See the description."""
        return strawberry.ID(_id_of(self))


@strawberry.type(description="A voice call that was written.")
class CallChange(Change):
    """What `callChanged` gives."""

    @strawberry.field(description="The global id of the call, which may be gone.")  # type: ignore[untyped-decorator]
    def call_id(self) -> strawberry.ID:
        """See the description."""
        return strawberry.ID(_id_of(self))

    call: Call | None = one(
        "The call as it is now; null when it is gone, or does not pass `filter` (any more).",
        CALLS,
        "object_id",
    )


@strawberry.type(description="A graph session that was written, or that took a step.")
class GraphSessionChange(Change):
    """What `graphSessionChanged` gives."""

    graph_session: GraphSession | None = one(
        "The session as it is now; null when it is gone.", GRAPH_SESSIONS, "object_id"
    )


@strawberry.type(description="A message of an SMS conversation that came or was sent.")
class SmsMessageAdded(Change):
    """What `smsMessageAdded` gives."""

    message: Message | None = one(
        "The message as it is now; null when it is gone.", SMS_MESSAGES, "object_id"
    )
    conversation: SmsConversation | None = one(
        "The conversation that it is in; null when that is gone.", SMS_CONVERSATIONS, "parent_id"
    )


@strawberry.type(description="A segment of the transcript of a voice call, as it was recognized.")
class TranscriptChange(Change):
    """What `transcriptChanged` gives."""

    transcript: Transcript | None = one(
        "The segment as it is now; null when it is gone.", TRANSCRIPTS, "object_id"
    )
    call: Call | None = one("The call that it is in; null when that is gone.", CALLS, "parent_id")


@strawberry.type(description="An assistant graph that was written.")
class GraphChange(Change):
    """What `graphChanged` gives."""

    graph: AssistantGraph | None = one(
        "The graph as it is now; null when it is gone.", GRAPHS, "object_id"
    )


@dataclass(frozen=True)
class FollowedField:
    """Which events a subscription field gives.

    Attributes:
        payload: What is printed of one.
        passes: Makes the test of an event of the field's arguments; it may raise `BadInput`.
        filtered: The resource whose records its `filter` is about, where it has one.
    """

    payload: type[Change]
    passes: Callable[[Mapping[str, Any]], Passes]
    filtered: Resource | None = None

    def payload_of(self, event: StoredEvent) -> Change:
        """An event as the field prints it."""
        return self.payload(
            event_id=strawberry.ID(str(event.cursor)),
            kind=event.kind,
            at=event.at,
            object_id=event.object_id,
            parent_id=event.parent_id,
        )

    def filter(self, arguments: Mapping[str, Any]) -> ListedRecords | None:
        """The records that the field tells of; None where the event says all.

        Raises:
            BadInput: when the filter cannot be used.
        """
        list_filter: FilterInput | None = arguments.get("filter")
        conditions = list_filter.conditions() if list_filter else ()
        if self.filtered is None or not conditions:
            return None
        return listed_records(self.filtered, conditions)


def _any(arguments: Mapping[str, Any]) -> Passes:
    kinds = arguments.get("kinds")
    allowed = frozenset(EventKind if kinds is None else kinds)
    return lambda event: event.kind in allowed


def _call(arguments: Mapping[str, Any]) -> Passes:
    key = _key(arguments, "id", CALLS)
    return lambda event: _is_of(event, CALLS) and key in {None, event.object_id}


def _graph_session(arguments: Mapping[str, Any]) -> Passes:
    graph_id = _key(arguments, "graph_id", GRAPHS)
    return lambda event: _is_of(event, GRAPH_SESSIONS) and graph_id in {None, event.parent_id}


def _sms_message(arguments: Mapping[str, Any]) -> Passes:
    key = _key(arguments, "conversation_id", SMS_CONVERSATIONS)
    kind = EventKind.SMS_MESSAGE_CREATED
    return lambda event: event.kind is kind and key in {None, event.parent_id}


def _transcript(arguments: Mapping[str, Any]) -> Passes:
    key = _key(arguments, "call_id", CALLS)
    return lambda event: _is_of(event, TRANSCRIPTS) and key in {None, event.parent_id}


def _graph(arguments: Mapping[str, Any]) -> Passes:
    key = _key(arguments, "graph_id", GRAPHS)
    return lambda event: _is_of(event, GRAPHS) and key in {None, event.object_id}


FOLLOWED = {
    "events": FollowedField(AnyChange, _any),
    "callChanged": FollowedField(CallChange, _call, filtered=CALLS),
    "graphSessionChanged": FollowedField(GraphSessionChange, _graph_session),
    "smsMessageAdded": FollowedField(SmsMessageAdded, _sms_message),
    "transcriptChanged": FollowedField(TranscriptChange, _transcript),
    "graphChanged": FollowedField(GraphChange, _graph),
}
"""By the name of the field."""


@strawberry.type(description="What can be followed, over Server-Sent Events or a WebSocket.")
class Subscription:
    """A client that was away goes on with `after`, or by the header `Last-Event-ID`."""

    @strawberry.subscription(description="Every write of what has events, in its order.")  # type: ignore[untyped-decorator]
    async def events(
        self,
        after: AfterArgument = UNSET,
        kinds: Annotated[
            list[EventKind] | None,
            strawberry.argument(description="Only of these kinds; without it, of all."),
        ] = UNSET,
    ) -> AsyncIterator[AnyChange]:
        """See `FOLLOWED`."""
        raise NotImplementedError
        yield

    @strawberry.subscription(description="Writes of voice calls, messages in them included.")  # type: ignore[untyped-decorator]
    async def call_changed(
        self,
        after: AfterArgument = UNSET,
        id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only of this call.")
        ] = UNSET,
        filter: Annotated[
            CallFilter | None,
            strawberry.argument(
                description="Only calls that pass it as they are when the event is told; as in"
                " `calls(filter:)`."
            ),
        ] = UNSET,
        include_not_matching: Annotated[
            bool,
            strawberry.argument(
                description="With `filter`: also tell of each write of a call that does not pass,"
                " with `call` null, for whoever keeps a list of those that do."
            ),
        ] = False,
    ) -> AsyncIterator[CallChange]:
        """See `FOLLOWED`."""
        raise NotImplementedError
        yield

    @strawberry.subscription(description="Writes of graph sessions, their steps included.")  # type: ignore[untyped-decorator]
    async def graph_session_changed(
        self,
        after: AfterArgument = UNSET,
        graph_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only of this graph.")
        ] = UNSET,
    ) -> AsyncIterator[GraphSessionChange]:
        """See `FOLLOWED`."""
        raise NotImplementedError
        yield

    @strawberry.subscription(description="New messages of SMS conversations.")  # type: ignore[untyped-decorator]
    async def sms_message_added(
        self,
        after: AfterArgument = UNSET,
        conversation_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only of this conversation.")
        ] = UNSET,
    ) -> AsyncIterator[SmsMessageAdded]:
        """See `FOLLOWED`."""
        raise NotImplementedError
        yield

    @strawberry.subscription(description="What is said in voice calls, as it is recognized.")  # type: ignore[untyped-decorator]
    async def transcript_changed(
        self,
        after: AfterArgument = UNSET,
        call_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only of this call.")
        ] = UNSET,
    ) -> AsyncIterator[TranscriptChange]:
        """See `FOLLOWED`."""
        raise NotImplementedError
        yield

    @strawberry.subscription(description="Writes of assistant graphs, their structure included.")  # type: ignore[untyped-decorator]
    async def graph_changed(
        self,
        after: AfterArgument = UNSET,
        graph_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only of this graph.")
        ] = UNSET,
    ) -> AsyncIterator[GraphChange]:
        """See `FOLLOWED`."""
        raise NotImplementedError
        yield


_RESOURCES = {
    "call": CALLS,
    "sms_conversation": SMS_CONVERSATIONS,
    "sms_message": SMS_MESSAGES,
    "graph": GRAPHS,
    "graph_session": GRAPH_SESSIONS,
    "cost_budget": COST_BUDGETS,
    "transcript": TRANSCRIPTS,
}
"""By what comes before the last word of a kind."""


def _resource(kind: EventKind) -> Resource:
    return _RESOURCES[kind.value.rpartition("_")[0]]


def _id_of(change: Change | StoredEvent) -> str:
    """The global id of what was written."""
    return f"{_resource(change.kind).name}_{change.object_id}"


PRINTED: Mapping[str, Callable[[StoredEvent], str]] = {
    "eventId": lambda event: str(event.cursor),
    "kind": lambda event: event.kind.name,
    "at": lambda event: print_instant(event.at),
    "changedId": _id_of,
    "callId": _id_of,
}
"""The fields of payloads that show no object, by name: what they print of an event."""


def _is_of(event: StoredEvent, resource: Resource) -> bool:
    return _resource(event.kind) is resource


def _key(arguments: Mapping[str, Any], name: str, resource: Resource) -> int | None:
    """The integer behind an id argument; None where there is none."""
    value = arguments.get(name)
    return None if value is None else read_id(value, resource.name)
