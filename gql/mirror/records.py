"""The fields of an object that are compared: one record from a server's answer, one from rows.

Fields that each side sets by itself are left out: ids of rows, the time at which a segment was
stored, and fields that the API does not have, such as the direction of a call.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from gql.ingest.bills import to_micros
from gql.ingest.merged_sms import party
from gql.ingest.phone_numbers import split_address, with_country_code, without_channel
from gql.ingest.sources.source import ItemFields, text
from gql.ingest.words import SMS_UNKNOWN, sms_progress
from gql.mirror.call_shapes import SERVICES, plain
from gql.mirror.lists import Row, server_instant
from gql.models.enums import CallStatus

Record = Mapping[str, Any]
"""By field; JSON values, instants in whole seconds, amounts in millionths."""

_DIGEST_BITS = 256

COST_COLUMNS = tuple(f"{name}_cost" for name in ("total", *SERVICES))


@dataclass
class Tally:
    """The sums over the objects of one collection and day.

    Attributes:
        count: How many.
        money: Millionths by currency.
        seconds: Their durations together.
        digest: The sum of the digests of all records: the same for any order.
    """

    count: int = 0
    money: dict[str, int] = field(default_factory=dict)
    seconds: int = 0
    digest: int = 0

    def add(self, key: str, record: Record) -> None:
        """Count an object."""
        self.count += 1
        self.seconds += record.get("duration") or 0
        amount = record.get("total_cost")
        if amount is not None:
            currency = str(record.get("cost_currency"))
            self.money[currency] = self.money.get(currency, 0) + amount
        text = orjson.dumps([key, record], option=orjson.OPT_SORT_KEYS)
        number = int.from_bytes(hashlib.sha256(text).digest())
        self.digest = (self.digest + number) % 2**_DIGEST_BITS

    def to_json(self) -> dict[str, Any]:
        """As a statement prints it; money as decimal text."""
        money = {name: str(Decimal(each) / 10**6) for name, each in sorted(self.money.items())}
        return {
            "count": self.count,
            "money": money,
            "seconds": self.seconds,
            "digest": f"{self.digest:064x}",
        }


def second(at: datetime | None) -> str | None:
    """An instant in whole seconds, as some servers print it."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _micros(amount: Any) -> int | None:
    return None if amount is None else to_micros(Decimal(str(amount)))


def without_nulls(meta: Mapping[str, Any] | None) -> dict[str, Any]:
    """The members of an object that is merged by key, where null means that there is none."""
    return {name: each for name, each in (meta or {}).items() if each is not None}


def _address(row: Row, name: str, region: str | None) -> str:
    """A number of a server's answer, or what is written in its place, as an item has it."""
    return with_country_code(text(row.get(name)) or "", region)


def call_record(row: Row, region: str | None) -> Record:
    """A call of a server, whose numbers without the code of a country are of this region."""
    return {
        "status": row.get("status"),
        "started_at": second(server_instant(row.get("started_at"))),
        "ended_at": second(server_instant(row.get("ended_at"))),
        "duration": _duration(row),
        "to_phone_number": without_channel(_address(row, "to_phone_number", region)),
        "customer": split_address(_address(row, "customer_phone_number", region))[0],
        "assistant_name": row.get("assistant_name"),
        "flow_name": row.get("flow_name"),
        "meta": plain(without_nulls(row.get("call_meta"))),
        **{name: _micros(row.get(name)) for name in COST_COLUMNS},
        "cost_currency": row.get("cost_currency") if row.get("total_cost") is not None else None,
    }


def _duration(row: Row) -> int | None:
    """Seconds; those between beginning and end where none are named, as rows have them."""
    if row.get("duration") is not None:
        return int(row["duration"])
    started_at = server_instant(row.get("started_at"))
    ended_at = server_instant(row.get("ended_at"))
    if started_at is None or ended_at is None or row.get("status") == CallStatus.ONGOING:
        return None
    return int(max(0.0, (ended_at - started_at).total_seconds()) + 0.5)


def stored_call_record(row: Any) -> Record:
    """A stored call."""
    return {
        "status": row.status,
        "started_at": second(row.started_at),
        "ended_at": second(row.ended_at),
        "duration": row.duration,
        "to_phone_number": row.to_phone_number,
        "customer": row.customer_phone_number,
        "assistant_name": row.assistant_name,
        "flow_name": row.graph_name,
        "meta": without_nulls(row.call_meta),
        **{name: getattr(row, name) for name in COST_COLUMNS},
        "cost_currency": row.cost_currency if row.total_cost is not None else None,
    }


def conversation_record(row: Row, region: str | None) -> Record:
    """An SMS conversation of a server; see `call_record`."""
    return {
        "status": row.get("status"),
        "started_at": second(server_instant(row.get("started_at"))),
        "to_phone_number": without_channel(_address(row, "assistant_phone_number", region)),
        "customer": split_address(_address(row, "customer_phone_number", region))[0],
        "assistant_name": row.get("assistant_name"),
    }


def stored_conversation_record(row: Any) -> Record:
    """A stored SMS conversation."""
    return {name: stored_call_record(row)[name] for name in _OF_CONVERSATION}


def sms_log_record(row: Row, region: str | None) -> Record:
    """What a server's list of SMS has of one; see `call_record`."""
    word = row.get("provider_status") or row.get("status")
    return {
        "direction": row.get("direction"),
        "from": party(_address(row, "from_number", region)),
        "to": party(_address(row, "to_number", region)),
        "body": row.get("body") or "",
        "status": SMS_UNKNOWN if word is None else sms_progress(str(word))[1],
        "error_code": text(row.get("error_code")),
        "segments": row.get("segment_count"),
        "media": row.get("media_urls") or [],
    }


def stored_sms_log_record(row: Any) -> Record:
    """What is stored of an SMS."""
    return {
        "direction": row.direction,
        "from": party(row.from_number),
        "to": party(row.to_number),
        "body": row.body,
        "status": row.status,
        "error_code": row.error_code,
        "segments": row.segment_count,
        "media": row.media_urls or [],
    }


_OF_CONVERSATION = ("status", "started_at", "to_phone_number", "customer", "assistant_name")

_SEGMENT = {
    "content": "content",
    "speaker": "speaker",
    "isFinal": "is_final",
    "start": "segment_start",
    "end": "segment_end",
    "confidence": "confidence",
}
_MESSAGE = {
    "role": "role",
    "content": "content",
    "provider": "llm_provider",
    "model": "llm_model",
    "promptTokens": "prompt_tokens",
    "completionTokens": "completion_tokens",
    "totalTokens": "total_tokens",
}
_RECORDING = {
    "url": "url",
    "of": "kind",
    "durationMs": "duration_ms",
    "format": "format",
    "status": "status",
}
_COST = {"service": "service", "provider": "provider", "model": "model"}

PARTS: Mapping[str, Mapping[str, str]] = {
    "transcripts": _SEGMENT,
    "messages": _MESSAGE,
    "recordings": _RECORDING,
    "costs": _COST,
}
"""By part of a call: the fields of its items, and their columns."""


def part_record(part: str, element: ItemFields) -> Record:
    """An element of an item, as the server has it."""
    record = {name: element.get(name) for name in PARTS[part]}
    if part == "messages":
        record["at"] = second(server_instant(element.get("occurredAt")))
    if part == "costs":
        record["amount"] = _micros(element["amount"])
    return record


def stored_part_record(part: str, row: Any) -> Record:
    """A stored element."""
    record = {name: getattr(row, column) for name, column in PARTS[part].items()}
    if part == "messages":
        record["at"] = second(row.timestamp)
    if part == "costs":
        record["amount"] = row.amount
    return record


def parts_of_items(items: Sequence[ItemFields]) -> dict[str, dict[str, Record]]:
    """The records of the items of one call, by part and key."""
    elements: dict[str, list[ItemFields]] = {part: [] for part in PARTS}
    for item in items:
        if item["kind"] == "recording":
            elements["recordings"].append(item)
        elif item["kind"] == "transcript":
            elements["transcripts"] += item["segments"]
        elif item["kind"] == "messages":
            elements["messages"] += item["messages"]
        elif item["kind"] == "costs":
            elements["costs"] += item["entries"]
    return {
        part: {str(each["key"]): part_record(part, each) for each in of_part}
        for part, of_part in elements.items()
    }
