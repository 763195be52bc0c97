"""The tables of what belongs to calls, and what a part of an item is in them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table, or_, select

from gql.ingest.bills import line_columns
from gql.ingest.items import (
    AnyItem,
    CostItem,
    CostsItem,
    MessageContent,
    MessageItem,
    MessagesItem,
    RecordingItem,
    Segment,
    SegmentItem,
    TranscriptItem,
)
from gql.models.cost_entry import CostEntry
from gql.models.message import ChatMessage, Transcript
from gql.models.recording import Recording
from gql.models.scope import owned, table_of
from gql.sql.keys import is_among

Elements = Iterator[tuple[str, dict[str, Any]]]
"""The keys of elements, and their columns."""


@dataclass(frozen=True)
class ElementTable:
    """A table whose rows belong to calls.

    Attributes:
        name: Of the set.
        table: Where its elements are.
        parent: The column that names the call or the session.
    """

    name: str
    table: Table
    parent: str = "call_id"

    def of(self, parents: Sequence[int], whole: Sequence[int], keys: Sequence[str]) -> Select[Any]:
        """The stored elements that a batch may change.

        Args:
            parents: The ids of the calls.
            whole: Of those that a snapshot is about: all their elements.
            keys: Of single elements.
        """
        table = self.table
        parent = table.c[self.parent]
        columns = [table.c.id, parent.label("parent_id"), table.c.source]
        columns += [table.c.external_id, table.c.stamp]
        if self is COSTS:
            columns += [table.c[name] for name in ("producer", "service", "amount", "currency")]
            columns += [table.c.is_superseded]
        return select(*columns).where(
            owned(table),
            is_among(parent, parents),
            table.c.external_id.is_not(None),
            or_(is_among(parent, whole), is_among(table.c.external_id, keys)),
        )


MESSAGES = ElementTable("messages", table_of(ChatMessage))
TRANSCRIPT = ElementTable("transcript", table_of(Transcript))
RECORDINGS = ElementTable("recordings", table_of(Recording))
COSTS = ElementTable("costs", table_of(CostEntry))

TABLES = (MESSAGES, TRANSCRIPT, RECORDINGS, COSTS)


def _message(message: MessageContent, at: datetime, position: int) -> dict[str, Any]:
    return {
        "role": str(message.role),
        "content": message.content or "",
        "message_index": position,
        "position": position,
        "timestamp": at,
        "occurred_at": at,
        "llm_provider": message.provider,
        "llm_model": message.model,
        "prompt_tokens": message.prompt_tokens,
        "completion_tokens": message.completion_tokens,
        "total_tokens": message.total_tokens,
        "name": message.name,
        "tool_call_id": message.tool_call_id,
        "tool_calls": message.tool_calls,
        "interrupted": bool(message.interrupted),
        "node_key": message.node_key,
    }


def _segment(segment: Segment, at: datetime, position: int) -> dict[str, Any]:
    return {
        "content": segment.content,
        "speaker": str(segment.speaker),
        "speaker_label": segment.speaker_label,
        "is_final": segment.is_final,
        "segment_start": segment.start,
        "segment_end": segment.end,
        "confidence": segment.confidence,
        "stt_timestamps": None if segment.words is None else {"words": segment.words},
        "created_at": at,
        "occurred_at": at,
        "position": position,
    }


def _recording(recording: RecordingItem) -> dict[str, Any]:
    return {
        "url": recording.url,
        "url_expires_at": recording.expires_at,
        "needs_auth": recording.needs_auth,
        "duration_ms": recording.duration_ms,
        "format": recording.format,
        "kind": recording.of,
        "channels": recording.channels,
        "status": recording.status,
        "started_at": recording.started_at,
        "occurred_at": recording.occurred_at,
    }


def _all_messages(item: MessagesItem) -> Elements:
    for position, message in enumerate(item.messages):
        at = message.occurred_at or item.occurred_at
        yield message.key, _message(message, at, position)


def _all_segments(item: TranscriptItem) -> Elements:
    for position, segment in enumerate(item.segments):
        yield segment.key, _segment(segment, item.occurred_at, position)


def _all_lines(item: CostsItem) -> Elements:
    for line in item.entries:
        yield line.key, {**line_columns(line, item.currency), "occurred_at": item.occurred_at}


SNAPSHOTS: Mapping[type, tuple[ElementTable, Callable[[Any], Elements]]] = {
    MessagesItem: (MESSAGES, _all_messages),
    TranscriptItem: (TRANSCRIPT, _all_segments),
    CostsItem: (COSTS, _all_lines),
}
"""By kind of item: where all elements of a set go."""

SINGLES: Mapping[type, tuple[ElementTable, Callable[[Any], dict[str, Any]]]] = {
    MessageItem: (MESSAGES, lambda item: _message(item, item.occurred_at, item.position)),
    SegmentItem: (TRANSCRIPT, lambda item: _segment(item, item.occurred_at, item.position)),
    RecordingItem: (RECORDINGS, _recording),
    CostItem: (
        COSTS,
        lambda item: {**line_columns(item, item.currency), "occurred_at": item.occurred_at},
    ),
}
"""By kind of item: where one element goes."""


def table_for(item: AnyItem) -> ElementTable | None:
    """Where the elements of an item go; None for an item on no set of a call."""
    declared = SNAPSHOTS.get(type(item)) or SINGLES.get(type(item))
    return None if declared is None else declared[0]
