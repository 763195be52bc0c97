"""Inside a write transaction, every member of `DatabaseAccess` and its snapshots works."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import insert, select

from gql.database import Database, DatabaseAccess, OpenTransaction, Snapshot
from gql.domain.writes.transaction import WriteContext, transaction
from gql.identity import Identity, Method, Permission
from gql.models.organization import Organization
from gql.models.scope import table_of
from gql.query.context import Context

ORGANIZATION = table_of(Organization)
NAMES = select(ORGANIZATION.c.name).order_by(ORGANIZATION.c.id)
BEFORE = [("Larkspur Customer Care",), ("Kingfisher Clinics",)]
WRITTEN = [*BEFORE, ("Written",)]


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


@pytest.fixture
async def write(fresh_database: Database) -> AsyncIterator[WriteContext]:
    """A transaction that has written an organization."""
    writer = Identity(1, Method.API_KEY, frozenset(Permission))
    async with transaction(Context(writer, fresh_database)) as write:
        await write.run(insert(ORGANIZATION).values(name="Written"))
        yield write


def test_the_type_names_all_that_an_open_transaction_offers() -> None:
    assert public(DatabaseAccess) == {"snapshot", "transaction"}
    assert public(Snapshot) == {"rows", "fetch_value", "close", "embedded"}
    assert public(OpenTransaction) == public(DatabaseAccess)


async def test_rows_see_what_the_transaction_has_written(
    write: WriteContext, fresh_database: Database
) -> None:
    async with write.database.snapshot() as snapshot:
        assert await snapshot.rows(NAMES) == WRITTEN
        assert snapshot.statements == 1
    async with fresh_database.snapshot() as outside:
        assert await outside.rows(NAMES) == BEFORE


async def test_a_transaction_within_is_the_same(write: WriteContext) -> None:
    async with write.database.transaction() as connection:
        await connection.execute(insert(ORGANIZATION).values(name="Within"))

    assert connection is write.connection
    assert await write.snapshot.rows(NAMES) == [*WRITTEN, ("Within",)]


async def test_closing_a_snapshot_ends_its_reads_and_not_the_transaction(
    write: WriteContext,
) -> None:
    await write.snapshot.close()

    with pytest.raises(RuntimeError, match="its snapshot is closed"):
        await write.snapshot.rows(NAMES)
    async with write.database.snapshot() as another:
        assert await another.rows(NAMES) == WRITTEN
