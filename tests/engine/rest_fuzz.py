"""Asks random REST addresses by plans and by the reference way, and reports every difference.

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
from tests.engine.both_ways import ordered
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
class BothDoors:
    """The production application twice on one database: by plans, and by the reference way."""

    plans: httpx2.AsyncClient
    reference: httpx2.AsyncClient
    reader: AddressCache
    reads: QueryRunner


@dataclass
class Report:
    """What a run found.

    Attributes:
        asked: How many addresses.
        found: How many of them were answered with 200.
        planned: How many a plan answered.
        failed: How many plans failed, and were answered by the reference way.
        different: The addresses whose two answers differ, with both.
    """

    asked: int = 0
    found: int = 0
    planned: int = 0
    failed: int = 0
    different: list[tuple[str, Answer, Answer]] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.asked} asked, {self.found} found, {self.planned} planned,"
            f" {self.failed} failed plans, {len(self.different)} different"
        )

    def lines(self, shown: int) -> Iterator[str]:
        """The first of the differences, in words."""
        for address, one, other in self.different[:shown]:
            yield f"{address} {one.status} {one.headers} {other.status} {other.headers}"
            for line in islice(differences(one.body, other.body), 3):
                yield f"    {line}"


@asynccontextmanager
async def both_doors(copy: Copy) -> AsyncIterator[BothDoors]:
    """Both applications over a copy, for a member of its first organization."""
    async with AsyncExitStack() as stack:
        clients = []
        readers = []
        for compiled in (True, False):
            app = create_app(settings_for(copy.url, compiled=compiled, log_level="error"))
            await stack.enter_async_context(running(app))
            transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
            headers = {"Authorization": f"Bearer {copy.organizations[0].api_key}"}
            client = httpx2.AsyncClient(
                transport=transport, base_url="http://127.0.0.1", headers=headers
            )
            clients.append(await stack.enter_async_context(client))
            readers.append(reader_of(app))
        reads = readers[0].runner
        assert reads is not None
        yield BothDoors(clients[0], clients[1], readers[0], reads)


def reader_of(app: Starlette) -> AddressCache:
    """What answers the reads of an application's REST routes."""
    endpoints = [route.endpoint for route in every_route(app)]
    return next(item for item in endpoints if isinstance(item, Endpoint)).services.address_cache


async def fuzz(copy: Copy, number: int, seed: int) -> Report:
    """Spoil a copy's rows and ask `number` addresses both ways."""
    database = Database(settings_for(copy.url))
    try:
        await add_edge_rows(database, seed)
    finally:
        await database.close()
    async with both_doors(copy) as doors:
        return await _ask(doors, number, seed)


async def _ask(doors: BothDoors, number: int, seed: int) -> Report:
    addresses = Addresses(random.Random(seed))  # noqa: S311, not a secret
    report = Report()
    for _ in range(number):
        address = addresses.address()
        one = await doors.reference.get(address)
        # Twice: the second time the address is known.
        for other in (await doors.plans.get(address), await doors.plans.get(address)):
            if Answer.of(one) != Answer.of(other):
                report.different.append((address, Answer.of(one), Answer.of(other)))
        report.asked += 1
        if one.is_success:
            report.found += 1
            addresses.learn(address.partition("?")[0], one.json())
    report.planned = doors.reads.counts.compiled // 2
    report.failed = doors.reads.counts.failed
    return report


if __name__ == "__main__":
    main(fuzz, module="tests.engine.rest_fuzz", description=__doc__)
