"""Messages, segments of speech and transitions are listed by when they happened, not arrived."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

import pytest
from sqlalchemy import insert
from sqlmodel import SQLModel

from gql.app import create_app
from gql.database import Database
from gql.models.call import Call
from gql.models.graph_session import GraphSession, GraphTransition
from gql.models.message import ChatMessage, Transcript
from gql.models.scope import table_of
from tests.conftest import asker, bearer, connect
from tests.databases import Copy, settings_for
from tests.lifespan import running

START = datetime(2026, 3, 1, tzinfo=UTC)
LISTS: dict[str, tuple[type[SQLModel], str, str, dict[str, str]]] = {
    "messages": (ChatMessage, "timestamp", 'call(callSid: "CAshuffled")', {"role": "user"}),
    "transcript": (Transcript, "created_at", 'call(callSid: "CAshuffled")', {"speaker": "user"}),
    "transitions": (
        GraphTransition,
        "created_at",
        'graphSession(callSid: "CAshuffled")',
        {"condition_type": "other"},
    ),
}
"""By field: the model, the instant of rows that have no other, what it is a field of, columns."""


@pytest.fixture(params=[True, False], ids=["plans", "resolvers"])
async def door(request: pytest.FixtureRequest, fresh: Copy) -> AsyncIterator[Any]:
    """GraphQL and REST over rows that arrived in no order; and the ids in the right one."""
    settings = settings_for(fresh.url, compiled=request.param)
    database = Database(settings)
    expected = await _write(database)
    await database.close()
    app = create_app(settings)
    async with running(app), connect(app) as client:
        owner = bearer(fresh.organizations[0])

        async def rest(path: str) -> Any:
            return (await client.get(path, headers=owner)).json()

        yield asker(client, owner), rest, expected


async def test_lists_and_their_pages_both_ways(door: Any) -> None:
    ask, _, expected = door
    for field, (_, _, parent, _) in LISTS.items():
        for direction, edge, cursor in (("first", "after", "end"), ("last", "before", "start")):
            ids: list[int] = []
            at = None
            while True:
                query = f"""query($at: String) {{ {parent} {{
                    {field}({direction}: 4, {edge}: $at) {{
                    nodes {{ databaseId }} pageInfo {{ {cursor}Cursor }} }} }} }}"""
                (above,) = (await ask(query, {"at": at}))["data"].values()
                page = [node["databaseId"] for node in above[field]["nodes"]]
                if not page:
                    break
                ids = [*ids, *page] if direction == "first" else [*page, *ids]
                at = above[field]["pageInfo"][f"{cursor}Cursor"]
            assert ids == expected[field], (field, direction)
        downwards = (
            f"{field}(first: 100, orderBy: {{field: OCCURRED_AT}}) {{ nodes {{ databaseId }} }}"
        )
        (above,) = (await ask(f"{{ {parent} {{ {downwards} }} }}"))["data"].values()
        assert [node["databaseId"] for node in above[field]["nodes"]] == expected[field][::-1]


async def test_whole_lists_of_rest(door: Any) -> None:
    ask, rest, expected = door
    call_id = (await ask('{ call(callSid: "CAshuffled") { databaseId } }'))["data"]["call"][
        "databaseId"
    ]

    messages = await rest(f"/api/v1/calls/{call_id}/messages")
    transcripts = await rest("/api/v1/calls/sid/CAshuffled/transcripts?include_interim=true")

    assert [each["id"] for each in messages] == expected["messages"]
    assert [each["id"] for each in transcripts] == expected["transcript"]


async def _write(database: Database) -> dict[str, list[int]]:
    columns = {"organization_id": 1, "call_sid": "CAshuffled"}
    async with database.transaction() as connection:
        call = insert(table_of(Call)).values(**columns, status="completed")
        call_id = (await connection.execute(call.returning(table_of(Call).c.id))).scalar_one()
        session = insert(table_of(GraphSession)).values(**columns, graph_name="Theirs")
        session_id = (
            await connection.execute(session.returning(table_of(GraphSession).c.id))
        ).scalar_one()
        return {
            field: await _shuffled(
                connection,
                model,
                instant,
                other
                | {"organization_id": 1}
                | (
                    {"graph_session_id": session_id}
                    if model is GraphTransition
                    else {"call_id": call_id, "content": field}
                ),
            )
            for field, (model, instant, _, other) in LISTS.items()
        }


async def _shuffled(
    connection: Any, model: type[SQLModel], instant: str, columns: dict[str, Any]
) -> list[int]:
    """Write rows in an order by chance; gives their ids in the right order."""
    table = table_of(model)
    instants = (START, START + timedelta(microseconds=1), START + timedelta(seconds=10))
    rows = [
        # Some have no instant of the source, and some no id.
        {"occurred_at": at if has_instant else None, instant: at, "position": position}
        | {"source": "ours", "external_id": own_id and f"{own_id}{position}{at}{has_instant}"}
        for at, has_instant, position, own_id in product(
            instants, (True, False), (0, 2, 10), ("b", "a", None)
        )
    ]
    Random(7).shuffle(rows)  # noqa: S311 -- the same order in each run
    stored = [
        (
            row,
            (
                await connection.execute(insert(table).values(row | columns).returning(table.c.id))
            ).scalar_one(),
        )
        for row in rows
    ]
    stored.sort(
        key=lambda each: (
            each[0][instant],
            each[0]["position"],
            each[0]["external_id"] or "",
            each[1],
        )
    )
    return [row_id for _, row_id in stored]
