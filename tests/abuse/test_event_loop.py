"""New documents of one organization take turns with the requests of others, step by step."""

import asyncio

import httpx2
import pytest

from gql import steps
from gql.loop_shares import LoopShares
from gql.query.json_pointer import MAX_STEPS
from tests.conftest import bearer, connect, start
from tests.databases import Copy, settings_for

WIDE = " ".join(f"a{number}: calls(first: 1) {{ nodes {{ id }} }}" for number in range(15))


async def test_a_new_document_does_not_wait_for_those_of_another_organization(
    client: httpx2.AsyncClient,
    owner: dict[str, str],
    stranger: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each is validated, priced, planned and compiled in as many steps as it may pause."""
    monkeypatch.setattr(steps, "STEP_SECONDS", 0.0)
    order: list[str] = []

    async def ask(name: str, headers: dict[str, str]) -> None:
        query = f"query {name} {{ {WIDE} }}"
        answer = await client.post("/graphql", json={"query": query}, headers=headers)
        assert answer.json()["data"].keys() == {f"a{number}" for number in range(15)}
        order.append(name)

    flood = [ask(f"flood{number}", owner) for number in range(8)]
    await asyncio.gather(*flood, ask("other", stranger))

    assert order.index("other") <= 1


@pytest.mark.parametrize("is_compiled", [True, False], ids=["plan", "resolvers"])
async def test_what_resolvers_do_after_a_batch_is_charged_to_their_organization(
    shared: Copy, *, is_compiled: bool
) -> None:
    query = "{ assistants { nodes { calls(first: 1) { nodes { id assistant { name } } } } } }"
    settings = settings_for(shared.url, compiled=is_compiled, rate_limit="off")
    async with start(shared, settings) as running, connect(running.app) as client:
        shares: LoopShares = running.app.state.loop_shares
        shares.timer = float  # nothing takes any time, so that no round pays and steps add up
        organization = shared.organizations[0]
        share, steps = shares.of(organization.id), [0]
        for _ in range(2):  # the second time it is neither validated nor compiled
            answer = await client.post(
                "/graphql", json={"query": query}, headers=bearer(organization)
            )
            steps.append(share.steps)

    nodes = answer.json()["data"]["assistants"]["nodes"]
    assert len(nodes) >= 3
    # Where resolvers answer, each assistant's list is a task of its own, in two steps and more.
    number = steps[2] - steps[1]
    assert number <= 10 if is_compiled else number >= 2 * len(nodes)


async def test_each_error_of_a_field_is_a_step(
    shared: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither raising a thousand errors nor printing them stops the event loop for long."""
    monkeypatch.setattr(steps, "STEP_SECONDS", 0.0)
    too_long = "/step" * (MAX_STEPS + 1)
    query = (
        "{ graphs { nodes { sessions(first: 50) { nodes {"
        f' contextValue(path: "{too_long}") }} }} }} }} }}'
    )
    settings = settings_for(shared.url, rate_limit="off")
    async with start(shared, settings) as running, connect(running.app) as client:
        organization = shared.organizations[0]
        shares: LoopShares = running.app.state.loop_shares
        shares.timer = float  # as above
        share = shares.of(organization.id)
        headers = bearer(organization)
        await client.post("/graphql", json={"query": query}, headers=headers)
        before = share.steps
        answer = await client.post("/graphql", json={"query": query}, headers=headers)

    errors = answer.json()["errors"]
    assert {error["extensions"]["code"] for error in errors} == {"BAD_USER_INPUT"}
    assert len(errors) >= 20
    assert share.steps - before >= len(errors)
