"""Whole lists, read little by little."""

from datetime import UTC, datetime, timedelta

import pytest

from gql.database import Database
from gql.domain.calls import CALLS
from gql.query.exports import CHUNK, export
from gql.query.filters import Condition
from tests.conftest import Counting
from tests.domain.contexts import reader
from tests.rest.demo_rows import add_calls, calls, new_call, wire

START = datetime(2030, 3, 4, tzinfo=UTC)
LABELS = ("id", "assistant_name", "started_at")
MANY = 2 * CHUNK + 345


async def fill(database: Database) -> list[int]:
    """Add calls for three chunks; the ids of all, newest first."""
    new = [new_call(10_000 + n, START + timedelta(seconds=n)) for n in range(MANY)]
    await add_calls(database, new)
    return [row["id"] for row in [*reversed(new), *calls()]]


async def test_chunks_together_are_the_list_with_the_columns_asked_for(
    database: Database, statements: Counting
) -> None:
    async with reader(database) as context:
        with statements() as ran:
            rows = [
                tuple(record)
                async for chunk in export(context, CALLS, LABELS, "started_at", descending=True)
                for record in chunk
            ]

    assert rows == [(row["id"], wire(row)["assistant_name"], row["started_at"]) for row in calls()]
    assert len(set(ran.texts)) == 1


async def test_no_chunk_is_longer_than_a_thousand(fresh_database: Database) -> None:
    ids = await fill(fresh_database)
    async with reader(fresh_database) as context:
        chunks = [
            [record.id for record in chunk]
            async for chunk in export(context, CALLS, LABELS, "started_at", descending=True)
        ]

    assert [number for chunk in chunks for number in chunk] == ids
    assert [len(chunk) for chunk in chunks] == [CHUNK, CHUNK, len(ids) - 2 * CHUNK]


async def test_a_filter_and_the_organization_hold(database: Database) -> None:
    failed = (Condition("status", "eq", "failed"),)
    async with reader(database, 2) as context:
        rows = [
            record.id
            async for chunk in export(
                context, CALLS, ("id",), "started_at", descending=False, filter=failed
            )
            for record in chunk
        ]

    assert rows == [row["id"] for row in reversed(calls(2)) if row["status"] == "failed"]


async def test_other_reads_run_between_two_chunks(fresh_database: Database) -> None:
    ids = await fill(fresh_database)
    async with reader(fresh_database) as context:
        read = export(context, CALLS, ("id",), "started_at", descending=True)
        first = await anext(read)

        second = [
            record.id
            async for chunk in export(context, CALLS, ("id",), "started_at", descending=True)
            for record in chunk
        ]
        rest = [record.id async for chunk in read for record in chunk]

    assert second == ids
    assert [*(record.id for record in first), *rest] == ids


async def test_the_end_of_the_operation_ends_the_list(fresh_database: Database) -> None:
    await fill(fresh_database)
    async with reader(fresh_database) as context:
        read = export(context, CALLS, ("id",), "started_at", descending=True)
        await anext(read)

    with pytest.raises(RuntimeError, match="its snapshot is closed"):
        await anext(read)
