"""The load of a soak: reads of both doors, writes, downloads and new documents, for minutes.

Each connection has one call whose metadata it alone counts up, and the creation of an assistant is
sent again, with its idempotency key, until it is acknowledged: so what is there in the end tells
whether a write was lost, or done twice.
"""

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from benchmarks.abuse.requests import Answer, Connection, ask, connect, get, graphql, post

TIMEOUT = 60
"""Seconds after which an answer is taken for missing; the gateway's own deadline is 15."""

SHOWN = 200
"""Bytes of an answer that nobody expected."""

MOST_SHOWN = 20

MOST_AT_ONCE = 100
"""Ids and names in one request."""

REQUESTS = 7
"""Kinds that a connection sends in each lap."""

REFUSALS = frozenset({429, 503})

CALLS = "query ($n: Int!) { calls(first: $n) { nodes { id callSid cost { total } } } }"
GRAPHS = "{ graphs(first: 5) { nodes { name nodes { id } edges { id } } } }"
SESSIONS = "/api/v1/sms-sessions"
SET_META = (
    "mutation ($id: ID!, $meta: JSON!) {"
    " updateCallMeta(input: {id: $id, meta: $meta}) { call { id } userErrors { message } } }"
)


IDS = """query ($first: Int!, $offset: Int!) {
    calls(first: $first, offset: $offset) { nodes { databaseId } } }"""
META = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Call { meta } } }"
NAMES = """query ($names: [String!]!) {
    assistants(first: 100, filter: {name: {in: $names}}) { nodes { name } } }"""

T = TypeVar("T")


@dataclass(frozen=True)
class Keys:
    """API keys of whom the load comes from.

    Attributes:
        writer: May read and write, without a limit of its own.
        limited: Of another organization, with few requests per minute.
    """

    writer: str
    limited: str


@dataclass
class Writes:
    """What was written, by call and by the name of an assistant.

    Attributes:
        sent: The newest number that was sent for a call.
        acknowledged: The newest number of a call that was acknowledged.
        created: Names of assistants whose creation was acknowledged.
        pending: Names of those whose creation was sent, and has to be sent again.
    """

    sent: dict[int, int] = field(default_factory=dict)
    acknowledged: dict[int, int] = field(default_factory=dict)
    created: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)


@dataclass
class Seen:
    """What became of the requests.

    Attributes:
        answers: By kind of request and status; 0 for a connection that ended.
        unexpected: Answers that are neither good nor a refusal that says when to come back.
        cut_downloads: When downloads ended too early, in seconds from `begin`.
        held_back: Requests that were due while every connection waited.
        begin: When counting began, by `time.monotonic`.
    """

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    cut_downloads: list[float] = field(default_factory=list)
    held_back: int = 0
    begin: float = field(default_factory=time.monotonic)

    def good(self, *kinds: str) -> int:
        """How many good answers there were, of some kinds or of all."""
        return sum(
            number
            for (kind, status), number in self.answers.items()
            if 200 <= status < 300 and (not kinds or kind in kinds)  # noqa: PLR2004
        )

    def judge(self, kind: str, answer: Answer | None) -> bool:
        """Count an answer; whether it is a good one."""
        status = 0 if answer is None else answer.status
        self.answers[kind, status] += 1
        if answer is None and kind == "download":
            self.cut_downloads.append(time.monotonic() - self.begin)
            return False
        if answer is not None and 200 <= status < 300:  # noqa: PLR2004 -- the good ones
            is_good = not kind.startswith("GraphQL") or answer.body.startswith(b'{"data":')
            if is_good:
                return True
        if answer is not None and status in REFUSALS and "\r\nretry-after: " in answer.head:
            return False
        if len(self.unexpected) < MOST_SHOWN:
            body = "no answer" if answer is None else answer.body[:SHOWN].decode(errors="replace")
            self.unexpected.append(f"{kind}: {status} {body}")
        return False


class Load:
    """Many connections that each send one request after another.

    Args:
        port: Of the gateway, on this machine.
        keys: Whom the requests come from.
        connections: How many; each has a call of its own to write to.

    Attributes:
        seen: What became of the requests.
        writes: What has to be there in the end.
    """

    def __init__(self, port: int, keys: Keys, connections: int) -> None:
        self._port = port
        self._keys = keys
        self._connections = connections
        self._calls: list[int] = []
        self._numbers = itertools.count(1)
        self.seen = Seen()
        self.writes = Writes()

    async def open(self) -> None:
        """Choose the calls to write to."""
        async with connect(self._port) as connection:
            for offset in range(0, self._connections, MOST_AT_ONCE):
                first = min(MOST_AT_ONCE, self._connections - offset)
                data = await self._data(connection, IDS, first=first, offset=offset)
                self._calls += [node["databaseId"] for node in data["calls"]["nodes"]]

    def restart_counting(self) -> float:
        """Forget what became of earlier requests; when this was, by `time.monotonic`."""
        self.seen = Seen()
        return self.seen.begin

    async def run(self, seconds: float, rate: float | None = None) -> float:
        """Send for some time; how many good answers came per second.

        Args:
            seconds: For how long.
            rate: Requests per second, whether or not earlier ones have been answered; without it,
                each connection sends as soon as it has an answer.
        """
        due: asyncio.Queue[None] | None = None if rate is None else asyncio.Queue(len(self._calls))
        end, good = time.monotonic() + seconds, self.seen.good()
        senders = [asyncio.ensure_future(self._send(call, due, end)) for call in self._calls]
        if due is not None and rate is not None:
            await self._pace(due, rate, end)
            while not due.empty():
                due.get_nowait()
            for _ in senders:
                due.put_nowait(None)  # whoever waits looks at the clock
        await asyncio.gather(*senders)
        return (self.seen.good() - good) / seconds

    async def _pace(self, due: "asyncio.Queue[None]", rate: float, end: float) -> None:
        start = time.monotonic()
        for number in itertools.count():
            wait = start + number / rate - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            if time.monotonic() >= end:
                return
            try:
                due.put_nowait(None)
            except asyncio.QueueFull:
                self.seen.held_back += 1

    async def _send(self, call: int, due: "asyncio.Queue[None] | None", end: float) -> None:
        """The requests of one connection, which is opened again when it ends."""
        # Each begins elsewhere, or all would send what is dearest at the same time.
        requests = itertools.islice(self._requests(call), call % REQUESTS, None)
        while time.monotonic() < end:
            with suppress(OSError):
                async with connect(self._port) as connection:
                    while time.monotonic() < end:
                        if due is not None:
                            await due.get()
                        if time.monotonic() >= end or not await next(requests)(connection):
                            break

    def _requests(self, call: int) -> Iterator[Callable[[Connection], Awaitable[bool]]]:
        """What a connection sends, one after another; each says whether the connection goes on."""
        key, limited = self._keys.writer, self._keys.limited

        def plain(kind: str, request: bytes) -> Callable[[Connection], Awaitable[bool]]:
            return lambda connection: self._plain(connection, kind, request)

        for lap in itertools.count(call):
            number = next(self._numbers)
            new = f"{{ n{number}: calls(first: 3) {{ nodes {{ id duration }} }} }}"
            yield plain("GraphQL read", graphql(CALLS, key, n=number % 20))
            yield plain("REST read", get(f"/api/v1/calls?limit=10&offset={number % 50}", key))
            yield lambda connection: self._count_up(connection, call)
            yield plain("GraphQL new document", graphql(new, key))
            yield plain("REST read", get("/api/v1/calls?limit=10", limited))
            yield plain("GraphQL read", graphql(GRAPHS, limited))
            yield plain("live sessions", get(SESSIONS, key))
            if lap % 50 == 0:
                yield plain("download", get("/api/v1/calls/export?format=json", key))
            if lap % 25 == 0:
                yield self._create

    async def _plain(self, connection: Connection, kind: str, request: bytes) -> bool:
        answer = await self._answer(connection, request)
        self.seen.judge(kind, answer)
        return answer is not None

    async def _count_up(self, connection: Connection, call: int) -> bool:
        number = self.writes.sent[call] = self.writes.sent.get(call, 0) + 1
        request = graphql(SET_META, self._keys.writer, id=str(call), meta={"soak": number})
        answer = await self._answer(connection, request)
        if self.seen.judge("GraphQL write", answer):
            self.writes.acknowledged[call] = number
        return answer is not None

    async def _create(self, connection: Connection) -> bool:
        """Create an assistant: one that is pending, or another."""
        pending = self.writes.pending
        name = pending.pop() if pending else f"soak {next(self._numbers)}"
        headers = f"Idempotency-Key: {name}\r\n"
        request = post("/api/v1/assistants", {"name": name}, self._keys.writer, headers=headers)
        answer = await self._answer(connection, request)
        is_acknowledged = self.seen.judge("REST write", answer)
        (self.writes.created if is_acknowledged else pending).append(name)
        return answer is not None

    async def _answer(self, connection: Connection, request: bytes) -> Answer | None:
        """The answer; None when the connection ended before it."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(TIMEOUT):
                return await ask(connection, request)
        return None

    async def lost(self) -> list[str]:
        """What is wrong with what was written, after the load: writes that are lost, or doubled."""
        async with connect(self._port) as connection:
            wrong = [each async for each in self._wrong_calls(connection)]
            return wrong + [each async for each in self._wrong_assistants(connection)]

    async def _wrong_calls(self, connection: Connection) -> AsyncIterator[str]:
        for calls in batched(sorted(self.writes.sent)):
            ids = [f"call_{call}" for call in calls]
            data = await self._data(connection, META, ids=ids)
            for call, node in zip(calls, data["nodes"], strict=True):
                number = node["meta"].get("soak", 0)
                least, most = self.writes.acknowledged.get(call, 0), self.writes.sent[call]
                if not least <= number <= most:
                    yield f"call {call} has {number}, but {least} was acknowledged of {most}"

    async def _wrong_assistants(self, connection: Connection) -> AsyncIterator[str]:
        for names in batched(self.writes.created + self.writes.pending):
            data = await self._data(connection, NAMES, names=names)
            numbers = Counter(node["name"] for node in data["assistants"]["nodes"])
            for name in names:
                least = 1 if name in self.writes.created else 0
                if not least <= numbers[name] <= 1:
                    yield f"assistant {name!r} is there {numbers[name]} times"

    async def _data(self, connection: Connection, document: str, **variables: Any) -> Any:
        """The data of a read after the load, which has to be good."""
        answer = await ask(connection, graphql(document, self._keys.writer, **variables))
        body = json.loads(answer.body)
        if "errors" in body:
            raise RuntimeError(f"the read after the soak failed: {body['errors']}")
        return body["data"]


def batched(values: list[T]) -> Iterator[list[T]]:
    """In lists as long as one request may ask for."""
    for start in range(0, len(values), MOST_AT_ONCE):
        yield values[start : start + MOST_AT_ONCE]
