"""One round of the benchmark on small data, so that it cannot rot."""

import asyncio
import contextlib
import shutil
from functools import partial
from pathlib import Path

import pytest

from benchmarks import rounds
from benchmarks.client import Client, load
from benchmarks.comparison import Compared, compare, compare_on_sqlite
from benchmarks.machine import machine
from benchmarks.results import Run, markdown
from benchmarks.rounds import Plan
from benchmarks.samples import Sample
from benchmarks.servers import CONSTANT, JACKFIELD, RESOLVERS, ROWS, TEXT
from benchmarks.target import Target
from benchmarks.workloads import NESTED, SERIAL, WORKLOADS, Novelty
from tests.databases import Kind

BRIEF = Plan(
    seconds=0.05,
    rounds=1,
    connections=(1,),
    warm_seconds=0.01,
    client="python",
    compared_requests=2,
)
READERS = {"jackfield", "resolvers", "sqlite-jackfield", "sqlite-resolvers"}
"""Those that can answer documents that they were not written for."""

SERVERS = (JACKFIELD, RESOLVERS, TEXT, ROWS, CONSTANT)


def nothing(_what: str, _sample: Sample | None) -> None:
    """Nobody is watching."""


async def test_a_round_compares_all_answers_and_measures_every_server(
    kind: Kind, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "WARM_CONNECTIONS", 1)
    if kind == "sqlite":
        work = partial(compare_on_sqlite, target, BRIEF, tmp_path, progress=nothing)
        cells = {
            (f"sqlite-{name}", each.name) for name in ("jackfield", "resolvers") for each in NESTED
        }
        answers = 2 * len(NESTED) * BRIEF.compared_requests
    else:
        work = partial(compare, target, SERVERS, WORKLOADS, BRIEF, tmp_path, progress=nothing)
        cells = {
            (server.name, each.name)
            for server in SERVERS
            for each in WORKLOADS
            if server.dialect(each)
        }
        answers = (4 * 6 + 2) * BRIEF.compared_requests

    compared: Compared = await asyncio.to_thread(work)

    samples = compared.samples.all
    assert compared.answers == answers
    for novelty in (Novelty.VALUES, Novelty.NOTHING):
        of_kind = [(each.server, each.workload) for each in samples if each.novelty is novelty]
        assert sorted(of_kind) == sorted(cells)
    assert {
        (each.server, each.workload) for each in samples if each.novelty is Novelty.DOCUMENT
    } == {(server, work) for server, work in cells if server in READERS and work != "rest"}
    assert [sample for sample in samples if sample.errors or sample.rate <= 0] == []
    assert min(sample.memory for sample in samples) > 1
    page = markdown(Run(machine(), "small", BRIEF, compared.samples, answers), SERVERS, WORKLOADS)
    assert f"{answers} answers compared" in page
    assert "## Requests that are repeated to the byte" in page
    assert "## Documents that were never seen before" in page


@pytest.mark.parametrize("client", ["python", *(["wrk"] if shutil.which("wrk") else [])])
async def test_new_requests_are_sent_once_and_repeated_ones_again(client: Client) -> None:
    received: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                received.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    def sent(requests: list[bytes]) -> list[bytes]:
        received.clear()
        load(client, port, requests, connections=2, seconds=0.05)
        return list(received)

    def request(path: str) -> bytes:
        return f"GET /{path} HTTP/1.1\r\n\r\n".encode()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        new = await asyncio.to_thread(sent, [request(f"a{SERIAL}"), request(f"b{SERIAL}?{SERIAL}")])
        newer = await asyncio.to_thread(sent, [request(f"a{SERIAL}")])
        repeated = await asyncio.to_thread(sent, [request("c")])

    assert len({*new, *newer}) == len(new) + len(newer) > len(newer) > 2
    assert {one[:6] for one in new} == {b"GET /a", b"GET /b"}
    assert [one for one in (*new, *newer) if SERIAL.encode() in one] == []
    assert len(repeated) > 2
    assert set(repeated) == {request("c")}
