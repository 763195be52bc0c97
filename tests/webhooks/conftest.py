"""Fixtures of webhooks that go out: an application whose deliveries are made when a test says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, text, update
from starlette.applications import Starlette

from gql.app.webhook_sender import WebhookSender
from gql.database import Database
from gql.errors import GatewayError
from gql.events.numbering import number_events
from gql.models.scope import owned
from gql.schema.endpoint import GraphQLEndpoint
from gql.schema.schema import schema
from gql.webhooks.queue import DELIVERIES, SUBSCRIPTIONS
from tests.conftest import asker, bearer, connect, start
from tests.databases import Copy, settings_for
from tests.webhooks.receivers import Receiver, receiving

LOCAL = {"webhook_networks": "127.0.0.1", "webhook_http": True, "webhook_ports": "*"}
"""Settings with which a receiver on this machine may be told."""


CREATE = """
mutation Create($input: CreateWebhookSubscriptionInput!) {
  createWebhookSubscription(input: $input) {
    secret
    webhookSubscription { id }
    userErrors { code message path }
  }
}
"""


@dataclass
class Sending:
    """An application of the test's own, which tells receivers of its events.

    Attributes:
        sender: Makes deliveries when the test says; the application's own is stopped.
        copy: The database.
        secrets: By the number of the subscription.
    """

    app: Starlette
    client: httpx2.AsyncClient
    sender: WebhookSender
    copy: Copy
    secrets: dict[int, str] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        database: Database = self.app.state.database
        return database

    def another_sender(self) -> WebhookSender:
        """As of another process."""
        return sender_of(self.app)

    async def graphql(self, query: str, organization_id: int = 1, **input: Any) -> dict[str, Any]:
        """The payload of a mutation, or the answer of a query."""
        headers = bearer(self.copy.organizations[organization_id - 1])
        answer = await asker(self.client, headers)(query, {"input": input} if input else None)
        assert "errors" not in answer, answer
        if not input:
            return dict(answer["data"])
        (payload,) = answer["data"].values()
        return dict(payload)

    async def subscribe(self, url: str, organization_id: int = 1, **options: Any) -> int:
        """The number of a new subscription."""
        payload = await self.graphql(CREATE, organization_id, url=url, **options)
        assert payload["userErrors"] == []
        number = int(payload["webhookSubscription"]["id"].rpartition("_")[2])
        self.secrets[number] = payload["secret"]
        return number

    async def write(self, *calls: int, organization_id: int = 1) -> None:
        """Change calls, each in a transaction of its own: an event each."""
        statement = text(
            "UPDATE call SET graph_name = coalesce(graph_name, '') || '.'"
            " WHERE organization_id = :owner AND id = :id"
        )
        for call in calls:
            async with self.database.transaction() as connection:
                await connection.execute(statement, {"owner": organization_id, "id": call})
        await self.number()

    async def number(self) -> None:
        """Number what is committed, as the background does."""
        if not self.database.embedded:
            await number_events(self.database.engine)

    async def calls(self, how_many: int, organization_id: int = 1) -> list[int]:
        """The ids of some voice calls."""
        statement = text(
            "SELECT id FROM call WHERE organization_id = :owner AND channel = 'voice'"
            " ORDER BY id LIMIT :most"
        )
        async with self.database.engine.connect() as connection:
            values = {"owner": organization_id, "most": how_many}
            return list((await connection.execute(statement, values)).scalars())

    async def subscription(self, number: int, organization_id: int = 1) -> Any:
        """The row of a subscription."""
        own = owned(SUBSCRIPTIONS, organization_id), SUBSCRIPTIONS.c.id == number
        async with self.database.engine.connect() as connection:
            return (await connection.execute(select(SUBSCRIPTIONS).where(*own))).one()

    async def deliveries(self, number: int, *columns: str, organization_id: int = 1) -> list[Any]:
        """These columns of the deliveries to a subscription, by id."""
        statement = (
            select(*(DELIVERIES.c[name] for name in columns))
            .where(owned(DELIVERIES, organization_id), DELIVERIES.c.subscription_id == number)
            .order_by(DELIVERIES.c.id)
        )
        async with self.database.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(statement)]

    async def let_pass(self, time: timedelta, organization_id: int = 1) -> None:
        """Move all instants of subscriptions and deliveries back, as if the time had passed."""
        columns = {
            SUBSCRIPTIONS: ("failing_since", "retry_at", "leased_until"),
            DELIVERIES: ("first_attempt_at", "next_attempt_at", "happened_at"),
        }
        async with self.database.transaction() as connection:
            for table, names in columns.items():
                own = owned(table, organization_id)
                rows = (await connection.execute(select(table).where(own))).all()
                for row in rows:
                    values = {name: getattr(row, name) for name in names}
                    moved = {
                        name: value - time for name, value in values.items() if value is not None
                    }
                    if moved:
                        one = update(table).where(own, table.c.id == row.id).values(**moved)
                        await connection.execute(one)


def sender_of(app: Starlette) -> WebhookSender:
    """A sender on the database of an application."""

    async def nobody(_scope: Any) -> GatewayError:
        return GatewayError("nobody is asked for")

    database, settings = app.state.database, app.state.settings
    endpoint = GraphQLEndpoint(schema, database, settings, identify=nobody)
    return WebhookSender(
        database, settings, endpoint.queues, endpoint.subscription_reader.event_answers
    )


@asynccontextmanager
async def sending_on(copy: Copy, **settings: Any) -> AsyncIterator[Sending]:
    """An application with these settings."""
    settings = {**LOCAL, **settings}
    async with (
        start(copy, settings_for(copy.url, **settings), is_counted=False) as running,
        connect(running.app) as client,
    ):
        await running.app.state.webhooks.stop()
        sender = sender_of(running.app)
        yield Sending(running.app, client, sender, copy)
        await sender.stop()


@pytest.fixture
async def sending(fresh: Copy) -> AsyncIterator[Sending]:
    """An application on a database of the test's own."""
    async with sending_on(fresh) as sending:
        yield sending


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that takes everything."""
    async with receiving() as receiver:
        yield receiver
