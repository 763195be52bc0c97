"""SQLite's plans follow from the indexes, and not from the order in which they were made.

Nor from the rows: the figures that its planner has of them are of ours.
"""

import asyncio
import random
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import create_engine

from gql.database.sqlite_statistics import FEWER, VALUES, misjudged, write_statistics
from gql.models import TABLES
from gql.models.scope import table_of
from tests.databases import Kind
from tests.explained.explained_app import MOST_STEPS, Explained, documented
from tests.explained.linear import listed
from tests.explained.machine_steps import machine_steps

Index = tuple[str, str]
"""Its name, and the statement that makes it."""


def _reversed(indexes: Sequence[Index]) -> list[Index]:
    return list(reversed(indexes))


def _shuffled(indexes: Sequence[Index]) -> list[Index]:
    return random.Random(7).sample(indexes, len(indexes))  # noqa: S311 -- no secret


_Reorder = Callable[[Sequence[Index]], list[Index]]


def with_new_indexes(file: str, copy: Path, reorder: _Reorder) -> str:
    """A copy of a SQLite file with all indexes dropped and made in another order, and migrated."""
    with closing(sqlite3.connect(file)) as original, closing(sqlite3.connect(copy)) as copied:
        original.backup(copied)
        named = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        indexes: list[Index] = copied.execute(f"{named} ORDER BY rowid").fetchall()
        for name, _ in indexes:
            copied.execute(f'DROP INDEX "{name}"')
        for _, statement in reorder(indexes):
            copied.execute(statement)
        copied.commit()
    engine = create_engine(f"sqlite:///{copy}")
    with engine.begin() as connection:
        assert {name for name, _ in indexes} <= set(misjudged(connection))
        write_statistics(connection)
        assert misjudged(connection) == []
    engine.dispose()
    return str(copy)


@pytest.mark.parametrize("kind", ["sqlite"], scope="session")
async def test_no_order_of_the_indexes_makes_a_request_read_more(
    explained: Explained, client: httpx2.AsyncClient, kind: Kind, tmp_path: Path
) -> None:
    file = str(explained.app.state.database.engine.url.database)
    copies = {
        reorder.__name__: await asyncio.to_thread(
            with_new_indexes, file, tmp_path / reorder.__name__, reorder
        )
        for reorder in (_reversed, _shuffled)
    }
    too_many: dict[tuple[str, str], int] = {}
    for request in await documented(explained, client):
        if request.name in listed(kind):
            continue
        for sql, values, _ in await explained.statements_of(client, request):
            for order, copy in copies.items():
                steps = await asyncio.to_thread(machine_steps, copy, sql, values)
                if steps > MOST_STEPS:
                    too_many[order, request.name] = steps

    assert too_many == {}


def test_the_figures_name_what_there_is() -> None:
    tables = [table_of(model) for model in TABLES]
    keys = {column.name for table in tables for column in table.primary_key}
    indexed = {
        column.name for table in tables for index in table.indexes for column in index.columns
    }

    assert FEWER.keys() <= {table.name for table in tables}
    assert VALUES.keys() <= indexed | keys
