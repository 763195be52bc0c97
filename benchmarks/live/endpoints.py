"""Addresses that webhooks are posted to: quick ones, slow ones, and one that fails often."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from random import Random

from benchmarks.abuse.requests import connect, exchange, graphql
from benchmarks.live.follower import Event, States, event_of
from tests.webhooks.receivers import OK, Answer, Received, receiving

SETTINGS = {
    "GQL_SECRETS_KEY": "11" * 32,
    "GQL_WEBHOOK_NETWORKS": "127.0.0.1",
    "GQL_WEBHOOK_HTTP": "true",
    "GQL_WEBHOOK_PORTS": "*",
    # So that the lease of a process that was killed soon ends.
    "GQL_WEBHOOK_TIMEOUT": "1",
    "GQL_REQUEST_TIMEOUT": "10",
}
"""With which a gateway posts to this machine."""

_CALLS = "subscription { callChanged { eventId kind callId call { meta } } }"

SLOW_SECONDS = 0.1
"""Until a slow one answers."""

REFUSAL = Answer(503)

_CREATE = """mutation ($url: String!, $shows: String) {
    createWebhookSubscription(input: {url: $url, document: $shows}) {
        userErrors { message } } }"""


@dataclass
class Endpoint:
    """Of one organization.

    Attributes:
        name: For reports.
        document: Of its subscription; None for the usual one.
        random: Decides what it refuses.
        slow_seconds: Until it answers.
        failing: Whether it refuses half of what it sees for the first time; half of that it has
            taken all the same.
        received: What it has taken, in this order.
        states: What its answers showed of calls.
        refused: How many webhooks it refused.
        problems: What must not be.
    """

    name: str
    document: str | None
    random: Random
    slow_seconds: float = 0.0
    failing: bool = False
    received: list[Event] = field(default_factory=list)
    states: States = field(default_factory=States)
    refused: int = 0
    problems: list[str] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    async def answer(self, webhook: Received) -> Answer:
        """Take a webhook, or refuse it."""
        is_new = webhook.id not in self._seen
        self._seen.add(webhook.id)
        fails = self.failing and is_new and self.random.choice((True, False))
        if not fails or self.random.choice((True, False)):
            self._take(webhook)
        if fails:
            self.refused += 1
            return REFUSAL
        if self.slow_seconds:
            await asyncio.sleep(self.slow_seconds)
        return OK

    def _take(self, webhook: Received) -> None:
        body = json.loads(webhook.body)
        if not body.get("data"):
            self.problems.append(f"{self.name}: {body.get('errors')}")
            return
        (change,) = body["data"].values()
        event = event_of(change)
        if webhook.id != event.id:
            self.problems.append(f"{self.name}: {event.id} came as {webhook.id}")
        self.received.append(event)
        self.states.record(change)

    @property
    def repeated(self) -> int:
        """How much came again."""
        return len(self.received) - len(set(self.received))

    def wrong(self, events: Sequence[Event]) -> Iterator[str]:
        """What it was told otherwise than the database has it.

        Args:
            events: All of its organization.
        """
        yield from self.problems
        received = set(self.received)
        missing, strange = len(set(events) - received), len(received - set(events))
        if missing or strange:
            yield f"{self.name}: {missing} events missing, {strange} that are not there"
        numbers: dict[str, list[int]] = defaultdict(list)
        for event in self.received:
            numbers[event.object_id].append(event.seq)
        for object_id, own in numbers.items():
            if own != sorted(own):  # a repeat is of the newest that it has
                yield f"{self.name}: events of {object_id} in another order: {own[-20:]}"
        yield from self.states.wrong(self.name)


def endpoints_of(organizations: Sequence[int], seed: int) -> list[tuple[int, Endpoint]]:
    """Five, with the organization of each."""
    kinds: tuple[tuple[str, str | None, float, bool], ...] = (
        ("quick", None, 0.0, False),
        ("quick, with calls", _CALLS, 0.0, False),
        ("slow", None, SLOW_SECONDS, False),
        ("slow, with calls", _CALLS, SLOW_SECONDS, False),
        ("failing, with calls", _CALLS, 0.0, True),
    )
    endpoints = []
    for number, (kind, document, seconds, failing) in enumerate(kinds):
        organization = organizations[number % len(organizations)]
        name = f"endpoint of organization {organization} ({kind})"
        random = Random(f"{seed} {name}")  # noqa: S311 -- no secret
        endpoints.append((organization, Endpoint(name, document, random, seconds, failing)))
    return endpoints


@asynccontextmanager
async def listening(port: int, endpoints: Sequence[tuple[str, Endpoint]]) -> AsyncIterator[None]:
    """Subscribe endpoints, and have them listen until the block ends.

    Args:
        port: Of the gateway.
        endpoints: With the key of the organization of each.

    Raises:
        RuntimeError: when the gateway refuses one.
    """
    async with AsyncExitStack() as stack:
        for key, endpoint in endpoints:
            receiver = await stack.enter_async_context(receiving())
            receiver.answer = endpoint.answer
            request = graphql(_CREATE, key, url=receiver.url, shows=endpoint.document)
            async with connect(port) as connection:
                _, answer = await exchange(connection, request)
            data = json.loads(answer).get("data")
            if data != {"createWebhookSubscription": {"userErrors": []}}:
                raise RuntimeError(answer.decode())
        yield
