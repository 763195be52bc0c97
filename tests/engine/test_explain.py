"""`Jackfield-Explain: 1`: an answer says how it came about, to keys that may know."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import httpx2
import pytest

from gql.accounts.api_keys import issue_key
from gql.app.logs import JsonLines
from gql.auth.bearer import issue_token
from gql.database import Database
from gql.engine.explain import list_lengths
from gql.engine.statement import MOST_FAILURES, Statement
from gql.identity import Permission
from tests.conftest import BASE_URL, Running, bearer, start
from tests.databases import Copy, Databases, settings_for

CALLS = """query Calls($filter: CallFilter) {
  calls(first: 2, filter: $filter) {
    totalCount nodes { id duration assistant { name } } } }"""
COMPLETED = {"filter": {"status": {"eq": "COMPLETED"}}}
FAILED = {"filter": {"status": {"eq": "FAILED"}}}
TREE = """\
data
  calls: Connection(resource=call, argument=0)
    totalCount: TotalCount
    nodes: Nodes
      id: GlobalId
      duration: Column(label=duration, kind=int32)
      assistant: One(resource=assistant, key=assistant_id, column=id, required=False)
        name: Column(label=name, kind=text)"""
EXPLAIN = {"Jackfield-Explain": "1"}
UPDATE = """mutation { updateAssistant(input: {id: "assistant_1", name: "x"}) {
    userErrors { code } } }"""


@asynccontextmanager
async def operator(running: Running) -> AsyncIterator[httpx2.AsyncClient]:
    """A client whose key may do everything, and who wants everything explained."""
    app = running.app
    _, key = await issue_key(
        app.state.database, 1, name="tuning", permissions=frozenset(Permission)
    )
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app, raise_app_exceptions=False),
        base_url=BASE_URL,
        headers={"Authorization": f"Bearer {key}", **EXPLAIN},
    ) as client:
        yield client


@pytest.fixture
async def client(fresh_running_app: Running) -> AsyncIterator[httpx2.AsyncClient]:
    async with operator(fresh_running_app) as client:
        yield client


async def ask(
    client: httpx2.AsyncClient, query: str, variables: dict[str, Any] | None = None, **more: Any
) -> httpx2.Response:
    body = {"query": query, "variables": variables or {}}
    return await client.post("/graphql", json=body, **more)


async def explained(
    client: httpx2.AsyncClient, query: str, variables: dict[str, Any] | None = None
) -> dict[str, Any]:
    answer: dict[str, Any] = (await ask(client, query, variables)).json()
    explanation: dict[str, Any] = answer["extensions"]["explain"]
    return explanation


async def test_a_planned_answer_is_explained_from_document_to_database(
    client: httpx2.AsyncClient, fresh: Copy
) -> None:
    plain = await ask(client, CALLS, FAILED, headers={"Jackfield-Explain": "0"})
    response = await ask(client, CALLS, COMPLETED)
    other = (await ask(client, CALLS, headers={"Jackfield-Explain": "0"})).json()

    price = await ask(
        client,
        CALLS,
        COMPLETED,
        headers={"Jackfield-Explain": "0", "Jackfield-Cost": "dry-run"},
    )
    cost = price.json()["extensions"]["cost"]
    answer = response.json()
    assert list(plain.json()) == list(other) == ["data"]
    assert list(answer) == ["data", "extensions"]
    explanation = answer["extensions"].pop("explain")
    database, sql = explanation.pop("database"), explanation.pop("sql")
    milliseconds = explanation.pop("milliseconds")
    parameters = explanation.pop("parameters")
    assert explanation.pop("points") == cost["points"]
    assert answer["extensions"] == {}
    assert list(milliseconds) == ["parse", "plan", "compile", "run"]
    assert all(spent > 0 for spent in milliseconds.values())
    assert '\'{"data":{"calls":\'' in sql
    expected = {"organization_id": 1, "arg0_filter0_0": "completed", "arg0_limit": 2}
    assert {name: parameters[name] for name in expected} == expected
    start = {"sqlite": "SCAN CONSTANT ROW", "postgresql": "Result  (cost="}
    assert database[0].startswith(start[fresh.kind])
    assert any("ix_call" in line for line in database)
    assert explanation == {
        "way": "plan",
        "reason": None,
        "tree": TREE.splitlines(),
        "rows": {"calls.nodes": 2},
        "bytes": response.content.index(b',"extensions":') + 1,
        "remembered": {"document": True, "plan": True, "statement": True},
    }


async def test_what_comes_for_the_first_time_is_not_remembered(client: httpx2.AsyncClient) -> None:
    first = await explained(client, CALLS)
    second = await explained(client, CALLS)
    another_variant = await explained(client, CALLS, FAILED)

    assert [explanation["remembered"] for explanation in (first, second, another_variant)] == [
        {"document": False, "plan": False, "statement": False},
        {"document": True, "plan": True, "statement": True},
        {"document": True, "plan": True, "statement": False},
    ]


async def test_postgresql_explains_the_generic_plan_that_answers(databases: Databases) -> None:
    copy = await databases.copy("postgresql")
    async with start(copy, settings_for(copy.url)) as running, operator(running) as client:
        lines = (await explained(client, CALLS, COMPLETED))["database"]
        left = "SELECT count(*)::text FROM pg_prepared_statements WHERE name LIKE 'jackfield%'"
        assert await running.app.state.database.fetch_value(left, ()) == b"0"
    await databases.drop(copy.url)

    assert any("(organization_id = $1)" in line for line in lines)
    assert re.search(r"actual time=[\d.]+\.\.[\d.]+ rows=2\.00 loops=1", "\n".join(lines))
    assert any("Buffers: shared" in line for line in lines)


async def test_sqlite_explains_without_times(databases: Databases) -> None:
    copy = await databases.copy("sqlite")
    async with start(copy, settings_for(copy.url)) as running, operator(running) as client:
        lines = (await explained(client, "{ graph(id: 1) { name } }"))["database"]
    await databases.drop(copy.url)

    assert lines[-1] == "SQLite tells no rows or times."
    assert any(line.startswith("  ") for line in lines)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("{ smsSessions { __typename } }", "unsupported: smsSessions"),
        ("query($n: String!) { __type(name: $n) { name } }", "arguments: Variable '$n' "),
        ("{ __schema { queryType { name } } calls { totalCount } }", "introspection: __schema"),
        (UPDATE, "mutation"),
        ("{ calls(first: -1) { totalCount } }", "arguments: `first` is -1, "),
        ("query($n: Int!) { calls(first: $n) { totalCount } }", "arguments: Variable '$n' "),
    ],
)
async def test_resolvers_say_why_they_answer(
    client: httpx2.AsyncClient, query: str, reason: str
) -> None:
    plain = await ask(client, query, headers={"Jackfield-Explain": "0"})
    response = await ask(client, query)

    explanation = response.json()["extensions"]["explain"]
    assert response.status_code == plain.status_code
    assert response.json().get("data") == plain.json().get("data")
    assert explanation["way"] == "resolvers"
    assert explanation["reason"].startswith(reason)
    assert (explanation["sql"], explanation["parameters"], explanation["database"]) == (
        None,
        {},
        [],
    )


async def test_errors_stay_beside_data_and_explanation(client: httpx2.AsyncClient) -> None:
    answer = (await ask(client, "{ calls(first: -1) { totalCount } a: __typename }")).json()

    assert list(answer) == ["errors", "data", "extensions"]
    assert [error["path"] for error in answer["errors"]] == [["calls"]]


async def test_with_the_engine_off_that_is_the_reason(fresh: Copy) -> None:
    settings = settings_for(fresh.url, compiled=False)
    async with start(fresh, settings) as running, operator(running) as client:
        explanation = await explained(client, "{ graph(id: 1) { nodes { id } } }")

    assert explanation["reason"] == "off"
    assert list(explanation["rows"]) == ["graph.nodes"]
    assert list(explanation["milliseconds"]) == ["parse", "run"]


async def test_a_statement_that_fails_is_told_and_the_answer_still_comes(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Statement("SELECT 1 FROM no_such_table", ())
    monkeypatch.setattr("gql.engine.statement_compiler.compile_statement", lambda *_, **__: broken)
    query = "{ graph(id: 1) { name } }"
    responses = [await ask(client, query) for _ in range(MOST_FAILURES + 1)]

    explanations = [response.json()["extensions"]["explain"] for response in responses]
    assert {response.status_code for response in responses} == {200}
    assert {response.json()["data"]["graph"]["name"] for response in responses} == {
        "Customer Service Router"
    }
    assert [each["way"] for each in explanations] == ["resolvers"] * (MOST_FAILURES + 1)
    words = [each["reason"].split(":")[0] for each in explanations]
    assert words == ["failed"] * MOST_FAILURES + ["resting"]
    assert "no_such_table" in explanations[0]["reason"]
    assert explanations[0]["sql"] == "SELECT 1 FROM no_such_table"
    assert [line[:31] for line in explanations[0]["database"]] == [
        "The database gives no account: "
    ]


async def test_the_log_shows_the_plan_that_failed(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Statement("SELECT 1 FROM no_such_table", ())
    monkeypatch.setattr("gql.engine.statement_compiler.compile_statement", lambda *_, **__: broken)

    await ask(client, CALLS)

    (line,) = (json.loads(JsonLines().format(record)) for record in caplog.records)
    assert line["message"] == "a plan failed: SELECT 1 FROM no_such_table"
    assert line["plan"] == TREE


async def test_what_takes_too_long_is_not_explained_but_ended(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Statement("SELECT pg_sleep(60)::text", ())
    monkeypatch.setattr("gql.engine.statement_compiler.compile_statement", lambda *_, **__: slow)
    copy = await databases.copy("postgresql")
    async with start(copy, settings_for(copy.url)) as running, operator(running) as client:
        # On a busy machine a short time goes by in the queue of the compiler, which answers 503.
        for milliseconds in (100, 400, 1_600, 6_400):
            headers = {"Jackfield-Deadline-Ms": str(milliseconds)}
            response = await ask(client, "{ graph(id: 1) { name } }", headers=headers)
            if response.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                break
    await databases.drop(copy.url)

    (error,) = response.json()["errors"]
    assert (response.status_code, error["extensions"]["code"]) == (504, "DEADLINE_EXCEEDED")


@pytest.mark.parametrize("method", ["key", "token", "login"])
async def test_administrators_see_all_but_what_counts_the_rows_of_others(
    fresh: Copy, fresh_client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    async def never(*_: Any, **__: Any) -> list[str]:
        raise AssertionError("the database was asked for its account")

    monkeypatch.setattr(Database, "explain", never)
    headers = bearer(fresh.organizations[0])
    if method == "token":
        permissions = frozenset({Permission.READ, Permission.ADMIN})
        token = issue_token(settings_for(fresh.url), 1, permissions=permissions)
        headers = {"Authorization": f"Bearer {token}"}
    if method == "login":
        body = {"api_key": fresh.organizations[0].api_key}
        await fresh_client.post("/auth/login", json=body)
        headers = {"X-Requested-With": "test"}

    response = await ask(fresh_client, CALLS, headers={**headers, **EXPLAIN})
    refused = await ask(
        fresh_client, "{ calls(first: -1) { totalCount } }", headers={**headers, **EXPLAIN}
    )

    explanation = response.json()["extensions"]["explain"]
    assert explanation["database"] is None
    assert (explanation["way"], explanation["tree"]) == ("plan", TREE.splitlines())
    assert '\'{"data":{"calls":\'' in explanation["sql"]
    assert explanation["parameters"]["organization_id"] == 1
    assert explanation["rows"] == {"calls.nodes": 2}
    assert list(explanation["milliseconds"]) == ["parse", "plan", "compile", "run"]
    reason = refused.json()["extensions"]["explain"]["reason"]
    assert reason.startswith("Variables or arguments were refused: `first` is -1, ")


async def test_administrators_are_not_told_what_failed(
    fresh: Copy, fresh_client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Statement("SELECT 1 FROM no_such_table", ())
    monkeypatch.setattr("gql.engine.statement_compiler.compile_statement", lambda *_, **__: broken)

    headers = {**bearer(fresh.organizations[0]), **EXPLAIN}
    response = await ask(fresh_client, "{ graph(id: 1) { name } }", headers=headers)

    explanation = response.json()["extensions"]["explain"]
    assert explanation["reason"] == "Its plan or its statement failed; the log has it"
    assert explanation["database"] is None


@pytest.mark.parametrize("method", ["key", "token"])
async def test_without_the_permission_nothing_runs_or_is_told(
    fresh: Copy, fresh_running_app: Running, fresh_client: httpx2.AsyncClient, method: str
) -> None:
    permissions = frozenset({Permission.READ, Permission.WRITE})
    credential = issue_token(settings_for(fresh.url), 1, permissions=permissions)
    if method == "key":
        database = fresh_running_app.app.state.database
        _, credential = await issue_key(database, 1, name="plain", permissions=permissions)
    headers = {"Authorization": f"Bearer {credential}"}

    response = await ask(fresh_client, UPDATE, headers={**headers, **EXPLAIN})

    answer = response.json()
    answer["errors"][0]["extensions"].pop("requestId")
    message = "This needs the admin permission, which your credential lacks."
    assert response.status_code == 403
    assert answer == {"errors": [{"message": message, "extensions": {"code": "FORBIDDEN"}}]}
    name = await ask(
        fresh_client, "{ assistant(id: 1) { name } }", headers=bearer(fresh.organizations[0])
    )
    assert name.json()["data"]["assistant"]["name"] != "x"


async def test_a_get_is_explained_too(client: httpx2.AsyncClient) -> None:
    response = await client.get("/graphql", params={"query": "{ __typename }"})

    explanation = response.json()["extensions"]["explain"]
    assert response.json()["data"] == {"__typename": "Query"}
    assert (explanation["way"], explanation["sql"], explanation["database"]) == ("plan", None, [])
    assert explanation["tree"] == ["data", '  __typename: Constant(json="Query")']


def test_rows_are_counted_by_where_their_lists_are() -> None:
    data = {"a": {"nodes": [{"b": [1, 2]}, {"b": [3]}, {"b": None}]}, "c": [], "d": "text"}

    assert list_lengths(data) == {"a.nodes": 3, "a.nodes.b": 3, "c": 0}
    assert list_lengths(None) == {}
