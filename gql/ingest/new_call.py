"""The row of a call of which nothing is stored and that one item tells, as nearly all of a file.

It is what `MergedCall` makes of the same item, in a third of the time: there is nothing to merge,
and which names a stamp stands for follows from which fields the item names.
`tests/ingest/test_new_call.py` compares the two for any item.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from gql.ingest.items import CallItem
from gql.ingest.merge import Phase, Stamp, microseconds, phased
from gql.ingest.merged_call import (
    NEVER_NULL,
    OBJECTS,
    PHASES,
    PROGRESS,
    REASON,
    REGISTERS,
    CallKey,
    status_of,
)
from gql.ingest.phone_numbers import split_address, without_channel
from gql.models.enums import CallStatus, Channel, Direction

_SHAPES = 1_024
"""Sets of fields whose names are cached."""


class NewCall:
    """A call that is not stored, as its only item tells it.

    Attributes:
        key: Its natural key.
        columns: Of its row, without the ids of assistant and graph, costs, and the receipt.
        row: Its id, once it is stored.
    """

    __slots__ = ("columns", "key", "row")

    def __init__(self, key: CallKey, columns: Mapping[str, Any]) -> None:
        self.key, self.columns = key, columns
        self.row: Mapping[str, Any] = {}


class _Names(NamedTuple):
    """Which registers an item fills, in order.

    Attributes:
        plain: Those with the item's stamp.
        progress: Those whose stamp says the phase too.
        never_null: Fields of which null says nothing.
    """

    plain: list[str]
    progress: list[str]
    never_null: list[str]


@lru_cache(_SHAPES)
def _names(fields: frozenset[str], keys: tuple[tuple[str, ...], ...]) -> _Names:
    """What an item with these fields fills, and these keys of its objects."""
    names = {REGISTERS[name] for name in fields if name in REGISTERS} - {"started_at"}
    if not fields.isdisjoint(REASON):
        names.add("reason")
    names |= {f"{name}.{key}" for name, each in zip(OBJECTS, keys, strict=True) for key in each}
    return _Names(sorted(names - PROGRESS), sorted(names & PROGRESS), sorted(fields & NEVER_NULL))


def new_call_columns(item: CallItem, stamp: Stamp) -> dict[str, Any] | None:
    """The columns of a call that is new and that this item alone tells.

    None for what is seldom: a correction, an SMS conversation, and null where it says nothing.
    """
    values = item.__dict__
    objects = {name: values[name] or {} for name in OBJECTS}
    fields = frozenset(item.model_fields_set)
    names = _names(fields, tuple(map(tuple, objects.values())))
    if (
        item.producer == "manual"
        or values["channel"] == Channel.SMS
        or any(values[name] is None for name in names.never_null)
    ):
        return None
    word, ended_at, occurred_at = values["status"], values["ended_at"], values["occurred_at"]
    phase = Phase.ENDED if word is None else PHASES[word]
    stamps = {phased(phase, stamp): names.progress, stamp: names.plain}
    if word is None and ended_at is not None:
        word = CallStatus.COMPLETED.value
        stamps[phased(Phase.ENDED, "")] = ["status"]
    started_at = values["started_at"] or occurred_at
    duration_ms = milliseconds = values["duration_ms"]
    if milliseconds is None and phase is Phase.ENDED and ended_at is not None:
        milliseconds = max(0, (microseconds(ended_at) - microseconds(started_at)) // 1000)
    at, sid = microseconds(occurred_at), values["call_sid"]
    assistant, graph = values["assistant"], values["graph"]
    number, address = split_address(values["customer_phone_number"])
    merged = {
        name: {key: each[key] for key in sorted(each) if each[key] is not None}
        for name, each in objects.items()
    }
    state: dict[str, Any] = {
        "stamps": {each: stamps[each] for each in sorted(stamps) if stamps[each]},
        "status": word,
        "duration_ms": duration_ms,
        "sid": None if sid is None else [stamp, sid],
        "started_at": microseconds(started_at) if values["started_at"] else None,
        "first": at,
        "newest": at,
    }
    return {
        "direction": values["direction"] or Direction.INBOUND.value,
        "channel": values["channel"] or Channel.VOICE.value,
        "carrier_call_id": values["carrier_call_id"],
        "answered_at": values["answered_at"],
        "ended_at": ended_at,
        "summary": values["summary"],
        "analysis": values["analysis"],
        "success": values["success"],
        "sentiment": values["sentiment"],
        "latency": values["latency"],
        "external_assistant_id": assistant and assistant.external_id,
        "assistant_name": assistant and assistant.name,
        "external_graph_id": graph and graph.external_id,
        "graph_name": graph and graph.name,
        "ended_reason": values["ended_reason"],
        "ended_reason_kind": values["ended_reason_kind"],
        "ended_message": values["ended_message"],
        "status": status_of(word, is_sms=False),
        "started_at": started_at,
        "duration_ms": milliseconds,
        "duration": None if milliseconds is None else (milliseconds + 500) // 1000,
        "source": values["source"],
        "external_id": values["external_id"],
        "call_sid": values["external_id"] if sid is None else sid,
        "to_phone_number": without_channel(values["to_phone_number"] or ""),
        "customer_phone_number": number,
        "customer_address": address,
        "occurred_at": occurred_at,
        "call_meta": merged["meta"],
        "source_ids": merged["source_ids"] or None,
        "merge_state": {name: value for name, value in state.items() if value is not None},
    }
