"""Demo calls: rows that voice and SMS share, and voice calls with messages and transcripts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from gql.demo.graphs import graph_session
from gql.demo.outcomes import details, outcome_columns, report_columns
from gql.demo.tenant import (
    NOW,
    YEAR,
    Customer,
    DemoAssistant,
    DemoGraph,
    Item,
    Row,
    Tenant,
    every,
    fraction,
    odds,
    pick,
)
from gql.models.call import Call
from gql.models.message import ChatMessage, Transcript

SYSTEM = "You are a helpful assistant. Never reveal <internal> notes.\nAnswer briefly."

QUESTIONS = (
    "Hello, I have a question about my invoice.",
    "Can I reschedule?",
    "¿Tienen mesas para esta noche? 🌮",
    "我想修改我的预约。",
    'The display says "E-42" \\ "E-43".',
    "It costs 5 € & that is > 4 €!",
    "Line one\nline two\ttabbed",
    "O'Brien; DROP TABLE call; --",
    "👨‍👩‍👧‍👦 four of us, please",
    "100% sure, under_score and *stars*",
    "ok",
)
"""What customers say, with the characters that break careless code."""

REPLIES = (
    "Of course. What day works best?",
    "Let me look that up for you…",
    "Su reserva está confirmada ✅",
    "好的 请稍等",
    'Please press "reset" and tell me what you see.',
    "Your balance is 1,499.99 €.",
    "I have opened ticket #4711; a colleague will call you back. Leave the device connected.",
    "Is there anything else?",
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a conversation cost, in millionths of the currency; the total is the sum."""

    llm: int
    tts: int
    stt: int
    telephony: int
    currency: str


_CURRENCIES = (("USD", 1), ("USD", 1), ("EUR", 1), ("INR", 80))
_EXTREMES = {1: Cost(1, 0, 0, 0, "USD"), 2: Cost(9_876_543_210, 120_001, 7, 40_000, "INR")}
"""A millionth, and more than 32 bits hold."""

_CAMPAIGNS = ("winter_outreach", "été_2025", "春节", None)
_FAILURES = ("no-answer", "busy", "error")
_ONGOING = timedelta(hours=1)
"""Calls that began less than this before the data's now are still going on."""


@dataclass(frozen=True, slots=True)
class CallMix:
    """Which calls of a set get what; "every" is how many calls come to one.

    Attributes:
        routed_every: Goes through a graph.
        has_sessions: Whether a routed call has its graph session.
        written_every: Has messages and a transcript; 0 for none.
        ongoing: How many of the newest calls are still going on.
    """

    routed_every: int
    has_sessions: bool
    written_every: int
    ongoing: int


def calls(tenant: Tenant, count: int, mix: CallMix) -> Iterator[Item]:
    """`count` calls spread over the year, oldest first; some begin at the same instant."""
    started = NOW - YEAR
    for number in range(count):
        newest = count - number
        if newest <= mix.ongoing:
            started = NOW - _ONGOING * newest / (mix.ongoing + 1) + fraction(tenant.random)
        elif not every(25, number, at=24):
            started = _spread(tenant.random, number, count)
        yield from _call(tenant, number, started, mix, is_ongoing=newest <= mix.ongoing)


def recent_calls(tenant: Tenant, count: int) -> Iterator[Item]:
    """Up to seven calls that ended in the last minutes, each with graph, messages and cost."""
    for number in range(count):
        graph = tenant.graphs[number % len(tenant.graphs)]
        customer = pick(tenant.random, tenant.customers)
        assistant = graph.nodes[0].assistant
        started = NOW - timedelta(minutes=4, seconds=-30 * number)
        duration = 20 + 5 * number
        call = call_row(
            tenant.organization_id,
            id=tenant.ids.next(Call),
            call_sid=f"CA{tenant.random.getrandbits(128):032x}",
            assistant=assistant,
            customer_phone_number=customer.phone_number,
            status="completed",
            started_at=started,
            ended_at=started + timedelta(seconds=duration),
            call_meta={},
            graph_id=graph.id,
            graph_name=graph.name,
            duration=duration,
            cost=Cost(60 * duration, 30 * duration, 71 * duration, 8_500, "USD"),
        )
        messages = list(_messages(tenant, call, assistant))
        yield Call, call
        yield from messages
        yield from graph_session(tenant, call, graph, customer, steps=number % 4)


def call_row(
    organization_id: int,
    *,
    assistant: DemoAssistant,
    customer_phone_number: str,
    started_at: datetime,
    ended_at: datetime | None,
    cost: Cost | None = None,
    **columns: Any,
) -> Row:
    """One row of `call`, with further columns."""
    return {
        "organization_id": organization_id,
        "assistant_id": assistant.id,
        "assistant_name": assistant.name,
        "to_phone_number": assistant.phone_number,
        "customer_phone_number": customer_phone_number,
        "started_at": started_at,
        "ended_at": ended_at,
        **(_cost_columns(cost) if cost else {}),
        **columns,
    }


def message_row(
    call: Row, *, role: str, timestamp: datetime, assistant: DemoAssistant, **columns: Any
) -> Item:
    """One row of `chat_message`, with further columns; one of the assistant names its model."""
    row: Row = {
        "organization_id": call["organization_id"],
        "call_id": call["id"],
        "role": role,
        "timestamp": timestamp,
        **columns,
    }
    if role == "assistant":
        row |= {"llm_provider": assistant.llm_provider, "llm_model": assistant.llm_model}
    return ChatMessage, row


def token_columns(prompt: int, completion: int) -> Row:
    """The tokens that a message took."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def _call(
    tenant: Tenant, number: int, started: datetime, mix: CallMix, *, is_ongoing: bool
) -> Iterator[Item]:
    """One call, its messages after it, and its walk through a graph."""
    customer = pick(tenant.random, tenant.customers)
    graph = None
    if every(20, number, at=7):
        assistant = tenant.deleted[0]
    elif number % mix.routed_every == 0:
        graph = tenant.graphs[number // mix.routed_every % len(tenant.graphs)]
        assistant = graph.nodes[0].assistant
    else:
        assistant = pick(tenant.random, tenant.assistants)
    call = _voice_call(tenant, number, customer, assistant, graph, started, is_ongoing=is_ongoing)
    messages: list[Item] = []
    if mix.written_every and number % mix.written_every == 0 and call["status"] != "failed":
        messages = list(_messages(tenant, call, assistant))
    has_report = bool(messages) and call["status"] == "completed"
    if has_report:
        call |= report_columns(call, number)
    yield Call, call
    yield from messages
    if has_report:
        yield from details(tenant, call)
    if graph and mix.has_sessions:
        steps = number // mix.routed_every % 4
        yield from graph_session(tenant, call, graph, customer, steps=steps)


def _voice_call(
    tenant: Tenant,
    number: int,
    customer: Customer,
    assistant: DemoAssistant,
    graph: DemoGraph | None,
    started: datetime,
    *,
    is_ongoing: bool,
) -> Row:
    random = tenant.random
    status = "ongoing" if is_ongoing else "failed" if odds(random, 0.1) else "completed"
    duration: int | None = None
    cost: Cost | None = None
    ended: datetime | None = None
    if status == "completed":
        duration = 5 + int(random.random() ** 2 * 1_500)
        cost = _EXTREMES.get(number) or _cost(random, duration)
        ended = started + timedelta(seconds=duration)
    elif status == "failed":
        duration = pick(random, (0, 0, None, 7))
        cost = Cost(0, 0, 0, 0, "USD") if duration == 0 else None
        ended = started + timedelta(seconds=25 if duration is None else duration)
    # A graph that is deleted by now: the call keeps its name.
    retired = tenant.retired if graph is None and every(40, number, at=13) else None
    routed = graph or retired
    call_sid = f"CA{random.getrandbits(128):032x}"
    meta = _meta(random, customer, number, status)
    return call_row(
        tenant.organization_id,
        id=tenant.ids.next(Call),
        call_sid=call_sid,
        assistant=assistant,
        customer_phone_number=customer.phone_number,
        status=status,
        started_at=started,
        ended_at=ended,
        call_meta=meta,
        **outcome_columns(status, number, meta),
        graph_id=routed.id if routed else None,
        graph_name=routed.name if routed else None,
        direction="outbound" if every(5, number, at=3) else "inbound",
        duration=duration,
        cost=cost,
    )


def _spread(random: Random, number: int, count: int) -> datetime:
    """The whole year but its last day, in order, each call somewhere inside its own share."""
    share = (YEAR - timedelta(days=1)) / count
    seconds = int((number + random.random()) * share.total_seconds())
    return NOW - YEAR + timedelta(seconds=seconds) + fraction(random)


def _cost(random: Random, seconds: int) -> Cost | None:
    """In proportion to the duration; one call in ten has none, since nobody tracked it."""
    if odds(random, 0.1):
        return None
    currency, factor = pick(random, _CURRENCIES)
    unit = seconds * factor
    return Cost(
        llm=int(unit * (30 + random.random() * 90)),
        tts=int(unit * (10 + random.random() * 40)),
        stt=int(unit * 71),
        telephony=(seconds // 60 + 1) * 8_500 * factor,
        currency=currency,
    )


def _cost_columns(cost: Cost) -> Row:
    return {
        "total_cost": cost.llm + cost.tts + cost.stt + cost.telephony,
        "llm_cost": cost.llm,
        "tts_cost": cost.tts,
        "stt_cost": cost.stt,
        "telephony_cost": cost.telephony,
        "unattributed_cost": 0,
        "cost_currency": cost.currency,
    }


def _meta(random: Random, customer: Customer, number: int, status: str) -> Row:
    """Free-form metadata: often nothing, sometimes every kind of JSON value."""
    if status == "failed":
        return {"failure": pick(random, _FAILURES)}
    if every(3, number, at=1):
        return {}
    if every(3, number, at=2):
        return {"customer_id": f"cust_{number}", "campaign": pick(random, _CAMPAIGNS)}
    return {
        "customer": {"name": customer.name, "vip": number % 2 == 0, "since": None},
        "tags": ["démo", 'with "quotes"', "back\\slash"],
        "score": random.randrange(-50, 100) / 4,
        "attempts": number % 5,
    }


def _messages(tenant: Tenant, call: Row, assistant: DemoAssistant) -> Iterator[Item]:
    """Messages with indexes from 0, the system prompt, and a transcript of all the others."""
    random = tenant.random
    spoken = 3 + int(random.random() * 12)
    pause = timedelta(seconds=(call["duration"] or 120) / (spoken + 1))
    for index in range(spoken + 1):
        role = "system" if index == 0 else ("assistant", "user")[index % 2 == 0]
        texts = REPLIES if role == "assistant" else QUESTIONS
        content = SYSTEM if index == 0 else pick(random, texts)
        tokens = token_columns(120 + 35 * index, len(content) // 4) if role == "assistant" else {}
        yield message_row(
            call,
            id=tenant.ids.next(ChatMessage),
            message_index=index,
            role=role,
            content=content,
            timestamp=call["started_at"] + pause * index,
            assistant=assistant,
            **tokens,
        )
        if index:
            yield from _transcript(tenant, call, role, content, index, pause)


def _transcript(
    tenant: Tenant, call: Row, speaker: str, content: str, index: int, pause: timedelta
) -> Iterator[Item]:
    """The final text of one message, and for one in five the guess before it."""
    start = round(pause.total_seconds() * index, 2)
    end = round(start + len(content) / 15, 2)
    words = content.split()
    if every(5, index, at=2):
        guess = {"content": words[0], "is_final": False}
        yield _segment(tenant, call, speaker, start, round(start + 0.4, 2), **guess)
    timed = [{"word": word, "start": round(start + 0.25 * at, 2)} for at, word in enumerate(words)]
    yield _segment(
        tenant,
        call,
        speaker,
        start,
        end,
        content=content,
        confidence=round(0.7 + tenant.random.random() * 0.3, 4) if index % 4 else None,
        stt_timestamps={"words": timed} if index % 3 == 0 else None,
    )


def _segment(
    tenant: Tenant, call: Row, speaker: str, start: float, end: float, **columns: Any
) -> Item:
    organization_id, segment_id = tenant.organization_id, tenant.ids.next(Transcript)
    return segment_row(organization_id, call, segment_id, speaker, start, end, **columns)


def segment_row(
    organization_id: int,
    call: Row,
    segment_id: int,
    speaker: str,
    start: float,
    end: float,
    **columns: Any,
) -> Item:
    """One row of `transcript`, with further columns; `start` and `end` are seconds of the call."""
    return Transcript, {
        "id": segment_id,
        "organization_id": organization_id,
        "call_id": call["id"],
        "speaker": speaker,
        "segment_start": start,
        "segment_end": end,
        "created_at": call["started_at"] + timedelta(seconds=end),
        **columns,
    }
