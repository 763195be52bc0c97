"""Writers of calls of every kind, which run at once: for tests, and by hand for longer.

    python -m tests.query.rollup_writers sqlite:///file.db 20000 [WRITERS]
    python -m tests.query.rollup_writers postgresql://... 20000 [WRITERS]

changes a migrated database with organizations 1 and 2, and prints how many sums differ in the end.
"""

import asyncio
import itertools
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.database import Database
from gql.database.call_rollup import fold_changes
from gql.database.engine import begin_write
from gql.models.types import now
from tests.databases import settings_for
from tests.query.rollup_oracle import CALL, recomputed_sums, stored_sums

INSTANTS = [
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2024, 2, 29, 12, tzinfo=UTC),
    datetime(2026, 1, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 2, 1, tzinfo=UTC),
    datetime(2026, 2, 1, 23, 30, tzinfo=UTC) - timedelta(days=1),
]
"""The ends of time, of months and of days; asyncpg stores the first two as infinities."""

ISOLATIONS = ("READ COMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")

_sids = itertools.count()


def new_call(pick: Random) -> dict[str, Any]:
    """A call of any kind."""
    return {
        "organization_id": pick.choice([1, 2]),
        "channel": pick.choice(["voice", "sms"]),
        "call_sid": f"rollup {next(_sids)}",
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
        "duration": pick.choice([None, 0, 61]),
        "cost_currency": pick.choice([None, "USD", "EUR"]),
        **{
            f"{name}_cost": pick.choice([None, 0, 7, -3, 5_000_000_000])
            for name in ("total", "llm", "tts", "stt", "telephony")
        },
    }


CHANGED = tuple(new_call(Random(0)).keys() - {"call_sid", "organization_id", "call_meta"})  # noqa: S311


async def write(connection: AsyncConnection, pick: Random) -> None:
    """One statement of any kind, on calls of one organization; half of them are few."""
    values = new_call(pick)
    some = (CALL.c.organization_id == values["organization_id"]) & (
        CALL.c.id % 17 == pick.randrange(17)
    )
    several = {name: values[name] for name in pick.sample(CHANGED, pick.randint(1, 4))}
    count = pick.choice([1, 1, 9])
    statement: Any = pick.choice(
        [
            insert(CALL).values(
                [{**values, "call_sid": f"{values['call_sid']} {n}"} for n in range(count)]
            ),
            insert(CALL).values([new_call(pick) for _ in range(count)]),
            update(CALL).where(some).values(several),
            update(CALL).where(some).values(message_count=pick.randrange(9)),
            update(CALL).where(some).values(is_archived=True),
            delete(CALL).where(CALL.c.call_sid.startswith("rollup"), some),
        ]
    )
    await connection.execute(statement)


async def write_in_transactions(database: Database, pick: Random, number: int) -> Counter[str]:
    """So many transactions of one to five statements; three in ten are rolled back.

    Returns:
        How often each thing happened.
    """
    happened: Counter[str] = Counter()
    for _ in range(number):
        async with database.engine.connect() as connection:
            await connection.execution_options(jackfield_write=True)
            if not database.embedded:
                await connection.execution_options(isolation_level=pick.choice(ISOLATIONS))
            try:
                await begin_write(connection)
                for _ in range(pick.randint(1, 5)):
                    await _step(connection, pick, happened)
                end = connection.rollback if pick.random() < 0.3 else connection.commit
                await end()
                happened[end.__name__] += 1
            except DBAPIError as error:
                happened[getattr(error.orig, "sqlstate", None) or "error"] += 1
                await connection.rollback()
        if pick.random() < 0.3:
            organization = pick.choice([1, 2])
            happened["folded"] += await fold_changes(
                database.engine, organization, pick.choice([10, 1_000])
            )
    return happened


async def _step(connection: AsyncConnection, pick: Random, happened: Counter[str]) -> None:
    """A statement, often in a savepoint that may be rolled back."""
    if pick.random() < 0.7:
        await write(connection, pick)
        return
    happened["savepoint"] += 1
    savepoint = await connection.begin_nested()
    await write(connection, pick)
    await (savepoint.rollback() if pick.random() < 0.5 else savepoint.commit())


async def differences(database: Database) -> int:
    """How many sums are not what Python computes."""
    async with database.engine.connect() as connection:
        if not database.embedded:
            await connection.execution_options(isolation_level="REPEATABLE READ")
        stored, right = await stored_sums(connection), await recomputed_sums(connection)
    return len(stored.items() ^ right.items())


async def _main(url: str, number: int, writers: int) -> None:
    database = Database(settings_for(url, pool_size=writers + 2))
    picks = [Random(seed) for seed in range(writers)]  # noqa: S311
    counts = await asyncio.gather(
        *(write_in_transactions(database, pick, number // writers) for pick in picks)
    )
    async with database.engine.connect() as connection:
        calls = await connection.scalar(select(func.count()).select_from(CALL))
        changes = await connection.scalar(text("SELECT count(*) FROM call_rollup_change"))
    print(dict(sum(counts, Counter())))  # noqa: T201
    print(f"{calls} calls, {changes} changes, {await differences(database)} different sums")  # noqa: T201
    for organization in (1, 2):
        while await fold_changes(database.engine, organization):
            pass
    print(f"{await differences(database)} different sums after folding all changes")  # noqa: T201
    await database.close()


if __name__ == "__main__":
    address, statements, *more = sys.argv[1:]
    asyncio.run(_main(address, int(statements), int(more[0]) if more else 4))
