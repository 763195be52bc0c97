"""A private server of a PostgreSQL that the machine has installed, for pg_trgm.

The wheel's server that everything else is measured on has no extensions.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.postgres import SETTINGS, Postgres

_INSTALLATIONS = Path("/usr/lib/postgresql")
_OWNER = "jackfield"


def newest_binaries() -> Path | None:
    """Where the programs of the newest one are that has pg_trgm, as Debian lays them out."""
    for binaries in sorted(_INSTALLATIONS.glob("*/bin"), reverse=True):
        share = Path("/usr/share/postgresql") / binaries.parent.name / "extension"
        if (binaries / "initdb").exists() and (share / "pg_trgm.control").exists():
            return binaries
    return None


@dataclass(frozen=True)
class _Server:
    """What `Postgres` needs of a server."""

    binaries: Path
    folder: Path

    def get_uri(self, *, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://{_OWNER}@/{database}?host={self.folder}"

    def psql(self, statement: str) -> str:
        """Run a statement as its owner; answers what psql prints."""
        to = ("-h", str(self.folder), "-U", _OWNER, "-d", "postgres", "-c", statement)
        return self.run("psql", *to, capture=True)

    def run(self, program: str, *arguments: str, capture: bool = False) -> str:
        """Run one of its programs; root is nobody to PostgreSQL, so it runs as its own user."""
        ran = subprocess.run(  # noqa: S603 -- an installed program, our own arguments
            [self.binaries / program, *arguments],
            user="postgres" if os.geteuid() == 0 else None,
            stdout=subprocess.PIPE if capture else subprocess.DEVNULL,
            text=True,
            check=True,
        )
        return ran.stdout or ""


@contextmanager
def running(binaries: Path, folder: Path) -> Iterator[Postgres]:
    """Start it on a Unix socket in its own data folder, and stop it after the block."""
    folder.mkdir(parents=True, exist_ok=True)
    server = _Server(binaries, folder)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    if not (folder / "PG_VERSION").exists():
        server.run("initdb", "-D", str(folder), "-U", _OWNER, "-A", "trust", "-E", "UTF8")
        settings = {**SETTINGS, "listen_addresses": "''", "unix_socket_directories": f"'{folder}'"}
        lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
        with (folder / "postgresql.conf").open("a") as file:
            file.write(lines)
    server.run("pg_ctl", "-D", str(folder), "-w", "-l", str(folder / "log"), "start")
    try:
        yield Postgres(folder, server)
    finally:
        server.run("pg_ctl", "-D", str(folder), "-w", "-m", "fast", "stop")
