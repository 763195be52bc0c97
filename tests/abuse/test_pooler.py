"""Behind PgBouncer in transaction mode a statement ends with its request too."""

import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gql.settings import Pooler
from tests.abuse.endless import DOORS, make_calls_endless, until_idle, vanish
from tests.conftest import bearer, connect, start
from tests.databases import Copy, settings_for
from tests.pgbouncer import (
    needs_newer_pgbouncer,
    needs_pgbouncer,
    newer_executable,
    pgbouncer,
)
from tests.pooled_role import options, pooled_role

OTHERS = {"query": "{ assistants(first: 1) { nodes { id } } }"}

pytestmark = pytest.mark.parametrize("kind", ["postgresql"])


@pytest.fixture(
    params=[
        pytest.param("transaction", marks=needs_pgbouncer),
        pytest.param("named", marks=needs_newer_pgbouncer),
    ]
)
def pooler(request: pytest.FixtureRequest) -> Pooler:
    """The setting for the pooler."""
    pooler: Pooler = request.param
    return pooler


@pytest.fixture
async def pooled(fresh: Copy, pooler: Pooler) -> AsyncIterator[Copy]:
    """The database behind the pooler."""
    with tempfile.TemporaryDirectory(prefix="jackfield") as name:
        folder = Path(name)
        if pooler == "transaction":
            with pgbouncer(fresh.url, folder) as url:
                yield replace(fresh, url=url)
            return
        # So long that it is not the role which ends a statement.
        async with pooled_role(fresh, statement_timeout="3600500") as role:
            program = newer_executable()
            with pgbouncer(fresh.url, folder, program=program, role=role, **options()) as url:
                yield replace(fresh, url=url)


@pytest.mark.parametrize("end", ["deadline", "client"])
@pytest.mark.parametrize("door", DOORS)
async def test_a_statement_ends_with_its_request(
    fresh: Copy, pooled: Copy, pooler: Pooler, door: str, end: str
) -> None:
    method, address, body = DOORS[door]
    settings = settings_for(pooled.url, pooler=pooler, pool_size=1, request_timeout=3600)
    credential = bearer(pooled.organizations[0])
    async with start(pooled, settings) as running, connect(running.app) as client:
        client.headers.update(credential)
        plenty = await client.request(method, address, json=body)
        await make_calls_endless(fresh)
        if end == "deadline":
            headers = {"Jackfield-Deadline-Ms": "500"}
            answer = await client.request(method, address, json=body, headers=headers)
            assert answer.status_code == 504
        else:
            assert await vanish(fresh, running.app, door, credential) == []
        await until_idle(fresh)
        others = [await client.post("/graphql", json=OTHERS) for _ in range(2)]

    assert plenty.status_code == 200
    assert [each.status_code for each in others] == [200, 200]
