"""One key of a JSON object as text: the same on both databases, whatever the key and the value."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, bindparam, select

from gql.database import Database, dump_json
from gql.sql.json_paths import json_member_text

names = st.text(st.sampled_from("ab.$[]\"'\\/%_ éИ李🎧0"), max_size=5)
words = st.text(st.sampled_from("ab\"'\\ é李🎧{}:\n"), max_size=5)
values = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | words

OBJECT = bindparam("object", type_=JSON())


async def text_at(database: Database, document: Any, key: str) -> str | None:
    """What the database takes out of a document."""
    document_column = select(OBJECT.label("document")).subquery().c.document
    async with database.engine.connect() as connection:
        statement = select(json_member_text(document_column, key))
        text: str | None = (await connection.execute(statement, {"object": document})).scalar_one()
        return text


def printed(value: Any) -> str | None:
    """Text as it is, null as none, anything else as it is stored."""
    if value is None or isinstance(value, str):
        return value
    return dump_json(value)


@settings(max_examples=60)
@given(document=st.dictionaries(names, values, max_size=4), other=names)
@example({"a.b": "dots", "a": {"b": "path"}}, "a")
@example({'say "hi"': "quotes", "'": "one", "\\": "backslash"}, "")
@example({"": "empty", "$": "root", "$.a": "path", "[0]": "index"}, "0")
async def test_every_key_gives_its_own_value(
    database: Database, document: dict[str, Any], other: str
) -> None:
    for key in (*document, other):
        assert await text_at(database, document, key) == printed(document.get(key))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("true", "true"),
        (True, "true"),
        (False, "false"),
        ("", ""),
        ("null", "null"),
        (None, None),
        (0, "0"),
        (-12, "-12"),
        (24.75, "24.75"),
        (-0.5, "-0.5"),
        (24.0, "24.0"),
        ({"name": "José", "vip": True}, '{"name":"José","vip":true}'),
        (["démo", 'with "quotes"'], '["démo","with \\"quotes\\""]'),
        ([], "[]"),
        ({}, "{}"),
    ],
)
async def test_values_are_text_as_json_prints_them(
    database: Database, value: Any, text: str | None
) -> None:
    assert await text_at(database, {"before": 1, "key": value, "z": 2}, "key") == text


@pytest.mark.parametrize("value", [0.1 + 0.2, 1e22, 1.5e-7, 123456789.123456789, 2**63, 2**64 - 1])
async def test_long_numbers_keep_every_digit(database: Database, value: float) -> None:
    assert await text_at(database, {"key": value}, "key") == printed(value)


async def test_keys_are_told_apart_by_case(database: Database) -> None:
    assert await text_at(database, {"Key": "upper", "key": "lower"}, "KEY") is None
    assert await text_at(database, {"Key": "upper", "key": "lower"}, "Key") == "upper"
