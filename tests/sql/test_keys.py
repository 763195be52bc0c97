"""Many keys as one parameter: any number of them is the same statement, and uses the index."""

from typing import Any

import pytest
from sqlalchemy import select, text

from gql.database import Database
from gql.models.call import Call
from gql.models.scope import owned, parameters, table_of
from gql.sql.keys import is_among
from tests.conftest import Counting
from tests.databases import Kind

CALL = table_of(Call)
MORE_THAN_PLACEHOLDERS = 40_000


async def values_among(database: Database, column: Any, keys: list[Any]) -> list[Any]:
    """The values of a column that are among the keys, in the order of the ids."""
    statement = select(column).where(is_among(column), owned(CALL)).order_by(CALL.c.id)
    async with database.engine.connect() as connection:
        rows = await connection.execute(statement, {"keys": keys, **parameters(1)})
        return list(rows.scalars())


async def test_integers_are_found_among_others(database: Database) -> None:
    assert await values_among(database, CALL.c.id, [102, 7, 101, -1, 2**63 - 1]) == [101, 102]


async def test_no_keys_find_nothing(database: Database) -> None:
    assert await values_among(database, CALL.c.id, []) == []
    assert await values_among(database, CALL.c.call_sid, []) == []


async def test_texts_are_found_to_the_letter(database: Database) -> None:
    sid = "CA" + "x" * 32
    others = ["sms_102 ", "SMS_102", "'", '"', "\\", "%", "李🎧", "", "null"]

    assert await values_among(database, CALL.c.call_sid, ["sms_102", sid, *others]) == [
        sid,
        "sms_102",
    ]


async def test_a_number_is_no_text(database: Database) -> None:
    """A SID made of digits alone would be looked for as text."""
    assert await values_among(database, CALL.c.call_sid, ["101", "102"]) == []


async def test_more_keys_than_a_driver_has_placeholders(
    database: Database, statements: Counting
) -> None:
    with statements() as ran:
        ids = await values_among(database, CALL.c.id, list(range(MORE_THAN_PLACEHOLDERS)))

    assert len(ids) > 200
    assert ran.count == 1


async def test_any_number_of_keys_is_the_same_statement(kind: Kind, database: Database) -> None:
    dialect = database.engine.dialect
    texts = {str(select(CALL.c.id).where(is_among(CALL.c.id)).compile(dialect=dialect))}
    written = {
        "sqlite": "IN (SELECT value FROM json_each(?))",
        "postgresql": "= ANY ($1::BIGINT[])",
    }

    (statement,) = texts
    assert written[kind] in statement


@pytest.mark.parametrize("column", ["id", "call_sid"])
async def test_keys_are_looked_up_in_an_index(kind: Kind, database: Database, column: str) -> None:
    """A batch of a few rows must not read an organization's every call."""
    condition = is_among(CALL.c[column])
    statement = select(CALL.c.id).where(condition, owned(CALL))
    sql = str(statement.compile(dialect=database.engine.dialect))
    if kind == "sqlite":
        sql = sql.replace("?", "'[101]'", 1).replace("?", "1", 1)
        plan = f"EXPLAIN QUERY PLAN {sql}"
    else:
        keys = "ARRAY[101]" if column == "id" else "ARRAY['x']"
        sql = sql.replace("$1::BIGINT[]", keys).replace("$1::VARCHAR[]", keys)
        sql = sql.replace("$1::TEXT[]", keys).replace("$2::BIGINT", "1")
        plan = f"EXPLAIN {sql}"
    expected = {
        ("sqlite", "id"): "(id=? AND organization_id=?)",
        ("sqlite", "call_sid"): "(organization_id=? AND call_sid=?)",
        ("postgresql", "id"): "call_pkey",
        ("postgresql", "call_sid"): "uq_call_call_sid",
    }

    async with database.engine.connect() as connection:
        if kind == "postgresql":
            # So few rows would be read whole; what matters is that the index can be used.
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
        rows = (await connection.execute(text(plan))).all()

    assert expected[kind, column] in "\n".join(str(row) for row in rows)
