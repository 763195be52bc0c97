"""Filters of calls by text, phone number and metadata: literal, and the same on both databases."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import update

from gql.database import Database
from gql.models.assistant import Assistant
from gql.models.call import Call, phone_digits
from gql.models.scope import table_of
from tests.conftest import GraphQL, asker, bearer, connect, start
from tests.databases import Databases, Kind, settings_for
from tests.schema.lists import CALLS, Row, ids, rows_of
from tests.schema.oracle import agrees, calls_of

CALL, ASSISTANT = table_of(Call), table_of(Assistant)

SIDS = ("100%", "100", "a_b", "a-b", "back\\slash", "back/slash", "back\\%", "ΟΔΟΣ", "İstanbul")

METAS: tuple[dict[str, Any], ...] = (
    {"plan": "gold", "seats": 5, "vip": True},
    {"plan": "Gold", "seats": 5.5, "vip": False},
    {"plan": "", "seats": "5", "vip": "true"},
    {"plan": None, "seats": -5, "a.b": "dots"},
    {"a": {"b": "dots"}, 'say "hi"': "quotes", "it's": "one"},
    {"back\\slash": "sign", "": "empty", "$": "root", "ключ 🎧": "ключ"},
)


@dataclass(frozen=True)
class Changed:
    """An application whose first calls have the SIDs and the metadata above, in their order."""

    graphql: GraphQL
    ids: list[int]


@pytest.fixture(scope="module")
async def changed(databases: Databases, kind: Kind) -> AsyncIterator[Changed]:
    """One copy of the database for all the tests here that only read it."""
    copy = await databases.copy(kind)
    async with start(copy, settings_for(copy.url)) as running, connect(running.app) as client:
        database: Database = running.app.state.database
        calls = [row["id"] for row in await rows_of(database, CALLS)][: len(SIDS)]
        async with database.transaction() as connection:
            for number, call_id in enumerate(calls):
                values = {
                    "call_sid": SIDS[number],
                    "call_meta": METAS[number] if number < len(METAS) else {},
                }
                await connection.execute(update(CALL).where(CALL.c.id == call_id).values(values))
        yield Changed(asker(client, bearer(copy.organizations[0])), calls)
    await databases.drop(copy.url)


@pytest.mark.parametrize(
    "number", ["+1 555", "1555", "(555) 9", "+", "no digits", "", "%", "98765"]
)
async def test_phone_numbers_by_their_digits(
    graphql: GraphQL, database: Database, number: str
) -> None:
    rows = await calls_of(database)
    digits = phone_digits(number)
    whole = phone_digits(rows[0]["customer_phone_number"])

    def part(row: Row) -> bool:
        return bool(digits) and digits in phone_digits(row["customer_phone_number"])

    await agrees(graphql, rows, {"customerPhoneNumber": {"contains": number}}, part)
    same = {"customerPhoneNumber": {"eq": f"+{whole[:2]} ({whole[2:5]}) {whole[5:]}"}}
    count = await agrees(
        graphql, rows, same, lambda row: phone_digits(row["customer_phone_number"]) == whole
    )
    assert count > 0


@pytest.mark.parametrize(
    ("comparator", "value", "passes"),
    [
        ("eq", "Legacy Bot", lambda name: name == "Legacy Bot"),
        ("eq", "legacy bot", lambda name: name == "legacy bot"),
        ("in", ["Legacy Bot", "李娜"], lambda name: name in {"Legacy Bot", "李娜"}),
        ("contains", "EGACY b", lambda name: "legacy b" in name.lower()),
        ("contains", "JOSÉ", lambda name: "josé" in name.lower()),
        ("contains", "%", lambda _: False),
        ("startsWith", "t", lambda name: name.lower().startswith("t")),
        ("startsWith", "李", lambda name: name.startswith("李")),
    ],
)
async def test_assistant_names_now_or_then(
    graphql: GraphQL, database: Database, comparator: str, value: Any, passes: Any
) -> None:
    """A deleted assistant is found by the name that its calls keep."""
    rows = await calls_of(database)

    def either(row: Row) -> bool:
        return any(passes(name) for name in (row["assistant_name"], row["now"]) if name)

    await agrees(graphql, rows, {"assistantName": {comparator: value}}, either)


async def test_call_sids(graphql: GraphQL, database: Database) -> None:
    rows = await calls_of(database)
    sid = rows[7]["call_sid"]
    for comparator, value, passes in (
        ("eq", sid, lambda text: text == sid),
        ("eq", sid.upper(), lambda text: text == sid.upper()),
        ("in", [sid, rows[9]["call_sid"], "?"], lambda text: text in {sid, rows[9]["call_sid"]}),
        ("contains", sid[5:9].upper(), lambda text: sid[5:9] in text.lower()),
        ("startsWith", "ca1", lambda text: text.lower().startswith("ca1")),
    ):
        await agrees(
            graphql,
            rows,
            {"callSid": {comparator: value}},
            lambda row, passes=passes: passes(row["call_sid"]),  # type: ignore[misc]
        )


async def test_an_assistant_is_found_by_its_old_and_by_its_new_name(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    """The calls keep the old one; the answer prints the new one."""
    async with fresh_database.transaction() as connection:
        renamed = update(ASSISTANT).where(ASSISTANT.c.id == 123).values(name="Straßen-Bot ÉTÉ")
        await connection.execute(renamed)

    for name in ("ServiceBot", "STRASSEN", "straßen-bot été"):
        call_ids = await ids(fresh_graphql, CALLS, {"assistantName": {"contains": name}})
        assert call_ids == ([] if name == "STRASSEN" else [101])
    answer = await fresh_graphql("{ call(id: 101) { assistantName assistant { name } } }")

    assert answer["data"]["call"] == {
        "assistantName": "Straßen-Bot ÉTÉ",
        "assistant": {"name": "Straßen-Bot ÉTÉ"},
    }


@pytest.mark.parametrize(
    ("comparator", "value", "expected"),
    [
        ("contains", "%", ["100%", "back\\%"]),
        ("contains", "_", ["a_b"]),
        ("contains", "\\", ["back\\slash", "back\\%"]),
        ("contains", "\\%", ["back\\%"]),
        ("contains", "A_B", ["a_b"]),
        ("startsWith", "100%", ["100%"]),
        ("startsWith", "%", []),
        ("startsWith", "_", []),
        ("startsWith", "BACK\\", ["back\\slash", "back\\%"]),
        ("contains", "δοσ", ["ΟΔΟΣ"]),
        ("contains", "οδοΣ", ["ΟΔΟΣ"]),
        ("contains", "οδοσ", ["ΟΔΟΣ"]),
        ("contains", "οδος", []),
        ("startsWith", "ist", ["İstanbul"]),
    ],
)
async def test_text_is_taken_as_it_is_whatever_the_case(
    changed: Changed, comparator: str, value: str, expected: list[str]
) -> None:
    """`%`, `_` and the backslash are themselves; a letter is its other case, wherever it is."""
    sid_of = dict(zip(changed.ids, SIDS, strict=True))
    only = {"callSid": {"in": list(SIDS), comparator: value}}

    call_ids = await ids(changed.graphql, CALLS, only)

    assert sorted(sid_of[each] for each in call_ids) == sorted(expected)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("plan", "gold", [0]),
        ("plan", "GOLD", []),
        ("plan", "", [2]),
        ("plan", "null", []),
        ("seats", "5", [0, 2]),
        ("seats", "5.5", [1]),
        ("seats", "5.50", []),
        ("seats", "-5", [3]),
        ("vip", "true", [0, 2]),
        ("vip", "false", [1]),
        ("vip", "1", []),
        ("a.b", "dots", [3]),
        ("a", '{"b":"dots"}', [4]),
        ('say "hi"', "quotes", [4]),
        ("it's", "one", [4]),
        ("back\\slash", "sign", [5]),
        ("", "empty", [5]),
        ("$", "root", [5]),
        ("ключ 🎧", "ключ", [5]),
        ("nothing", "", []),
        ("$.a.b", "dots", []),
    ],
)
async def test_a_key_of_the_metadata(
    changed: Changed, key: str, value: str, expected: list[int]
) -> None:
    both = {"callSid": {"in": list(SIDS)}, "meta": {"key": key, "eq": value}}

    call_ids = await ids(changed.graphql, CALLS, both)

    assert sorted(changed.ids.index(each) for each in call_ids) == expected
