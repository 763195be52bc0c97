"""The rollup of calls is exact whatever is written, by whom and how, on both databases."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.database import Database
from gql.models.call import Call
from gql.models.rollup import CallRollup
from gql.models.scope import table_of
from gql.models.types import now
from tests.databases import Copy, settings_for

CALL, ROLLUP = table_of(Call), table_of(CallRollup)
KEY = ("organization_id", "channel", "assistant_id", "week", "status", "direction", "is_archived")
INSTANTS = [
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 1, 4, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 1, 5, tzinfo=UTC),
    datetime(2026, 1, 11, 23, 30, tzinfo=UTC) - timedelta(hours=1),
]
"""The ends of time, and of weeks; asyncpg stores the first two as infinities."""

Counts = Counter[tuple[Any, ...]]


@pytest.fixture
async def written(fresh: Copy) -> AsyncIterator[Database]:
    """A database of the test's own."""
    database = Database(settings_for(fresh.url))
    yield database
    await database.close()


def row(pick: Random, number: int) -> dict[str, Any]:
    """A call of any kind."""
    return {
        "organization_id": pick.choice([1, 2]),
        "channel": pick.choice(["voice", "sms"]),
        "call_sid": f"rollup {number}",
        "assistant_id": pick.choice([None, 0, -1, 123, 456]),
        "direction": pick.choice(["inbound", "outbound"]),
        "to_phone_number": "+1",
        "customer_phone_number": "+2",
        "customer_phone_digits": "2",
        "status": pick.choice(["ongoing", "completed", "failed"]),
        "started_at": pick.choice(INSTANTS),
        "last_activity": now(),
        "message_count": 0,
        "call_meta": {},
        "is_archived": pick.random() < 0.3,
    }


async def rollup_counts(connection: AsyncConnection) -> tuple[Counts, Counts]:
    """The counts of the rollup, of all calls and by assistant; keys without calls are left out."""
    together, single = Counter[Any](), Counter[Any]()
    for rollup_row in (await connection.execute(select(ROLLUP))).mappings():
        counts = single if rollup_row["by_assistant"] else together
        counts[tuple(rollup_row[name] for name in KEY)] += rollup_row["calls"]
    return _without_zeros(together), _without_zeros(single)


async def python_counts(connection: AsyncConnection) -> tuple[Counts, Counts]:
    """What Python counts."""
    together, single = Counter[Any](), Counter[Any]()
    for call in (await connection.execute(select(CALL))).mappings():
        days = (call["started_at"].astimezone(UTC).date() - date.min).days
        values = {**call, "week": days // 7}
        together[tuple({**values, "assistant_id": 0}[name] for name in KEY)] += 1
        if call["assistant_id"] is not None:
            single[tuple(values[name] for name in KEY)] += 1
    return together, single


def _without_zeros(counts: Counts) -> Counts:
    return Counter({key: count for key, count in counts.items() if count})


async def write(connection: AsyncConnection, pick: Random, number: int) -> None:
    """One statement of any kind, on any calls."""
    some = CALL.c.id % 7 == pick.randrange(7)
    values = row(pick, number)
    column = pick.choice(["status", "assistant_id", "started_at", "is_archived", "direction"])
    await connection.execute(
        pick.choice(
            [
                insert(CALL).values([row(pick, 100 * number + n) for n in range(9)]),
                insert(CALL).values(values),
                update(CALL).where(some).values({column: values[column]}),
                update(CALL).where(CALL.c.id == 101).values({**values, "call_sid": "CA1"}),
                update(CALL).where(some).values(message_count=pick.randrange(9)),
                delete(CALL).where(CALL.c.call_sid.startswith("rollup"), some),
            ]
        )
    )


@pytest.mark.parametrize("seed", range(3))
async def test_it_says_what_counting_says_after_any_writes(written: Database, seed: int) -> None:
    pick = Random(seed)  # noqa: S311, not a secret
    for number in range(12):
        async with written.transaction() as connection:
            for step in range(pick.randrange(1, 6)):
                await write(connection, pick, 10 * number + step)
            assert await rollup_counts(connection) == await python_counts(connection)


async def test_what_is_rolled_back_was_never_counted(written: Database) -> None:
    async with written.engine.connect() as connection:
        before = await rollup_counts(connection)
    async with written.engine.connect() as connection:
        await connection.execution_options(jackfield_write=True)
        await write(connection, Random(1), 1)  # noqa: S311
        await connection.execute(delete(CALL).where(CALL.c.status == "failed"))
        assert await rollup_counts(connection) != before
        await connection.rollback()

        assert await rollup_counts(connection) == before == await python_counts(connection)


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
async def test_writers_of_the_same_key_do_not_wait_for_each_other(
    written: Database, isolation: Any
) -> None:
    """Each holds its transaction open; one after another would never end."""
    values = {**row(Random(1), 1), "organization_id": 1}  # noqa: S311
    others = asyncio.Barrier(4)

    async def writer(number: int) -> None:
        async with written.engine.connect() as connection:
            await connection.execution_options(isolation_level=isolation)
            for step in range(3):
                sid = f"writer {number} {step}"
                await connection.execute(insert(CALL).values({**values, "call_sid": sid}))
                await others.wait()
            await connection.commit()

    await asyncio.gather(*(writer(number) for number in range(4)))

    async with written.engine.connect() as connection:
        assert await rollup_counts(connection) == await python_counts(connection)
        same = ROLLUP.c.week == 105669
        rows = (await connection.execute(select(ROLLUP.c.id).where(same))).all()
    assert len(rows) < 100


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_one_writer_after_another_uses_the_same_rows(written: Database) -> None:
    values = {**row(Random(1), 1), "organization_id": 1}  # noqa: S311
    sizes = []
    for number in range(5):
        async with written.transaction() as connection:
            sid = f"writer {number}"
            await connection.execute(insert(CALL).values({**values, "call_sid": sid}))
            sizes.append(len((await connection.execute(select(ROLLUP.c.id))).all()))

    assert sizes == [sizes[0]] * 5


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_role_that_may_write_calls_alone_is_counted_too(written: Database) -> None:
    async with written.transaction() as connection:
        for statement in (
            "CREATE ROLE pipeline_of_old",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON call TO pipeline_of_old",
            "GRANT SELECT ON organization TO pipeline_of_old",
            "GRANT USAGE ON SEQUENCE call_id_seq TO pipeline_of_old",
            "SET LOCAL ROLE pipeline_of_old",
        ):
            await connection.execute(text(statement))
        await connection.execute(insert(CALL).values(row(Random(1), 1)))  # noqa: S311
        await connection.execute(update(CALL).values(status="failed"))
        await connection.execute(text("RESET ROLE"))
        assert await rollup_counts(connection) == await python_counts(connection)
        await connection.execute(text("DROP OWNED BY pipeline_of_old"))
        await connection.execute(text("DROP ROLE pipeline_of_old"))


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_truncated_table_has_no_calls(written: Database) -> None:
    async with written.transaction() as connection:
        await connection.execute(text("TRUNCATE call CASCADE"))

        assert await rollup_counts(connection) == (Counter(), Counter())
