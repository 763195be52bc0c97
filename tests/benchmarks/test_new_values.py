"""What is said of speed comes from requests that nobody has sent before, so from no memory."""

import asyncio
from contextlib import closing
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path

import pytest

from benchmarks.polling import Asker, Request, numbered_bodies
from benchmarks.population import Population, asking, population
from benchmarks.process import Running, answering_anew
from benchmarks.servers import JACKFIELD, UNCACHED, Server
from benchmarks.target import Target
from benchmarks.workloads import W2, WORKLOADS, Novelty

FEW = 3
"""Different values of a workload, each of which is sent three times."""


def post_all(running: Running, target: Target, bodies: list[bytes]) -> None:
    with closing(HTTPConnection("127.0.0.1", running.port)) as connection:
        asker = Asker(connection, {"Authorization": f"Bearer {target.api_key}"})
        for body in bodies:
            asker.ask(Request("POST", "/graphql", body))


def bodies_of(existing: Population, novelty: Novelty) -> list[bytes]:
    bodies: list[bytes] = []
    for workload in WORKLOADS:
        if "jackfield" in workload.documents:
            few = workload.requests("jackfield", existing, novelty)[:FEW]
            bodies += islice(numbered_bodies(few), 3 * FEW)
    return bodies


async def test_new_requests_of_all_workloads_differ_and_are_read(
    target: Target, tmp_path: Path
) -> None:
    def work() -> list[bytes]:
        with answering_anew(JACKFIELD, target, tmp_path) as running:
            existing = population(asking(running.url, target.api_key))
            bodies = [
                *bodies_of(existing, Novelty.VALUES),
                *bodies_of(existing, Novelty.DOCUMENT),
            ]
            post_all(running, target, bodies)
        return bodies

    bodies = await asyncio.to_thread(work)

    assert len(set(bodies)) == len(bodies) == 2 * 6 * 3 * FEW


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.usefixtures("kind")
@pytest.mark.parametrize("server", [JACKFIELD, UNCACHED], ids=["cached", "uncached"])
async def test_what_is_repeated_is_read_where_nothing_is_cached(
    target: Target, tmp_path: Path, server: Server
) -> None:
    def work() -> None:
        with answering_anew(server, target, tmp_path) as running:
            existing = population(asking(running.url, target.api_key))
            body = W2.requests("jackfield", existing, Novelty.NOTHING)[0]
            post_all(running, target, [body] * 3)

    if server is UNCACHED:
        await asyncio.to_thread(work)
    else:
        with pytest.raises(RuntimeError, match="jackfield gave 2 answers from memory"):
            await asyncio.to_thread(work)
