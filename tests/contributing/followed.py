"""Runs inside a copy of the project in which a walk was followed, and reports what came of it.

Reads a task as JSON from the standard input and prints the report as JSON: see `Task`, `Report`.
One process does everything, since importing the application takes longer than what is tried on it.

    python -m tests.contributing.followed < task.json
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypedDict

from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from gql.app import create_app
from gql.app.metric_definitions import OPERATIONS
from gql.database import Database
from gql.demo import load_demo
from gql.migrations.runner import migrate
from gql.schema.schema import schema
from tests.conftest import bearer, connect
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


class Task(TypedDict):
    """What to try.

    Attributes:
        edited: The Python files that were edited or made.
        requests: Sent in this order, by a member of the first organization.
        empty_databases: By kind, addresses of databases without tables: two to run on, and three to
            compare the history of the tables with the models, if there is a new migration.
    """

    edited: list[str]
    requests: list[Request]
    empty_databases: dict[str, list[str]]


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
    runs = []
    for kind, (by_plans, by_resolvers, *others) in task["empty_databases"].items():
        if others:
            await _compare_history_with_models(others)
        runs.append(await _run(kind, by_plans, task["requests"], compiled=True))
        runs.append(await _run(kind, by_resolvers, task["requests"], compiled=False))
    findings = [str(finding) for finding in _findings(task["edited"])]
    return Report(findings=findings, schema=schema.as_str() + "\n", runs=runs)


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


async def _run(kind: str, url: str, requests: list[Request], *, compiled: bool) -> Run:
    settings = settings_for(url, compiled=compiled, metrics_token=SecretStr(_METRICS_TOKEN))
    database = Database(settings)
    await migrate(database.engine)
    owner, _ = await load_demo(database)
    await database.close()
    app = create_app(settings)
    async with running(app), connect(app) as client:
        answers = []
        for request in requests:
            body = {} if request["body"] is None else {"json": request["body"]}
            response = await client.request(
                request["method"], request["address"], headers=bearer(owner), **body
            )
            answers.append((response.status_code, response.json()))
        token = {"Authorization": f"Bearer {_METRICS_TOKEN}"}
        metrics = (await client.get("/metrics", headers=token)).text
    operations: Counter[str] = Counter()
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            if sample.name == OPERATIONS.name:
                operations[sample.labels["way"]] += int(sample.value)
    return Run(kind=kind, compiled=compiled, answers=answers, operations=operations)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(follow(json.load(sys.stdin)))))  # noqa: T201
