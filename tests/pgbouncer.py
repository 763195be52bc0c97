"""A private PgBouncer in transaction mode, where it is installed."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

START_SECONDS = 20.0
PORT = 6432

CONFIGURATION = """
[databases]
* = host={host} user=postgres

[pgbouncer]
listen_addr =
listen_port = {port}
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
default_pool_size = 5
"""


def executable() -> str | None:
    """Where it is installed; None where it is not."""
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


@contextmanager
def pgbouncer(url: str, folder: Path) -> Iterator[str]:
    """The address of a database behind the pooler.

    Args:
        url: Of the database on a Unix socket.
        folder: For the pooler's own socket; anybody may enter it.
    """
    address = urlsplit(url)
    (host,) = parse_qs(address.query)["host"]
    file = folder / "pgbouncer.ini"
    file.write_text(CONFIGURATION.format(host=host, port=PORT, folder=folder))
    # It refuses to run as root, and then PostgreSQL has a user of its own too.
    user = ["-u", Path(host).owner()] if os.geteuid() == 0 else []
    folder.chmod(0o777)
    process = subprocess.Popen(
        [str(executable()), "-q", *user, str(file)], stderr=subprocess.DEVNULL
    )
    try:
        _wait(folder / f".s.PGSQL.{PORT}")
        yield f"postgresql://postgres@{address.path}?host={folder}&port={PORT}"
    finally:
        process.terminate()
        process.wait()


def _wait(path: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(path))
            except OSError:
                if time.monotonic() > deadline:
                    raise RuntimeError("the PgBouncer of the tests does not start") from None
                time.sleep(0.02)
            else:
                return
