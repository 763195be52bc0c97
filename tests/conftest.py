"""The fixtures of every test: the real application on both databases, and what asks it.

`app`, `client`, `graphql` and the rest share one database per kind and per run, and must not change
it; their twins named `fresh_...` work on a copy that is the test's own.
"""

import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Literal, Protocol

import httpx2
import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from redis.asyncio import Redis
from starlette.applications import Starlette

from gql.accounts import passwords
from gql.accounts.people import create_person, set_password
from gql.app import composition, create_app
from gql.app.frozen_heap import FROZEN_HEAP
from gql.auth import credential_cache
from gql.database import Database
from gql.demo import DemoOrganization
from gql.models.types import now
from gql.settings import Settings
from tests.bound_statements import SUMMARY, StatementLint, Summary, sign_statements
from tests.databases import (
    KINDS,
    PATIENCE,
    Copy,
    Databases,
    Kind,
    name_of,
    settings_for,
    without_settings,
)
from tests.lifespan import running
from tests.live import LiveServer, another_site, serving
from tests.redis_server import RedisServer
from tests.run_resources import RunResources
from tests.statements import PostgresqlLog, SqliteLog, StatementLog, Statements, count

BASE_URL = "http://127.0.0.1"

# Settings and time zone of the developer's machine must not change what the tests see.
for _name in set(os.environ) - set(without_settings()):
    del os.environ[_name]
os.environ["TZ"] = "UTC"
time.tzset()


# How long an example takes says how busy the machine is, and no example changes what it reads. The
# examples are the same in every run, unless FRESH_SEEDS is set; one that fails is printed with the
# `@reproduce_failure` that repeats it.
hypothesis_settings.register_profile(
    "jackfield",
    deadline=None,
    derandomize="FRESH_SEEDS" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    print_blob=True,
)
hypothesis_settings.load_profile("jackfield")


PRODUCTION_HASHER = passwords.HASHER

_for_the_run = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SUMMARY] = Summary()
    config.pluginmanager.register(config.stash[SUMMARY])


def pytest_collection_finish() -> None:
    """Freeze the heap once: each application would traverse all that the tests are made of.

    That takes a tenth of a second, and more than a thousand of them are started.
    """
    _for_the_run.enter_context(FROZEN_HEAP.hold())


def pytest_sessionfinish() -> None:
    _for_the_run.close()


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """Argon2 with hardly any work; with the production's it would be a tenth of a second each."""
    with pytest.MonkeyPatch.context() as patch:
        cheapest = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "HASHER", cheapest)
        yield


@pytest.fixture(scope="session", autouse=True)
def _patient_lookups() -> Iterator[None]:
    """Lookups of credentials that outlast a machine which stands still for some seconds.

    The product's limits are for users who wait; here they would be a bound on every test's time.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(credential_cache, "LOOKUP_SECONDS", PATIENCE)
        patch.setitem(composition.RESERVED, "pool_timeout", PATIENCE)
        patch.setitem(composition.RESERVED, "request_timeout", PATIENCE)
        yield


class GraphQL(Protocol):
    """Posts a document and returns the parsed answer."""

    async def __call__(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """Ask as `owner`, or with other headers."""
        ...


Execution = Literal["resolvers", "plans"]

Counting = Callable[[], AbstractContextManager[Statements]]
"""`with statements() as ran: ...` and then `ran.count`, `ran.texts`."""


@dataclass(frozen=True)
class Running:
    """A started application and the log of its statements."""

    app: Starlette
    log: StatementLog


@asynccontextmanager
async def start(
    copy: Copy, settings: Settings, *, is_counted: bool = True
) -> AsyncIterator[Running]:
    """Run the production application on a copy; unless it is counted, SQLite's log stays empty.

    SQLite reports a statement with the values in it, once more for each row that a trigger fires
    for: a batch of a thousand items takes ten times as long.
    """
    app = create_app(settings)
    log: StatementLog
    if copy.log is None:
        log = SqliteLog()
        if is_counted:
            log.attach(app.state.database.engine)
            log.attach(app.state.reserved_database.engine)
    else:
        log = PostgresqlLog(copy.log, name_of(copy.url))
    async with running(app):
        yield Running(app, log)


@asynccontextmanager
async def connect(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the application; an unhandled exception answers 500, as a server would."""
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client


def bearer(organization: DemoOrganization) -> dict[str, str]:
    """The header that proves a member of the organization."""
    return {"Authorization": f"Bearer {organization.api_key}"}


def asker(client: httpx2.AsyncClient, owner: dict[str, str]) -> GraphQL:
    """A function that posts documents."""

    async def ask(
        query: str,
        variables: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        body = {"query": query, "variables": variables or {}}
        response = await client.post("/graphql", json=body, headers=headers or owner)
        answer: dict[str, Any] = response.json()
        return answer

    return ask


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """Makes databases; PostgreSQL starts with the first database on it."""
    databases = Databases()
    yield databases
    databases.close()


@pytest.fixture(scope="session")
def statement_lint(databases: Databases, pytestconfig: pytest.Config) -> Iterator[StatementLint]:
    """Looks at each statement that PostgreSQL runs for the gateway."""
    lint = StatementLint(lambda: databases.log)
    with sign_statements():
        yield lint
    lint.require_bound()
    pytestconfig.stash[SUMMARY].counts.update(lint.counts)


@pytest.fixture(autouse=True)
def _bound_statements(statement_lint: StatementLint) -> Iterator[None]:
    """Fails a test during which a statement bound no organization: see `bound_statements.py`."""
    yield
    statement_lint.require_bound()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis for tests that clean up after themselves and do not stop it."""
    server = RedisServer()
    server.start()
    yield server
    server.close()


PassSeconds = Callable[[float], Awaitable[None]]
"""Has so many seconds go by at once, for the live SMS sessions of this process and of Redis."""


@pytest.fixture
def pass_seconds(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> PassSeconds:
    """The database's store reads a clock, which is put forward; Redis' keys end earlier."""
    passed = 0.0

    async def pass_seconds(seconds: float) -> None:
        nonlocal passed
        passed += seconds
        later = timedelta(seconds=passed)
        monkeypatch.setattr("gql.stores.database.now", lambda: now() + later)
        async with Redis.from_url(redis_server.url) as redis:
            async for key in redis.scan_iter("*:sms:session:*"):
                # One whose time is over then is removed at once.
                await redis.pexpire(key, await redis.pttl(key) - int(seconds * 1_000))

    return pass_seconds


@pytest.fixture(scope="session", params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Which database the tests run on: each runs on both."""
    kind: Kind = request.param
    return kind


@pytest.fixture(scope="session")
async def run_resources(databases: Databases) -> AsyncIterator[RunResources]:  # noqa: ARG001
    """What is opened once and shared by every file of tests; ends before the databases do."""
    async with RunResources() as resources:
        yield resources


@pytest.fixture(scope="session")
async def shared(run_resources: RunResources, databases: Databases, kind: Kind) -> Copy:
    """The database that tests share and do not change."""
    return await run_resources.get(("copy", kind), lambda: databases.lend(kind))


@pytest.fixture(scope="session")
def database_url(shared: Copy) -> str:
    """The address of the shared database."""
    return shared.url


READ_BY_BOTH = frozenset(("schema", "tenancy", "examples"))
"""Folders whose tests run by resolvers and once more by plans: they are about GraphQL reads."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize `run_by`: both executions in `READ_BY_BOTH`, plans alone in other folders.

    Where statements are counted it is resolvers alone: a plan is one statement whatever it reads.
    """
    if "run_by" not in metafunc.fixturenames:
        return
    counted = {"statements", "fresh_statements"} & set(metafunc.fixturenames)
    path = metafunc.definition.path
    both = path.parent.name in READ_BY_BOTH
    executions = ["resolvers", "plans"] if both else ["plans"]
    metafunc.parametrize(
        "run_by", ["resolvers"] if counted else executions, indirect=True, scope="session"
    )


@pytest.fixture(scope="session")
def run_by(request: pytest.FixtureRequest) -> Execution:
    """How the application reads: field by field or record by record, or by compiled plans."""
    run_by: Execution = request.param
    return run_by


def settings_by(execution: Execution, url: str) -> Settings:
    """The settings of an application whose resolvers may answer whatever plans may.

    A request has time on a busy machine, too: those that test the limit set it.
    """
    return settings_for(
        url, compiled=execution == "plans", max_resolver_cost=2_000_000, request_timeout=600
    )


@pytest.fixture(scope="session")
def settings(database_url: str, run_by: Execution) -> Settings:
    """The settings of the shared application."""
    return settings_by(run_by, database_url)


@pytest.fixture(scope="session")
async def running_app(
    run_resources: RunResources, shared: Copy, settings: Settings, run_by: Execution
) -> Running:
    """The shared application, started."""
    return await run_resources.get(("app", shared.url, run_by), lambda: start(shared, settings))


@pytest.fixture(scope="session")
def app(running_app: Running) -> Starlette:
    """The production application, started."""
    return running_app.app


@pytest.fixture(scope="session")
def database(app: Starlette) -> Database:
    """The shared application's own database."""
    database: Database = app.state.database
    return database


@pytest.fixture(scope="session")
def demo(shared: Copy) -> Sequence[DemoOrganization]:
    """The organizations of the demo data, with their keys."""
    return shared.organizations


@pytest.fixture(scope="session")
def owner(demo: Sequence[DemoOrganization]) -> dict[str, str]:
    """Headers of a member of the first organization."""
    return bearer(demo[0])


@pytest.fixture(scope="session")
def stranger(demo: Sequence[DemoOrganization]) -> dict[str, str]:
    """Headers of a member of the second organization."""
    return bearer(demo[1])


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the shared application, with a cookie jar of its own."""
    async with connect(app) as client:
        yield client


@pytest.fixture
def graphql(client: httpx2.AsyncClient, owner: dict[str, str]) -> GraphQL:
    """Posts a document and returns the parsed answer."""
    return asker(client, owner)


@pytest.fixture
def statements(running_app: Running) -> Counting:
    """Counts the SQL statements that run in a block."""
    return lambda: count(running_app.log)


@pytest.fixture
async def fresh(databases: Databases, kind: Kind) -> AsyncIterator[Copy]:
    """A database of the test's own, as full as the shared one."""
    async with databases.lend(kind) as copy:
        yield copy


@pytest.fixture
def fresh_database_url(fresh: Copy) -> str:
    """The address of the test's own database."""
    return fresh.url


@pytest.fixture
async def fresh_running_app(
    fresh: Copy, run_by: Execution, request: pytest.FixtureRequest
) -> AsyncIterator[Running]:
    """An application on the test's own database, started."""
    is_counted = "fresh_log" in request.fixturenames
    async with start(fresh, settings_by(run_by, fresh.url), is_counted=is_counted) as running:
        yield running


@pytest.fixture
def fresh_app(fresh_running_app: Running) -> Starlette:
    """An application on the test's own database."""
    return fresh_running_app.app


@pytest.fixture
def fresh_database(fresh_app: Starlette) -> Database:
    """The database of `fresh_app`."""
    database: Database = fresh_app.state.database
    return database


@pytest.fixture
async def fresh_client(fresh_app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of `fresh_app`."""
    async with connect(fresh_app) as client:
        yield client


@pytest.fixture
def fresh_graphql(fresh_client: httpx2.AsyncClient, fresh: Copy) -> GraphQL:
    """Like `graphql`, on the test's own database; keys are those of `demo`."""
    return asker(fresh_client, bearer(fresh.organizations[0]))


@pytest.fixture
def fresh_log(fresh_running_app: Running) -> StatementLog:
    """Every SQL statement of `fresh_app`."""
    return fresh_running_app.log


@pytest.fixture
def fresh_statements(fresh_log: StatementLog) -> Counting:
    """Counts the SQL statements of `fresh_app`."""
    return lambda: count(fresh_log)


@pytest.fixture
async def empty_database_url(databases: Databases, kind: Kind) -> AsyncIterator[str]:
    """The address of a database without tables."""
    url = await databases.empty(kind)
    yield url
    await databases.drop(url)


@pytest.fixture(scope="session")
async def live_server(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveServer]:
    """The gateway as `jackfield serve --local` runs it, on SQLite with demo data."""
    copy = await databases.copy("sqlite")
    settings = settings_for(copy.url)
    demo_keys = tmp_path_factory.mktemp("live") / "demo.json"
    demo_keys.write_text(json.dumps([asdict(each) for each in copy.organizations]))
    assert settings.secret_key is not None
    environment = {
        **without_settings(),
        "GQL_DATABASE_URL": copy.url,
        "GQL_SECRET_KEY": settings.secret_key.get_secret_value(),
        "GQL_DEMO_KEYS": str(demo_keys),
    }
    email, password, colleague = "admin1@demo.example", "correct horse battery", "kim@demo.example"
    database = Database(settings)
    password_hash = await passwords.Passwords().hash(password)
    await set_password(database, 1, email, password_hash=password_hash)
    await create_person(database, 1, email=colleague, name="Kim Lee", password_hash=password_hash)
    await database.close()
    with another_site() as other_origin:
        environment["GQL_CORS_ORIGINS"] = other_origin
        with serving(environment=environment) as served:
            key = copy.organizations[0].api_key
            yield LiveServer(served.url, key, email, password, colleague, other_origin)
