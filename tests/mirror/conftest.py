"""An empty organization to copy to, and runs of the mirror over a network that fails."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.accounts.organizations import create_organization
from gql.database import Database, Snapshot
from gql.mirror.client import SourceClient
from gql.mirror.positions import latest_snapshot
from gql.mirror.run import Mirror, compare_sides
from gql.mirror.statement import MirrorStatement
from gql.mirror.target import MirrorReport, MirrorTarget
from tests.databases import Copy, settings_for
from tests.mirror.documented_server import NOW
from tests.mirror.faults import Clock, FaultyTransport, Killed, client_of

SOURCE = "burki"


@dataclass
class KilledDatabase:
    """A database to whose program something happens at one of its transactions.

    Attributes:
        kill_at: The number of the transaction; odd ones die before the commit, even ones after.
        transactions: How many were begun.
    """

    database: Database
    kill_at: int | None = None
    transactions: int = 0

    def snapshot(self) -> Snapshot:
        return self.database.snapshot()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        self.transactions += 1
        dies = self.transactions == self.kill_at
        async with self.database.transaction() as connection:
            yield connection
            if dies and self.transactions % 2:
                raise Killed
        if dies:
            raise Killed


@dataclass
class EmptyOrganization:
    """An organization of the gateway, and the commands that concern it.

    Attributes:
        clock: Ours; a server has its own.
        headers: What proves to a server who is asking.
    """

    database: KilledDatabase
    id: int
    clock: Clock
    url: str
    headers: Mapping[str, str] | None = None

    async def client(self, transport: FaultyTransport) -> SourceClient:
        """A client as a command opens it."""
        async with self.target().context() as context:
            latest = await latest_snapshot(context, SOURCE)
        return client_of(transport, self.clock, latest, self.headers)

    def target(self) -> MirrorTarget:
        return MirrorTarget(self.database, self.id, SOURCE)

    async def copy(self, transport: FaultyTransport, since: datetime | None = None) -> MirrorReport:
        """One run."""
        return await Mirror(await self.client(transport), self.target(), since).run()

    async def verify(
        self, transport: FaultyTransport, since: datetime | None = None
    ) -> MirrorStatement:
        """The statement of a comparison."""
        client = await self.client(transport)
        server, at = "https://api.example.com", self.clock.now()
        return await compare_sides(client, self.target(), server=server, at=at, since=since)


@pytest.fixture
async def empty(fresh: Copy) -> AsyncIterator[EmptyOrganization]:
    """An organization without rows, beside those of the demo data."""
    database = Database(settings_for(fresh.url))
    organization = await create_organization(database, "Copied")
    yield EmptyOrganization(KilledDatabase(database), organization.id, Clock(NOW), fresh.url)
    await database.close()
