"""What only the embedded store does: joining transactions, and sweeping as it goes."""

import asyncio

from sqlalchemy import func, select

from gql.database import Database
from gql.models.scope import table_of
from gql.models.sms_session import SmsSession
from gql.stores.database import DatabaseSmsSessions
from tests.conftest import Counting, PassSeconds

ANNA, BEN = "+15559876543", "+15550001111"
TABLE = table_of(SmsSession)


async def rows(database: Database) -> int:
    async with database.engine.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(TABLE))).scalar_one())


async def test_reading_through_a_snapshot_takes_no_second_connection(
    fresh_database: Database, fresh_statements: Counting
) -> None:
    snapshot = fresh_database.snapshot()
    sessions = DatabaseSmsSessions(fresh_database, 60).within(fresh_database, snapshot)

    with fresh_statements() as ran:
        assert await sessions.count(1) == 0
        assert await sessions.find(1, ANNA, 124) is None
    await snapshot.close()

    assert snapshot.statements == ran.count == 2


async def test_one_instant_is_read_through_a_snapshot(fresh_database: Database) -> None:
    sessions = DatabaseSmsSessions(fresh_database, 60)
    snapshot = fresh_database.snapshot()
    inside = sessions.within(fresh_database, snapshot)
    assert await inside.count(1) == 0

    await sessions.start(1, ANNA, 124, {})

    assert await inside.count(1) == 0
    await snapshot.close()
    assert await sessions.count(1) == 1


async def test_starting_sweeps_what_has_run_out(
    fresh_database: Database, pass_seconds: PassSeconds
) -> None:
    brief = DatabaseSmsSessions(fresh_database, 3600)
    await brief.start(1, ANNA, 124, {})
    await brief.start(2, ANNA, 7, {})
    await pass_seconds(3600)

    await brief.start(1, BEN, 124, {})

    assert await rows(fresh_database) == 2  # BEN's, and the other organization's


async def test_many_writers_and_readers_do_not_block_each_other(fresh_database: Database) -> None:
    sessions = DatabaseSmsSessions(fresh_database, 60)

    await asyncio.gather(
        *(sessions.start(1 + n % 2, f"+1555{n}", 124, {}) for n in range(40)),
        *(sessions.count(1 + n % 2) for n in range(40)),
    )

    assert (await sessions.count(1), await sessions.count(2)) == (20, 20)
