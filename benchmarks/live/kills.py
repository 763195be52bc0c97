"""Kills the gateway, and PostgreSQL, while calls are written, followed and told by webhooks.

A write counts a number of one call up. So the order of the writes of a call is known, and whether
an acknowledged one was lost: the number is there, or a higher one.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from sqlalchemy import Select, func, select

from benchmarks.abuse.requests import Connection, ask, connect, graphql
from benchmarks.live.endpoints import Endpoint, endpoints_of, listening
from benchmarks.live.follower import CALLS, EVERYTHING, Event, Follower, wrong
from benchmarks.live.transports import TRANSPORTS
from benchmarks.target import Say
from gql.database import Database
from gql.errors import DatabaseUnavailable
from gql.models.call import Call
from gql.models.event import NumberedEvent, UnnumberedEvent
from gql.models.scope import owned, parameters, table_of

WRITE = """mutation ($id: ID!, $n: Int!) {
    updateCallMeta(input: {id: $id, meta: {n: $n}}) { call { id } userErrors { message } } }"""
FIRST_CALLS = "{ calls(first: 100) { nodes { id } } }"

PAUSE = 0.05
"""Seconds before a write that was not answered is followed by the next."""

SAY_SECONDS = 10.0
"""Between two lines that say how far it is."""

_EVENT, _NEW, _CALL = (table_of(each) for each in (NumberedEvent, UnnumberedEvent, Call))
_EVENTS = (
    select(_EVENT.c.seq, _EVENT.c.tag, _EVENT.c.kind, _EVENT.c.object_id)
    .where(owned(_EVENT))
    .order_by(_EVENT.c.seq)
)
_UNNUMBERED = select(func.count()).select_from(_NEW).where(owned(_NEW))
_META = select(_CALL.c.id, _CALL.c.call_meta).where(owned(_CALL))


@dataclass(frozen=True)
class Victim:
    """A process that is killed and started again.

    Attributes:
        name: For the report.
        kill: Ends it at once, starts it again, and returns when it answers.
    """

    name: str
    kill: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Size:
    """How much happens.

    Attributes:
        writes: That are acknowledged, over all organizations.
        writers: At once, each of calls of its own.
        calls: Of each organization.
        followers: On each transport.
        kills: Of each victim, evenly over the writes.
    """

    writes: int
    writers: int = 8
    calls: int = 50
    followers: int = 20
    kills: int = 3


@dataclass
class Writes:
    """Of one call.

    Attributes:
        sent: The last number that was sent.
        acknowledged: Every number whose write was acknowledged.
    """

    sent: int = 0
    acknowledged: list[int] = field(default_factory=list)


@dataclass
class Outcome:
    """What was seen.

    Attributes:
        acknowledged: Writes.
        unanswered: Writes that were sent and not answered by success.
        events: Of all organizations together.
        followers: By transport, how many there were.
        connections: By transport, how often they connected.
        repeated: Events that were told more than once to a follower.
        endpoints: Names of those of webhooks, with how much each took, how much of that came again,
            and how much it refused.
        kills: By the name of the victim.
        seconds: How long it took.
        cpu: Seconds of CPU, by the name of who took them.
        problems: Everything that must not be.
    """

    acknowledged: int = 0
    unanswered: int = 0
    events: int = 0
    followers: Counter[str] = field(default_factory=Counter)
    connections: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    endpoints: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@dataclass
class Kills:
    """One run against a gateway.

    Attributes:
        port: Of the gateway, also after it was killed.
        keys: By organization.
        database: The same as the gateway's.
        victims: Who is killed.
        size: How much happens.
        say: Tells the person who waits.
        clocks: By name, the seconds of CPU that somebody has taken so far.
        check: Finds what must not be of what surrounds it, such as a transaction that has ended.
    """

    port: int
    keys: Mapping[int, str]
    database: Database
    victims: Sequence[Victim]
    size: Size
    say: Say = lambda _: None
    clocks: Mapping[str, Callable[[], float]] = field(default_factory=dict)
    check: Callable[[], Sequence[str]] = tuple
    seed: int = 1
    _writes: dict[tuple[int, str], Writes] = field(default_factory=dict)
    _outcome: Outcome = field(default_factory=Outcome)

    async def run(self) -> Outcome:
        """Write, kill, wait until everybody was told everything, and compare."""
        outcome, start = self._outcome, time.monotonic()
        before = {name: clock() for name, clock in self.clocks.items()}
        await self._choose_calls()
        followers = list(self._followers())
        endpoints = endpoints_of(list(self.keys), self.seed)
        of_keys = [(self.keys[organization], endpoint) for organization, endpoint in endpoints]
        async with listening(self.port, of_keys):
            tasks = [asyncio.ensure_future(follower.run(self.port)) for _, follower in followers]
            saying = asyncio.ensure_future(self._say_how_far(followers, endpoints))
            try:
                writers = [asyncio.ensure_future(self._write(own)) for own in self._shares()]
                await self._kill_while_writing()
                await asyncio.gather(*writers)
                self.say(f"all is written after {time.monotonic() - start:.0f} s")
                events = {each: await self._events(each) for each in self.keys}
                await self._until_all_received(followers, events, tasks)
                self.say(f"all subscribers have been told after {time.monotonic() - start:.0f} s")
                await _until(lambda: _have_all(endpoints, events))
            finally:
                for task in (*tasks, saying):
                    task.cancel()
                ends = await asyncio.gather(*tasks, saying, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                outcome.problems.append(f"a follower failed: {end!r}")
        outcome.problems += self.check()
        outcome.seconds = time.monotonic() - start
        outcome.cpu = {name: clock() - before[name] for name, clock in self.clocks.items()}
        await self._judge(followers, endpoints, events)
        return outcome

    async def _say_how_far(
        self,
        followers: Sequence[tuple[int, Follower]],
        endpoints: Sequence[tuple[int, Endpoint]],
    ) -> None:
        while True:
            await asyncio.sleep(SAY_SECONDS)
            webhooks = "+".join(str(len(set(each.received))) for _, each in endpoints)
            self.say(
                f"{self._outcome.acknowledged:,} of {self.size.writes:,} writes; subscribers are at"
                f" event {min(each.last for _, each in followers):,} or later; {webhooks} webhooks"
            )

    async def _choose_calls(self) -> None:
        for organization, key in self.keys.items():
            async with connect(self.port) as connection:
                data = await _data(connection, graphql(FIRST_CALLS, key))
            if data is None:
                raise RuntimeError("the gateway refuses the first question")
            for node in data["calls"]["nodes"][: self.size.calls]:
                self._writes[organization, node["id"]] = Writes()

    def _followers(self) -> Iterator[tuple[int, Follower]]:
        organizations = list(self.keys)
        for transport in TRANSPORTS:
            for number in range(self.size.followers):
                organization = organizations[number % len(organizations)]
                query = (EVERYTHING, CALLS)[number // len(organizations) % 2]
                name = f"{transport} {number} of organization {organization}"
                random = Random(f"{self.seed} {name}")  # noqa: S311 -- no secret
                yield (
                    organization,
                    Follower(name, transport, self.keys[organization], query, random),
                )

    def _shares(self) -> list[list[tuple[int, str]]]:
        """The calls of each writer."""
        calls = list(self._writes)
        shares = [calls[number :: self.size.writers] for number in range(self.size.writers)]
        return [share for share in shares if share]

    async def _write(self, own: Sequence[tuple[int, str]]) -> None:
        """Count its calls up, one after another, until enough writes were acknowledged."""
        while True:
            with suppress(OSError, EOFError, TimeoutError):
                async with connect(self.port) as connection:
                    for organization, call in own:
                        if self._outcome.acknowledged >= self.size.writes:
                            return
                        await self._write_one(connection, organization, call)
                    continue
            await asyncio.sleep(PAUSE)

    async def _write_one(self, connection: Connection, organization: int, call: str) -> None:
        writes = self._writes[organization, call]
        writes.sent += 1
        self._outcome.unanswered += 1
        request = graphql(WRITE, self.keys[organization], id=call, n=writes.sent)
        async with asyncio.timeout(60):
            data = await _data(connection, request)
        if data is not None and not data["updateCallMeta"]["userErrors"]:
            writes.acknowledged.append(writes.sent)
            self._outcome.acknowledged += 1
            self._outcome.unanswered -= 1

    async def _kill_while_writing(self) -> None:
        """Kill each victim in turn, whenever a further part of the writes was acknowledged."""
        times = self.size.kills * len(self.victims)
        for number in range(times):
            due = (number + 1) * self.size.writes // (times + 1)
            await _until(partial(self._has_written, due))
            victim = self.victims[number % len(self.victims)]
            self.say(f"{victim.name} is killed after {self._outcome.acknowledged} writes")
            await victim.kill()
            self._outcome.kills[victim.name] += 1

    def _has_written(self, number: int) -> bool:
        return self._outcome.acknowledged >= number

    async def _events(self, organization: int) -> list[Event]:
        """Every event of an organization, once all are numbered."""
        owner = parameters(organization)
        while not self.database.embedded:
            if not (await self._rows(_UNNUMBERED, owner))[0][0]:
                break
            await asyncio.sleep(PAUSE)
        rows = await self._rows(_EVENTS, owner)
        return [
            Event(f"{seq}-{tag}", kind.upper(), f"{kind.rpartition('_')[0]}_{object_id}")
            for seq, tag, kind, object_id in rows
        ]

    async def _until_all_received(
        self,
        followers: Sequence[tuple[int, Follower]],
        events: Mapping[int, Sequence[Event]],
        tasks: "Sequence[asyncio.Task[None]]",
    ) -> None:
        """Wait until every follower was told the last event, or has failed."""
        await _until(
            lambda: all(
                own.last >= events[organization][-1].seq or task.done()
                for (organization, own), task in zip(followers, tasks, strict=True)
            )
        )

    async def _judge(
        self,
        followers: Sequence[tuple[int, Follower]],
        endpoints: Sequence[tuple[int, Endpoint]],
        events: Mapping[int, Sequence[Event]],
    ) -> None:
        outcome, problems = self._outcome, self._outcome.problems
        for organization, follower in followers:
            outcome.followers[follower.transport] += 1
            outcome.connections[follower.transport] += follower.connections
            outcome.repeated += len(follower.received) - len(set(follower.received))
            problems += wrong(follower, events[organization])
        for organization, endpoint in endpoints:
            counted = len(endpoint.received), endpoint.repeated, endpoint.refused
            outcome.endpoints[endpoint.name] = counted
            problems += endpoint.wrong(events[organization])
        for organization, own in events.items():
            outcome.events += len(own)
            if [event.seq for event in own] != list(range(1, len(own) + 1)):
                problems.append(f"the events of organization {organization} have a gap")
        numbers = {(each, call): n for each in self.keys for call, n in await self._numbers(each)}
        written = Counter(
            (organization, event.object_id) for organization, own in events.items() for event in own
        )
        for (organization, call), writes in self._writes.items():
            of_call = written[organization, call]
            least, most = len(writes.acknowledged), writes.sent
            if not least <= of_call <= most:
                problems.append(f"{call}: {least} acknowledged, {most} sent, {of_call} events")
            number = numbers[organization, call]
            if not max(writes.acknowledged, default=0) <= number <= most:
                problems.append(f"{call} has {number}, of {writes.acknowledged[-5:]} acknowledged")

    async def _numbers(self, organization: int) -> list[tuple[str, int]]:
        rows = await self._rows(_META, parameters(organization))
        return [(f"call_{row.id}", row.call_meta.get("n", 0)) for row in rows]

    async def _rows(self, statement: Select[Any], values: dict[str, Any]) -> Sequence[Any]:
        while True:
            with suppress(DatabaseUnavailable):  # a connection from before the database was killed
                async with self.database.snapshot() as snapshot:
                    return await snapshot.rows(statement, values)


def _have_all(
    endpoints: Sequence[tuple[int, Endpoint]], events: Mapping[int, Sequence[Event]]
) -> bool:
    """Whether every endpoint has taken as many events as there are, or more."""
    return all(
        len(set(endpoint.received)) >= len(events[organization])
        for organization, endpoint in endpoints
    )


async def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 -- many tasks bring it about
        await asyncio.sleep(PAUSE)


async def _data(connection: Connection, request: bytes) -> dict[str, Any] | None:
    """The data of an answer; None where it is a refusal."""
    answer = await ask(connection, request)
    data: dict[str, Any] | None = json.loads(answer.body).get("data")
    return data
