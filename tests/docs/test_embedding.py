"""The page about embedding is true: its example serves both applications, and ends cleanly."""

import re
from typing import Any

import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.routing import Mount

from gql.app import create_app
from gql.models.organization import ApiKey
from gql.models.scope import table_of
from tests.conftest import bearer, connect
from tests.databases import Copy, settings_for
from tests.lifespan import running
from tests.live import ROOT

QUERY = {"query": "{ viewer { method } }"}
ANSWER = {"data": {"viewer": {"method": "API_KEY"}}}


def example() -> str:
    """The only Python block of the page."""
    (code,) = re.findall(
        r"^```python\n(.*?)^```",
        (ROOT / "docs" / "embedding.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    return str(code)


async def test_the_example_serves_both_and_runs_the_lifespan(
    fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GQL_DATABASE_URL", fresh.url)
    names: dict[str, Any] = {}
    exec(compile(example(), "embedding.md", "exec"), names)  # noqa: S102 -- our own page
    headers = bearer(fresh.organizations[0])

    async with running(names["app"]), connect(names["app"]) as client:
        hello = await client.get("/hello")
        answer = await client.post("/graphql", json=QUERY, headers=headers)
        ready = await client.get("/readyz")
        calls = await client.get("/api/v1/calls", headers=headers)

    assert hello.text == "hello"
    assert answer.json() == ANSWER
    assert (ready.status_code, calls.status_code) == (200, 200)
    assert names["gateway"].state.database.engine.pool.checkedout() == 0
    database = create_app(settings_for(fresh.url)).state.database
    keys = table_of(ApiKey)
    async with database.engine.connect() as connection:
        uses = (await connection.execute(select(keys.c.usage_count).order_by(keys.c.id))).first()
    await database.close()
    assert uses == (2,)


async def test_below_a_prefix_both_doors_answer(shared: Copy) -> None:
    gateway = create_app(settings_for(shared.url))
    app = Starlette(routes=[Mount("/gateway", gateway)])
    headers = bearer(shared.organizations[0])

    async with gateway.router.lifespan_context(gateway), connect(app) as client:
        answer = await client.post("/gateway/graphql", json=QUERY, headers=headers)
        calls = await client.get("/gateway/api/v1/calls?limit=1", headers=headers)

    assert answer.json() == ANSWER
    assert calls.status_code == 200
