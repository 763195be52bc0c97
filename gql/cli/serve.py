"""`jackfield serve`: run the gateway."""

import asyncio
import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, cast

import typer

from gql.cli.console import (
    DatabaseOption,
    Failure,
    open_database,
    print_warning,
    settings_from,
)

if TYPE_CHECKING:
    from gql.settings import Settings

HEALTHCHECK_SECONDS = 60
"""How long one of several processes may be silent before it is replaced.

With uvicorn's 5, a busy machine replaces processes that are still starting, again and again.
"""

_OTHER_HOST = "Use 127.0.0.1, or leave out --host and GQL_HOST."


def serve(
    *,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on; `0.0.0.0` is every network of this machine."),
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65_535, help="Port to listen on.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes; one per core is plenty.")
    ] = None,
    database: DatabaseOption = None,
    local: Annotated[
        bool,
        typer.Option(
            "--local",
            help="First make everything that is missing: secrets, tables, demo data. "
            "Then print where to look and with which key.",
        ),
    ] = False,
) -> None:
    """Run the gateway until Ctrl-C.

    It serves a migrated database, and refuses any other. For a look around, with nothing set up,
    use `--local`.
    """
    if local:
        from gql.cli.local import ensure_secrets

        ensure_secrets()
    settings = settings_from(host=host, port=port, workers=workers, database_url=database)
    _warn_of_unknown_settings()
    _require_free(settings)
    if local:
        from gql.cli.local import prepare, welcome, with_demo_logins

        organizations = asyncio.run(prepare(settings))
        settings = with_demo_logins(settings, organizations)
        _run(settings, welcome(settings, organizations))
    else:
        asyncio.run(_require_migrated(settings))
        public = "" if settings.public_url is None else f", for {settings.public_url}"
        url = f"http://{settings.host}:{settings.port}"
        _run(settings, f"Listening on {url}{public}\nPlayground   {url}/playground")


def _warn_of_unknown_settings() -> None:
    from gql.cli.unknown_settings import unknown_settings

    for unknown in unknown_settings():
        print_warning(str(unknown))


async def _require_migrated(settings: "Settings") -> None:
    async with open_database(settings, protected=True) as database:
        if await database.is_read_only():
            print_warning("The database takes no writes: the gateway will not be ready.")


def _run(settings: "Settings", banner: str) -> None:
    """Serve until told to stop; prints the banner when the application is ready to start."""
    import uvicorn

    from gql.app import create_app
    from gql.app.http_connection import (
        BoundedHttpProtocol,
        ConnectionLimits,
        ConnectionWatch,
    )
    from gql.app.logs import log_config
    from gql.app.shutdown import server_grace
    from gql.app.socket_connection import BoundedSocketProtocol

    alone = settings.workers == 1
    if not alone:
        # Other processes read the settings anew: what options said must reach them.
        os.environ["GQL_DATABASE_URL"] = settings.database_url
        if settings.demo_keys is not None:
            os.environ["GQL_DEMO_KEYS"] = str(settings.demo_keys)
    try:
        app = create_app(settings)
    except ValueError as error:
        problem = f"A setting cannot be used: {error}"
        raise Failure(problem, "docs/settings.md lists them all.") from error
    watch = ConnectionWatch(ConnectionLimits.of(settings))
    typer.echo(banner)
    with _metrics_folder(settings):
        uvicorn.run(
            app if alone else "gql.app:create_app",
            factory=not alone,
            host=settings.host,
            port=settings.port,
            workers=settings.workers,
            log_config=log_config(settings.log_level),
            access_log=False,
            server_header=False,
            lifespan="on",
            timeout_graceful_shutdown=server_grace(settings.shutdown_timeout),
            # uvicorn wants a class, and calls it with its own arguments alone.
            http=cast("type[asyncio.Protocol]", partial(BoundedHttpProtocol, watch=watch)),
            forwarded_allow_ips=settings.trusted_proxies,
            ws=cast(
                "type[asyncio.Protocol]",
                partial(BoundedSocketProtocol, send_seconds=settings.send_timeout),
            ),
            ws_max_size=settings.max_body_bytes,
            timeout_worker_healthcheck=HEALTHCHECK_SECONDS,
        )


@contextmanager
def _metrics_folder(settings: "Settings") -> Iterator[None]:
    """A temporary folder for several processes, in which each keeps its part of `/metrics`."""
    from gql.app.publishing import FOLDER

    if settings.workers == 1 or settings.metrics_token is None or FOLDER in os.environ:
        yield
        return
    with TemporaryDirectory(prefix="jackfield-metrics-") as folder:
        os.environ[FOLDER] = folder
        yield


def _require_free(settings: "Settings") -> None:
    """Pass when the port can be listened on.

    Raises:
        Failure: when it is taken, not allowed, or the host is not one of this machine.
    """
    address = f"{settings.host}:{settings.port}"
    try:
        family, *_, target = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM
        )[0]
        with socket.create_server(target[:2], family=family):
            return
    except socket.gaierror as error:
        raise Failure(f"{settings.host} is not a host.", _OTHER_HOST) from error
    except OSError as error:
        raise Failure(*_cannot_listen(error, address, settings.port)) from error


def _cannot_listen(error: OSError, address: str, port: int) -> tuple[str, str]:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Somebody listens on {address} already.",
            f"Choose another port: --port {port + 1}, or make serve PORT={port + 1}",
        )
    if error.errno == errno.EACCES:
        return f"This user may not listen on {address}.", "Choose a port above 1023."
    return f"Cannot listen on {address}: {error.strerror}.", _OTHER_HOST
