"""The documents on creating graphs, replacing structures and reading sessions, replayed whole."""

from typing import Any

import httpx2
from sqlalchemy import insert, update

from gql.database import Database
from gql.models.assistant import Assistant
from gql.models.graph_session import GraphSession
from gql.models.scope import table_of
from gql.models.types import now
from tests.conftest import bearer
from tests.databases import Copy
from tests.examples.conftest import example
from tests.examples.renumbering import as_documented

GRAPHS = "/api/v1/assistant-graphs"
NULLS = (
    *("natural_language_trigger", "mathematical_expression", "state_variable_condition"),
    *("intent_pattern", "description"),
)


async def test_create_graph(
    fresh_client: httpx2.AsyncClient, sample_headers: dict[str, str]
) -> None:
    """The name must be free, so the demo data's graph of that name goes first."""
    await fresh_client.delete(f"{GRAPHS}/1", headers=sample_headers)

    answer = await fresh_client.post(
        GRAPHS, json=example("graphs/create.request"), headers=sample_headers
    )

    assert answer.status_code == 201
    body = as_documented(answer.json(), nodes_from=101, edges_from=201, now="2025-01-19T10:00:00Z")
    assert body == example("graphs/create.answer")
    assert _keys(body) == _keys(example("graphs/create.answer"))


async def test_the_created_graph_of_the_demo_data_is_the_documented_one(
    client: httpx2.AsyncClient, owner: dict[str, str]
) -> None:
    """Ids and instants too; it is what `GET` answers, key by key in order."""
    answer = await client.get(f"{GRAPHS}/1", headers=owner)

    assert answer.json() == example("graphs/create.answer")
    assert _keys(answer.json()) == _keys(example("graphs/create.answer"))


async def test_replace_structure(
    fresh_client: httpx2.AsyncClient, fresh_database: Database, sample_headers: dict[str, str]
) -> None:
    """The document prints two of the four edges, counts two, and leaves out null fields."""
    documented = example("graphs/replace_structure.answer")
    await _describe_assistants(fresh_database, documented)
    sent = example("graphs/replace_structure.request")

    answer = await fresh_client.put(f"{GRAPHS}/1/structure", json=sent, headers=sample_headers)

    assert answer.status_code == 200
    body = as_documented(answer.json(), nodes_from=201, edges_from=301, now="2025-01-19T16:00:00Z")
    edges = [
        {**dict.fromkeys(NULLS), **documented["edges"][0], "intent_pattern": None, **edge}
        | {"id": 301 + at, "from_node_id": 201 + edge["from_node_id"]}
        | {"to_node_id": 201 + edge["to_node_id"]}
        for at, edge in enumerate(sent["edges"])
    ]
    assert body == {**documented, "edges": edges, "total_edges": 4}
    for printed, edge in zip(documented["edges"], body["edges"], strict=False):
        assert edge == {**edge, **printed}


async def test_list_graph_sessions(client: httpx2.AsyncClient, owner: dict[str, str]) -> None:
    """The document's list leaves out two keys of a context that its other example prints."""
    answer = await client.get(f"{GRAPHS}/1/sessions?limit=10&active_only=false", headers=owner)

    first, second = example("graphs/list_sessions.answer")
    whole = {**first, "context": example("graphs/get_session.answer")["context"]}
    assert answer.status_code == 200
    assert answer.json() == [whole, second]
    assert whole["context"] == {**whole["context"], **first["context"]}
    assert _keys(answer.json()) == _keys([whole, second])


async def test_get_session_by_call_sid(client: httpx2.AsyncClient, owner: dict[str, str]) -> None:
    answer = await client.get(f"{GRAPHS}/sessions/CA1234567890abcdef", headers=owner)

    assert answer.status_code == 200
    assert answer.json() == example("graphs/get_session.answer")
    assert _keys(answer.json()) == _keys(example("graphs/get_session.answer"))


async def test_a_context_is_answered_as_it_was_kept(
    fresh_client: httpx2.AsyncClient, fresh_database: Database, fresh: Copy
) -> None:
    context = example("graphs/session_context")
    row = {
        "organization_id": 1,
        "call_sid": "CAcontext",
        "graph_id": 1,
        "graph_name": "Customer Service Router",
        "conversation_context": context,
        "is_active": True,
        "started_at": now(),
    }
    async with fresh_database.transaction() as connection:
        await connection.execute(insert(table_of(GraphSession)), row)

    headers = bearer(fresh.organizations[0])
    answer = await fresh_client.get(f"{GRAPHS}/sessions/CAcontext", headers=headers)

    assert answer.json()["context"] == context
    assert list(answer.json()["context"]) == list(context)


async def test_the_documented_errors(
    fresh_client: httpx2.AsyncClient, sample_headers: dict[str, str]
) -> None:
    """400, 401 and 404, each a JSON object with a `detail` of one sentence."""
    create = example("graphs/create.request")
    structure = example("graphs/replace_structure.request")
    unknown = {**create, "name": "New", "nodes": [{"assistant_id": 777}], "edges": []}
    nobody = {"Content-Type": "application/json"}

    async def ask(method: str, path: str, body: Any = None, *, authenticated: bool = True) -> int:
        headers = sample_headers if authenticated else nobody
        answer = await fresh_client.request(method, GRAPHS + path, json=body, headers=headers)
        assert isinstance(answer.json()["detail"], str)
        return answer.status_code

    assert await ask("POST", "", unknown) == 400
    assert await ask("POST", "", {"nodes": []}) == 400
    assert await ask("POST", "", create, authenticated=False) == 401
    assert await ask("PUT", "/1/structure", {"nodes": structure["nodes"]}) == 400
    assert await ask("PUT", "/1/structure", {"edges": []}) == 400
    assert await ask("PUT", "/1/structure", structure, authenticated=False) == 401
    assert await ask("PUT", "/777/structure", structure) == 404
    assert await ask("GET", "/1/sessions", authenticated=False) == 401
    assert await ask("GET", "/777/sessions") == 404
    assert await ask("GET", "/sessions/CAnobody") == 404


async def _describe_assistants(database: Database, documented: dict[str, Any]) -> None:
    """The two documents describe the same assistants in different words."""
    table = table_of(Assistant)
    async with database.transaction() as connection:
        for node in documented["nodes"]:
            await connection.execute(
                update(table)
                .where(table.c.id == node["assistant_id"])
                .values(description=node["assistant_description"])
            )


def _keys(value: Any) -> Any:
    """The keys of every object, in order."""
    if isinstance(value, dict):
        return [(key, _keys(inner)) for key, inner in value.items()]
    return [_keys(inner) for inner in value] if isinstance(value, list) else None
