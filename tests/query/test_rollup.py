"""The sums over calls are exact whatever is written, by whom and how, on both databases."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.database import Database
from gql.database.call_rollup import (
    compare_month,
    fold_all,
    fold_changes,
    months_of,
    organizations,
    unfolded,
)
from tests.databases import Copy, settings_for
from tests.query.rollup_oracle import CALL, CHANGE, ROLLUP, recomputed_sums, stored_sums
from tests.query.rollup_writers import (
    differences,
    new_call,
    write,
    write_in_transactions,
)

PICK = Random(1)  # noqa: S311, not a secret


@pytest.fixture
async def written(fresh: Copy) -> AsyncIterator[Database]:
    """A database of the test's own."""
    database = Database(settings_for(fresh.url, pool_size=16))
    yield database
    await database.close()


async def is_right(connection: AsyncConnection) -> bool:
    return await stored_sums(connection) == await recomputed_sums(connection)


async def test_they_are_those_of_the_calls_at_any_moment(written: Database) -> None:
    """Also within the transaction that changes them."""
    pick = Random(7)  # noqa: S311
    for _ in range(12):
        async with written.transaction() as connection:
            for _ in range(pick.randrange(1, 6)):
                await write(connection, pick)
            assert await is_right(connection)


async def test_they_are_right_after_writers_that_ran_at_once(written: Database) -> None:
    """With rollbacks, savepoints, all isolation levels, and folds in between."""
    happened: Counter[str] = Counter()
    while happened.total() < 200:
        seeds = [happened.total() + number for number in range(1 if written.embedded else 4)]
        writers = (write_in_transactions(written, Random(seed), 15) for seed in seeds)  # noqa: S311
        happened += sum(await asyncio.gather(*writers), Counter())
        assert await differences(written) == 0
    assert min(happened["commit"], happened["rollback"], happened["savepoint"]) > 5
    assert written.embedded or happened["folded"] > 5

    await fold_all(written.engine)

    assert await differences(written) == 0
    assert await unfolded(written.engine) == []


WRONG: dict[str, dict[str, tuple[str, ...]]] = {
    "an update is not seen": {
        "postgresql": ("ALTER TABLE call DISABLE TRIGGER call_rollup_update",),
        "sqlite": ("DROP TRIGGER call_rollup_update",),
    },
    "a deletion is not seen": {
        "postgresql": ("ALTER TABLE call DISABLE TRIGGER call_rollup_delete",),
        "sqlite": ("DROP TRIGGER call_rollup_delete",),
    },
    "the cost of a service is forgotten": {
        "postgresql": (
            (
                "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN NEW.stt_cost := 0; RETURN NEW; END $$"
            ),
            (
                "CREATE TRIGGER forget BEFORE INSERT ON call_rollup_change"
                " FOR EACH ROW EXECUTE FUNCTION forget()"
            ),
        ),
        "sqlite": (
            (
                "CREATE TRIGGER forget AFTER UPDATE ON call_rollup WHEN NEW.stt_cost <> 0"
                " BEGIN UPDATE call_rollup SET stt_cost = 0 WHERE rowid = NEW.rowid; END"
            ),
        ),
    },
    "a day is one too early": {
        "postgresql": (
            (
                "CREATE FUNCTION early() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN NEW.day := greatest(NEW.day - 1, 0); RETURN NEW; END $$"
            ),
            (
                "CREATE TRIGGER early BEFORE INSERT ON call_rollup_change"
                " FOR EACH ROW EXECUTE FUNCTION early()"
            ),
        ),
    },
    "archived calls are left out": {
        "postgresql": (
            (
                "CREATE RULE lose AS ON INSERT TO call_rollup_change"
                " WHERE NEW.is_archived DO INSTEAD NOTHING"
            ),
        ),
    },
}
"""Mistakes, by what they are, as SQL per database."""


async def different(database: Database, *, repair: bool = False) -> list[int]:
    """How many sums differ, of each organization and month where any do."""
    engine = database.engine
    rows = [
        await compare_month(engine, organization, month, repair=repair)
        for organization in await organizations(engine)
        for month in await months_of(engine, organization)
    ]
    return [number for number in rows if number]


@pytest.mark.parametrize("mistake", WRONG)
async def test_a_mistake_is_noticed(written: Database, mistake: str) -> None:
    statements = WRONG[mistake].get("sqlite" if written.embedded else "postgresql")
    if statements is None:
        pytest.skip("the mistake of another database")
    async with written.transaction() as connection:
        for statement in statements:
            await connection.execute(text(statement))

    pick = Random(3)  # noqa: S311
    for _ in range(20):  # what collides with others or is rolled back shows no mistake
        await write_in_transactions(written, pick, 15)
        if await differences(written) > 0:
            return
    pytest.fail("300 transactions did not show it")


async def test_what_is_rolled_back_was_never_counted(written: Database) -> None:
    async with written.engine.connect() as connection:
        before = await stored_sums(connection)
    async with written.engine.connect() as connection:
        await connection.execution_options(jackfield_write=True)
        await connection.execute(insert(CALL).values(new_call(PICK)))
        await connection.execute(delete(CALL).where(CALL.c.status == "failed"))
        assert await stored_sums(connection) != before
        await connection.rollback()

        assert await stored_sums(connection) == before == await recomputed_sums(connection)


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.parametrize("isolation", ["READ COMMITTED", "SERIALIZABLE"])
async def test_writers_of_the_same_key_and_a_fold_do_not_wait_for_each_other(
    written: Database, isolation: Any
) -> None:
    """Each holds its transaction open; one after another would never end."""
    values = {**new_call(PICK), "organization_id": 1}
    others = asyncio.Barrier(5)

    async def writer(number: int) -> None:
        async with written.engine.connect() as connection:
            await connection.execution_options(isolation_level=isolation)
            for step in range(3):
                sid = f"writer {number} {step}"
                await connection.execute(insert(CALL).values({**values, "call_sid": sid}))
                await others.wait()
            await connection.commit()

    async def folder() -> None:
        for _ in range(3):
            await others.wait()
            await fold_changes(written.engine, 1)

    await asyncio.gather(folder(), *(writer(number) for number in range(4)))

    assert await differences(written) == 0
    await fold_all(written.engine)
    assert await differences(written) == 0


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_only_one_folds_an_organization_and_the_other_returns_at_once(
    written: Database,
) -> None:
    async with written.transaction() as connection:
        await connection.execute(
            insert(CALL).values([{**new_call(PICK), "organization_id": 1} for _ in range(9)])
        )
    async with written.engine.connect() as other:
        await other.execute(text("SELECT pg_advisory_xact_lock(1667329132, hashint8(1))"))
        assert await fold_changes(written.engine, 1) == 0
    assert await fold_changes(written.engine, 1, most=5) == 5
    assert 0 < await fold_changes(written.engine, 1, most=5) < 5


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
        await connection.execute(insert(CALL).values(new_call(PICK)))
        await connection.execute(update(CALL).values(status="failed"))
        await connection.execute(text("RESET ROLE"))
        assert await is_right(connection)
        await connection.execute(text("DROP OWNED BY pipeline_of_old"))
        await connection.execute(text("DROP ROLE pipeline_of_old"))


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_truncated_table_has_no_calls(written: Database) -> None:
    async with written.transaction() as connection:
        await connection.execute(text("TRUNCATE call CASCADE"))

        assert await stored_sums(connection) == {}


async def test_a_repair_makes_wrong_sums_right(written: Database) -> None:
    """Wrong, missing and superfluous ones, beside changes that are not folded."""
    async with written.transaction() as connection:
        await connection.execute(insert(CALL).values([new_call(PICK) for _ in range(50)]))
    assert await different(written) == []
    async with written.transaction() as connection:
        await connection.execute(delete(ROLLUP).where(ROLLUP.c.period % 3 == 0))
        await connection.execute(update(ROLLUP).values(calls=ROLLUP.c.calls + 1, llm_cost=5))
        await connection.execute(delete(CHANGE).where(CHANGE.c.day % 2 == 0))
    wrong = await differences(written)

    wrong_rows = await different(written)
    assert sum(wrong_rows) >= wrong // 2 > 20
    assert await different(written, repair=True) == wrong_rows

    assert await differences(written) == 0
    assert await different(written) == []
