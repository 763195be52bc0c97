"""Demo voice calls: every status, costs in three currencies, and none where none are known."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from gql.demo.call_rows import Cost, call_row
from gql.demo.chance import NOW, YEAR, every, fraction, odds, pick
from gql.demo.graph_sessions import graph_session
from gql.demo.messages import voice_messages
from gql.demo.tenant import Customer, DemoAssistant, DemoGraph, Item, Row, Tenant

_CURRENCIES = (("USD", 1), ("USD", 1), ("EUR", 1), ("INR", 80))
_EXTREMES = {1: Cost(1, 0, 0, 0, "USD"), 2: Cost(9_876_543_210, 120_001, 7, 40_000, "INR")}
"""A millionth, and more than 32 bits hold."""

_CAMPAIGNS = ("winter_outreach", "été_2025", "春节", None)
_FAILURES = ("no-answer", "busy", "error")
_ONGOING = timedelta(hours=1)
"""Calls that began less than this before the data's now are still going on."""


@dataclass(frozen=True, slots=True)
class Mix:
    """Which calls of a set get what; "every" is how many calls come to one.

    Attributes:
        routed_every: Goes through a graph.
        walked: Whether a routed call has its graph session.
        written_every: Has messages and a transcript; 0 for none.
        ongoing: How many of the newest calls are still going on.
    """

    routed_every: int
    walked: bool
    written_every: int
    ongoing: int


def calls(tenant: Tenant, count: int, mix: Mix) -> Iterator[Item]:
    """`count` calls spread over the year, oldest first; some begin at the same instant."""
    started = NOW - YEAR
    for number in range(count):
        newest = count - number
        if newest <= mix.ongoing:
            started = NOW - _ONGOING * newest / (mix.ongoing + 1) + fraction(tenant.dice)
        elif not every(25, number, at=24):
            started = _spread(tenant.dice, number, count)
        yield from _call(tenant, number, started, mix, ongoing=newest <= mix.ongoing)


def _call(
    tenant: Tenant, number: int, started: datetime, mix: Mix, *, ongoing: bool
) -> Iterator[Item]:
    """One call, its messages after it, and its walk through a graph."""
    customer = pick(tenant.dice, tenant.customers)
    graph = None
    if every(20, number, at=7):
        assistant = tenant.deleted[0]
    elif number % mix.routed_every == 0:
        graph = tenant.graphs[number // mix.routed_every % len(tenant.graphs)]
        assistant = graph.nodes[0].assistant
    else:
        assistant = pick(tenant.dice, tenant.assistants)
    call = _voice_call(tenant, number, customer, assistant, graph, started, ongoing=ongoing)
    messages: list[Item] = []
    if mix.written_every and number % mix.written_every == 0 and call["status"] != "failed":
        messages = list(voice_messages(tenant, call, assistant))
    yield "call", call
    yield from messages
    if graph and mix.walked:
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
    ongoing: bool,
) -> Row:
    dice = tenant.dice
    status = "ongoing" if ongoing else "failed" if odds(dice, 0.1) else "completed"
    duration: int | None = None
    cost: Cost | None = None
    ended: datetime | None = None
    if status == "completed":
        duration = 5 + int(dice.random() ** 2 * 1_500)
        cost = _EXTREMES.get(number) or _cost(dice, duration)
        ended = started + timedelta(seconds=duration)
    elif status == "failed":
        duration = pick(dice, (0, 0, None, 7))
        cost = Cost(0, 0, 0, 0, "USD") if duration == 0 else None
        ended = started + timedelta(seconds=25 if duration is None else duration)
    # A graph that is deleted by now: the call keeps its name.
    retired = tenant.retired if graph is None and every(40, number, at=13) else None
    routed = graph or retired
    return call_row(
        tenant.organization_id,
        id=tenant.ids.take("call"),
        channel="voice",
        call_sid=f"CA{dice.getrandbits(128):032x}",
        assistant=assistant,
        customer_phone_number=customer.phone_number,
        status=status,
        started_at=started,
        ended_at=ended,
        meta=_meta(dice, customer, number, status),
        graph_id=routed.id if routed else None,
        graph_name=routed.name if routed else None,
        direction="outbound" if every(5, number, at=3) else "inbound",
        duration=duration,
        cost=cost,
    )


def _spread(dice: Random, number: int, count: int) -> datetime:
    """The whole year but its last day, in order, each call somewhere inside its own share."""
    share = (YEAR - timedelta(days=1)) / count
    seconds = int((number + dice.random()) * share.total_seconds())
    return NOW - YEAR + timedelta(seconds=seconds) + fraction(dice)


def _cost(dice: Random, seconds: int) -> Cost | None:
    """In proportion to the duration; one call in ten has none, since nobody tracked it."""
    if odds(dice, 0.1):
        return None
    currency, factor = pick(dice, _CURRENCIES)
    unit = seconds * factor
    return Cost(
        llm=int(unit * (30 + dice.random() * 90)),
        tts=int(unit * (10 + dice.random() * 40)),
        stt=int(unit * 71),
        telephony=(seconds // 60 + 1) * 8_500 * factor,
        currency=currency,
    )


def _meta(dice: Random, customer: Customer, number: int, status: str) -> Row:
    """Free-form metadata: often nothing, sometimes every kind of JSON value."""
    if status == "failed":
        return {"failure": pick(dice, _FAILURES)}
    if every(3, number, at=1):
        return {}
    if every(3, number, at=2):
        return {"customer_id": f"cust_{number}", "campaign": pick(dice, _CAMPAIGNS)}
    return {
        "customer": {"name": customer.name, "vip": number % 2 == 0, "since": None},
        "tags": ["démo", 'with "quotes"', "back\\slash"],
        "score": dice.randrange(-50, 100) / 4,
        "attempts": number % 5,
    }
