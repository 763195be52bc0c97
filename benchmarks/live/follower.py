"""A subscriber that comes again when it loses its connection, and remembers what it was told."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from benchmarks.live.transports import LOST, TRANSPORTS

PAUSE = 0.25
"""Seconds, about, before it comes again: not all at the same moment."""

FROM_THE_START = "0-0"

EVERYTHING = "subscription ($after: String) { events(after: $after) { eventId kind changedId } }"
CALLS = """subscription ($after: String) {
    callChanged(after: $after) { eventId kind callId call { meta } } }"""


class Event(NamedTuple):
    """An event of an organization, as the database has it or as a subscriber was told it."""

    id: str
    kind: str
    object_id: str

    @property
    def seq(self) -> int:
        """Its number."""
        return int(self.id.partition("-")[0])


def event_of(change: Mapping[str, Any]) -> Event:
    """The event of an answer."""
    return Event(change["eventId"], change["kind"], change.get("changedId") or change["callId"])


@dataclass
class States:
    """What answers showed of calls.

    Attributes:
        numbers: By call, the numbers that its metadata showed, in this order.
    """

    numbers: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def record(self, change: Mapping[str, Any]) -> None:
        """Note what an answer shows, if it shows a call."""
        if change.get("call"):
            self.numbers[change["callId"]].append(change["call"]["meta"].get("n", 0))

    def wrong(self, name: str) -> Iterator[str]:
        """Which calls were shown as they had been before what was shown already."""
        for call, numbers in self.numbers.items():
            if numbers != sorted(numbers):
                yield f"{name}: an older state of {call} after a newer one: {numbers[-20:]}"


@dataclass
class Follower:
    """Of one organization, by one transport.

    Attributes:
        name: For reports.
        transport: One of `TRANSPORTS`.
        key: Of the organization.
        query: `EVERYTHING` or `CALLS`.
        random: Decides when it hangs up by itself.
        hang_up: How likely it does after an event.
        received: What it was told, in this order.
        states: What its answers showed of calls.
        problems: What must not be.
        connections: How often it connected.
    """

    name: str
    transport: str
    key: str
    query: str
    random: Random
    hang_up: float = 0.01
    received: list[Event] = field(default_factory=list)
    states: States = field(default_factory=States)
    problems: list[str] = field(default_factory=list)
    connections: int = 0

    @property
    def last(self) -> int:
        """The number of the newest event that it was told."""
        return self.received[-1].seq if self.received else 0

    async def run(self, port: int) -> None:
        """Follow, without end."""
        follow = TRANSPORTS[self.transport]
        while True:
            after = self.received[-1].id if self.received else FROM_THE_START
            try:
                async with aclosing(follow(port, self.key, self.query, after)) as answers:
                    self.connections += 1
                    async for answer in answers:
                        if not self.take(answer.id, answer.body):
                            break
                        if self.random.random() < self.hang_up:
                            break
            except LOST:
                await asyncio.sleep(PAUSE * self.random.uniform(0.5, 1.5))

    def take(self, named: str | None, body: Mapping[str, Any]) -> bool:
        """Remember an answer; whether it is one that others follow."""
        if not body.get("data"):
            (error, *_) = body["errors"]
            if error["extensions"]["code"] in {"RESYNC_REQUIRED", "INTERNAL_SERVER_ERROR"}:
                self.problems.append(f"{self.name}: {error['message']}")
            return False
        (change,) = body["data"].values()
        event = event_of(change)
        if named not in {None, event.id}:
            self.problems.append(f"{self.name}: {event.id} came as {named}")
        if self.received and event.seq <= self.last and event not in self.received:
            self.problems.append(f"{self.name}: {event.id} after {self.received[-1].id}")
        self.received.append(event)
        self.states.record(change)
        return True


def wrong(follower: Follower, events: Sequence[Event]) -> Iterator[str]:
    """What a follower was told otherwise than the database has it.

    Args:
        follower: Who has been told everything.
        events: All of its organization.
    """
    yield from follower.problems
    expected = [
        event for event in events if follower.query == EVERYTHING or event.kind.startswith("CALL_")
    ]
    received = list(dict.fromkeys(follower.received))
    if received != expected:
        missing = len(set(expected) - set(received))
        strange = len(set(received) - set(expected))
        order = "" if missing or strange else ", in another order"
        yield f"{follower.name}: {missing} events missing, {strange} that are not there{order}"
    yield from follower.states.wrong(follower.name)
