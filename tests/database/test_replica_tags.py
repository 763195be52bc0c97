"""A replica names the version of what it has, and neither a newer nor an older one."""

import pytest

from gql.app import create_app
from tests.conftest import connect
from tests.database.test_replicas import reading
from tests.databases import settings_for
from tests.lifespan import running
from tests.polling.reads import ask, run
from tests.streaming_replication import Replication

pytestmark = pytest.mark.usefixtures("no_polling")

RENAME = "UPDATE assistant_graph SET name = '{name}' WHERE organization_id = 1 AND id = 1"


@pytest.mark.parametrize("read", ["GET", "a graph"])
async def test_a_replica_gives_the_tags_of_what_it_has(level: Replication, read: str) -> None:
    """Behind, it knows the former version alone; caught up, it has those of the primary."""
    copy = level.primary
    alone = create_app(settings_for(copy.url))
    async with (
        reading(level) as app,
        running(alone),
        connect(app) as client,
        connect(alone) as other,
    ):
        first = await ask(client, copy, read)
        for replica in level.replicas:
            await replica.pause()
        try:
            await run(copy, RENAME.format(name=f"Newer by {read}"))
            newer = await ask(other, copy, read)
            behind = await ask(client, copy, read)
            same = await ask(client, copy, read, If_None_Match=first.headers["etag"])
            ahead = await ask(client, copy, read, If_None_Match=newer.headers["etag"])
        finally:
            for replica in level.replicas:
                await replica.resume()
        for replica in level.replicas:
            await replica.catch_up(copy.url)
        shown = await ask(client, copy, read, If_None_Match=first.headers["etag"])
        again = await ask(client, copy, read, If_None_Match=newer.headers["etag"])

    assert newer.content != first.content
    for answer in (behind, ahead):
        assert answer.status_code == 200
        assert (answer.headers["etag"], answer.content) == (first.headers["etag"], first.content)
    assert (shown.headers["etag"], shown.content) == (newer.headers["etag"], newer.content)
    assert (same.status_code, again.status_code) == (304, 304)
