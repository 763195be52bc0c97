"""Opens the statement runner that the settings ask for."""

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from gql.database.drivers import sqlite
from gql.database.drivers.postgresql import PooledRunner, PostgresqlRunner, connect_postgresql
from gql.database.drivers.session_settings import set_session
from gql.database.drivers.statement_runner import PREPARED_STATEMENTS, StatementRunner
from gql.settings import Settings

APPLICATION_NAME = "jackfield"
"""How PostgreSQL lists our connections."""


def open_runner(engine: AsyncEngine, settings: Settings) -> StatementRunner:
    """A runner for the database of an engine; behind a pooler it uses the engine's connections."""
    if settings.embedded:
        path = engine.url.database or ""
        return sqlite.SqliteRunner(
            lambda: sqlite.connect_sqlite(path, settings.max_response_bytes),
            size=settings.pool_size,
            timeout=settings.pool_timeout,
        )
    if settings.transaction_pooler:
        return PooledRunner(engine)
    _, address = engine.dialect.create_connect_args(engine.url)
    arguments = {
        **address,
        "ssl": None if unix_socket(engine.url) else settings.database_tls,
        "statement_cache_size": PREPARED_STATEMENTS,
        "max_cached_statement_lifetime": 0,
        "max_cacheable_statement_size": 0,
        "server_settings": {"application_name": APPLICATION_NAME},
    }
    return PostgresqlRunner(
        lambda: connect_postgresql(arguments, set_session(settings, for_plans=True)),
        size=runner_size(settings),
        timeout=settings.pool_timeout,
    )


def runner_size(settings: Settings) -> int:
    """The share of the process's connections that a `PostgresqlRunner` may open."""
    return max(1, settings.pool_size // 2)


def unix_socket(url: URL) -> bool:
    """Whether the address is a Unix socket, which has no TLS."""
    host = url.query.get("host", url.host)
    return isinstance(host, str) and host.startswith("/")
