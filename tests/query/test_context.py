"""The context of one operation: who asks, one snapshot, and nothing shared with another."""

import pytest
from sqlalchemy import insert

from gql.database import Database
from gql.domain.organizations import ORGANIZATIONS
from gql.errors import Unauthenticated
from gql.identity import Identity, Method, Permission
from gql.loaders.record_loaders import CountLoader, RecordByKeyLoader
from gql.models.organization import Organization
from gql.models.scope import table_of
from gql.query.context import Context
from gql.query.record_list import RecordList

ORGANIZATION = table_of(Organization)


def identity(organization_id: int) -> Identity:
    """A reader of an organization."""
    return Identity(organization_id, Method.API_KEY, frozenset({Permission.READ}))


async def add(database: Database, organization_id: int, name: str) -> None:
    """Write an organization, in a transaction of its own."""
    async with database.transaction() as connection:
        row = {"id": organization_id, "name": name}
        await connection.execute(insert(ORGANIZATION).values(row))


async def name_of(context: Context) -> str | None:
    """What the caller's organization is called, as the operation sees it."""
    organization = await RecordByKeyLoader.of(context, ORGANIZATIONS).load(context.organization_id)
    return None if organization is None else organization.name


def test_a_refused_caller_has_no_identity_and_no_organization(database: Database) -> None:
    refusal = Unauthenticated("No such key.")
    context = Context(refusal, database)

    for attribute in ("identity", "organization_id"):
        with pytest.raises(Unauthenticated) as raised:
            getattr(context, attribute)
        assert raised.value is refusal


async def test_operations_have_snapshots_loaders_and_ids_of_their_own(database: Database) -> None:
    one, other = (Context(identity(1), database) for _ in range(2))

    assert one.request_id != other.request_id
    assert one.snapshot is not other.snapshot
    assert one.loaders is not other.loaders


async def test_an_operation_reads_one_instant_until_it_is_refreshed(
    fresh_database: Database,
) -> None:
    context = Context(identity(77), fresh_database)
    assert await name_of(context) is None

    await add(fresh_database, 77, "Newcomer")

    assert await name_of(context) is None
    assert await CountLoader.of(context).load(RecordList(ORGANIZATIONS)) == 0
    await context.refresh()
    assert await name_of(context) == "Newcomer"
    assert await CountLoader.of(context).load(RecordList(ORGANIZATIONS)) == 1
    await context.close()


async def test_nothing_is_read_after_the_end(database: Database) -> None:
    context = Context(identity(1), database)
    assert await name_of(context) == "Larkspur Customer Care"

    await context.close()

    with pytest.raises(RuntimeError, match="its snapshot is closed"):
        await CountLoader.of(context).load(RecordList(ORGANIZATIONS))
