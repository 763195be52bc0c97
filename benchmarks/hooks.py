"""How soon webhooks are answered, at a steady rate, while what came is applied in the background.

Deliveries are all different, signed as the Standard Webhooks say, and begin when they are due,
whether those before are answered or not: a slow answer delays no other, and counts from when its
delivery was due. Before the answer there are two statements, of which one is a transaction:
tests/hooks/test_receiver.py counts them.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from benchmarks.imports import call_item
from benchmarks.postgres import Postgres
from benchmarks.process import cpu_seconds, started
from benchmarks.servers import JACKFIELD
from benchmarks.tables import table
from benchmarks.target import Say, Target, jackfield_command

RATE = 50
"""Deliveries per second."""

SECONDS = 20

_KEY = {"GQL_SECRETS_KEY": secrets.token_hex(32)}
_SERVER = replace(
    JACKFIELD,
    environment={**JACKFIELD.environment, **_KEY, "GQL_RATE_LIMIT_HOOK_REQUESTS": "0"},
)
_WARMING = 20


@dataclass(frozen=True)
class Answers:
    """What was measured on one database.

    Attributes:
        database: Its kind.
        milliseconds: Of each answer.
        refused: How many were answered otherwise than by 200.
        applied: How many deliveries were applied a second after the last one was sent.
        cpu_milliseconds: Of the gateway, per delivery, with its processing.
        load: The machine's load average before it.
    """

    database: str
    milliseconds: Sequence[float]
    refused: int
    applied: int
    cpu_milliseconds: float
    load: float

    def percentile(self, share: float) -> float:
        """The time within which this share of the deliveries is answered."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def measured_hooks(scratch: Path, server: Postgres, *, say: Say) -> Iterator[Answers]:
    """Deliver to a gateway on an empty database of either kind."""
    server.sql("DROP DATABASE IF EXISTS bench_hooks;")
    server.sql("CREATE DATABASE bench_hooks;")
    yield _measured(Target(server.url("bench_hooks"), "", "", server.folder), scratch, say)
    file = scratch / "bench_hooks.db"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)
    yield _measured(Target(f"sqlite:///{file}", "", "", None), scratch, say)


def _measured(target: Target, scratch: Path, say: Say) -> Answers:
    kind = target.url.partition(":")[0]
    say(f"Delivering to {kind}")
    database = ("--database", target.url)
    jackfield_command("migrate", *database)
    jackfield_command("organizations", "create", "Bench", *database)
    create = ("hooks", "create", "generic", "--organization", "1", "--json", *database)
    endpoint = json.loads(jackfield_command(*create, environment=_KEY))
    path, load = urlsplit(endpoint["address"]).path, os.getloadavg()[0]
    requests = [
        _request(path, endpoint["secret"], number) for number in range(_WARMING + RATE * SECONDS)
    ]
    with started(_SERVER, target, scratch) as running:
        asyncio.run(_deliver(running.port, requests[:_WARMING]))
        before = cpu_seconds(running.pid)
        answers = asyncio.run(_deliver(running.port, requests[_WARMING:]))
        time.sleep(1)
        used = cpu_seconds(running.pid) - before
        listed = json.loads(jackfield_command("hooks", "list", "-o", "1", "--json", *database))
    return Answers(
        kind,
        [milliseconds for _, milliseconds in answers],
        sum(status != b"200" for status, _ in answers),
        sum(each["done"] for each in listed) - _WARMING,
        used * 1e3 / len(answers),
        load,
    )


def _request(path: str, secret: str, number: int) -> bytes:
    """A delivery with a call that no other has."""
    item = call_item(Random(number), number)  # noqa: S311 -- made-up data, not a secret
    body = json.dumps({"items": [{**item, "source": "generic"}]}).encode()
    name, instant = f"msg_{number}", str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{name}.{instant}.".encode() + body, hashlib.sha256)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"webhook-id: {name}\r\nwebhook-timestamp: {instant}\r\n"
        f"webhook-signature: v1,{base64.b64encode(digest).decode()}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


async def _deliver(port: int, requests: Sequence[bytes]) -> list[tuple[bytes, float]]:
    """Send each when it is due, over a connection of its own; its status and milliseconds."""
    begun = time.perf_counter()

    async def deliver(number: int, request: bytes) -> tuple[bytes, float]:
        due = begun + number / RATE
        await asyncio.sleep(due - time.perf_counter())
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        answer = await reader.read()
        milliseconds = (time.perf_counter() - due) * 1e3
        writer.close()
        return answer[9:12], milliseconds

    return await asyncio.gather(*(deliver(*each) for each in enumerate(requests)))


def hooks_table(rows: Sequence[Answers]) -> str:
    """The figures, as a table of Markdown."""
    head = ["database", "deliveries", "p50 ms", "p99 ms", "longest ms", "within 50 ms"]
    head += ["refused", "applied 1 s later", "CPU ms per delivery", "load"]
    return table(
        head,
        [
            [
                row.database,
                f"{len(row.milliseconds):,} at {RATE}/s",
                f"{row.percentile(0.5):.1f}",
                f"{row.percentile(0.99):.1f}",
                f"{max(row.milliseconds):.1f}",
                f"{sum(each <= 50 for each in row.milliseconds) / len(row.milliseconds):.1%}",  # noqa: PLR2004 -- the goal
                f"{row.refused:,}",
                f"{row.applied:,}",
                f"{row.cpu_milliseconds:.2f}",
                f"{row.load:.1f}",
            ]
            for row in rows
        ],
    )
