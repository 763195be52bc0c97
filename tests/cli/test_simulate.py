"""`jackfield simulate`: what it sends, when, and that nothing goes on when it ends."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

import httpx2
import pytest

from gql.cli.console import Failure
from gql.cli.simulate import Clock, Gateway, Simulation, walked_graphs
from gql.demo.conversations import conversations
from tests.cli.conftest import Cli
from tests.live import LiveServer, free_port

BEGAN = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)


@dataclass
class Recorder(Gateway):
    """A gateway that keeps what it was sent, and when by the test's own clock."""

    now: datetime = BEGAN
    sent: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)

    async def send(
        self,
        items: Sequence[dict[str, Any]],
        *,
        attempts: int | None = None,  # noqa: ARG002 -- it takes all at once
    ) -> None:
        self.sent += [(self.now, item) for item in items]

    def clock(self, until: datetime | None = None) -> Clock:
        """A clock that jumps; at `until` it interrupts, as Ctrl-C does."""

        async def sleep(seconds: float) -> None:
            self.now += timedelta(seconds=seconds)
            if until is not None and self.now >= until:
                raise asyncio.CancelledError

        return Clock(lambda: self.now, sleep)


def recorder() -> Recorder:
    return Recorder("http://127.0.0.1:8000/api/v1/ingest", "key")


async def test_each_step_is_sent_when_it_happens() -> None:
    gateway = recorder()
    simulation = Simulation(gateway, seed=1, per_minute=30, most=20)

    await simulation.run(gateway.clock())

    delays = [at - datetime.fromisoformat(item["occurredAt"]) for at, item in gateway.sent]
    assert all(timedelta(0) <= delay <= timedelta(seconds=0.3) for delay in delays)
    begins = [item["startedAt"] for _, item in gateway.sent if item.get("status") == "ringing"]
    assert simulation.begun == 20
    assert begins == sorted(begins)
    assert datetime.fromisoformat(begins[-1]) - BEGAN <= timedelta(seconds=2.3 * 20)


async def test_a_seed_sends_the_same_items() -> None:
    first, second = recorder(), recorder()

    for gateway in (first, second):
        await Simulation(gateway, seed=3, per_minute=60, most=10).run(gateway.clock())

    assert first.sent == second.sent


async def test_calls_that_go_on_are_hung_up_when_it_is_interrupted() -> None:
    gateway = recorder()
    simulation = Simulation(gateway, seed=1, per_minute=60, most=None)
    clock = gateway.clock(until=BEGAN + timedelta(seconds=40))

    with pytest.raises(asyncio.CancelledError):
        await simulation.run(clock)
    await simulation.hang_up(clock)

    calls = [item for _, item in gateway.sent if item["kind"] == "call"]
    last = {item["externalId"]: item["status"] for item in calls}
    assert Counter(last.values())["completed"] > 10
    assert set(last.values()) <= {"completed", "failed"}
    begun = {
        item["externalId"]
        for _, item in gateway.sent
        if item["kind"] == "session" and "startedAt" in item
    }
    ended = {
        item["externalId"]
        for _, item in gateway.sent
        if item["kind"] == "session" and "endedAt" in item
    }
    assert begun == ended, "a session ends that never began, or goes on"


async def test_a_gateway_takes_it_all(live_server: LiveServer) -> None:
    clock = recorder().clock()
    gateway = Gateway(f"{live_server.url}/api/v1/ingest", live_server.api_key)

    await Simulation(gateway, seed=5, per_minute=600, most=8).run(clock)
    first = dict(gateway.outcomes)
    await Simulation(gateway, seed=5, per_minute=600, most=8).run(recorder().clock())

    assert first["created"] > 8
    assert "refused" not in gateway.outcomes
    assert gateway.outcomes["created"] == first["created"]
    headers = {"Authorization": f"Bearer {live_server.api_key}"}
    calls = [
        conversation.key for conversation in islice(conversations(5), 8) if conversation.is_call
    ]
    for key in calls:
        address = f"{live_server.url}/api/v1/calls/sid/{key}"
        call = httpx2.get(address, headers=headers, timeout=None).json()
        assert call["status"] in {"completed", "failed"}
        assert call["ended_at"] is not None


async def test_calls_walk_through_the_graphs_that_there_are(live_server: LiveServer) -> None:
    graphs = walked_graphs(live_server.url, live_server.api_key)
    gateway = Gateway(f"{live_server.url}/api/v1/ingest", live_server.api_key)

    await Simulation(gateway, 11, 600, 8, graphs).run(recorder().clock())

    document = """
      query ($callSids: [String!]!) {
        graphSessions(filter: {callSid: {in: $callSids}}) { nodes {
          source
          currentNode { fullDatabaseId }
          graph { name edges { from { fullDatabaseId } to { fullDatabaseId } } }
          transitions { nodes { fromNode { fullDatabaseId } toNode { fullDatabaseId } } }
        } }
      }
    """
    calls = [each.key for each in islice(conversations(11, graphs), 8) if each.session]
    headers = {"Authorization": f"Bearer {live_server.api_key}"}
    body = {"query": document, "variables": {"callSids": calls}}
    answer = httpx2.post(
        f"{live_server.url}/graphql", json=body, headers=headers, timeout=None
    ).json()
    sessions = answer["data"]["graphSessions"]["nodes"]
    assert len(sessions) == len(calls) >= 3
    names = {graph.name for graph in graphs}
    for session in sessions:
        assert (session["source"], session["graph"]["name"] in names) == ("simulator", True)
        edges = [(each["from"], each["to"]) for each in session["graph"]["edges"]]
        steps = [(each["fromNode"], each["toNode"]) for each in session["transitions"]["nodes"]]
        assert steps[-1][1] == session["currentNode"]
        assert all(step in edges for step in steps)
        assert all(before[1] == after[0] for before, after in pairwise(steps))


async def test_a_key_that_reads_nothing_has_graphs_made_up(live_server: LiveServer) -> None:
    assert walked_graphs(live_server.url, "burki_" + "0" * 32) == []
    assert walked_graphs(f"http://127.0.0.1:{free_port()}", live_server.api_key) == []


async def test_without_a_key_it_says_how_to_get_one(cli: Cli) -> None:
    result = await cli("simulate", "--conversations", "1")

    assert (result.code, result.out) == (1, "")
    assert result.err == (
        "There is no API key in JACKFIELD_KEY.\n"
        "export JACKFIELD_KEY=$(jackfield keys create simulator -o 1 --permission ingest)\n"
    )


async def test_a_key_that_may_not_is_said_at_once(
    cli: Cli, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "burki_" + "0" * 32)

    result = await cli(
        *("simulate", "--conversations", "1", "--url", live_server.url, "--api-key-env", "KEY")
    )

    assert result.code == 1
    assert "The gateway answers 401: " in result.err


async def test_where_nobody_answers_it_says_so() -> None:
    url = f"http://127.0.0.1:{free_port()}/api/v1/ingest"
    with pytest.raises(Failure) as failure:
        await Gateway(url, "burki_key").send([{}], attempts=1)

    assert failure.value.problem.startswith(f"Nobody answers at {url} (")
    assert "jackfield serve" in failure.value.advice
