"""A server that is killed in the middle of delivering loses nothing."""

import asyncio
import os
import signal
from collections import defaultdict

from tests.conftest import bearer
from tests.databases import Copy, settings_for, without_settings
from tests.live import serving
from tests.webhooks.conftest import CREATE
from tests.webhooks.receivers import OK, Answer, Received, receiving

EVENTS = 120
KILLS = 3
GRAPHS = ("graph_1", "graph_1003", "graph_1004")

UPDATE = """
mutation Update($id: ID!, $name: String!) {
  updateGraph(input: {id: $id, name: $name}) { userErrors { message } }
}
"""


async def test_a_kill_in_the_middle_loses_nothing(fresh: Copy) -> None:
    """Each server is killed while requests are under way; the last one ends the work.

    Everything that was acknowledged is told, of each object in its order; what comes twice has the
    same id.
    """
    settings = settings_for(fresh.url)
    assert settings.secrets_key is not None
    environment = {
        **without_settings(),
        "GQL_DATABASE_URL": fresh.url,
        "GQL_SECRETS_KEY": settings.secrets_key.get_secret_value(),
        "GQL_WEBHOOK_NETWORKS": "127.0.0.1",
        "GQL_WEBHOOK_HTTP": "true",
        "GQL_WEBHOOK_PORTS": "*",
        # So that the lease of who was killed soon ends.
        "GQL_WEBHOOK_TIMEOUT": "1",
        "GQL_REQUEST_TIMEOUT": "2",
    }
    owner = bearer(fresh.organizations[0])
    seen: list[Received] = []
    enough = asyncio.Event()
    expected_count = [0]

    async def take(received: Received) -> Answer:
        seen.append(received)
        if len({each.id for each in seen}) >= expected_count[0]:
            enough.set()
            await asyncio.sleep(0.05)  # so that the kill finds some under way
        return OK

    written = 0
    async with receiving() as receiver:
        receiver.answer = take
        for kill in range(KILLS + 1):
            enough.clear()
            expected_count[0] = EVENTS * (kill + 1) - (0 if kill == KILLS else EVENTS // 2)
            with serving(environment=environment) as served:
                async with served.client(owner) as client:
                    if not kill:
                        values = {"url": receiver.url, "kinds": ["GRAPH_UPDATED"]}
                        body = {"query": CREATE, "variables": {"input": values}}
                        created = (await client.post("/graphql", json=body)).json()
                        assert created["data"]["createWebhookSubscription"]["userErrors"] == []
                    for number in range(EVENTS):
                        variables = {
                            "id": GRAPHS[number % len(GRAPHS)],
                            "name": f"{kill}, {number}",
                        }
                        answer = await client.post(
                            "/graphql", json={"query": UPDATE, "variables": variables}
                        )
                        assert answer.json()["data"]["updateGraph"] == {"userErrors": []}
                        written += 1
                await enough.wait()
                if kill < KILLS:
                    os.kill(served.process_id, signal.SIGKILL)
        await receiver_is_quiet(seen)

    ids = [each.id for each in seen]
    first_of_each = list(dict.fromkeys(ids))
    assert len(first_of_each) == written
    order = defaultdict(list)
    for event_id in first_of_each:
        received = seen[ids.index(event_id)]
        order[received.subject].append(received.seq)
    assert all(seqs == sorted(seqs) for seqs in order.values())
    assert len({each.body for each in seen}) == written
    print(f"{len(ids) - written} of {written} webhooks came twice in {KILLS} kills")  # noqa: T201


async def receiver_is_quiet(seen: list[Received]) -> None:
    """Wait until nothing comes any more."""
    before = -1
    while before != len(seen):
        before = len(seen)
        await asyncio.sleep(0.5)
