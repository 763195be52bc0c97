"""A small application of the real middleware and routes, with one guarded and one public page."""

from dataclasses import dataclass, field
from typing import Any

import httpx2
from sqlalchemy import event, insert, update
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Lifespan

from gql.accounts.api_keys import StoredKey, issue_key, list_keys
from gql.auth.api_key_login import ROUTES
from gql.auth.middleware import Authentication, caller_of
from gql.database import Database
from gql.errors import GatewayError
from gql.http.refusal import refusal
from gql.identity import Permission
from gql.models.organization import Organization, User
from gql.models.scope import table_of
from gql.settings import Settings
from tests.databases import settings_for

SECRET_KEY = "a dashboard secret of more than 32 characters"
JWT_SECRET = "a token secret of more than thirty-two bytes"
ORIGIN = "http://gateway.test"

NO_CREDENTIAL = {
    "detail": "Authentication required. Provide a valid API key or login session.",
}
INVALID_KEY = {"detail": "Invalid API key"}
READ_WRITE = frozenset({Permission.READ, Permission.WRITE})


class Clock:
    """A timer that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class AuthApp:
    """One organization and an application of its own, whose statements are counted."""

    database: Database
    settings: Settings
    organization_id: int
    user_id: int
    key: StoredKey
    plaintext: str
    clock: Clock = field(default_factory=Clock)
    statements: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        event.listen(self.database.engine.sync_engine, "before_cursor_execute", self._record)
        self.app = self.build()
        self.client = self.browser()

    def build(self, lifespan: Lifespan[Starlette] | None = None, /, **settings: Any) -> Starlette:
        """An application with some settings changed; it remembers nothing yet."""
        changed = self.settings.model_copy(update=settings)
        guard = Middleware(Authentication, self.database, changed, timer=self.clock)
        routes = [
            *ROUTES,
            Route("/probe", _probe, methods=["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"]),
            Route("/public", _public),
        ]
        return Starlette(routes=routes, middleware=[guard], lifespan=lifespan)

    def browser(self, app: Starlette | None = None, base_url: str = ORIGIN) -> httpx2.AsyncClient:
        """A client with a cookie jar of its own."""
        transport = httpx2.ASGITransport(app=app or self.app)
        return httpx2.AsyncClient(transport=transport, base_url=base_url)

    async def ask(self, token: str, app: Starlette | None = None) -> httpx2.Response:
        """The probe's answer to a bearer token."""
        async with self.browser(app) as client:
            return await client.get("/probe", headers={"Authorization": f"Bearer {token}"})

    async def logged_in(self, app: Starlette | None = None) -> httpx2.AsyncClient:
        """A browser with the dashboard cookie."""
        browser = self.browser(app)
        response = await browser.post("/auth/login", json={"api_key": self.plaintext})
        assert response.status_code == 200, response.text
        return browser

    async def keys(self, organization_id: int) -> list[StoredKey]:
        """The keys of an organization."""
        async with self.database.snapshot() as snapshot:
            return await list_keys(snapshot, organization_id)

    async def change(self, table: type[Any], key: int, **values: Any) -> None:
        """Change a row behind the application's back."""
        rows = table_of(table)
        async with self.database.transaction() as connection:
            await connection.execute(update(rows).where(rows.c.id == key).values(**values))

    async def add_user(self, organization_id: int, email: str, *, is_active: bool = True) -> int:
        """One more person."""
        return await _insert(
            self.database,
            User(organization_id=organization_id, email=email, name=email, is_active=is_active),
        )

    async def add_organization(self, name: str) -> int:
        """One more organization."""
        return await _insert(self.database, Organization(name=name))

    async def close(self) -> None:
        """Close the client and the database."""
        await self.client.aclose()
        await self.database.close()

    def _record(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            self.statements.append(statement)


async def new_auth_app(database_url: str) -> AuthApp:
    """An organization and its application, in a database that may hold others."""
    settings = settings_for(database_url, secret_key=SECRET_KEY, jwt_secret=JWT_SECRET)
    database = Database(settings)
    organization_id = await _insert(database, Organization(name="Northwind"))
    user_id = await _insert(
        database,
        User(
            organization_id=organization_id,
            email=f"ada@{organization_id}.example",
            name="Ada",
        ),
    )
    key, plaintext = await issue_key(
        database, organization_id, name="probe", user_id=user_id, permissions=READ_WRITE
    )
    return AuthApp(database, settings, organization_id, user_id, key, plaintext)


def identity_of(auth_app: AuthApp, method: str = "api_key", **changes: Any) -> dict[str, Any]:
    """What the probe prints for the owner of the application's key."""
    return {
        "organization_id": auth_app.organization_id,
        "method": method,
        "permissions": ["read", "write"],
        "user_id": auth_app.user_id,
        "api_key_id": auth_app.key.id if method != "bearer" else None,
        **changes,
    }


async def _probe(request: Request) -> Response:
    caller = await caller_of(request.scope)
    if isinstance(caller, GatewayError):
        return refusal(caller)
    assert await caller_of(request.scope) is caller
    return JSONResponse(
        {
            "organization_id": caller.organization_id,
            "method": caller.method,
            "permissions": sorted(caller.permissions),
            "user_id": caller.user_id,
            "api_key_id": caller.api_key_id,
        }
    )


async def _public(_request: Request) -> Response:
    return PlainTextResponse("public")


async def _insert(database: Database, record: Organization | User) -> int:
    table = table_of(type(record))
    values = record.model_dump(exclude={"id"})
    async with database.transaction() as connection:
        row = await connection.execute(insert(table).values(**values).returning(table.c.id))
        return int(row.scalar_one())
