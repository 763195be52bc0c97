"""The organization filter: open until it is filled, on every table that a tenant owns."""

import pytest
from sqlalchemy import Table, func, select
from sqlalchemy.exc import StatementError

from gql.database import Database
from gql.models import TABLES
from gql.models.call import Call
from gql.models.organization import Organization
from gql.models.scope import owned, owner, parameters, same_owner, table_of

ALL = [table_of(model) for model in TABLES]
CALL, ORGANIZATION = table_of(Call), table_of(Organization)


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_every_table_knows_its_organization(table: Table) -> None:
    """By a column that is never null and names an organization; the organization by its id."""
    column = owner(table)

    if table is ORGANIZATION:
        assert column is table.c.id
        return
    assert column is table.c.organization_id
    assert not column.nullable
    assert "organization.id" in {key.target_fullname for key in column.foreign_keys}


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
async def test_rows_are_shared_out_among_the_organizations(
    database: Database, table: Table
) -> None:
    count = select(func.count()).select_from(table)

    async with database.engine.connect() as connection:
        every = (await connection.execute(count)).scalar_one()
        shares = [
            (await connection.execute(count.where(owned(table)), parameters(each))).scalar_one()
            for each in (1, 2)
        ]
        nobody = (await connection.execute(count.where(owned(table)), parameters(3))).scalar_one()

    assert (sum(shares), nobody) == (every, 0)


async def test_an_open_filter_cannot_run(database: Database) -> None:
    """A statement that forgot its organization fails; it never reads everybody's rows."""
    async with database.engine.connect() as connection:
        with pytest.raises(StatementError, match="organization_id"):
            await connection.execute(select(CALL.c.id).where(owned(CALL)))


async def test_an_alias_is_filtered_itself(database: Database) -> None:
    one, other = CALL.alias(), CALL.alias()
    statement = (
        select(func.count())
        .select_from(one.join(other, same_owner(one, other)))
        .where(owned(one), other.c.id == 101)
    )

    async with database.engine.connect() as connection:
        own = (await connection.execute(statement, parameters(1))).scalar_one()
        foreign = (await connection.execute(statement, parameters(2))).scalar_one()

    assert own > 200
    assert foreign == 0


async def test_a_filled_filter_needs_no_parameter(database: Database) -> None:
    statement = select(ORGANIZATION.c.id).where(owned(ORGANIZATION, 2))

    async with database.engine.connect() as connection:
        assert (await connection.execute(statement)).scalars().all() == [2]
