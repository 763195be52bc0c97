"""Runs inside a copy of the project in which a walk was followed, and reports what came of it.

One process does everything, since importing the application takes longer than what is tried on it;
`tests/contributing/forked.py` starts it.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, TypedDict

from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from gql.app import create_app
from gql.app.frozen_heap import FROZEN_HEAP
from gql.app.metric_definitions import OPERATIONS
from gql.database import Database
from gql.demo import load_demo
from gql.migrations.runner import migrate
from gql.schema.schema import schema
from gql.settings import Settings
from tests.conftest import connect
from tests.databases import settings_for
from tests.lifespan import running
from tests.migrations import test_history_matches_models as history
from tools import lint_names, lint_scope

_METRICS_TOKEN = "a-token-of-this-test-alone-0123456789"


class Request(TypedDict):
    """One HTTP request; `body` is sent as JSON unless it is null."""

    method: str
    address: str
    body: Any


class TaskDatabases(TypedDict):
    """Addresses of databases of one kind.

    Attributes:
        run_on: One for plans and one for resolvers, with demo data unless `api_key` is None.
        empty: To compare the history of the tables with the models; none without a new migration.
        api_key: Of a member of the first organization.
    """

    run_on: tuple[str, str]
    empty: list[str]
    api_key: str | None


class Task(TypedDict):
    """What to try.

    Attributes:
        root: The copy of the project.
        edited: The Python files that were edited or made.
        requests: Sent in this order, by a member of the first organization.
        databases: By kind.
        secret_key: The one that the keys in `databases` were made with.
    """

    root: str
    edited: list[str]
    requests: list[Request]
    databases: dict[str, TaskDatabases]
    secret_key: str


class Run(TypedDict):
    """One application on one database.

    Attributes:
        answers: The status and the parsed body, by request.
        operations: How many GraphQL operations ran by a `plan`, and how many by `resolvers`.
    """

    kind: str
    compiled: bool
    answers: list[tuple[int, Any]]
    operations: dict[str, int]


class Report(TypedDict):
    """What came of it.

    Attributes:
        findings: What the linters of names and of tenancy say.
        schema: The GraphQL schema as the code says it.
        runs: On each kind of database, by plans and by resolvers.
    """

    findings: list[str]
    schema: str
    runs: list[Run]


async def follow(task: Task) -> Report:
    with FROZEN_HEAP.hold():  # once, rather than at the start of each application
        runs = [run async for run in _runs(task)]
    findings = [str(finding) for finding in _findings(task["edited"])]
    return Report(findings=findings, schema=schema.as_str() + "\n", runs=runs)


async def _runs(task: Task) -> AsyncIterator[Run]:
    for kind, databases in task["databases"].items():
        if databases["empty"]:
            await _compare_history_with_models(databases["empty"])
        for url, compiled in zip(databases["run_on"], (True, False), strict=True):
            settings = settings_for(
                url,
                compiled=compiled,
                secret_key=SecretStr(task["secret_key"]),
                metrics_token=SecretStr(_METRICS_TOKEN),
            )
            key = await _prepare(settings, databases["api_key"])
            yield await _run(kind, settings, key, task["requests"])


def _findings(edited: list[str]) -> Iterator[lint_scope.Finding | lint_names.Finding]:
    yield from lint_scope.lint([Path(name) for name in edited])
    for name in edited:
        yield from lint_names.riddles(Path(name).read_text(), name)
    modules = {str(path): path.read_text() for path in Path("gql").glob("**/[!0-9]*.py")}
    yield from lint_names.doubles(modules)


async def _compare_history_with_models(urls: list[str]) -> None:
    """The tests of the migrations themselves: they raise AssertionError."""
    databases = [Database(settings_for(url)) for url in urls]
    remaining = iter(databases)

    async def empty_database() -> Database:
        return next(remaining)

    await history.test_alembic_finds_no_difference_between_the_history_and_the_models(
        empty_database
    )
    await history.test_the_history_makes_the_same_catalog_as_the_models(empty_database)
    for database in databases:
        await database.close()


async def _prepare(settings: Settings, api_key: str | None) -> str:
    """Bring the database to the tables of the copy, and load demo data if it has none; the key."""
    database = Database(settings)
    await migrate(database.engine)
    if api_key is None:
        owner, _ = await load_demo(database)
        api_key = owner.api_key
    await database.close()
    return api_key


async def _run(kind: str, settings: Settings, api_key: str, requests: list[Request]) -> Run:
    app = create_app(settings)
    headers = {"Authorization": f"Bearer {api_key}"}
    async with running(app), connect(app) as client:
        answers = []
        for request in requests:
            body = {} if request["body"] is None else {"json": request["body"]}
            response = await client.request(
                request["method"], request["address"], headers=headers, **body
            )
            answers.append((response.status_code, response.json()))
        token = {"Authorization": f"Bearer {_METRICS_TOKEN}"}
        metrics = (await client.get("/metrics", headers=token)).text
    operations: Counter[str] = Counter()
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            if sample.name == OPERATIONS.name:
                operations[sample.labels["way"]] += int(sample.value)
    return Run(kind=kind, compiled=settings.compiled, answers=answers, operations=operations)
