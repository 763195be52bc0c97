"""Servers and imports that are killed while items come in: nothing acknowledged is lost or doubled.

`python -m tests.ingest.killed 100000` sends so many items to a server on each database, kills it
again and again, and imports a file of as many, whose import is killed once.
"""

import argparse
import asyncio
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from gql.database import Database
from gql.models.call import Call
from gql.models.message import ChatMessage
from gql.models.scope import owned, table_of
from tests.databases import KINDS, Copy, Databases, settings_for, without_settings
from tests.live import ROOT, Served, serving

SOURCE = "killed"
_CALLS, _MESSAGES = table_of(Call), table_of(ChatMessage)
_LINES_OF_A_REQUEST = 5_000
_LONGEST_DELAY = 0.2


@dataclass
class Findings:
    """What a run of kills has shown.

    Attributes:
        kills: How often a process was killed.
        acknowledged: The keys of the items that were answered, or that a checkpoint has.
        lost: Those that were not stored after a kill, or at the end.
        doubled: Those that were stored more than once.
        answers: How many lines had which status.
    """

    kills: int = 0
    acknowledged: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    doubled: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)

    async def compare(self, copy: Copy) -> None:
        """Look for what was acknowledged in the database."""
        stored = await stored_keys(copy)
        self.lost |= self.acknowledged - stored.keys()
        self.doubled |= {key for key, count in stored.items() if count > 1}


def item(number: int) -> dict[str, Any]:
    """A call, or for an odd number a message of the call before it."""
    of_source = {"source": SOURCE, "occurredAt": "2026-11-01T10:00:00Z"}
    call = f"call-{number // 2:07}"
    if number % 2:
        message = {"call": call, "key": "1", "role": "user", "content": f"Hello {number}"}
        return {"kind": "message", **of_source, **message}
    ended = {"status": "completed", "customerPhoneNumber": f"+1555{number:07}"}
    return {"kind": "call", **of_source, "externalId": call, **ended}


def key_of(number: int) -> str:
    """The key that the answer to an item has."""
    return f"call-{number // 2:07}" + ("/1" if number % 2 else "")


def line(number: int) -> bytes:
    return json.dumps(item(number)).encode() + b"\n"


async def stored_keys(copy: Copy) -> Counter[str]:
    """How often each item is in the database, by its key."""
    organization = copy.organizations[0].id
    calls = select(_CALLS.c.external_id).where(
        owned(_CALLS, organization), _CALLS.c.source == SOURCE
    )
    messages = (
        select(_CALLS.c.external_id, _MESSAGES.c.external_id)
        .join(_MESSAGES, _MESSAGES.c.call_id == _CALLS.c.id)
        .where(
            owned(_CALLS, organization), owned(_MESSAGES, organization), _CALLS.c.source == SOURCE
        )
    )
    database = Database(settings_for(copy.url))
    try:
        async with database.transaction() as connection:
            stored = Counter(row[0] for row in await connection.execute(calls))
            stored.update("/".join(row) for row in await connection.execute(messages))
    finally:
        await database.close()
    return stored


async def ingest_with_kills(
    copy: Copy, number: int, kills: int, delays: random.Random | None = None
) -> Findings:
    """Send items to a server that is killed while it works; the same lines again after each kill.

    Args:
        copy: An empty database.
        number: How many items.
        kills: How often the server is killed, evenly over the items.
        delays: How long after an answer it is killed; at once, without.
    """
    findings = Findings()
    kill_at = [number * each // (kills + 1) for each in range(1, kills + 1)]
    starts = list(range(0, number, _LINES_OF_A_REQUEST))
    environment = {
        **without_settings(),
        "GQL_DATABASE_URL": copy.url,
        "GQL_LOG_LEVEL": "error",
        "GQL_RATE_LIMIT": "off",
    }
    while starts:
        with serving(environment=environment) as served:
            while starts and served.process.is_alive():
                numbers = range(starts[0], min(number, starts[0] + _LINES_OF_A_REQUEST))
                sending = _Sending(served, copy.organizations[0].api_key, findings, delays)
                if await asyncio.to_thread(sending.send, numbers, kill_at):
                    starts.pop(0)
            if starts:
                served.process.join()
        await findings.compare(copy)
    return findings


@dataclass
class _Sending:
    served: Served
    api_key: str
    findings: Findings
    delays: random.Random | None

    def send(self, numbers: Sequence[int], kill_at: list[int]) -> bool:
        """Send items in one request; whether it was answered to its end, and nobody killed."""
        connection = http.client.HTTPConnection(urlsplit(self.served.url).netloc)
        headers = {"Authorization": f"Bearer {self.api_key}"}
        kills = self.findings.kills
        try:
            connection.request("POST", "/api/v1/ingest", b"".join(map(line, numbers)), headers)
            for answer in connection.getresponse():
                fields = json.loads(answer)
                if "summary" in fields:
                    return kills == self.findings.kills and bool(fields["summary"]["complete"])
                self._take(numbers[fields["line"] - 1], fields["status"], kill_at)
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return False

    def _take(self, number: int, status: str, kill_at: list[int]) -> None:
        findings = self.findings
        findings.answers[status] += 1
        findings.acknowledged.add(key_of(number))
        if kill_at and len(findings.acknowledged) >= kill_at[0]:
            kill_at.pop(0)
            if self.delays is not None:
                time.sleep(self.delays.uniform(0, _LONGEST_DELAY))
            self.served.process.kill()
            findings.kills += 1


async def import_with_a_kill(copy: Copy, number: int, first: int, folder: Path) -> Findings:
    """Import a file whose first import is killed when it has read so many of the items.

    It reads these from a pipe that has the name of the file, so that there is always more to come.
    """
    findings = Findings()
    path, checkpoints = folder / "items.ndjson", folder / "imports"
    os.mkfifo(path)
    words = ["import", str(path), "--organization", str(copy.organizations[0].id), "--json"]
    words += ["--folder", str(checkpoints), "--database", copy.url]
    command = [sys.executable, "-m", "gql", *words]
    records = await asyncio.to_thread(_import_until_killed, command, path, checkpoints, first)
    findings.kills = 1
    findings.acknowledged = set(map(key_of, range(records)))
    await findings.compare(copy)
    path.unlink()
    path.write_bytes(b"".join(map(line, range(number))))
    again = await asyncio.to_thread(
        subprocess.run, command, env=_environment(), stdout=subprocess.PIPE, check=True
    )
    findings.answers = Counter(json.loads(again.stdout))
    findings.acknowledged = set(map(key_of, range(number)))
    await findings.compare(copy)
    return findings


def _import_until_killed(command: Sequence[str], path: Path, checkpoints: Path, number: int) -> int:
    """Kill an import of so many items after its first checkpoint; how many items that has."""
    with subprocess.Popen(command, env=_environment()) as process:
        try:
            with path.open("wb") as pipe:
                pipe.write(b"".join(map(line, range(number))))
                pipe.flush()
                while process.poll() is None:
                    for checkpoint in checkpoints.glob("*.json"):
                        return int(json.loads(checkpoint.read_text())["records"])
                    time.sleep(0.02)
        finally:
            process.kill()
    raise RuntimeError(f"the import ended with {process.returncode}")


def _environment() -> dict[str, str]:
    return {**without_settings(), "PYTHONPATH": str(ROOT)}


async def _run(number: int, kills: int, seed: int) -> bool:
    """Print what happened on each database; whether nothing was lost or doubled."""
    is_well = True
    databases = Databases()
    try:
        for kind in KINDS:
            delays = random.Random(seed)  # noqa: S311
            async with databases.lend(kind) as copy:
                ingested = await ingest_with_kills(copy, number, kills, delays)
            with tempfile.TemporaryDirectory() as folder:
                async with databases.lend(kind) as copy:
                    imported = await import_with_a_kill(copy, number, number // 2, Path(folder))
            for door, findings in (("ingest", ingested), ("import", imported)):
                counts = f"{len(findings.lost):,} lost, {len(findings.doubled):,} doubled"
                acknowledged = f"{len(findings.acknowledged):,} acknowledged"
                answers = dict(findings.answers)
                outcome = f"{findings.kills} kills, {acknowledged}, {counts}; {answers}"
                sys.stdout.write(f"{kind} {door}: {outcome}\n")
                is_well &= not findings.lost and not findings.doubled
    finally:
        databases.close()
    return is_well


def main() -> None:
    """Run as the arguments say; end with 1 when anything was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m tests.ingest.killed", description=__doc__)
    parser.add_argument("number", type=int, help="items, for each database and way")
    parser.add_argument("seed", type=int, nargs="?", default=random.randrange(10**9))  # noqa: S311
    parser.add_argument("--kills", type=int, default=10, help="of each server")
    arguments = parser.parse_args()
    sys.stdout.write(f"seed {arguments.seed}\n")
    sys.exit(not asyncio.run(_run(arguments.number, arguments.kills, arguments.seed)))


if __name__ == "__main__":
    main()
