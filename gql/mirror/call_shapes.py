"""Calls and what belongs to them, from the shapes of the documented REST API to items."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from gql.ingest.sources.source import ItemFields, text, without_absent
from gql.mirror.lists import Row, server_instant
from gql.models.enums import Channel, Speaker

SERVICES = ("llm", "tts", "stt", "telephony")

_RECORDING_KINDS = frozenset({"full", "customer", "assistant", "video", "pcap", "log"})
_ROLES = frozenset({"system", "user", "assistant", "tool"})
_SPEAKERS = frozenset(Speaker)


@dataclass(frozen=True)
class CallParts:
    """A call with all that a server has of it; None where it has no such family.

    Attributes:
        row: The call.
        read_at: When the first part of it was read.
        transcripts: Its segments, interim ones among them.
        messages: Its turns.
        recordings: Its recordings.
        costs: The answer with `call_summary` and `detailed_entries`.
    """

    row: Row
    read_at: datetime
    transcripts: Sequence[Row] | None = None
    messages: Sequence[Row] | None = None
    recordings: Sequence[Row] | None = None
    costs: Mapping[str, Any] | None = None

    @property
    def key(self) -> str:
        """What names the call at its source, in webhooks too."""
        return str(self.row["call_sid"])


def call_items(source: str, parts: CallParts, absent_meta: Sequence[str] = ()) -> list[ItemFields]:
    """The items of a call.

    Args:
        source: The name of the source.
        parts: What was read.
        absent_meta: Keys of the metadata that are stored and that the source no longer has.
    """
    common = {"source": source, "producer": "pull", "occurredAt": parts.read_at.isoformat()}
    of_call = {**common, "call": parts.key}
    items = [{**common, **_call(parts.row, absent_meta)}]
    costs = _costs(parts)
    if costs is not None:
        items.append({**of_call, **costs})
    if parts.transcripts is not None:
        segments = [segment(row) for row in parts.transcripts]
        items.append({**of_call, "kind": "transcript", "segments": segments})
    if parts.messages is not None:
        messages = [message(row) for row in parts.messages]
        items.append({**of_call, "kind": "messages", "messages": messages})
    items.extend({**of_call, **_recording(row)} for row in parts.recordings or ())
    return items


def external(key: Any, name: Any) -> ItemFields | None:
    """An assistant or a graph as its source names it; None where it names none."""
    named = without_absent(externalId=None if key is None else str(key), name=text(name))
    return named or None


def _call(row: Row, absent_meta: Sequence[str]) -> ItemFields:
    duration = row.get("duration")
    meta = {**dict.fromkeys(absent_meta), **plain(row.get("call_meta") or {})}
    return {
        "kind": "call",
        "externalId": str(row["call_sid"]),
        "callSid": str(row["call_sid"]),
        "sourceIds": {"id": row["id"]},
        "channel": Channel.VOICE,
        "toPhoneNumber": text(row.get("to_phone_number")),
        "customerPhoneNumber": text(row.get("customer_phone_number")),
        "assistant": external(row.get("assistant_id"), row.get("assistant_name")),
        "graph": external(None, row.get("flow_name")),
        "endedAt": _instant(row.get("ended_at")),
        "durationMs": None if duration is None else int(duration * 1000),
        **without_absent(
            status=row.get("status"),
            startedAt=_instant(row.get("started_at")),
            meta=meta or None,
        ),
    }


def segment(row: Row) -> ItemFields:
    """A segment of a transcript."""
    speaker, words = row.get("speaker"), row.get("stt_timestamps")
    is_speaker = speaker in _SPEAKERS
    return {
        "key": str(row["id"]),
        "speaker": speaker if is_speaker else "other",
        "content": row.get("content") or "",
        "isFinal": row.get("is_final") is not False,
        **without_absent(
            speakerLabel=None if is_speaker else text(speaker),
            start=_float(row.get("segment_start")),
            end=_float(row.get("segment_end")),
            confidence=_float(row.get("confidence")),
            words=plain([words] if isinstance(words, dict) else words or None),
        ),
    }


def message(row: Row, key: str | None = None) -> ItemFields:
    """A turn of a call or an SMS conversation."""
    role = row.get("role")
    return {
        "key": str(row["id"]) if key is None else key,
        "role": role if role in _ROLES else "system",
        "content": row.get("content") or "",
        **without_absent(
            occurredAt=_instant(row.get("timestamp")),
            provider=text(row.get("llm_provider")),
            model=text(row.get("llm_model")),
            promptTokens=row.get("prompt_tokens"),
            completionTokens=row.get("completion_tokens"),
            totalTokens=row.get("total_tokens"),
        ),
    }


def _recording(row: Row) -> ItemFields:
    seconds, kind = row.get("duration"), row.get("recording_type")
    return {
        "kind": "recording",
        "key": text(row.get("recording_sid")) or str(row["id"]),
        "url": text(row.get("recording_url")) or text(row.get("file_path")),
        "of": kind if kind in _RECORDING_KINDS else "full",
        "durationMs": None if seconds is None else int(seconds * 1000),
        "format": text(row.get("format")),
        "status": text(row.get("status")),
        "startedAt": _instant(row.get("created_at")),
    }


def _costs(parts: CallParts) -> ItemFields | None:
    """The bill: its lines where they add up to the documented columns, else the columns as lines.

    None while nothing is is_speaker, which is not the same as nothing to pay.
    """
    amounts = {name: parts.row.get(f"{name}_cost") for name in ("total", *SERVICES)}
    if all(amount is None for amount in amounts.values()):
        return None
    entries = list(_detailed(parts.costs)) if parts.costs is not None else []
    sums = {
        service: sum((Decimal(each["amount"]) for each in of), Decimal(0))
        for service in SERVICES
        if (of := [each for each in entries if each["service"] == service])
    }
    columns = {
        service: Decimal(str(amounts[service]))
        for service in SERVICES
        if amounts[service] is not None
    }
    if sums != columns:
        entries = [
            {"key": service, "service": service, "amount": str(amount)}
            for service, amount in columns.items()
        ]
    total = amounts["total"]
    return {
        "kind": "costs",
        "currency": text(parts.row.get("cost_currency")) or "USD",
        "entries": entries,
        **without_absent(total=None if total is None else str(total)),
    }


def _detailed(costs: Mapping[str, Any]) -> Iterator[ItemFields]:
    for row in costs.get("detailed_entries") or ():
        service = row.get("service_type")
        yield {
            "key": str(row["id"]),
            "service": service if service in SERVICES else "other",
            "amount": str(row.get("total_cost") or 0),
            **without_absent(
                provider=text(row.get("provider")),
                model=text(row.get("model")),
                usageType=text(row.get("usage_type")),
                usageAmount=_decimal(row.get("usage_amount")),
                unitPrice=_decimal(row.get("unit_cost")),
            ),
        }


def _decimal(value: Any) -> str | None:
    return None if value is None else str(value)


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _instant(written: Any) -> str | None:
    read = server_instant(written)
    return None if read is None else read.isoformat()


def plain(value: Any) -> Any:
    """The same JSON value with floats in place of decimals."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return value
