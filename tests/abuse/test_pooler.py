"""Behind PgBouncer in transaction mode a statement ends with its request too."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.abuse.endless import DOORS, make_calls_endless, until_idle, vanish
from tests.conftest import bearer, connect, start
from tests.databases import Copy, settings_for
from tests.pgbouncer import executable, pgbouncer

OTHERS = {"query": "{ assistants(first: 1) { nodes { id } } }"}

pytestmark = [
    pytest.mark.parametrize("kind", ["postgresql"]),
    pytest.mark.skipif(executable() is None, reason="no pgbouncer: apt-get install pgbouncer"),
]


@pytest.fixture
def pooled(fresh: Copy) -> Iterator[Copy]:
    """The database behind the pooler."""
    with (
        tempfile.TemporaryDirectory(prefix="jackfield") as folder,
        pgbouncer(fresh.url, Path(folder)) as url,
    ):
        yield replace(fresh, url=url)


@pytest.mark.parametrize("end", ["deadline", "client"])
@pytest.mark.parametrize("door", DOORS)
async def test_a_statement_ends_with_its_request(
    fresh: Copy, pooled: Copy, door: str, end: str
) -> None:
    method, address, body = DOORS[door]
    settings = settings_for(pooled.url, transaction_pooler=True, pool_size=1, request_timeout=3600)
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
            assert await vanish(running.app, door, credential) == []
        await until_idle(fresh)
        others = [await client.post("/graphql", json=OTHERS) for _ in range(2)]

    assert plenty.status_code == 200
    assert [each.status_code for each in others] == [200, 200]
