"""`jackfield doctor`: what the gateway would run with, and what is wrong with it."""

import asyncio
import importlib.metadata
import platform
from typing import TYPE_CHECKING

import typer

from gql import __version__
from gql.cli.console import (
    DatabaseOption,
    Failure,
    open_database,
    redacted_url,
    settings_from,
    unreachable,
)

if TYPE_CHECKING:
    from gql.database import Database
    from gql.settings import Settings

_POOLERS = {
    "off": "none",
    "session": "in session mode (session)",
    "transaction": "in transaction mode, without named statements (transaction)",
    "named": "in transaction mode, with named statements (named)",
}
_PLAN_MODES = {
    "force_generic_plan": "generic: once, for all values",
    "auto": "auto: as PostgreSQL or Citus sees fit",
}

LIBRARIES = (
    *("strawberry-graphql", "graphql-core", "starlette", "uvicorn"),
    *("sqlalchemy", "sqlmodel", "asyncpg", "aiosqlite", "alembic"),
)


def doctor(*, database: DatabaseOption = None) -> None:
    """Show versions and settings, without secrets, and check the database.

    Exits with 1 when something would keep the gateway from serving, or is unsafe in production.
    """
    settings = settings_from(database_url=database)
    _section("Versions")
    _line("jackfield", __version__)
    _line("python", platform.python_version())
    for library in LIBRARIES:
        _line(library, importlib.metadata.version(library))
    _section("Settings")
    for name in type(settings).model_fields:
        _line(f"GQL_{name.upper()}", _printable(settings, name))
    are_settings = _check_names()
    _section("Safety")
    is_safe = _check_safety(settings)
    _section("Database")
    _line("kind", "embedded SQLite" if settings.embedded else "PostgreSQL")
    failure = asyncio.run(_check_databases(settings))
    if failure is not None:
        raise failure
    if not is_safe:
        raise Failure("Some settings are unsafe: see Safety above.", "See docs/deployment.md.")
    if not are_settings:
        raise Failure(
            "Some variables are no settings: see the end of Settings above.",
            "Correct their names, or remove them; docs/settings.md lists all settings.",
        )


def _check_names() -> bool:
    """Whether every variable that looks like a setting is one; prints those that are none."""
    from gql.cli.unknown_settings import unknown_settings

    unknown = unknown_settings()
    for each in unknown:
        _line(each.name, typer.style(f"not a setting; {each.source} sets it", fg="yellow"))
        if each.similar is not None:
            _line("", f"Did you mean {each.similar}?")
    return not unknown


def _check_safety(settings: "Settings") -> bool:
    from gql.cli.unsafe_settings import unsafe_settings

    problems = unsafe_settings(settings)
    for each in problems:
        _line(each.setting, typer.style(each.problem, fg="yellow"))
        _line("", each.advice)
    if not problems:
        _line("settings", "nothing unsafe found")
    return not problems


async def _check_databases(settings: "Settings") -> Failure | None:
    from gql.migrations import current

    try:
        await _check_pooler(settings)
        async with open_database(settings, migrated=False) as database:
            _line("reachable", "yes")
            revision = await current(database.engine)
            _line("tables", revision or "none")
            if revision is not None:
                await _check_references(database)
        async with open_database(settings) as database:
            _line("current", "yes")
            await _check_writes(database)
            await _show_plan_mode(database)
            await _show_distribution(database)
            await _count_long_values(database)
            await _check_letters(database)
            await _check_logins(database, settings)
            await _check_webhooks(database, settings)
            await _check_webhook_subscriptions(database, settings)
            await _check_replicas(database, settings)
    except Failure as failure:
        return failure
    return None


async def _check_references(database: "Database") -> None:
    """Print the rows that name another organization's row, also before the keys refuse them.

    Raises:
        Failure: when there are some.
    """
    from gql.migrations.references import ADVICE, broken_references, references_in
    from gql.sql.session import lift_statement_timeout

    async with database.engine.connect() as connection:
        await lift_statement_timeout(connection)
        broken = await connection.run_sync(
            lambda sync: list(broken_references(sync, references_in(sync)))
        )
    _line("references", "broken" if broken else "each within its organization")
    for each in broken:
        _line("", str(each))
    if broken:
        raise Failure("Some rows name a row that their organization does not have.", ADVICE)


async def _check_pooler(settings: "Settings") -> None:
    """Print what is between the gateway and PostgreSQL, and whether the settings are right for it.

    Raises:
        Failure: when they are not, or nothing answers.
    """
    from gql.database import Database, UnprotectedConnection

    if settings.embedded:
        return
    database = Database(settings)
    try:
        _line("pooler", _POOLERS[await database.find_pooler()])
        await database.require_pooler()
    except UnprotectedConnection as error:
        raise Failure(error.problem, error.advice) from error
    except Exception as error:
        raise unreachable(settings, error) from error
    finally:
        await database.close()
    if settings.pooler == "named":
        _line("role", "set up for named statements")


async def _show_plan_mode(database: "Database") -> None:
    """Print how PostgreSQL plans compiled statements, and why; of SQLite, what it is told for it.

    Somebody has run ANALYZE, or made an index anew, where that is not what a migration wrote.
    """
    from gql.database.sqlite_statistics import misjudged

    if database.embedded:
        async with database.engine.connect() as connection:
            names = await connection.run_sync(misjudged)
        figures = typer.style(", ".join(names), fg="yellow") if names else "as they should be"
        _line("statistics", figures)
        if names:
            _line("", "plans may read whole tables: jackfield migrate")
        return
    setting = await database.fetch_value("SELECT current_setting('plan_cache_mode')", ())
    mode = (setting or b"").decode()
    _line("plan mode", f"{_PLAN_MODES.get(mode, 'for the values of each request')} ({mode})")


async def _show_distribution(database: "Database") -> None:
    """Print which tables are spread over machines, where Citus could do it."""
    from gql.migrations.distribute import placement

    placed = await placement(database.engine)
    if placed is None:
        return
    _line("distributed", ", ".join(placed.distributed) or "no table")
    _line("on every machine", ", ".join(placed.reference) or "no table")
    if placed.missing:
        _line("not distributed", typer.style(", ".join(placed.missing), fg="yellow"))
        _line("", "jackfield migrate --distribute")


async def _check_writes(database: "Database") -> None:
    """Print whether the database takes writes.

    Raises:
        Failure: when it does not.
    """
    is_read_only = await database.is_read_only()
    _line("takes writes", "no" if is_read_only else "yes")
    if is_read_only:
        raise Failure(
            "The database takes no writes: it is a replica, or default_transaction_read_only is"
            " on. Mutations would be answered with 503.",
            "Point GQL_DATABASE_URL at the primary; replicas belong into GQL_READ_DATABASE_URLS.",
        )


async def _check_replicas(database: "Database", settings: "Settings") -> None:
    """Print whether reads can go to the replicas, and how far each is behind.

    Raises:
        Failure: when one cannot be used.
    """
    from gql.database import Replicas
    from gql.database.replicas import INTERVAL
    from gql.migrations import head

    if settings.read_database_urls is None:
        return
    replicas = Replicas(settings, database, head())
    try:
        await replicas.look()
        await asyncio.sleep(INTERVAL)  # a lag shows between two looks
        await replicas.look()
    finally:
        await replicas.close()
    _section("Replicas")
    problems = [replica.problem for replica in replicas.replicas]
    for each, replica in zip(settings.of_replicas(), replicas.replicas, strict=True):
        _line(replica.name, redacted_url(each))
        _line("", replica.problem or f"used; {replica.lag or 0:.1f} seconds behind")
    if any(problems):
        raise Failure(
            "Not all replicas can be used: see Replicas above. The primary serves their reads.",
            "Correct GQL_READ_DATABASE_URLS, or the replicas; docs/deployment.md has the steps.",
        )


async def _check_logins(database: "Database", settings: "Settings") -> None:
    """Print whether people can log in by password.

    Raises:
        Failure: when somebody has a password, and no secret is set that could sign a login.
    """
    from gql.accounts.people import has_passwords

    has_secret = settings.secret_key is not None or settings.jwt_secret is not None
    if not await has_passwords(database):
        _line("logins by password", "nobody has a password")
        return
    _line("logins by password", "on" if has_secret else "off")
    if not has_secret:
        raise Failure(
            "There are people with passwords, and nobody can log in: no secret is set.",
            "Set GQL_SECRET_KEY (for browsers) and GQL_JWT_SECRET (for tokens), each to what"
            " `openssl rand -hex 32` prints.",
        )


async def _check_webhooks(database: "Database", settings: "Settings") -> None:
    """Print how many webhook endpoints there are, and which need somebody's attention.

    Raises:
        Failure: when the secret of one cannot be read: all that it gets is answered 503 then.
    """
    from gql.accounts.hook_endpoints import list_endpoints
    from gql.accounts.secret_box import SecretBox, require_box
    from gql.errors import Unavailable
    from gql.ingest.endpoints import attention_needed

    async with database.snapshot() as snapshot:
        endpoints = await list_endpoints(snapshot)
        needs = await attention_needed(snapshot, endpoints)
    _line("webhook endpoints", str(len(endpoints)))
    if endpoints and settings.public_url is None:
        needs = ["GQL_PUBLIC_URL is not set: platforms cannot reach the addresses", *needs]
    for sentence in needs:
        _line("", typer.style(sentence, fg="yellow"))
    sealed = [secret for each in endpoints for secret in each.sealed_secrets]
    try:
        for secret in sealed:
            require_box(SecretBox.of(settings)).open(secret)
    except Unavailable as error:
        raise Failure(
            f"Webhooks are answered with 503: {error.message}",
            "Set GQL_SECRETS_KEY to the key under which the endpoints were made; or give each a new"
            " secret: jackfield hooks rotate",
        ) from error


async def _check_webhook_subscriptions(database: "Database", settings: "Settings") -> None:
    """Print how many webhook subscriptions there are, and which the gateway has paused.

    Raises:
        Failure: when the secret of one cannot be read: nothing is delivered to it then.
    """
    from gql.accounts.secret_box import SecretBox, require_box
    from gql.errors import Unavailable
    from gql.webhooks.delivery_log import all_subscriptions

    async with database.snapshot() as snapshot:
        subscriptions = await all_subscriptions(snapshot)
    _line("webhook subscriptions", str(len(subscriptions)))
    for each in subscriptions:
        if each.pause_reason is not None:
            name = f"{each.id} of organization {each.organization_id}"
            _line("", typer.style(f"{name} is paused: {each.pause_reason}", fg="yellow"))
    try:
        for each in subscriptions:
            if each.secret is not None:
                require_box(SecretBox.of(settings)).open(each.secret)
    except Unavailable as error:
        raise Failure(
            f"Webhooks are not sent: {error.message}",
            "Set GQL_SECRETS_KEY to the key under which the subscriptions were made; or give each"
            " a new secret: jackfield webhooks rotate",
        ) from error


async def _count_long_values(database: "Database") -> None:
    """Old values are read and kept; only writes are bounded."""
    from gql.database.long_values import long_values

    several = [each async for each in long_values(database)]
    _line("long values", "some" if several else "none")
    for column, longest, rows in several:
        _line("", f"{column}: {rows:,} of more than {longest:,} characters; shorten them")


async def _check_letters(database: "Database") -> None:
    """Print for which letters `contains` and `startsWith` know the lower case."""
    from gql.database.letters import knows_all_letters

    if await knows_all_letters(database):
        _line("lower case", "of all letters")
        return
    _line("lower case", typer.style("of ASCII letters alone", fg="yellow"))
    advice = "filters find É only by É; create the database with a locale that has UTF-8 letters"
    _line("", advice)


def _printable(settings: "Settings", name: str) -> str:
    """A setting's value; of a secret only whether it is set."""
    from pydantic import SecretStr

    if name == "database_url":
        return redacted_url(settings)
    if name == "read_database_urls":
        return ", ".join(map(redacted_url, settings.of_replicas())) or "(not set)"
    value = getattr(settings, name)
    if value is None:
        return "(not set)"
    return "(set)" if isinstance(value, SecretStr) or name.endswith("_key") else str(value)


def _section(title: str) -> None:
    typer.secho(f"\n{title}", bold=True)


def _line(name: str, value: str) -> None:
    typer.echo(f"  {name:26} {value}")
