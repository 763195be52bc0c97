"""Demo SMS conversations: active, completed and archived ones, with what the provider logged."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from gql.demo.calls import QUESTIONS, REPLIES, SYSTEM, Cost, call_row, message_row, token_columns
from gql.demo.tenant import (
    NOW,
    YEAR,
    Customer,
    DemoAssistant,
    Item,
    Row,
    Tenant,
    every,
    fraction,
    pick,
)
from gql.models.call import Call
from gql.models.message import ChatMessage
from gql.models.sms_log import SmsAuditLog, SmsMessageLog

_STATES = (
    *("active", "completed", "active", "archived"),
    *("active", "completed", "completed", "active"),
)


def sms(tenant: Tenant, count: int) -> Iterator[Item]:
    """`count` conversations of 2 to 60 messages; one in eight is archived and has lost them.

    A pair of customer and assistant has at most one active conversation, and one after an archived
    one: the next message after archiving opens a fresh thread.
    """
    for number in range(count):
        state = _STATES[number % 8]
        follows_archived = number > 0 and _STATES[(number - 1) % 8] == "archived"
        pair = number - 1 if follows_archived else number
        customer = tenant.customers[pair % len(tenant.customers)]
        assistant = tenant.deleted[0] if every(16, number, at=6) else _assistant_of(tenant, pair)
        messages = 2 + int(tenant.random.random() ** 3 * 59)
        yield from _conversation(tenant, number, customer, assistant, state, messages)


def plain_sms(tenant: Tenant, count: int, messages: int) -> Iterator[Item]:
    """`count` conversations of exactly `messages` messages, for the large set."""
    for number in range(count):
        customer = tenant.customers[number % len(tenant.customers)]
        assistant = _assistant_of(tenant, number // len(tenant.customers))
        state = "active" if number * 4 >= count * 3 else "completed"
        call = _sms_call(tenant, number, customer, assistant, state, _spread(number, count))
        written = list(_thread(tenant, call, assistant, messages))
        _finish(call, state, written)
        yield Call, call
        yield from written


def _conversation(
    tenant: Tenant,
    number: int,
    customer: Customer,
    assistant: DemoAssistant,
    state: str,
    messages: int,
) -> Iterator[Item]:
    chance = tenant.random.random()
    days_ago = 0.3 * chance if state == "active" else 5 + 350 * chance
    started = NOW - timedelta(hours=13) - timedelta(seconds=int(days_ago * 86_400))
    call = _sms_call(tenant, number, customer, assistant, state, started + fraction(tenant.random))
    if state == "archived":
        yield Call, call
        return
    written: list[Item] = []
    if number % 5 == 0:
        written.append(
            message_row(
                call,
                id=tenant.ids.next(ChatMessage),
                message_index=0,
                role="system",
                content=SYSTEM,
                timestamp=call["started_at"],
                assistant=assistant,
            )
        )
    written.extend(_thread(tenant, call, assistant, messages))
    _finish(call, state, written)
    yield Call, call
    yield from written
    if number % 3 == 0:
        yield from _logs(tenant, call, written)


def _sms_call(
    tenant: Tenant,
    number: int,
    customer: Customer,
    assistant: DemoAssistant,
    state: str,
    started: datetime,
) -> Row:
    call_id = tenant.ids.next(Call)
    meta: Row = {"topic": pick(tenant.random, ("réservation", "invoice", None))}
    if state == "archived":
        meta["sms_deleted"] = True
    return call_row(
        tenant.organization_id,
        id=call_id,
        channel="sms",
        call_sid=f"sms_{call_id}",
        assistant=assistant,
        customer_phone_number=customer.phone_number,
        status="active" if state == "active" else "completed",
        started_at=started,
        ended_at=started + timedelta(hours=3) if state == "archived" else None,
        call_meta=meta if number % 2 or state == "archived" else {},
        direction="outbound" if every(7, number, at=2) else "inbound",
        cost=_cost(number) if state == "completed" else None,
    )


def _thread(tenant: Tenant, call: Row, assistant: DemoAssistant, messages: int) -> Iterator[Item]:
    """Messages with indexes from 1, by turns; the customer begins unless the call is outbound."""
    random = tenant.random
    timestamp = call["started_at"]
    first = 0 if call["direction"] == "inbound" else 1
    for index in range(1, messages + 1):
        is_question = (index + first) % 2 == 1
        yield message_row(
            call,
            id=tenant.ids.next(ChatMessage),
            message_index=index,
            role="user" if is_question else "assistant",
            content=pick(random, QUESTIONS if is_question else REPLIES),
            timestamp=timestamp,
            assistant=assistant,
            **({} if is_question else token_columns(80 + 20 * index, 12)),
        )
        timestamp += timedelta(seconds=4 + int(random.random() * 600)) + fraction(random)


def _finish(call: Row, state: str, written: Sequence[Item]) -> None:
    """A completed conversation ends half an hour after its last message."""
    if state == "completed":
        call["ended_at"] = written[-1][1]["timestamp"] + timedelta(minutes=30)


def _cost(number: int) -> Cost | None:
    """SMS have no speech: those parts cost nothing, which is not the same as unknown."""
    if number % 3 == 0:
        return None
    return Cost(1_200 + number, 0, 0, 7_900 * (2 + number % 5), "USD" if number % 2 else "EUR")


def _assistant_of(tenant: Tenant, number: int) -> DemoAssistant:
    return tenant.assistants[number % len(tenant.assistants)]


def _spread(number: int, count: int) -> datetime:
    share = (YEAR - timedelta(days=1)).total_seconds() / count
    return NOW - YEAR + timedelta(seconds=int(number * share))


def _logs(tenant: Tenant, call: Row, messages: Sequence[Item]) -> Iterator[Item]:
    """A few events, and each message as the provider saw it but for the system's."""
    yield _event(tenant, call, "conversation_started", "info", {"direction": call["direction"]})
    for number, (_, message) in enumerate(messages):
        if message["role"] != "system":
            yield _provider_log(tenant, call, message, has_failed=every(11, number, at=10))
    if call["status"] == "completed":
        yield _event(tenant, call, "conversation_completed", "info", None)
    else:
        yield _event(
            tenant, call, "delivery_delayed", "warning", {"seconds": 12.5, "häufig": False}
        )


def _event(tenant: Tenant, call: Row, event_type: str, level: str, data: Row | None) -> Item:
    title = event_type.replace("_", " ").capitalize()
    return SmsAuditLog, {
        "id": tenant.ids.next(SmsAuditLog),
        "organization_id": tenant.organization_id,
        "call_id": call["id"],
        "event_type": event_type,
        "level": level,
        "message": f"{title} with {call['customer_phone_number']}",
        "event_data": data,
        "created_at": call["started_at"],
    }


def _provider_log(tenant: Tenant, call: Row, message: Row, *, has_failed: bool) -> Item:
    is_inbound = message["role"] == "user"
    numbers = (call["customer_phone_number"], call["to_phone_number"])
    sender, receiver = numbers if is_inbound else reversed(numbers)
    return SmsMessageLog, {
        "id": tenant.ids.next(SmsMessageLog),
        "organization_id": tenant.organization_id,
        "call_id": call["id"],
        "provider": "twilio" if call["id"] % 2 else "telnyx",
        "direction": "inbound" if is_inbound else "outbound",
        "status": "failed" if has_failed else "received" if is_inbound else "delivered",
        "from_number": sender,
        "to_number": receiver,
        "body": message["content"],
        "provider_message_id": None if has_failed else f"SM{message['id']:032x}",
        "created_at": message["timestamp"] + timedelta(milliseconds=250),
    }
