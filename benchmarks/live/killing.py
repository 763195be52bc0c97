"""Runs `kills` against `jackfield serve` and a database of its own; signal 9 ends them."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from benchmarks.live.kills import Kills, Outcome, Size, Victim
from benchmarks.postgres import running, without_settings
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
    with _store(kind, folder, say) as (target, victims):
        environment = {**without_settings(), "GQL_DATABASE_URL": target.url}
        server = KilledServer(environment, folder / "gateway.log")
        server.start()
        try:
            return asyncio.run(_run(server, target, victims, size, say))
        finally:
            server.kill()


@contextmanager
def _store(kind: Kind, folder: Path, say: Say) -> Iterator[tuple[Target, tuple[Victim, ...]]]:
    """A new database, and who may be killed of it."""
    if kind == "sqlite":
        yield on_sqlite(folder, "small", fresh=True, say=say), ()
        return
    with running(folder / "postgresql") as postgres:
        target = on_postgresql(postgres, "small", fresh=True, say=say)
        # A commit is written before it is acknowledged, as the processes do not end by themselves.
        postgres.sql("ALTER DATABASE bench_small SET synchronous_commit = on;")
        yield target, (Victim("PostgreSQL", lambda: asyncio.to_thread(postgres.kill)),)


async def _run(
    server: KilledServer, target: Target, victims: tuple[Victim, ...], size: Size, say: Say
) -> Outcome:
    async def kill() -> None:
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)

    keys = {1: target.api_key, 2: target.small_api_key}
    database = Database(Settings(database_url=target.url))
    gateway = Victim("the gateway", kill)
    try:
        return await Kills(server.port, keys, database, (gateway, *victims), size, say).run()
    finally:
        await database.close()
