"""Fixtures of the webhook door: endpoints, and platforms that sign what they deliver."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import insert, select
from sqlmodel import SQLModel
from starlette.applications import Starlette

from gql.accounts.hook_endpoints import StoredEndpoint
from gql.accounts.secret_box import SecretBox
from gql.database import Database
from gql.identity import Identity, Method, Permission
from gql.ingest.endpoints import create_endpoint
from gql.ingest.inbox import INBOX
from gql.ingest.processing import process_due
from gql.models.scope import owned, table_of
from gql.models.types import now
from gql.query.context import Context
from tests.conftest import Running, connect, start
from tests.databases import Copy, settings_for

HOST = "http://127.0.0.1"
TELNYX_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

DEMO_ENDPOINTS = 2
"""Endpoints of the demo data, whose ids are the lowest."""

SECRETS = {
    "retell": "key_of_a_test",
    "elevenlabs": "wsec_of_a_test",
    "twilio": "auth_token_of_a_test",
    "telnyx": base64.b64encode(
        TELNYX_KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    ).decode(),
}
"""What a platform would show; Vapi and the generic source get theirs from the gateway."""


@dataclass
class Platform:
    """A platform that delivers to one endpoint as its documentation says.

    Attributes:
        endpoint: Where it delivers.
        secret: What it signs with.
        client: Sends.
    """

    endpoint: StoredEndpoint
    secret: str
    client: httpx2.AsyncClient

    async def deliver(
        self, payload: Any, *, secret: str | None = None, age: float = 0, query: str = ""
    ) -> httpx2.Response:
        """Send a payload, signed now, or `age` seconds ago, or with another secret."""
        source = self.endpoint.source
        path = self.endpoint.path + query
        is_form = source == "twilio"
        body = (urlencode(payload) if is_form else json.dumps(payload)).encode()
        kind = "application/x-www-form-urlencoded" if is_form else "application/json"
        moment = time.time() - age
        signed = signature(source, secret or self.secret, HOST + path, payload, body, moment)
        return await self.client.post(path, content=body, headers={"Content-Type": kind, **signed})

    async def send(self, body: bytes, headers: Mapping[str, str] | None = None) -> httpx2.Response:
        """Send bytes as they are."""
        return await self.client.post(self.endpoint.path, content=body, headers=headers or {})


def signature(
    source: str, secret: str, url: str, payload: Any, body: bytes, moment: float
) -> dict[str, str]:
    """The headers by which a source signs; written from the documentation, not from our check."""
    seconds, milliseconds = str(int(moment)), str(int(moment * 1000))
    key = secret.encode()

    def digest(message: bytes, key: bytes = key) -> Any:
        return hmac.new(key, message, hashlib.sha256)

    def base64_of(data: bytes) -> str:
        return base64.b64encode(data).decode()

    headers: dict[str, str] = {}
    dotted = digest(seconds.encode() + b"." + body).hexdigest()
    if source == "vapi":
        headers = {"X-Signature": dotted, "X-Timestamp": seconds}
    elif source == "retell":
        hexadecimal = digest(body + milliseconds.encode()).hexdigest()
        headers = {"X-Retell-Signature": f"v={milliseconds},d={hexadecimal}"}
    elif source == "elevenlabs":
        headers = {"ElevenLabs-Signature": f"t={seconds},v0={dotted}"}
    elif source == "twilio":
        text = url + "".join(name + payload[name] for name in sorted(payload))
        headers = {"X-Twilio-Signature": base64_of(hmac.digest(key, text.encode(), "sha1"))}
    elif source == "telnyx":
        signer = TELNYX_KEY if secret == SECRETS["telnyx"] else Ed25519PrivateKey.generate()
        signed = base64_of(signer.sign(seconds.encode() + b"|" + body))
        headers = {"Telnyx-Timestamp": seconds, "Telnyx-Signature-Ed25519": signed}
    elif source == "generic":
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = base64_of(digest(b".".join((b"msg_1", seconds.encode(), body)), key).digest())
        headers = {"webhook-id": "msg_1", "webhook-timestamp": seconds}
        headers["webhook-signature"] = f"v1,{signed}"
    return headers


@dataclass
class Webhooks:
    """An application of the test's own, its platforms and its inbox."""

    app: Starlette
    client: httpx2.AsyncClient

    @property
    def database(self) -> Database:
        database: Database = self.app.state.database
        return database

    async def platform(
        self, source: str, *, organization_id: int = 1, secret: str | None = None, **options: Any
    ) -> Platform:
        """A platform with an endpoint of its own."""
        box = SecretBox.of(self.app.state.settings)
        own = secret or SECRETS.get(source)
        endpoint, shown = await create_endpoint(
            self.database, box, organization_id, source=source, secret=own, **options
        )
        return Platform(endpoint, own or shown or "", self.client)

    async def inbox(self, *columns: str, organization_id: int = 1) -> list[tuple[Any, ...]]:
        """These columns of what is in the inbox, the oldest first."""
        chosen = [INBOX.c[name] for name in columns]
        statement = (
            select(*chosen)
            .where(owned(INBOX, organization_id), INBOX.c.endpoint_id > DEMO_ENDPOINTS)
            .order_by(INBOX.c.id)
        )
        async with self.database.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(statement)]

    async def process(self, *, after: timedelta = timedelta(0)) -> None:
        """Apply what is due now, or will be after some time, as the background does."""
        permissions = frozenset({Permission.INGEST})
        for organization_id in (1, 2):
            identity = Identity(organization_id, Method.API_KEY, permissions)
            await process_due(Context(identity, self.database), now() + after)

    async def rows(
        self, model: type[SQLModel], *columns: str, source: str, column: str = "source"
    ) -> list[Any]:
        """These columns of a source's rows of a table, in the order of their ids."""
        table = table_of(model)
        statement = (
            select(*(table.c[name] for name in columns))
            .where(owned(table, 1), table.c[column] == source)
            .order_by(table.c.id)
        )
        async with self.database.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(statement)]

    async def insert(self, **values: Any) -> None:
        """A row of the inbox, as another process would have left it."""
        async with self.database.transaction() as connection:
            await connection.execute(insert(INBOX), {"organization_id": 1, **values})


@asynccontextmanager
async def webhooks_on(copy: Copy, **settings: Any) -> AsyncIterator[tuple[Webhooks, Running]]:
    """Webhooks of an application with these settings."""
    async with (
        start(copy, settings_for(copy.url, **settings)) as running,
        connect(running.app) as client,
    ):
        await running.app.state.inbox.stop()  # a test says when
        yield Webhooks(running.app, client), running


@pytest.fixture
async def webhooks(fresh: Copy) -> AsyncIterator[Webhooks]:
    """Webhooks on a database of the test's own."""
    async with webhooks_on(fresh) as (here, _):
        yield here
