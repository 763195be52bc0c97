"""Answers random REST addresses by plans and by resolvers, and reports every difference.

`python -m tests.engine.rest_fuzz 20000 SEED` asks half of them on each database.
"""

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import httpx2
from starlette.applications import Starlette

from gql.app import create_app
from gql.database import Database
from gql.engine.query_runner import QueryRunner
from gql.rest.address_cache import AddressCache
from gql.rest.answering import Endpoint
from tests.databases import Copy, settings_for
from tests.engine.addresses import Addresses
from tests.engine.differential import ordered
from tests.engine.edge_rows import add_edge_rows
from tests.engine.fuzz import differences
from tests.engine.fuzz_command import main
from tests.lifespan import running
from tests.routes import every_route

_OWN = frozenset({"x-request-id", "content-length"})
"""Headers that may differ: a number may be written with more digits."""


@dataclass(frozen=True)
class Answer:
    """What counts of a response: its status, headers and body, objects as lists of pairs."""

    status: int
    headers: dict[str, str]
    body: Any

    @classmethod
    def of(cls, response: httpx2.Response) -> "Answer":
        """From a response."""
        headers = {name: text for name, text in response.headers.items() if name not in _OWN}
        return cls(response.status_code, headers, ordered(response.content))


@dataclass(frozen=True)
class RestDifferential:
    """The production application twice on one database: with plans, and by resolvers alone."""

    plans: httpx2.AsyncClient
    resolvers: httpx2.AsyncClient
    addresses: AddressCache
    runner: QueryRunner


@dataclass
class Report:
    """What a run found.

    Attributes:
        addresses: How many.
        succeeded: How many of them were answered with 200.
        planned: How many a plan answered.
        failed: How many plans failed, so that resolvers answered.
        different: The addresses whose two answers differ, with both.
    """

    addresses: int = 0
    succeeded: int = 0
    planned: int = 0
    failed: int = 0
    different: list[tuple[str, Answer, Answer]] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.addresses} asked, {self.succeeded} found, {self.planned} planned,"
            f" {self.failed} failed plans, {len(self.different)} different"
        )

    def lines(self, shown: int) -> Iterator[str]:
        """The first of the differences, in words."""
        for address, one, other in self.different[:shown]:
            yield f"{address} {one.status} {one.headers} {other.status} {other.headers}"
            for line in islice(differences(one.body, other.body), 3):
                yield f"    {line}"


@asynccontextmanager
async def rest_differential(copy: Copy) -> AsyncIterator[RestDifferential]:
    """Both applications over a copy, for a member of its first organization."""
    async with AsyncExitStack() as stack:
        clients = []
        caches = []
        for compiled in (True, False):
            app = create_app(settings_for(copy.url, compiled=compiled, log_level="error"))
            await stack.enter_async_context(running(app))
            transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
            headers = {"Authorization": f"Bearer {copy.organizations[0].api_key}"}
            client = httpx2.AsyncClient(
                transport=transport, base_url="http://127.0.0.1", headers=headers
            )
            clients.append(await stack.enter_async_context(client))
            caches.append(address_cache_of(app))
        runner = caches[0].runner
        assert runner is not None
        yield RestDifferential(clients[0], clients[1], caches[0], runner)


def address_cache_of(app: Starlette) -> AddressCache:
    """What answers the reads of an application's REST routes."""
    endpoints = [route.endpoint for route in every_route(app)]
    return next(item for item in endpoints if isinstance(item, Endpoint)).services.address_cache


async def fuzz(copy: Copy, number: int, seed: int) -> Report:
    """Answer `number` addresses by resolvers and by plans, on a copy with rows at the edge."""
    database = Database(settings_for(copy.url))
    try:
        await add_edge_rows(database, seed)
    finally:
        await database.close()
    async with rest_differential(copy) as clients:
        return await _ask(clients, number, seed)


async def _ask(clients: RestDifferential, number: int, seed: int) -> Report:
    addresses = Addresses(random.Random(seed))  # noqa: S311, not a secret
    report = Report()
    for _ in range(number):
        address = addresses.address()
        resolved = await clients.resolvers.get(address)
        # Twice: the second time the address is cached.
        for planned in (await clients.plans.get(address), await clients.plans.get(address)):
            if Answer.of(resolved) != Answer.of(planned):
                report.different.append((address, Answer.of(resolved), Answer.of(planned)))
        report.addresses += 1
        if resolved.is_success:
            report.succeeded += 1
            addresses.learn(address.partition("?")[0], resolved.json())
    report.planned = clients.runner.counts.compiled // 2
    report.failed = clients.runner.counts.failed
    return report


if __name__ == "__main__":
    main(fuzz, module="tests.engine.rest_fuzz", description=__doc__)
