"""New documents of one organization take turns with the requests of others, step by step."""

import asyncio

import httpx2
import pytest

from gql import steps

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
