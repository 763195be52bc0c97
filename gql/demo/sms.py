"""Demo SMS conversations: active, completed and archived ones, with what the provider logged."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from gql.demo.call_rows import Cost, call_row, message_row
from gql.demo.chance import NOW, YEAR, every, fraction, pick
from gql.demo.sample_text import ANSWERED, ASKED, SYSTEM
from gql.demo.sms_logs import sms_logs
from gql.demo.tenant import Customer, DemoAssistant, Item, Row, Tenant

_KINDS = ("active", "completed", "active", "archived", "active", "completed", "completed", "active")


def sms(tenant: Tenant, count: int) -> Iterator[Item]:
    """`count` conversations of 2 to 60 messages; one in eight is archived and has lost them.

    A pair of customer and assistant has at most one active conversation, and one after an archived
    one: the next message after archiving opens a fresh thread.
    """
    for number in range(count):
        kind = _KINDS[number % len(_KINDS)]
        pair = number - 1 if number and _KINDS[(number - 1) % len(_KINDS)] == "archived" else number
        customer = tenant.customers[pair % len(tenant.customers)]
        assistant = tenant.deleted[0] if every(16, number, at=6) else _assistant_of(tenant, pair)
        messages = 2 + int(tenant.dice.random() ** 3 * 59)
        yield from _conversation(tenant, number, customer, assistant, kind, messages)


def plain_sms(tenant: Tenant, count: int, messages: int) -> Iterator[Item]:
    """`count` conversations of exactly `messages` messages, for the large set."""
    for number in range(count):
        customer = tenant.customers[number % len(tenant.customers)]
        assistant = _assistant_of(tenant, number // len(tenant.customers))
        kind = "active" if number * 4 >= count * 3 else "completed"
        call = _sms_call(tenant, number, customer, assistant, kind, _spread(number, count))
        written = list(_thread(tenant, call, assistant, messages))
        _finish(call, kind)
        yield "call", call
        yield from written


def _conversation(
    tenant: Tenant,
    number: int,
    customer: Customer,
    assistant: DemoAssistant,
    kind: str,
    messages: int,
) -> Iterator[Item]:
    age = 0.3 * tenant.dice.random() if kind == "active" else 5 + 350 * tenant.dice.random()
    started = NOW - timedelta(hours=13) - timedelta(seconds=int(age * 86_400))
    call = _sms_call(tenant, number, customer, assistant, kind, started + fraction(tenant.dice))
    if kind == "archived":
        call["is_archived"] = True
        yield "call", call
        return
    written: list[Item] = []
    if number % 5 == 0:
        written.append(
            message_row(
                call,
                id=tenant.ids.take("chat_message"),
                index=0,
                role="system",
                content=SYSTEM,
                timestamp=call["started_at"],
                assistant=assistant,
            )
        )
    written.extend(_thread(tenant, call, assistant, messages))
    _finish(call, kind)
    yield "call", call
    yield from written
    if number % 3 == 0:
        yield from sms_logs(tenant, call, written)


def _sms_call(
    tenant: Tenant,
    number: int,
    customer: Customer,
    assistant: DemoAssistant,
    kind: str,
    started: datetime,
) -> Row:
    call_id = tenant.ids.take("call")
    meta: Row = {"topic": pick(tenant.dice, ("réservation", "invoice", None))}
    if kind == "archived":
        meta["sms_deleted"] = True
    return call_row(
        tenant.organization_id,
        id=call_id,
        channel="sms",
        call_sid=f"sms_{call_id}",
        assistant=assistant,
        customer_phone_number=customer.phone_number,
        status="active" if kind == "active" else "completed",
        started_at=started,
        ended_at=started + timedelta(hours=3) if kind == "archived" else None,
        meta=meta if number % 2 or kind == "archived" else {},
        direction="outbound" if every(7, number, at=2) else "inbound",
        cost=_cost(number) if kind == "completed" else None,
    )


def _thread(tenant: Tenant, call: Row, assistant: DemoAssistant, messages: int) -> Iterator[Item]:
    """Messages with indexes from 1, by turns; the customer begins unless the call is outbound."""
    dice = tenant.dice
    at = call["started_at"]
    first = 0 if call["direction"] == "inbound" else 1
    for index in range(1, messages + 1):
        asks = (index + first) % 2 == 1
        yield message_row(
            call,
            id=tenant.ids.take("chat_message"),
            index=index,
            role="user" if asks else "assistant",
            content=pick(dice, ASKED if asks else ANSWERED),
            timestamp=at,
            assistant=assistant,
            tokens=None if asks else (80 + 20 * index, 12),
        )
        at += timedelta(seconds=4 + int(dice.random() * 600)) + fraction(dice)


def _finish(call: Row, kind: str) -> None:
    """A completed conversation ends half an hour after its last message."""
    if kind == "completed":
        call["ended_at"] = call["last_activity"] + timedelta(minutes=30)


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
