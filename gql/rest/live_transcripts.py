"""The documented live transcript of a call: a WebSocket at `/live-transcript/{call_sid}`.

It follows the events of the organization as a subscription does, and has a slot of those. It begins
to follow before it reads what was said so far, so that no segment is missed between; what it has
sent of each segment it remembers, so that none is sent twice. A call that is not there is followed
from when it is.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from gql.database import Database
from gql.domain.calls import CALLS
from gql.domain.messages import DOCUMENTED_TRANSCRIPTS, OF_CALL
from gql.errors import BadInput, GatewayError, NotFound
from gql.events.feed import Begun, EventFeed, PrintedEvent, SubscriptionSlots
from gql.events.hub import EventHubs
from gql.events.reading import StoredEvent
from gql.events.shared_answers import SharedAnswers
from gql.http.identify import Identify, identify_again
from gql.http.loop_task import charged_to
from gql.http.running_requests import RunningRequests
from gql.http.socket_closing import Close, CloseCode
from gql.http.socket_outbox import Outbox
from gql.http.socket_tasks import (
    SocketLimits,
    SocketTasks,
    Work,
    ending_of,
    watch_credential,
)
from gql.identity import Identity, Permission
from gql.kinds import Kind, reading
from gql.loaders.record_loaders import Page, PageByParentLoader, RecordByKeyLoader
from gql.loop_shares import LoopShares
from gql.models.enums import EventKind
from gql.operation_queues import OperationQueues
from gql.query.context import Context
from gql.query.cursor import Cursor
from gql.query.paging import MAX_PAGE, Paging
from gql.query.record_list import RecordList
from gql.query.resource import Record
from gql.query.weights import LEAF, LIST, OBJECT
from gql.rest.live_transcript_messages import (
    CLIENT_MESSAGES,
    call_content,
    client_message,
    error_message,
    segment_content,
    timed_message,
    token_subprotocol,
    transcript_message,
    with_token,
)

RECORD_POINTS = OBJECT.points + 7 * LEAF.points
"""Of a call or a segment, each time it is read."""

PAGE_POINTS = LIST.points + MAX_PAGE * RECORD_POINTS
"""Of a page of what was said so far."""

_CALLS = frozenset({EventKind.CALL_CREATED, EventKind.CALL_UPDATED, EventKind.CALL_DELETED})
_TRANSCRIPTS = frozenset({EventKind.TRANSCRIPT_CREATED, EventKind.TRANSCRIPT_UPDATED})
_SEGMENTS = RecordList(DOCUMENTED_TRANSCRIPTS, link=OF_CALL)
_FIRST = Paging(MAX_PAGE, "occurred_at", descending=False)
_NO_CALL = b"null"


@dataclass
class LiveTranscripts:
    """Serves the WebSockets, as an ASGI application.

    Attributes:
        database: What is read.
        identify: Says who sent a handshake.
        requests: Those that run in this process, of which each WebSocket is one.
        shares: Of the event loop.
        queues: Where each read waits for the work of others.
        hubs: Where events come from.
        slots: Of those who follow events, at all doors.
        limits: Of each WebSocket.
        answers: What is read of an event, once for all who are sent it.
    """

    database: Database
    identify: Identify
    requests: RunningRequests
    shares: LoopShares
    queues: OperationQueues
    hubs: EventHubs
    slots: SubscriptionSlots
    limits: SocketLimits
    answers: SharedAnswers = field(default_factory=SharedAnswers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Talk to one client until either of the two ends it."""
        if (await receive())["type"] != "websocket.connect":
            return
        outbox = Outbox(send, self.limits.queued_bytes, self.limits.send_seconds)
        # Also where it is to be refused: a browser tells no reason of a handshake that was.
        await send({"type": "websocket.accept", "subprotocol": token_subprotocol(scope)})
        call_sid: str = scope["path_params"]["call_sid"]
        tasks = SocketTasks(self.requests)
        close = await tasks.run(partial(self._talk, scope, receive, outbox, call_sid, tasks))
        if close is not None:
            await outbox.close(close)

    async def _talk(
        self, scope: Scope, receive: Receive, outbox: Outbox, call_sid: str, tasks: SocketTasks
    ) -> None:
        try:
            scope = with_token(scope)
            caller = await identify_again(self.identify, scope)
            if isinstance(caller, GatewayError):
                raise caller
            caller.require(Permission.READ)
            caller.require_kinds(reading(Kind.CALLS))
        except GatewayError as error:
            await outbox.send(error_message(call_sid, error))
            raise _close(error) from None
        connection = _Connection(self, receive, outbox, call_sid, caller)
        tasks.start(self._watch, scope, caller)
        tasks.start(self._charged, caller, connection.follow)
        tasks.start(self._charged, caller, connection.read)

    async def _watch(self, scope: Scope, caller: Identity) -> None:
        await watch_credential(
            self.identify,
            scope,
            caller,
            seconds=self.limits.look_seconds,
            forbidden=CloseCode.POLICY_VIOLATION,
        )

    async def _charged(self, caller: Identity, part: Work) -> None:
        await charged_to(self.shares, caller.organization_id, part())


class _Connection:
    """One WebSocket whose caller may read."""

    def __init__(
        self,
        service: LiveTranscripts,
        receive: Receive,
        outbox: Outbox,
        call_sid: str,
        caller: Identity,
    ) -> None:
        self._service = service
        self._receive = receive
        self._outbox = outbox
        self._call_sid = call_sid
        self._caller = caller
        self._call_id: int | None = None
        self._status: dict[str, Any] | None = None  # as it was sent last
        self._sent_hashes: dict[int, int] = {}  # by segment

    async def read(self) -> None:
        """Answer what the client sends."""
        while True:
            frame = await self._receive()
            if frame["type"] == "websocket.disconnect":
                raise ending_of(frame)
            match client_message(frame):
                case "ping":
                    await self._outbox.send(timed_message("pong"))
                case "request_status":
                    await self._answer_status()
                case _:
                    types = " or ".join(f'{{"type": "{each}"}}' for each in CLIENT_MESSAGES)
                    error = BadInput(f"Send {types}.")
                    await self._outbox.send(error_message(self._call_sid, error))

    async def follow(self) -> None:
        """Tell of the call, and of what was said and is said in it.

        Raises:
            Close: when events cannot be told any more.
        """
        service, organization_id = self._service, self._caller.organization_id
        feed = EventFeed(
            service.hubs,
            service.slots,
            organization_id,
            after=None,
            passes=self._passes,
            charge=partial(self._caller.allowance.use_points, RECORD_POINTS),
            print_event=self._print_event,
            # The same for everybody who may follow a call: what an event is about.
            share=partial(service.answers.join, organization_id),
        )
        words = "Following the transcript of this call."
        greeting = timed_message("connection_established", call_sid=self._call_sid, message=words)
        try:
            with feed.slots.hold(organization_id) as has_slot:
                if not has_slot:
                    raise feed.slots.refusal()
                await self._outbox.send(greeting)
                async with aclosing(feed.items()) as items:
                    async for item in items:
                        if isinstance(item, Begun):
                            await self._begin()
                        elif isinstance(item, PrintedEvent):
                            await self._tell(item)
        except GatewayError as error:
            await self._outbox.send(error_message(self._call_sid, error))
            raise _close(error) from None

    def _passes(self, event: StoredEvent) -> bool:
        if event.kind in _TRANSCRIPTS:
            return self._call_id is not None and event.parent_id == self._call_id
        if self._call_id is None:
            return event.kind is EventKind.CALL_CREATED
        return event.kind in _CALLS and event.object_id == self._call_id

    async def _begin(self) -> None:
        """Tell how the call is and what was said so far, if there is such a call."""
        call = await self._find_call()
        if call is None:
            await self._tell_nothing_is_there()
            return
        self._call_id = call.id
        await self._tell_status(call_content(call))
        paging: Paging | None = _FIRST
        while paging is not None:
            self._caller.allowance.use_points(PAGE_POINTS)
            # Not one snapshot for all pages, which a slow client would keep open: what comes
            # meanwhile has an event.
            async with self._reading(PAGE_POINTS) as context:
                page: Page = await PageByParentLoader.of(context, _SEGMENTS, paging).load(call.id)
            for segment in page.records:
                await self._tell_segment(segment.id, segment_content(segment))
            paging = None
            if page.has_more:
                last = page.records[-1]
                paging = _FIRST._replace(after=Cursor(last.chronology, last.id))

    async def _tell(self, printed: PrintedEvent) -> None:
        event = printed.event
        if event.kind in _TRANSCRIPTS:
            await self._tell_segment(event.object_id, printed.answer)
        elif printed.answer == _NO_CALL:
            await self._tell_nothing_is_there()
        else:
            status = orjson.loads(printed.answer)
            if self._call_id is not None:
                await self._tell_status(status)
            elif status["call_sid"] == self._call_sid:
                await self._begin()

    async def _tell_status(self, status: dict[str, Any]) -> None:
        if status != self._status:
            self._status = status
            await self._send_status(status)

    async def _send_status(self, status: dict[str, Any]) -> None:
        await self._outbox.send(timed_message("call_status", **status))

    async def _tell_segment(self, segment_id: int, content: bytes) -> None:
        fingerprint = hash(content)
        if self._sent_hashes.get(segment_id) != fingerprint:
            self._sent_hashes[segment_id] = fingerprint
            await self._outbox.send(transcript_message(self._call_sid, content))

    async def _tell_nothing_is_there(self) -> None:
        error = NotFound("call_with_sid", self._call_sid)
        await self._outbox.send(error_message(self._call_sid, error))

    async def _answer_status(self) -> None:
        try:
            call = await self._find_call()
        except GatewayError as error:
            await self._outbox.send(error_message(self._call_sid, error))
            return
        if call is None:
            await self._tell_nothing_is_there()
        else:
            await self._send_status(call_content(call))

    async def _find_call(self) -> Record | None:
        if "\0" in self._call_sid:  # PostgreSQL takes no such text
            return None
        self._caller.allowance.use_points(RECORD_POINTS)
        async with self._reading(RECORD_POINTS) as context:
            return await RecordByKeyLoader.of(context, CALLS, "call_sid").load(self._call_sid)

    async def _print_event(self, event: StoredEvent) -> bytes | None:
        """What an event is about, as it is now; nothing of a segment that is gone."""
        async with self._reading(RECORD_POINTS) as context:
            if event.kind in _TRANSCRIPTS:
                segments = RecordByKeyLoader.of(context, DOCUMENTED_TRANSCRIPTS)
                segment = await segments.load(event.object_id)
                return None if segment is None else segment_content(segment)
            call = await RecordByKeyLoader.of(context, CALLS).load(event.object_id)
        return _NO_CALL if call is None else orjson.dumps(call_content(call))

    @asynccontextmanager
    async def _reading(self, points: int) -> AsyncIterator[Context]:
        """A context to read with, once others who came before have had their turn."""
        async with self._service.queues.hold(self._caller.organization_id, points):
            context = Context(self._caller, self._service.database)
            try:
                yield context
            finally:
                await context.close()


def _close(error: GatewayError) -> Close:
    return Close.of_refusal(error, forbidden=CloseCode.POLICY_VIOLATION)
