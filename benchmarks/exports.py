"""How fast one client gets all calls as a file, and who works meanwhile.

The kernel tells the CPU time of the gateway's event loop and of the database. Where the two
together are more than the seconds that passed, a page was read while the one before was sent.
"""

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

from benchmarks.postgres import Postgres
from benchmarks.process import Running, started
from benchmarks.servers import JACKFIELD
from benchmarks.tables import table
from benchmarks.target import Say, Target
from benchmarks.weights import Clock, database_clock, thread_seconds

SECONDS = 12.0
"""Of all downloads of one format from one database."""

FORMATS = ("csv", "json")
_CHUNK = 2**18


@dataclass(frozen=True)
class Download:
    """One file that was downloaded.

    Attributes:
        seconds: It took.
        server: CPU seconds of the gateway's event loop.
        database: CPU seconds of PostgreSQL's sessions, or of the threads that run SQLite.
    """

    seconds: float
    server: float
    database: float


@dataclass(frozen=True)
class Exported:
    """The downloads of one format from one database.

    Attributes:
        database: Its kind.
        format: Of the file.
        rows: Of each file.
        bytes: Of each file.
        load: The machine's load average before them.
    """

    database: str
    format: str
    rows: int
    bytes: int
    load: float
    downloads: Sequence[Download]

    @property
    def rate(self) -> float:
        """Rows per second, by the median download."""
        return self.rows / median(each.seconds for each in self.downloads)


def measured_exports(
    target: Target,
    scratch: Path,
    postgres: Postgres | None,
    *,
    seconds: float = SECONDS,
    say: Say,
) -> Iterator[Exported]:
    """Download all calls of the first organization, in both formats, again and again."""
    database = "SQLite" if postgres is None else "PostgreSQL"
    with started(JACKFIELD, target, scratch) as running:
        clock = database_clock(running, postgres)
        rows = len(json.loads(b"".join(_content(running, target, "json"))))
        for name in FORMATS:
            say(f"exports: {name} from {database}")
            size = sum(map(len, _content(running, target, name)))  # warms up, too
            load, downloads = os.getloadavg()[0], list[Download]()
            end = time.monotonic() + seconds
            while not downloads or time.monotonic() < end:
                downloads.append(_download(running, target, name, clock))
            yield Exported(database, name, rows, size, load, downloads)


def _download(running: Running, target: Target, name: str, clock: Clock) -> Download:
    server, database = thread_seconds(running.pid, "main"), clock()
    began = time.monotonic()
    for _ in _content(running, target, name):
        pass
    seconds = time.monotonic() - began
    server = thread_seconds(running.pid, "main") - server
    return Download(seconds, server, clock() - database)


def _content(running: Running, target: Target, name: str) -> Iterator[bytes]:
    """A file, in parts.

    Raises:
        RuntimeError: when it was answered otherwise.
    """
    with closing(HTTPConnection("127.0.0.1", running.port)) as connection:
        authorization = {"Authorization": f"Bearer {target.api_key}"}
        connection.request("GET", f"/api/v1/calls/export?format={name}", headers=authorization)
        answer = connection.getresponse()
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"an export was answered {answer.status}: {answer.read(500)!r}")
        while part := answer.read(_CHUNK):
            yield part


def exports_table(exports: Sequence[Exported]) -> str:
    """The figures, as a table of Markdown."""
    head = (
        *("file", "rows", "bytes per row", "rows/s", "slowest to fastest", "us of the gateway"),
        *("us of the database", "CPU over seconds", "files", "load"),
    )
    return table(head, map(_row, exports))


def _row(exported: Exported) -> list[str]:
    rates = [exported.rows / each.seconds for each in exported.downloads]
    rows = exported.rows * len(exported.downloads)
    server = sum(each.server for each in exported.downloads)
    database = sum(each.database for each in exported.downloads)
    seconds = sum(each.seconds for each in exported.downloads)
    return [
        f"{exported.database}, {exported.format}",
        f"{exported.rows:,}",
        f"{exported.bytes / exported.rows:.0f}",
        f"{exported.rate:,.0f}",
        f"{min(rates):,.0f} to {max(rates):,.0f}",
        f"{server / rows * 1e6:.1f}",
        f"{database / rows * 1e6:.1f}",
        f"{(server + database) / seconds:.2f}",
        f"{len(rates)}",
        f"{exported.load:.1f}",
    ]
