"""Values inside a JSON column: a plan steps through it as the resolvers do."""

import json
import random
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from gql.database import Database
from gql.query.json_pointer import MAX_STEPS
from tests.databases import Copy, settings_for
from tests.engine.differential import DifferentialClient, differential_client
from tests.engine.random_documents import Document
from tests.engine.random_json import document, pointer
from tests.engine.seeds import seeds
from tests.engine.test_regressions import alike

ROUNDS = 15
POINTERS = 40


@pytest.fixture
async def differential(fresh: Copy) -> AsyncIterator[DifferentialClient]:
    async with differential_client(fresh) as differential:
        yield differential


async def store(copy: Copy, written: str) -> None:
    """Keep JSON as it is written in the first session."""
    database = Database(settings_for(copy.url))
    async with database.transaction() as connection:
        query = "UPDATE graph_session SET conversation_context = {} WHERE id = 500"
        kind = "CAST(CAST(:value AS TEXT) AS JSON)" if copy.kind == "postgresql" else ":value"
        await connection.execute(text(query.format(kind)), {"value": written})
    await database.close()


def is_pointer(text: str) -> bool:
    """Whether a text follows the grammar of RFC 6901, section 3, and is not too long for us."""
    return re.fullmatch(r"(/([^~/]|~[01])*){0,32}", text) is not None


async def value_at(differential: DifferentialClient, path: str) -> Any:
    query = "query($path: String!) { graphSession(id: 500) { contextValue(path: $path) } }"
    return (await alike(differential, query, path=path))["graphSession"]["contextValue"]


@pytest.mark.parametrize("seed", seeds(20261125))
async def test_random_pointers_into_random_json(
    differential: DifferentialClient, fresh: Copy, seed: int
) -> None:
    print(f"seed {seed}")  # noqa: T201, to run it again with
    pick = random.Random(seed)  # noqa: S311, not a secret
    not_null = 0
    for _ in range(ROUNDS):
        stored = document(pick)
        await store(fresh, json.dumps(stored, ensure_ascii=pick.random() < 0.5))
        paths = {f"p{number}": pointer(pick, stored) for number in range(POINTERS)}
        paths = {name: path for name, path in paths.items() if is_pointer(path)}
        declared = ", ".join(f"${name}: String!" for name in paths)
        fields = " ".join(f"{name}: contextValue(path: ${name})" for name in paths)

        data = await alike(
            differential,
            f"query({declared}) {{ graphSession(id: 500) {{ {fields} }} }}",
            **paths,
        )

        not_null += sum(value is not None for value in data["graphSession"].values())
    assert not_null > ROUNDS * POINTERS / 5


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("", {"list": [[1, {"": "end"}], None], "0": {"-1": 5, "01": 6, "a.b": 7}, "n": None}),
        ("/list/0/1/", "end"),
        ("/list/0", [1, {"": "end"}]),
        *((f"/list/{token}", None) for token in ("-1", "01", "+0", " 0", "0 ", "2", "", "\u0660")),
        ("/0/-1", 5),
        ("/0/01", 6),
        ("/0/a.b", 7),
        ("/n", None),
        ("/n/0", None),
        ("/0/-1/0", None),
        ("/list/9999999999999999999999", None),
    ],
)
async def test_a_token_is_a_key_of_an_object_and_a_plain_index_of_a_list(
    differential: DifferentialClient, fresh: Copy, path: str, value: Any
) -> None:
    await store(
        fresh,
        '{"list":[[1,{"":"end"}],null],"0":{"-1":5,"01":6,"a.b":7},"n":null}',
    )

    assert await value_at(differential, path) == value


async def test_the_last_of_equal_keys_counts_at_every_step(
    differential: DifferentialClient, fresh: Copy
) -> None:
    await store(fresh, '{"a": {"b": 1, "0": 1}, "a": {"c": 2, "c": 3}, "1": {"x": 1}, "1": {}}')

    assert await value_at(differential, "/a/b") is None
    assert await value_at(differential, "/a/0") is None
    assert await value_at(differential, "/a/c") == 3
    assert await value_at(differential, "/1/x") is None


async def test_a_number_keeps_its_value(differential: DifferentialClient, fresh: Copy) -> None:
    await store(fresh, '{"a": [18446744073709551615, -9223372036854775808, 1e16, 0.1, -0.0, 1E2]}')

    numbers = [await value_at(differential, f"/a/{index}") for index in range(6)]

    assert numbers == [2**64 - 1, -(2**63), 1e16, 0.1, -0.0, 100]


async def test_a_text_that_is_no_pointer_is_refused_alike(differential: DifferentialClient) -> None:
    query = "query($path: String!) { graphSession(id: 500) { contextValue(path: $path) } }"
    for path in ("a", "/~2", "/~", "/a" * (MAX_STEPS + 1), "/a" * 5_000):
        answers = await differential.ask(Document(query, {"path": path}))

        assert answers.resolved == answers.compiled
        assert not answers.planned
        assert answers.data["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_pointer_of_the_most_steps_is_followed(differential: DifferentialClient) -> None:
    assert await value_at(differential, "/a" * MAX_STEPS) is None
