"""Whatever happens to the network, to the rows and to the process: afterwards both sides are equal.

`changing` is what goes on at a server while it is copied: calls arrive, end and get their costs,
are deleted; conversations go on and are archived; definitions change.
"""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.mirror.conftest import EmptyOrganization
from tests.mirror.documented_server import (
    DocumentedServer,
    Organization,
    Shape,
    add_call,
    add_conversation,
    make_organization,
)
from tests.mirror.faults import FaultyTransport, Killed
from tests.mirror.test_copy import wrong

MOST_CHANGES = 80


def changing(organization: Organization, rng: random.Random) -> Callable[[int], None]:
    """What happens before each request, for a while."""
    changes = 0

    def change(_number: int) -> None:
        nonlocal changes
        organization.now += timedelta(seconds=rng.randrange(3))
        if changes == MOST_CHANGES or rng.random() < 0.5:
            return
        changes += 1
        rng.choice(_CHANGES)(organization, 10_000 + changes, rng)

    return change


def _arrive(organization: Organization, number: int, rng: random.Random) -> None:
    add_call(organization, number, organization.now, rng)


def _end(organization: Organization, number: int, rng: random.Random) -> None:
    going_on = [row for row in organization.calls if row["status"] == "ongoing"]
    if going_on:
        call = rng.choice(going_on)
        ended_at = max(organization.now, call["started_at"])
        call.update(status="completed", ended_at=ended_at, duration=number % 100)
        call.update(total_cost=0.03, llm_cost=0.02, tts_cost=0.01, cost_currency="USD")
        organization.messages[str(call["id"])].append(
            {
                "id": number,
                "call_id": call["id"],
                "role": "user",
                "content": "Bye",
                "message_index": 99,
                "timestamp": ended_at,
            }
        )


def _delete(organization: Organization, _number: int, rng: random.Random) -> None:
    recent = [row for row in organization.calls if row["id"] > 10_000]
    if recent:
        organization.calls.remove(rng.choice(recent))


def _write_sms(organization: Organization, number: int, rng: random.Random) -> None:
    if not organization.conversations:
        return
    conversation = rng.choice(organization.conversations)
    conversation.update(last_activity=organization.now)
    conversation["message_count"] += 1
    organization.messages[f"sms{conversation['id']}"].append(
        {
            "id": number,
            "conversation_id": conversation["id"],
            "role": "user",
            "content": "And?",
            "timestamp": organization.now,
            "message_index": conversation["message_count"],
            "llm_provider": None,
            "llm_model": None,
        }
    )


def _open_conversation(organization: Organization, number: int, rng: random.Random) -> None:
    add_conversation(organization, number, organization.now - timedelta(hours=1), rng)


def _archive(organization: Organization, _number: int, rng: random.Random) -> None:
    if organization.conversations:
        organization.conversations.remove(rng.choice(organization.conversations))


def _rename(organization: Organization, number: int, rng: random.Random) -> None:
    rng.choice(organization.assistants).update(description=f"Changed {number}")


_CHANGES = [
    _arrive,
    _arrive,
    _end,
    _end,
    _delete,
    _write_sms,
    _open_conversation,
    _archive,
    _rename,
]

SHAPES = [
    Shape(string_ids=True, usual_limit=20, most=50, fractions=True),
    Shape(most=7, refuses_more=False),
]


@pytest.mark.parametrize("seed", range(2))
async def test_after_faults_changes_and_kills_both_sides_are_equal(
    empty: EmptyOrganization, seed: int
) -> None:
    rng = random.Random(seed)  # noqa: S311 -- made-up rows
    organization = make_organization(calls=14, conversations=3, seed=seed)
    server = DocumentedServer(organization, SHAPES[seed % 2])
    network = FaultyTransport(server.app, rate=0.15, rng=rng, before=changing(organization, rng))
    kills = 0
    for _ in range(6):
        network.kill_at = network.requests + rng.randrange(1, 80)
        empty.database.kill_at = empty.database.transactions + rng.randrange(1, 20)
        try:
            await empty.copy(network)
        except Killed:
            kills += 1
    network.kill_at = empty.database.kill_at = None

    while True:  # until a whole run saw no change
        before = (str(organization.calls), str(organization.conversations))
        await empty.copy(network)
        if before == (str(organization.calls), str(organization.conversations)):
            break
    await empty.copy(network)
    statement = await empty.verify(network)

    assert kills >= 3
    assert len(network.injected) == 5
    assert wrong(statement) == []


async def test_it_goes_on_after_a_kill_at_every_request(empty: EmptyOrganization) -> None:
    """A run that is killed at its n-th request, for every n: what was written stays, once."""
    organization = make_organization(calls=4, conversations=1)
    server = DocumentedServer(organization, Shape(most=4, refuses_more=False))
    network = FaultyTransport(server.app)
    runs = 0
    while True:
        runs += 1
        network.requests, network.kill_at = 0, runs
        try:
            await empty.copy(network)
        except Killed:
            continue
        break
    network.kill_at = None

    statement = await empty.verify(network)

    assert runs > 30
    assert wrong(statement) == []
