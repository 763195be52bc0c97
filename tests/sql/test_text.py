"""Text sorted by code points: what a database calls its own collation does not matter."""

from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, String, bindparam, column, func, select, text
from sqlalchemy.sql.selectable import TableValuedAlias

from gql.database import Database
from gql.sql.text import by_code_point
from tests.databases import Kind

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)


def table_of_texts(kind: Kind) -> TableValuedAlias:
    """A table with one row per text that is bound when the statement runs."""
    texts = bindparam("texts", type_=JSON())
    if kind == "sqlite":
        return func.json_each(texts).table_valued(column("value", String))
    return func.json_array_elements_text(texts).table_valued(column("value", String))


@settings(max_examples=30)
@given(st.lists(texts, max_size=12))
@example(["a", "B", "Ä", "z", "é", "e", "Z", "_", " ", "", "-", "10", "9", "李", "🎧", "\uffff"])
async def test_both_databases_sort_as_python_does(
    database: Database, kind: Kind, words: list[str]
) -> None:
    value = table_of_texts(kind).c.value
    upward = select(value).order_by(by_code_point(value))
    downward = select(value).order_by(by_code_point(value).desc())

    async with database.engine.connect() as connection:
        up = (await connection.execute(upward, {"texts": words})).scalars().all()
        down = (await connection.execute(downward, {"texts": words})).scalars().all()

    assert up == sorted(words)
    assert down == sorted(words, reverse=True)


@settings(max_examples=30)
@given(one=texts, other=texts)
async def test_comparing_is_by_code_points_too(database: Database, one: str, other: str) -> None:
    left, right = (bindparam(name, type_=String) for name in ("one", "other"))
    statement = select(text("1")).where(by_code_point(left) < right)

    async with database.engine.connect() as connection:
        rows = (await connection.execute(statement, {"one": one, "other": other})).all()

    assert bool(rows) == (one < other)
