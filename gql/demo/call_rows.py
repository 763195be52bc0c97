"""Rows of calls: what voice calls and SMS conversations have in common."""

from dataclasses import dataclass
from datetime import datetime

from gql.demo.tenant import DemoAssistant, Item, Row
from gql.models.call import phone_digits


@dataclass(frozen=True, slots=True)
class Cost:
    """What a conversation cost, in millionths of the currency; the total is the sum."""

    llm: int
    tts: int
    stt: int
    telephony: int
    currency: str


def call_row(
    organization_id: int,
    *,
    id: int,
    channel: str,
    call_sid: str,
    assistant: DemoAssistant,
    customer_phone_number: str,
    status: str,
    started_at: datetime,
    ended_at: datetime | None,
    meta: Row,
    graph_id: int | None = None,
    graph_name: str | None = None,
    direction: str = "inbound",
    duration: int | None = None,
    cost: Cost | None = None,
) -> Row:
    """One row of `call`, without messages yet: whoever adds some counts them."""
    return {
        "id": id,
        "organization_id": organization_id,
        "channel": channel,
        "call_sid": call_sid,
        "assistant_id": assistant.id,
        "assistant_name": assistant.name,
        "graph_id": graph_id,
        "graph_name": graph_name,
        "direction": direction,
        "to_phone_number": assistant.phone_number,
        "customer_phone_number": customer_phone_number,
        "customer_phone_digits": phone_digits(customer_phone_number),
        "status": status,
        "duration": duration,
        "started_at": started_at,
        "ended_at": ended_at,
        "last_activity": ended_at or started_at,
        "message_count": 0,
        "call_meta": meta,
        "is_archived": False,
        "total_cost": cost.llm + cost.tts + cost.stt + cost.telephony if cost else None,
        "llm_cost": cost.llm if cost else None,
        "tts_cost": cost.tts if cost else None,
        "stt_cost": cost.stt if cost else None,
        "telephony_cost": cost.telephony if cost else None,
        "cost_currency": cost.currency if cost else None,
    }


def message_row(
    call: Row,
    *,
    id: int,
    index: int,
    role: str,
    content: str,
    timestamp: datetime,
    assistant: DemoAssistant,
    tokens: tuple[int, int] | None = None,
) -> Item:
    """One row of `chat_message`, counted on its call; only the assistant's name a model."""
    if role != "system":
        call["message_count"] += 1
        call["last_activity"] = timestamp
    wrote = role == "assistant"
    return "chat_message", {
        "id": id,
        "organization_id": call["organization_id"],
        "call_id": call["id"],
        "role": role,
        "content": content,
        "message_index": index,
        "timestamp": timestamp,
        "llm_provider": assistant.llm_provider if wrote else None,
        "llm_model": assistant.llm_model if wrote else None,
        "prompt_tokens": tokens[0] if tokens else None,
        "completion_tokens": tokens[1] if tokens else None,
        "total_tokens": sum(tokens) if tokens else None,
    }
