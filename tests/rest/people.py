"""People for tests of logins, and applications with settings of a test's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from sqlalchemy import update
from starlette.applications import Starlette

from gql.accounts.passwords import Passwords
from gql.accounts.people import Person, create_person
from gql.database import Database
from gql.models.organization import User
from gql.models.scope import table_of
from tests.conftest import BASE_URL, start
from tests.databases import Copy, settings_for
from tests.statements import StatementLog

PASSWORD = "correct horse battery"
ADDRESS = "192.0.2.1"
EMAIL = "ada@login.example"


@dataclass(frozen=True)
class Installation:
    """An application, its database, and the organization whose people log in."""

    app: Starlette
    database: Database
    log: StatementLog
    organization_id: int
    organization_name: str

    @asynccontextmanager
    async def browser(self, address: str = ADDRESS) -> AsyncIterator[httpx2.AsyncClient]:
        """A client at an address, with a cookie jar of its own."""
        transport = httpx2.ASGITransport(
            self.app, raise_app_exceptions=False, client=(address, 50_000)
        )
        async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            yield client

    async def log_in(
        self, email: str, password: str = PASSWORD, *, address: str = ADDRESS, **more: Any
    ) -> httpx2.Response:
        """The answer to a login from an address."""
        body = {"email": email, "password": password}
        async with self.browser(address) as client:
            return await client.post("/api/auth/login/simple", json=body, **more)

    async def add(self, email: str, *, admin: bool = False, password: str = PASSWORD) -> Person:
        """One more person with a password."""
        return await create_person(
            self.database,
            self.organization_id,
            email=email,
            name="Ada Brook",
            password_hash=await Passwords().hash(password),
            is_admin=admin,
        )

    async def change(self, person: Person, **values: Any) -> None:
        """Change somebody behind the application's back."""
        users = table_of(User)
        async with self.database.transaction() as connection:
            await connection.execute(update(users).where(users.c.id == person.id).values(**values))


@asynccontextmanager
async def installation(fresh: Copy, **settings: Any) -> AsyncIterator[Installation]:
    """The production application on a test's own database; credentials are not cached."""
    changed = settings_for(fresh.url, **{"credential_ttl": 0, **settings})
    async with start(fresh, changed) as running:
        organization = fresh.organizations[0]
        database: Database = running.app.state.database
        yield Installation(running.app, database, running.log, organization.id, organization.name)


def user_of(person: Person) -> dict[str, Any]:
    """A person as they are answered."""
    return {
        "id": person.id,
        "organization_id": person.organization_id,
        "email": person.email,
        "full_name": person.name,
        "role": "admin" if person.is_admin else "user",
        "is_active": True,
        "created_at": person.created_at.isoformat().replace("+00:00", "Z"),
    }


def claim(**changes: str) -> dict[str, Any]:
    """The body of a login."""
    return {"email": EMAIL, "password": PASSWORD, "organization": "1", **changes}


def token_header(token: str) -> dict[str, str]:
    """What sends a token or a key along."""
    return {"Authorization": f"Bearer {token}"}
