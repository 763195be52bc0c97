"""The background task that folds changes of the sums over calls, while the database cannot."""

import pytest

from gql.app import folding
from gql.app.folding import INTERVAL, Folding
from gql.database import Database
from gql.errors import DatabaseUnavailable
from tests.databases import Databases, settings_for


async def test_it_goes_on_soon_after_a_restart_and_asks_a_dead_database_ever_less_often(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    folds = 0

    async def fail(_: object) -> None:
        nonlocal folds
        folds += 1
        raise DatabaseUnavailable("It restarts.")

    async with databases.lend("postgresql") as copy:
        database = Database(settings_for(copy.url))
        task = Folding(database)
        with monkeypatch.context() as patch:
            patch.setattr(folding, "fold_all", fail)
            waits = [await task._fold() for _ in range(8)]  # noqa: SLF001 -- rounds of the task
        wait_after_success = await task._fold()  # noqa: SLF001 -- the same
        await database.close()

    assert (waits, folds) == ([1, 2, 4, 8, 16, 32, 60, 60], 8)
    assert wait_after_success == INTERVAL
