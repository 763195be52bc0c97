"""A network between the mirror and a server that fails as networks and servers do."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx2
from starlette.applications import Starlette

from gql.mirror.client import SourceClient

FAULTS = ("limited", "failed", "cut_before", "cut_after", "half")


class Killed(BaseException):
    """The process ends here, as by `kill -9`: nothing that is not committed stays."""


@dataclass
class Clock:
    """A clock that only a sleep and a request move."""

    instant: datetime
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.instant

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.instant += timedelta(seconds=seconds)


@dataclass
class FaultyTransport(httpx2.AsyncBaseTransport):
    """Sends requests to an application, or fails.

    Attributes:
        app: The server.
        rate: The share of requests that fail.
        rng: Says which ones, and how.
        before: Called before each request reaches the server, with its number from 1.
        kill_at: The number of the request during which the process ends.
        requests: How many came.
        injected: How many failed, by kind.
    """

    app: Starlette
    rate: float = 0.0
    rng: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311
    before: Callable[[int], None] = lambda _number: None
    kill_at: int | None = None
    requests: int = 0
    injected: dict[str, int] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests += 1
        self.paths.append(request.url.raw_path.decode())
        self.before(self.requests)
        if self.requests == self.kill_at:
            raise Killed
        fault = self.rng.choice(FAULTS) if self.rng.random() < self.rate else None
        if fault is not None:
            self.injected[fault] = self.injected.get(fault, 0) + 1
        if fault == "limited":
            return httpx2.Response(429, headers={"retry-after": "7"}, json={"detail": "slow"})
        if fault == "failed":
            return httpx2.Response(500, json={"detail": "Internal Server Error"})
        if fault == "cut_before":
            raise httpx2.ConnectError("refused")
        response = await httpx2.ASGITransport(self.app).handle_async_request(request)
        if fault == "cut_after":
            raise httpx2.ReadError("reset by peer")
        if fault == "half":
            body = await response.aread()
            return httpx2.Response(200, headers=response.headers, content=body[: len(body) // 2])
        return response


def client_of(
    transport: httpx2.AsyncBaseTransport,
    clock: Clock,
    latest: datetime | None = None,
    headers: Mapping[str, str] | None = None,
) -> SourceClient:
    """A client over this network; its pauses are the clock's."""
    http = httpx2.AsyncClient(
        transport=transport,
        base_url="http://source.example",
        follow_redirects=True,
        headers=headers,
    )
    return SourceClient(
        http, clock=clock.now, sleep=clock.sleep, fraction=lambda: 0.5, latest=latest
    )
