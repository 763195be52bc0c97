"""The background task that numbers events, while the database cannot."""

import pytest

from gql.app import event_numbering
from gql.app.event_numbering import SWEEP_SECONDS, EventNumbering
from gql.database import Database
from gql.errors import DatabaseUnavailable
from tests.databases import Databases, settings_for


async def test_it_goes_on_soon_after_a_restart_and_asks_a_dead_database_ever_less_often(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: object) -> set[int]:
        raise DatabaseUnavailable("It restarts.")

    async def nobody(_: int) -> None:
        """Tell nobody."""

    async with databases.lend("postgresql") as copy:
        settings = settings_for(copy.url)
        database = Database(settings)
        numbering = EventNumbering(database, settings, nobody)
        with monkeypatch.context() as patch:
            patch.setattr(event_numbering, "number_events", fail)
            waits = [await numbering._work() for _ in range(8)]  # noqa: SLF001 -- rounds of the task
        wait_after_success = await numbering._work()  # noqa: SLF001 -- the same
        await database.close()

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert wait_after_success == SWEEP_SECONDS
