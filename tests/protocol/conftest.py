"""The endpoint that the protocol tests talk to; the one place to change when it changes."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from starlette.types import Scope

from gql.app import create_app
from gql.auth.bearer import issue_token
from gql.database import Database
from gql.errors import GatewayError, Unauthenticated
from gql.http.headers import headers_by_name
from gql.identity import Identity, Method, Permission
from gql.schema.endpoint import GraphQLEndpoint
from tests.databases import Copy, Databases, settings_for
from tests.lifespan import running
from tests.protocol.failing_schema import schema as failing_schema
from tests.protocol.http_client import HttpClient, door

CALLERS = {
    "writer": frozenset({Permission.READ, Permission.WRITE}),
    "reader": frozenset({Permission.READ}),
    "idler": frozenset[Permission](),
}
"""Who may do what."""

OpenDoor = Callable[..., AbstractAsyncContextManager[HttpClient]]
"""`async with open_door(caller="reader", max_depth=3) as client`; nobody is asking for None."""


@pytest.fixture(scope="session")
async def gateway(databases: Databases) -> AsyncIterator[Copy]:
    """A database for the whole folder: what is sent here never reaches a table."""
    copy = await databases.copy("sqlite")
    yield copy
    await databases.drop(copy.url)


@pytest.fixture(scope="session")
def open_door(gateway: Copy) -> OpenDoor:
    """Starts the production application with some settings changed, and opens its door."""

    @asynccontextmanager
    async def open_door(caller: str | None = "writer", **changed: Any) -> AsyncIterator[HttpClient]:
        settings = settings_for(gateway.url, **changed)
        token = caller and issue_token(
            settings, gateway.organizations[0].id, permissions=CALLERS[caller]
        )
        app = create_app(settings)
        async with running(app), door(app, token) as client:
            yield client

    return open_door


@pytest.fixture(scope="session")
async def client(open_door: OpenDoor) -> AsyncIterator[HttpClient]:
    """The application with its default settings, for one who may read and write."""
    async with open_door() as client:
        yield client


@pytest.fixture(scope="session")
def open_failing(gateway: Copy) -> OpenDoor:
    """Opens an endpoint without an application around it, whose schema fails in every way."""

    @asynccontextmanager
    async def open_failing(
        caller: str | None = "writer", **changed: Any
    ) -> AsyncIterator[HttpClient]:
        settings = settings_for(gateway.url, **changed)
        database = Database(settings)
        endpoint = GraphQLEndpoint(failing_schema, database, settings, identify=identify)
        async with door(endpoint, caller) as client:
            yield client
        await database.close()

    return open_failing


@pytest.fixture
async def failing(open_failing: OpenDoor) -> AsyncIterator[HttpClient]:
    """The failing endpoint with its default settings."""
    async with open_failing() as client:
        yield client


async def identify(scope: Scope) -> Identity | GatewayError:
    """An identity of the first organization, with the permissions that the token names."""
    name = headers_by_name(scope).get(b"authorization", b"").decode().removeprefix("Bearer ")
    if name in CALLERS:
        return Identity(1, Method.API_KEY, CALLERS[name])
    return Unauthenticated("Send an API key.")
