"""SIGTERM ends a process whose statements would run for ever, and readiness fails first."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx2
import pytest

from tests.abuse.endless import ADDRESS, QUERY, make_calls_endless, until_idle
from tests.conftest import bearer
from tests.databases import Copy, without_settings
from tests.live import ROOT, free_port

OTHERS = {"query": "{ assistants(first: 1) { nodes { id } } }"}


def serve(url: str, port: int, output: Path, workers: int) -> "subprocess.Popen[bytes]":
    environment: Mapping[str, str] = {
        **without_settings(),
        "GQL_DATABASE_URL": url,
        "GQL_REQUEST_TIMEOUT": "86400",
        "GQL_SHUTDOWN_TIMEOUT": "6",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "gql", "serve", "--port", str(port), "--workers", str(workers)]
    with output.open("ab") as file:
        return subprocess.Popen(command, env=environment, stdout=file, stderr=subprocess.STDOUT)


async def answered(client: httpx2.AsyncClient, status: int) -> None:
    """Ask for readiness until it has a status."""
    while True:
        try:
            if (await client.get("/readyz")).status_code == status:
                return
        except httpx2.ConnectError:
            assert status == 200, "the port was closed while the process called itself ready"
        await asyncio.sleep(0.02)


# On SQLite a statement without end takes a core for itself: once is enough.
@pytest.mark.parametrize(
    ("kind", "workers"), [("sqlite", 1), ("postgresql", 1), ("postgresql", 2)], indirect=["kind"]
)
async def test_sigterm_ends_a_process_at_work(fresh: Copy, tmp_path: Path, workers: int) -> None:
    port = free_port()
    process = serve(fresh.url, port, tmp_path / "output", workers)
    try:
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers=bearer(fresh.organizations[0]),
            timeout=None,
        ) as client:
            await answered(client, 200)
            assert (await client.post("/graphql", json=OTHERS)).status_code == 200
            await make_calls_endless(fresh)
            slow = [
                asyncio.create_task(request)
                for _ in range(4)
                for request in (
                    client.post("/graphql", json={"query": QUERY}),
                    client.get(ADDRESS),
                )
            ]
            await asyncio.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            await answered(client, 503)
            accepted = await client.post("/graphql", json={"query": "{ __typename }"})
            answers = await asyncio.gather(*slow)
            code = await asyncio.to_thread(process.wait)
    finally:
        process.kill()
        process.wait()

    await until_idle(fresh)
    assert accepted.status_code == 200
    statuses = {answer.status_code for answer in answers}
    assert statuses == {503}, (tmp_path / "output").read_text()
    assert {answer.headers["retry-after"] for answer in answers} == {"2"}
    assert "being stopped" in answers[0].text
    assert "by force" not in (tmp_path / "output").read_text()
    assert code == (-signal.SIGTERM if workers == 1 else 0)
