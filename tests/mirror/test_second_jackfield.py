"""One Jackfield copies from another one, over HTTP, and finds itself equal to it."""

from datetime import timedelta

from sqlalchemy import text
from starlette.applications import Starlette

from gql.mirror.lists import server_instant
from tests.conftest import bearer
from tests.databases import Copy
from tests.mirror.conftest import EmptyOrganization
from tests.mirror.faults import FaultyTransport
from tests.mirror.test_copy import wrong


async def test_a_copy_of_another_jackfield_is_the_same(
    empty: EmptyOrganization, app: Starlette, shared: Copy
) -> None:
    """The demo data has archived conversations, deleted assistants and odd texts."""
    network = FaultyTransport(app, rate=0.05)
    empty.headers = bearer(shared.organizations[0])
    async with empty.database.database.engine.connect() as connection:
        newest = "SELECT max(started_at) FROM call WHERE organization_id = 1 AND channel = 'voice'"
        last = (await connection.execute(text(newest))).scalar_one()
    newest_at = server_instant(str(last))
    assert newest_at is not None
    since = newest_at - timedelta(days=2)
    empty.clock.instant = since + timedelta(days=9)

    report = await empty.copy(network, since)
    statement = await empty.verify(network, since)

    assert report.objects["calls"] > 10
    assert report.objects["sms-conversations"] > 10
    assert report.findings == []
    assert wrong(statement) == []
