"""Opens the statement runner that the settings ask for."""

from functools import partial
from typing import Any

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from gql.database.drivers import sqlite
from gql.database.drivers.pooled import NamedPoolerRunner, UnnamedPoolerRunner, connect_to_pooler
from gql.database.drivers.postgresql import PostgresqlRunner, connect_postgresql
from gql.database.drivers.session_settings import set_transaction
from gql.database.drivers.statement_runner import PREPARED_STATEMENTS, StatementRunner
from gql.settings import Settings

APPLICATION_NAME = "jackfield"
"""How PostgreSQL lists our connections."""


def open_runner(engine: AsyncEngine, settings: Settings) -> StatementRunner:
    """A runner for the database of an engine."""
    if settings.embedded:
        path = engine.url.database or ""
        return sqlite.SqliteRunner(
            lambda: sqlite.connect_sqlite(path, settings.max_response_bytes),
            size=settings.pool_size,
            timeout=settings.pool_timeout,
        )
    arguments = {
        **connection_arguments(engine, settings),
        "statement_cache_size": 0 if settings.pooler == "transaction" else PREPARED_STATEMENTS,
        "max_cached_statement_lifetime": 0,
        "max_cacheable_statement_size": 0,
    }
    size, timeout = runner_size(settings), settings.pool_timeout
    if not settings.shares_sessions:
        connect = partial(connect_postgresql, arguments, settings)
        return PostgresqlRunner(connect, size=size, timeout=timeout)
    connect = partial(connect_to_pooler, arguments, settings)
    if settings.pooler == "named":
        return NamedPoolerRunner(connect, size=size, timeout=timeout)
    session = set_transaction(settings, for_plans=True)
    return UnnamedPoolerRunner(connect, session, size=size, timeout=timeout)


def connection_arguments(engine: AsyncEngine, settings: Settings) -> dict[str, Any]:
    """What `asyncpg.connect` is called with for the database of an engine."""
    _, address = engine.dialect.create_connect_args(engine.url)
    return {**address, **common_arguments(engine.url, settings)}


def common_arguments(url: URL, settings: Settings) -> dict[str, Any]:
    """Those of them that do not come from the address itself."""
    return {
        "ssl": None if unix_socket(url) else settings.database_tls,
        "server_settings": {"application_name": APPLICATION_NAME},
    }


def runner_size(settings: Settings) -> int:
    """The share of the process's connections that a `PostgresqlRunner` may open."""
    return max(1, settings.pool_size // 2)


def unix_socket(url: URL) -> bool:
    """Whether the address is a Unix socket, which has no TLS."""
    host = url.query.get("host", url.host)
    return isinstance(host, str) and host.startswith("/")
