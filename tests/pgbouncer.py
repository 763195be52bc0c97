"""A private PgBouncer, where one is installed.

Debian 12 has 1.18, which keeps no named statements. Where `PGBOUNCER_BIN` names an executable of
1.21 or later, tests of these run too.
"""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

START_SECONDS = 300.0
PORT = 6432

CONFIGURATION = """
[databases]
* = host={host} user={role}

[pgbouncer]
listen_addr =
listen_port = {port}
unix_socket_dir = {folder}
auth_type = any
pool_mode = {mode}
default_pool_size = 5
{more}
"""

ENVIRONMENT = "PGBOUNCER_BIN"

NAMED_SINCE = (1, 21)
"""The version of PgBouncer that learnt to keep named statements."""


def executable() -> str | None:
    """The one that is installed; None where none is."""
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


@cache
def newer_executable() -> str | None:
    """One that keeps named statements, the environment's or the installed one; None without."""
    programs = (os.environ.get(ENVIRONMENT), executable())
    return next((each for each in programs if each and _version(each) >= NAMED_SINCE), None)


def unnamed_options() -> dict[str, object]:
    """What has the one that is installed keep no named statements."""
    program = executable()
    is_newer = program is not None and _version(program) >= NAMED_SINCE
    return {"max_prepared_statements": 0} if is_newer else {}


def _version(program: str) -> tuple[int, ...]:
    printed = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return tuple(map(int, re.findall(r"\d+", printed.stdout.splitlines()[0])))


needs_pgbouncer = pytest.mark.skipif(
    executable() is None, reason="no pgbouncer: apt-get install pgbouncer"
)
needs_newer_pgbouncer = pytest.mark.skipif(
    newer_executable() is None, reason=f"{ENVIRONMENT} names no PgBouncer of 1.21 or later"
)


@contextmanager
def pgbouncer(
    url: str,
    folder: Path,
    *,
    program: str | None = None,
    mode: str = "transaction",
    role: str = "postgres",
    **options: object,
) -> Iterator[str]:
    """The address of a database behind the pooler.

    Args:
        url: Of the database on a Unix socket.
        folder: For the pooler's own socket; anybody may enter it.
        program: Which pooler; without it, the one that is installed.
        mode: Its `pool_mode`.
        role: What it logs in as, whoever connects.
        options: Further settings of its section `pgbouncer`.
    """
    address = urlsplit(url)
    (host,) = parse_qs(address.query)["host"]
    file = folder / "pgbouncer.ini"
    more = "\n".join(f"{name} = {value}" for name, value in options.items())
    file.write_text(
        CONFIGURATION.format(host=host, port=PORT, folder=folder, mode=mode, role=role, more=more)
    )
    # It refuses to run as root, and then PostgreSQL has a user of its own too.
    user = ["-u", Path(host).owner()] if os.geteuid() == 0 else []
    folder.chmod(0o777)
    process = subprocess.Popen(
        [program or str(executable()), "-q", *user, str(file)], stderr=subprocess.DEVNULL
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
