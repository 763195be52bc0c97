"""SMS conversations, from the shapes of the documented REST API to items.

A message has one id in its conversation and another one in the carrier's log, which webhooks have
too. Nothing but numbers, direction, text and time joins the two.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gql.ingest.sources.source import ItemFields, text, without_absent
from gql.mirror.call_shapes import external, message
from gql.mirror.lists import Row, server_instant
from gql.models.enums import Channel, Role

FARTHEST_APART = timedelta(seconds=120)
"""How far the times of a message in its conversation and in the carrier's log may differ."""


@dataclass(frozen=True)
class ConversationParts:
    """An SMS conversation with its messages.

    Attributes:
        row: The conversation.
        read_at: When it was read.
        messages: In their order.
        logs: What the carrier reported about the two numbers; nothing where there is no such list.
    """

    row: Row
    read_at: datetime
    messages: Sequence[Row]
    logs: Sequence[Row] = ()

    @property
    def key(self) -> str:
        """The `call_sid` that the documents give a conversation among calls."""
        return f"sms_{self.row['id']}"


def conversation_items(source: str, parts: ConversationParts) -> list[ItemFields]:
    """The items of a conversation."""
    row, keys = parts.row, carrier_keys(parts.messages, parts.logs)
    common = {"source": source, "producer": "pull", "occurredAt": parts.read_at.isoformat()}
    started_at, ended_at = (server_instant(row.get(name)) for name in ("started_at", "ended_at"))
    conversation = {
        "kind": "call",
        **common,
        "externalId": parts.key,
        "callSid": parts.key,
        "sourceIds": {"id": row["id"], "session_id": row.get("session_id")},
        "channel": Channel.SMS,
        "toPhoneNumber": text(row.get("assistant_phone_number")),
        "customerPhoneNumber": text(row.get("customer_phone_number")),
        "assistant": external(row.get("assistant_id"), row.get("assistant_name")),
        "endedAt": None if ended_at is None else ended_at.isoformat(),
        **without_absent(
            status=row.get("status"),
            startedAt=None if started_at is None else started_at.isoformat(),
        ),
    }
    messages = [message(each, keys.get(str(each["id"]))) for each in parts.messages]
    return [
        conversation,
        {"kind": "messages", **common, "call": parts.key, "messages": messages},
    ]


def log_items(source: str, parts: ConversationParts) -> Iterator[ItemFields]:
    """The items of what the carrier reported: what was sent, and how far it has come."""
    for row in parts.logs:
        if not row.get("provider_message_id"):
            continue
        created_at = server_instant(row.get("created_at")) or parts.read_at
        updated_at = server_instant(row.get("updated_at")) or created_at
        common = {
            "kind": "sms",
            "source": source,
            "producer": "pull",
            "messageId": str(row["provider_message_id"]),
            **without_absent(
                **{"from": text(row.get("from_number")), "to": text(row.get("to_number"))},
                direction=row.get("direction"),
            ),
        }
        yield {
            **common,
            "occurredAt": created_at.isoformat(),
            "body": row.get("body"),
            **without_absent(media=row.get("media_urls"), segments=row.get("segment_count")),
        }
        status = text(row.get("provider_status")) or text(row.get("status"))
        if status is not None:
            yield {
                **common,
                "occurredAt": max(created_at, updated_at).isoformat(),
                "status": status,
                "errorCode": text(row.get("error_code")),
                "errorMessage": text(row.get("error_message")),
            }


def carrier_keys(messages: Sequence[Row], logs: Sequence[Row]) -> Mapping[str, str]:
    """By the id of a message: the carrier's id.

    Of equal texts in one direction the first message has the first report, the second one the
    second, as long as their times are no farther apart than `FARTHEST_APART`.
    """
    keys: dict[str, str] = {}
    unclaimed = sorted(
        (row for row in logs if row.get("provider_message_id")),
        key=lambda row: (str(row.get("created_at")), str(row["provider_message_id"])),
    )
    for each in messages:
        written_at = server_instant(each.get("timestamp"))
        for row in unclaimed:
            reported_at = server_instant(row.get("created_at"))
            if (
                written_at is not None
                and reported_at is not None
                and abs(reported_at - written_at) <= FARTHEST_APART
                and (row.get("direction") == "inbound") is (each.get("role") == Role.USER)
                and (row.get("body") or "") == (each.get("content") or "")
            ):
                keys[str(each["id"])] = str(row["provider_message_id"])
                unclaimed.remove(row)
                break
    return keys
