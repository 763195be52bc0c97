"""A write that is sent again with its key is answered, not done again."""

import asyncio
import itertools
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from gql.database import Database
from gql.domain.graphs import GRAPHS
from gql.domain.writes.graphs import create_graph
from gql.domain.writes.idempotency import RETENTION, StoredAnswer, fingerprint, idempotent
from gql.domain.writes.transaction import WriteContext
from gql.errors import Forbidden, IdempotencyKeyReused, Invalid
from gql.identity import Permission
from gql.loaders.record_loaders import RecordByKeyLoader
from gql.models.graph import AssistantGraph
from gql.models.idempotency import IdempotencyKey
from gql.models.scope import table_of
from gql.models.types import now
from gql.query.context import Context
from tests.conftest import Counting
from tests.databases import Copy, settings_for
from tests.domain.writes.conftest import all_rows, caller, rows
from tests.domain.writes.executed_sql import verbs_and_tables

COLUMNS = "organization_id", "key", "fingerprint", "status", "answer"


async def create(
    context: Context, key: str | None, name: str = "New", request: str = "r"
) -> StoredAnswer:
    """What a handler does: create a graph, and answer with what is read back."""
    async with idempotent(context, key, request) as replay:
        if replay.answer is None:
            created = await create_graph(replay.context, {"name": name})
            graph = await RecordByKeyLoader.of(replay.context, GRAPHS).load(created.id)
            assert graph is not None
            replay.answer = StoredAnswer(201, f"{graph.id} {graph.name} {graph.version}")
    return replay.answer


async def test_the_first_answer_is_replayed(member: Context, fresh_database: Database) -> None:
    first = await create(member, "key-1")
    before = await all_rows(fresh_database)

    again = await create(member, "key-1")

    [(graph_id,)] = await rows(fresh_database, AssistantGraph, "id", name="New")
    assert again == first == StoredAnswer(201, f"{graph_id} New 1")
    assert await all_rows(fresh_database) == before
    assert await rows(fresh_database, IdempotencyKey, *COLUMNS) == [
        (1, "key-1", "r", 201, first.body)
    ]


async def test_another_process_replays_it_too(member: Context, fresh: Copy) -> None:
    first = await create(member, "key-1")

    other = Database(settings_for(fresh.url))
    try:
        assert await create(caller(other, user_id=1, api_key_id=1), "key-1") == first
    finally:
        await other.close()


async def test_of_five_at_once_one_writes_and_all_get_its_answer(
    fresh_database: Database,
) -> None:
    answers = await asyncio.gather(*(create(caller(fresh_database), "key-1") for _ in range(5)))

    assert len(set(answers)) == 1
    assert len(await rows(fresh_database, AssistantGraph, "id", name="New")) == 1


async def test_the_same_key_with_another_request_is_refused(
    member: Context, fresh_database: Database
) -> None:
    await create(member, "key-1")
    before = await all_rows(fresh_database)

    with pytest.raises(IdempotencyKeyReused, match="came with another request before"):
        await create(member, "key-1", "Other", "other")

    assert await all_rows(fresh_database) == before


async def test_a_key_belongs_to_one_organization(member: Context, stranger: Context) -> None:
    first = await create(member, "key-1")

    assert await create(stranger, "key-1") != first


async def test_after_a_day_a_key_is_new(member: Context, fresh_database: Database) -> None:
    for number in range(3):
        await create(member, f"key-{number}", f"Old {number}")
    table = table_of(IdempotencyKey)
    async with fresh_database.transaction() as connection:
        await connection.execute(
            update(table).values(created_at=now() - RETENTION - timedelta(seconds=1))
        )

    await create(member, "key-1", "Renewed")

    assert await rows(fresh_database, IdempotencyKey, "key") == [("key-1",)]
    assert len(await rows(fresh_database, AssistantGraph, "id", name="Renewed")) == 1


async def test_a_refused_write_can_be_corrected_under_the_same_key(
    member: Context, fresh_database: Database
) -> None:
    before = await all_rows(fresh_database)
    with pytest.raises(Invalid):
        await create(member, "key-1", "Customer Service Router", "first")
    assert await all_rows(fresh_database) == before

    await create(member, "key-1", "Corrected", "second")

    assert len(await rows(fresh_database, IdempotencyKey, "key")) == 1


async def test_without_an_answer_the_key_stays_free(
    member: Context, fresh_database: Database
) -> None:
    before = await all_rows(fresh_database)

    async with idempotent(member, "key-1", "r") as replay:
        assert replay.answer is None

    assert await all_rows(fresh_database) == before


async def test_without_a_key_every_write_is_done(member: Context, fresh_database: Database) -> None:
    await create(member, None, "One")
    await create(member, None, "Two")

    assert len(await rows(fresh_database, AssistantGraph, "id", name="One")) == 1
    assert len(await rows(fresh_database, AssistantGraph, "id", name="Two")) == 1
    assert await rows(fresh_database, IdempotencyKey, "key") == []


async def test_whichever_statement_fails_nothing_is_left_and_it_can_be_tried_again(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await all_rows(fresh_database)
    run = WriteContext.run
    for count in itertools.count():
        left = itertools.count(count, -1)

        async def failing(self: WriteContext, *arguments: Any, left: Any = left) -> Any:
            if next(left) == 0:
                raise ConnectionError
            return await run(self, *arguments)

        monkeypatch.setattr(WriteContext, "run", failing)
        try:
            await create(caller(fresh_database), "key-1")
        except ConnectionError:
            assert await all_rows(fresh_database) == before
        else:
            break

    assert count == 6
    assert len(await rows(fresh_database, AssistantGraph, "id", name="New")) == 1


async def test_a_key_costs_three_statements_and_a_repetition_three(
    member: Context, fresh_statements: Counting
) -> None:
    with fresh_statements() as first:
        await create(member, "key-1")
    with fresh_statements() as again:
        await create(member, "key-1")

    assert verbs_and_tables(first.texts) == [
        "DELETE idempotency_key",
        "INSERT idempotency_key",
        "SELECT assistant_graph",
        "INSERT assistant_graph",
        "INSERT audit_log",
        "SELECT assistant_graph",
        "UPDATE idempotency_key",
    ]
    assert verbs_and_tables(again.texts) == [
        "DELETE idempotency_key",
        "INSERT idempotency_key",
        "SELECT idempotency_key",
    ]


@pytest.mark.parametrize("key", ["", "  ", "a\0", "a\nb", "\ud800", "x" * 256])
async def test_a_key_that_cannot_be_stored(member: Context, key: str) -> None:
    with pytest.raises(Invalid, match=r"^idempotency_key (must|has)"):
        await create(member, key)


async def test_a_reader_is_refused_a_stored_answer(
    member: Context, fresh_database: Database
) -> None:
    await create(member, "key-1")

    with pytest.raises(Forbidden):
        await create(caller(fresh_database, 1, Permission.READ), "key-1")


def test_a_fingerprint_does_not_depend_on_the_order_of_keys() -> None:
    assert fingerprint("a", {"x": 1, "y": [2]}) == fingerprint("a", {"y": [2], "x": 1})
    assert fingerprint("a", {"x": 1}) != fingerprint("a", {"x": "1"})
    assert fingerprint("a", {"x": 1}) != fingerprint("b", {"x": 1})
    assert len(fingerprint("\ud800", 10**500)) == 64
