"""Applications for the tests of SMS, with live sessions in the database or in Redis."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from gql.database import Database
from gql.stores import SmsSessionStore
from tests.conftest import Running, bearer, connect, start
from tests.databases import Copy, settings_for

CUSTOMER = "+15559876543"
ASSISTANT = 124
CONVERSATION = 102


@dataclass(frozen=True)
class SmsApp:
    """A running application with what its tests look at.

    Attributes:
        client: Asks it.
        owner: Headers of the first organization.
        stranger: Headers of the second.
        running: The application and the log of its statements.
    """

    client: httpx2.AsyncClient
    owner: dict[str, str]
    stranger: dict[str, str]
    running: Running

    @property
    def sms_sessions(self) -> SmsSessionStore:
        """The application's own store."""
        store: SmsSessionStore = self.running.app.state.sms_sessions
        return store

    @property
    def database(self) -> Database:
        """The application's own database."""
        database: Database = self.running.app.state.database
        return database

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Status and body of a request of the owner's, or of another's headers."""
        headers = {**self.owner, **more.pop("headers", {})}
        response = await self.client.request(method, path, headers=headers, **more)
        return response.status_code, response.json()

    async def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        """The answer to a document of the owner's."""
        body = {"query": query, "variables": variables}
        response = await self.client.post("/graphql", json=body, headers=self.owner)
        answer: dict[str, Any] = response.json()
        return answer


@asynccontextmanager
async def running_sms_app(
    copy: Copy, redis_url: str | None = None, **changes: Any
) -> AsyncIterator[SmsApp]:
    """The production application on a copy."""
    settings = settings_for(copy.url, redis_url=redis_url, **changes)
    async with start(copy, settings) as running, connect(running.app) as client:
        yield SmsApp(client, bearer(copy.organizations[0]), bearer(copy.organizations[1]), running)
