"""How fast `jackfield import` fills a database, and how much memory it takes, by length of file."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import psutil  # type: ignore[import-untyped]

from benchmarks.postgres import Postgres, without_settings
from benchmarks.target import ROOT, Say, jackfield_command

LENGTHS = (100_000, 500_000)
"""Calls per file: memory should not grow between the two."""

_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_REASONS = (("user_hangup", "customer_hangup"), ("agent_hangup", "assistant_hangup"))
_MEBIBYTE = 2**20


@dataclass(frozen=True)
class Import:
    """One import that was measured.

    Attributes:
        database: Its kind.
        calls: How many calls the file has, each a line.
        seconds: From the start of the command to its end.
        cpu_microseconds: Of the command's own processor time, per call.
        database_microseconds: Of the server's, per call; 0 for SQLite, which works in the command.
        peak_memory: Most MiB of memory that the command had at a time.
        load: The machine's load average before it.
    """

    database: str
    calls: int
    seconds: float
    cpu_microseconds: float
    database_microseconds: float
    peak_memory: float
    load: float

    @property
    def rate(self) -> float:
        """Calls per second."""
        return self.calls / self.seconds


def measured_imports(
    scratch: Path, server: Postgres, lengths: Sequence[int], *, say: Say
) -> Iterator[Import]:
    """Import files of these lengths into empty databases of both kinds."""
    for length in lengths:
        path = scratch / f"import_{length}.ndjson"
        if not path.exists():
            say(f"Writing {length:,} calls")
            write_calls(path, length)
        server.sql("DROP DATABASE IF EXISTS bench_import;")
        server.sql("CREATE DATABASE bench_import;")
        say(f"Importing {length:,} calls into PostgreSQL")
        yield _measured(path, length, server.url("bench_import"), scratch, server.folder)
        file = scratch / "bench_import.db"
        for suffix in ("", "-wal", "-shm"):
            Path(f"{file}{suffix}").unlink(missing_ok=True)
        say(f"Importing {length:,} calls into SQLite")
        yield _measured(path, length, f"sqlite:///{file}", scratch, None)


def write_calls(path: Path, count: int) -> None:
    """Write so many finished calls as items, the same ones each time."""
    random = Random(1)  # noqa: S311 -- made-up data, not a secret
    with path.open("w") as file:
        for number in range(count):
            file.write(json.dumps(call_item(random, number)) + "\n")


def call_item(random: Random, number: int) -> dict[str, object]:
    """A finished call with all that an import usually says of it."""
    began = _BEGAN + timedelta(seconds=30 * number, milliseconds=random.randrange(1_000))
    seconds = random.randrange(5, 600)
    ended = (began + timedelta(seconds=seconds)).isoformat()
    word, kind = random.choice(_REASONS)
    return {
        "kind": "call",
        "source": "bench",
        "externalId": f"call_{number:08}",
        "occurredAt": ended,
        "channel": "voice",
        "direction": random.choice(("inbound", "outbound")),
        "customerPhoneNumber": f"+1555{random.randrange(10**7):07}",
        "toPhoneNumber": "+15550100001",
        "status": "completed",
        "startedAt": began.isoformat(),
        "endedAt": ended,
        "durationMs": seconds * 1_000,
        "endedReason": word,
        "endedReasonKind": kind,
        "assistant": {"externalId": "agent_1", "name": "Receptionist"},
        "summary": "The customer asked about an invoice, which was explained.",
        "meta": {"campaign": random.choice(("spring", "summer"))},
    }


def _measured(path: Path, length: int, url: str, scratch: Path, postgres: Path | None) -> Import:
    jackfield_command("migrate", "--database", url)
    jackfield_command("organizations", "create", "Bench", "--database", url)
    load, server_before = os.getloadavg()[0], _server_seconds(postgres)
    printed = scratch / "import.json"
    began = time.monotonic()
    with printed.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 -- our own command line
            [
                *(sys.executable, "-m", "gql", "import", str(path), "-o", "1", "--json"),
                *("--folder", str(scratch / "imports"), "--database", url),
            ],
            cwd=ROOT,
            env=without_settings(),
            stdout=file,
        )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    counts = printed.read_text()
    if status or json.loads(counts)["created"] != length:
        raise RuntimeError(f"the import ended with {status}, and counted {counts}")
    return Import(
        url.partition(":")[0],
        length,
        seconds,
        (usage.ru_utime + usage.ru_stime) / length * 1e6,
        (_server_seconds(postgres) - server_before) / length * 1e6,
        usage.ru_maxrss * 1024 / _MEBIBYTE,
        load,
    )


def _server_seconds(folder: Path | None) -> float:
    """Processor time of a PostgreSQL and of all that it has started, also of those that ended."""
    if folder is None:
        return 0.0
    pid = int((folder / "postmaster.pid").read_text().split(maxsplit=1)[0])
    postmaster = psutil.Process(pid)
    times = postmaster.cpu_times()
    ended = times.user + times.system + times.children_user + times.children_system
    live = [child.cpu_times() for child in postmaster.children()]
    return float(ended + sum(each.user + each.system for each in live))


def imports_table(rows: Sequence[Import]) -> str:
    """The figures, as a table of Markdown."""
    lines = [
        (
            "| database | calls | calls/s | CPU of the command per call, us | of the server, us"
            " | peak MiB | load |"
        ),
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {row.database} | {row.calls:,} | {row.rate:,.0f} | {row.cpu_microseconds:.0f}"
        f" | {row.database_microseconds:.0f} | {row.peak_memory:.0f} | {row.load:.1f} |"
        for row in rows
    ]
    return "\n".join(lines)
