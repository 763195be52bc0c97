"""Making, changing and deleting assistants."""

import asyncio

import pytest

from gql.database import Database
from gql.domain.writes.assistants import create_assistant, delete_assistant, update_assistant
from gql.domain.writes.drafts import NodeDraft
from gql.domain.writes.graphs import create_graph
from gql.errors import InUse, Invalid, NotFound
from gql.models.assistant import Assistant
from gql.models.audit_log import AuditLog
from gql.models.call import Call
from gql.models.graph import GraphNode
from gql.query.context import Context
from tests.domain.writes.conftest import all_rows, caller, rows

COLUMNS = (
    *("name", "description", "phone_number", "llm_provider", "llm_model", "settings"),
    *("is_active", "user_id", "organization_id"),
)


async def test_a_name_is_enough(member: Context, fresh_database: Database) -> None:
    assistant_id = await create_assistant(member, {"name": "Concierge"})

    assert await rows(fresh_database, Assistant, *COLUMNS, id=assistant_id) == [
        ("Concierge", None, None, "openai", "gpt-4o-mini", {}, True, 1, 1)
    ]


async def test_everything_at_once(member: Context, fresh_database: Database) -> None:
    values = {
        "name": "Concierge",
        "description": "Greets",
        "phone_number": "+18001112222",
        "llm_provider": "anthropic",
        "llm_model": "haiku",
        "settings": {"voice": {"speed": 1.5}, "key": "secret"},
        "is_active": False,
    }

    assistant_id = await create_assistant(member, values)

    names = tuple(values)
    assert await rows(fresh_database, Assistant, *names, id=assistant_id) == [
        tuple(values.values())
    ]
    [(after,)] = await rows(fresh_database, AuditLog, "after", action="assistant.create")
    assert after == values | {"settings": ["key", "voice"]}


async def test_what_cannot_be_used(member: Context, fresh_database: Database) -> None:
    before = await all_rows(fresh_database)
    wrong = {"phone_number": "1" * 51, "settings": "x", "is_active": 1, "id": 5}

    with pytest.raises(Invalid) as refused:
        await create_assistant(member, wrong)

    assert [problem.message for problem in refused.value.problems] == [
        "name is required",
        "phone_number has 51 characters, but may have at most 50",
        "settings must be a JSON object",
        "is_active must be true or false",
        "id cannot be set",
    ]
    assert await all_rows(fresh_database) == before


async def test_settings_are_replaced_or_merged(member: Context, fresh_database: Database) -> None:
    settings = {"voice": {"speed": 1, "name": "alloy"}, "a": [1, 2]}
    assistant_id = await create_assistant(member, {"name": "X", "settings": settings})
    patch = {"settings": {"voice": {"speed": 2}, "a": None, "b": {"c": 1}}}

    await update_assistant(member, assistant_id, patch, merge_settings=True)
    merged = await rows(fresh_database, Assistant, "settings", id=assistant_id)
    await update_assistant(member, assistant_id, patch)

    assert merged == [({"voice": {"speed": 2, "name": "alloy"}, "a": None, "b": {"c": 1}},)]
    assert await rows(fresh_database, Assistant, "settings", id=assistant_id) == [
        (patch["settings"],)
    ]


async def test_only_what_is_given_changes(member: Context, fresh_database: Database) -> None:
    await update_assistant(member, 2, {"name": "Seller", "description": None})

    assert await rows(fresh_database, Assistant, "name", "description", "is_active", id=2) == [
        ("Seller", None, True)
    ]
    assert await rows(fresh_database, AuditLog, "before", "after", organization_id=1) == [
        (
            {"name": "Sales Specialist", "description": "Handles sales inquiries"},
            {"name": "Seller", "description": None},
        )
    ]


async def test_one_that_nodes_have_is_not_deleted(
    member: Context, fresh_database: Database
) -> None:
    before = await all_rows(fresh_database)

    with pytest.raises(InUse) as refused:
        await delete_assistant(member, 1)

    assert str(refused.value).startswith(
        "Assistant 'Receptionist' cannot be deleted while nodes of these graphs have it:"
        " 'Customer Service Router' (1)"
    )
    assert await all_rows(fresh_database) == before


async def test_of_many_graphs_ten_are_named(member: Context) -> None:
    assistant_id = await create_assistant(member, {"name": "Busy"})
    nodes = [NodeDraft(assistant_id), NodeDraft(assistant_id)]
    graphs = [await create_graph(member, {"name": f"G{n}"}, nodes) for n in range(12)]

    with pytest.raises(InUse) as refused:
        await delete_assistant(member, assistant_id)

    ten = ", ".join(f"'G{n}' ({graph.id})" for n, graph in enumerate(graphs[:10]))
    assert str(refused.value).endswith(f"have it: {ten} and 2 more")


async def test_calls_keep_the_id_and_the_name_of_a_deleted_one(
    member: Context, fresh_database: Database
) -> None:
    async with fresh_database.transaction() as connection:
        calls = Call.__table__  # type: ignore[attr-defined]
        await connection.execute(
            calls.update().where(calls.c.id == 101).values(assistant_name=None)
        )

    assert await delete_assistant(member, 123) == "ServiceBot"

    assert await rows(fresh_database, Assistant, "id", id=123) == []
    assert await rows(fresh_database, Call, "assistant_id", "assistant_name", id=101) == [
        (123, "ServiceBot")
    ]
    logged = await rows(fresh_database, AuditLog, "action", "before", organization_id=1)
    assert logged == [("assistant.delete", {"name": "ServiceBot"})]


async def test_deleting_one_while_a_node_takes_it_leaves_no_node_without_one(
    fresh_database: Database,
) -> None:
    assistant_id = await create_assistant(caller(fresh_database), {"name": "Wanted"})

    results = await asyncio.gather(
        create_graph(caller(fresh_database), {"name": "Taker"}, [NodeDraft(assistant_id)]),
        delete_assistant(caller(fresh_database), assistant_id),
        return_exceptions=True,
    )

    refused = [result for result in results if isinstance(result, Exception)]
    assert [type(result) for result in refused] in ([InUse], [Invalid])
    assistants = await rows(fresh_database, Assistant, "id", id=assistant_id)
    nodes = await rows(fresh_database, GraphNode, "id", assistant_id=assistant_id)
    assert len(assistants) == len(nodes)


async def test_a_stranger_changes_nothing(stranger: Context, fresh_database: Database) -> None:
    before = await all_rows(fresh_database)

    with pytest.raises(NotFound, match=r"^There is no assistant 1 in your organization\.$"):
        await update_assistant(stranger, 1, {"name": "Mine"})
    with pytest.raises(NotFound):
        await delete_assistant(stranger, 123)

    assert await all_rows(fresh_database) == before
