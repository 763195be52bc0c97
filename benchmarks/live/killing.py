"""Runs `kills` against `jackfield serve` and a database of its own; signal 9 ends them."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import asyncpg
import psutil  # type: ignore[import-untyped]

from benchmarks.live.endpoints import SETTINGS
from benchmarks.live.kills import Kills, Outcome, Size, Victim
from benchmarks.postgres import Postgres, running, without_settings
from benchmarks.process import cpu_seconds
from benchmarks.target import Say, Target, on_postgresql, on_sqlite
from gql.database import Database
from gql.settings import Settings
from tests.live import KilledServer

Kind = Literal["sqlite", "postgresql"]


def killed(kind: Kind, scratch: Path, size: Size, say: Say) -> Outcome:
    """Write, kill and compare, on one database."""
    folder = scratch / f"killed_{kind}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with _store(kind, folder, say) as (target, postgres):
        environment = {**without_settings(), **SETTINGS, "GQL_DATABASE_URL": target.url}
        gateway = _Gateway(KilledServer(environment, folder / "gateway.log"))
        gateway.server.start()
        try:
            return asyncio.run(_run(gateway, target, postgres, size, say))
        finally:
            gateway.server.kill()


@contextmanager
def _store(kind: Kind, folder: Path, say: Say) -> Iterator[tuple[Target, Postgres | None]]:
    """A new database, and the PostgreSQL that it is in."""
    if kind == "sqlite":
        yield on_sqlite(folder, "small", fresh=True, say=say), None
        return
    with running(folder / "postgresql") as postgres:
        target = on_postgresql(postgres, "small", fresh=True, say=say)
        # A commit is written before it is acknowledged, as the processes do not end by themselves.
        postgres.sql("ALTER DATABASE bench_small SET synchronous_commit = on;")
        yield target, postgres


@dataclass
class _Gateway:
    """Counts the CPU of all processes that served."""

    server: KilledServer
    _ended: float = 0.0

    async def kill(self) -> None:
        self._ended = self.cpu()
        await asyncio.to_thread(self.server.kill)
        await asyncio.to_thread(self.server.start)

    def cpu(self) -> float:
        """Seconds so far."""
        with suppress(psutil.NoSuchProcess):
            if self.server.process_id is not None:
                return self._ended + cpu_seconds(self.server.process_id)
        return self._ended


@dataclass
class _OpenTransaction:
    """Of another database of the same PostgreSQL; it has an id, and does not end.

    No snapshot of the server sees behind it, whatever it reads.
    """

    postgres: Postgres
    _connections: list[Any] = field(default_factory=list)

    async def kill(self) -> None:
        """Kill PostgreSQL, and hold a new transaction open."""
        await asyncio.to_thread(self.postgres.kill)
        await self.open()

    async def open(self) -> None:
        connection = await asyncpg.connect(self.postgres.url("postgres"))
        await connection.execute("BEGIN; SELECT pg_current_xact_id();")
        self._connections = [connection]

    def check(self) -> Sequence[str]:
        """What is wrong with it."""
        (connection,) = self._connections
        is_open = not connection.is_closed() and connection.is_in_transaction()
        return () if is_open else ("the transaction in another database has ended",)

    async def close(self) -> None:
        for connection in self._connections:
            connection.terminate()


@asynccontextmanager
async def _another_transaction(postgres: Postgres | None) -> AsyncIterator[_OpenTransaction | None]:
    """One that is open in another database; each file of SQLite is on its own."""
    if postgres is None:
        yield None
        return
    transaction = _OpenTransaction(postgres)
    await transaction.open()
    try:
        yield transaction
    finally:
        await transaction.close()


async def _run(
    gateway: _Gateway, target: Target, postgres: Postgres | None, size: Size, say: Say
) -> Outcome:
    keys = {1: target.api_key, 2: target.small_api_key}
    database = Database(Settings(database_url=target.url))
    clocks = {"this tool": time.process_time, "the gateway": gateway.cpu}
    victims = [Victim("the gateway", gateway.kill)]
    try:
        async with _another_transaction(postgres) as another:
            if another is not None:
                victims.append(Victim("PostgreSQL", another.kill))
            check = tuple if another is None else another.check
            port = gateway.server.port
            return await Kills(port, keys, database, victims, size, say, clocks, check).run()
    finally:
        await database.close()
