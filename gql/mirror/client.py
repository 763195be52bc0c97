"""Reads from a server of the documented REST API, waits as its `Retry-After` asks, and retries."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any, TypeVar

import httpx2

from gql.http.retry_after import http_date, retry_after
from gql.ingest.items import not_ahead
from gql.models.types import now

MOST_ATTEMPTS = 10
"""How often one request is sent before the run fails; the next run continues from there."""

FIRST_PAUSE = 0.5
"""Seconds, at most, before the second attempt; each further pause may be twice as long."""

LONGEST_PAUSE = 60.0

LONGEST_RETRY_AFTER = 900.0
"""Seconds. A server that asks for more is asked again then all the same."""

CONCURRENCY = 4
"""How many requests wait for an answer at a time."""

T = TypeVar("T")

_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


class SourceFailure(Exception):  # noqa: N818 -- expected now and then, not a bug
    """The server does not answer, or not as documented.

    Args:
        problem: What is wrong, in one sentence.
        advice: What to do next.
    """

    def __init__(self, problem: str, advice: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.advice = advice


class ParametersRefused(SourceFailure):
    """A 422: a parameter, such as `limit`, has a value that this server does not take."""


@dataclass(frozen=True)
class SourceAnswer:
    """What a server answered.

    Attributes:
        value: The decoded body; numbers with a fraction are `Decimal`.
        read_at: When, by the server's clock; greater than that of every earlier answer.
    """

    value: Any
    read_at: datetime


@dataclass
class RequestCounts:
    """How many requests a run has sent, and how they failed.

    Attributes:
        sent: Requests, each repetition counted too.
        limited: Answers 429.
        failed: Answers 5xx, and 408 and 425.
        cut: Connections that could not be opened, or ended before the answer did.
    """

    sent: int = 0
    limited: int = 0
    failed: int = 0
    cut: int = 0


class _SourceClock:
    """Instants of answers by the server's header `Date`, each later than the one before.

    The header has whole seconds; within one, answers get microseconds in the order in which
    they came. For a server without the header our own clock is used.
    """

    def __init__(self, clock: Callable[[], datetime], latest: datetime | None) -> None:
        self._clock = clock
        self._latest = latest

    def read(self, headers: httpx2.Headers) -> datetime:
        received_at = self._clock()
        instant = not_ahead(http_date(headers.get("date")) or received_at, received_at)
        if self._latest is not None and instant <= self._latest:
            instant = self._latest + timedelta(microseconds=1)
        self._latest = instant
        return instant

    def now(self) -> datetime:
        return self._latest or self._clock()


class SourceClient:
    """Reads from one server.

    Args:
        http: Has the server's address and the credential.
        clock: The current instant.
        sleep: Waits for so many seconds.
        fraction: A random number from 0 to 1, so that clients that were refused together do not
            come back together.
        concurrency: How many requests are under way at most.
        latest: The greatest `read_at` of an earlier run.
    """

    def __init__(
        self,
        http: httpx2.AsyncClient,
        *,
        clock: Callable[[], datetime] = now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        fraction: Callable[[], float] = random.random,
        concurrency: int = CONCURRENCY,
        latest: datetime | None = None,
    ) -> None:
        self.counts = RequestCounts()
        self._http = http
        self._clock = _SourceClock(clock, latest)
        self._sleep = sleep
        self._fraction = fraction
        self._slots = asyncio.Semaphore(concurrency)
        self._pause = asyncio.Lock()
        self._pauses = 0

    def now(self) -> datetime:
        """The instant of the last answer, by the server's clock."""
        return self._clock.now()

    async def get(self, path: str, **parameters: Any) -> SourceAnswer | None:
        """The answer to a GET; None where the server has nothing at this path.

        Raises:
            ParametersRefused: when the server does not take a parameter.
            SourceFailure: when it refuses, or does not answer however often it is asked.
        """
        sent = {name: value for name, value in parameters.items() if value is not None}
        # Empty `params` would remove those that the path has already.
        return await self._ask("GET", path, **({"params": sent} if sent else {}))

    async def post(self, path: str, body: Any) -> SourceAnswer | None:
        """The answer to a POST that only reads, with a body in JSON; see `get`."""
        return await self._ask("POST", path, json=body)

    async def _ask(self, method: str, path: str, **content: Any) -> SourceAnswer | None:
        request, last = f"{method} {path}", ""
        for attempt in range(MOST_ATTEMPTS):
            async with self._slots:
                async with self._pause:
                    pauses = self._pauses
                response, last = await self._send(method, path, content)
                if response is not None and response.status_code not in _TRY_AGAIN:
                    try:
                        return self._read(response, request)
                    except ValueError:
                        self.counts.cut += 1
                        last = "its JSON breaks off"
            await self._wait(response, attempt, pauses)
        raise SourceFailure(
            f"The server did not answer {request} after {MOST_ATTEMPTS} attempts: {last}.",
            "Run the command again later: it goes on where it stopped.",
        )

    async def _send(
        self, method: str, path: str, content: dict[str, Any]
    ) -> tuple[httpx2.Response | None, str]:
        """The response, and what is wrong with it; None where there is none."""
        self.counts.sent += 1
        try:
            response = await self._http.request(method, path, **content)
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            self.counts.cut += 1
            return None, str(error) or type(error).__name__
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            self.counts.limited += 1
        elif response.status_code in _TRY_AGAIN:
            self.counts.failed += 1
        return response, f"it answers {response.status_code}"

    def _read(self, response: httpx2.Response, request: str) -> SourceAnswer | None:
        """The answer in a response; `ValueError` where that is no JSON."""
        status = response.status_code
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE}:
            return None
        if status != HTTPStatus.OK:
            raise _refusal(response, request)
        value = json.loads(response.content, parse_float=Decimal)
        return SourceAnswer(value, self._clock.read(response.headers))

    async def _wait(self, response: httpx2.Response | None, attempt: int, pauses: int) -> None:
        """Wait before the next attempt; after a 429 all requests wait, and once for all of them."""
        seconds = None
        if response is not None:
            seconds = retry_after(response.headers, longest=LONGEST_RETRY_AFTER)
        if seconds is None:
            longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)
            await self._sleep(self._fraction() * longest)
            return
        async with self._pause:
            if pauses == self._pauses:
                await self._sleep(seconds)
                self._pauses += 1


def _refusal(response: httpx2.Response, request: str) -> SourceFailure:
    status = response.status_code
    problem = f"The server answers {status} to {request}."
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        return ParametersRefused(problem, "Does it speak the documented REST API?")
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return SourceFailure(problem, "Is the API key right, and may it read all of this?")
    return SourceFailure(problem, "Is the address that of the API, without a path?")


async def all_of(coroutines: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results of coroutines that run together; where one fails, the others are ended."""
    tasks = [asyncio.create_task(each) for each in coroutines]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
