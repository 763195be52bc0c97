"""A primary and two replicas that stream its log, on Unix sockets, from the wheel's PostgreSQL."""

import asyncio
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

from tests.databases import Copy, Databases, name_of

SECONDS = 300
"""How long a server may take to start, stop or answer; a busy machine takes some of them."""


@dataclass
class ReplicaServer:
    """A replica that a test may stop, start and hold back.

    Attributes:
        folder: Of its files.
        socket: The folder of its socket.
        log: Where it writes each statement.
    """

    folder: Path
    database: str
    binaries: Path
    user: str | None
    socket: Path = field(init=False)
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        # Not among the files, where the copy of the primary has the lock of its own socket.
        self.socket = self.folder.with_name(f"{self.folder.name}_socket")
        self.log = self.folder / "server.log"

    @property
    def url(self) -> str:
        """Of the test's database on it."""
        return f"postgresql://postgres@/{self.database}?host={self.socket}"

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.socket}'"
        self._control("start", "-o", options, "-l", str(self.log))

    def kill(self) -> None:
        """End it at once: its connections break without a word."""
        self._control("stop", "-m", "immediate")

    async def pause(self) -> None:
        """Receive the log, and replay no more of it."""
        await self.execute("SELECT pg_wal_replay_pause()")
        await self._until("SELECT pg_get_wal_replay_pause_state() = 'paused'")

    async def resume(self) -> None:
        await self.execute("SELECT pg_wal_replay_resume()")

    async def catch_up(self, primary: str) -> None:
        """Wait until everything is replayed that the primary has written by now."""
        position = await ask(primary, "SELECT pg_current_wal_insert_lsn() - '0/0'")
        # The next record may begin behind the header of a page, where no record has ended yet.
        await ask(primary, "SELECT pg_log_standby_snapshot()")
        await self._until(f"SELECT pg_last_wal_replay_lsn() >= '0/0'::pg_lsn + {position}")

    async def _until(self, condition: str) -> None:
        while not await self.execute(condition):  # noqa: ASYNC110 -- a server sends no event
            await asyncio.sleep(0.01)

    async def execute(self, statement: str) -> object:
        return await ask(self.url, statement)

    def _control(self, *arguments: str) -> None:
        options = ["-s", "-w", "-t", str(SECONDS), "-D", str(self.folder)]
        run([str(self.binaries / "pg_ctl"), *options, *arguments], self.user)


@dataclass
class Replication:
    """A primary with demo data, and its replicas.

    Attributes:
        primary: The database on the primary.
        replicas: Two of them.
    """

    databases: Databases
    primary: Copy
    replicas: tuple[ReplicaServer, ReplicaServer]

    def close(self) -> None:
        for replica in self.replicas:
            if (replica.folder / "postmaster.pid").exists():
                replica.kill()
        self.databases.close()


async def replicate() -> Replication:
    """Start a primary of its own, fill it, and copy it by `pg_basebackup`.

    Not of the server that all tests share: a replica copies all of a server's databases.
    """
    databases = Databases()
    primary = await databases.copy("postgresql")
    server = databases._server  # noqa: SLF001 -- the fixtures' own
    (socket,) = parse_qs(urlsplit(primary.url).query)["host"]
    replicas = []
    for number in (1, 2):
        folder = databases.folder / f"replica_{number}"
        replica = ReplicaServer(folder, name_of(primary.url), server.bin_path, server.system_user)
        for private in (replica.folder, replica.socket):
            private.mkdir(mode=0o700)
            if server.system_user is not None:
                shutil.chown(private, server.system_user)
        backup = [str(server.bin_path / "pg_basebackup"), "-D", str(folder), "-h", socket]
        run([*backup, "-U", "postgres", "-R", "-c", "fast"], server.system_user)
        replica.start()
        replicas.append(replica)
    return Replication(databases, primary, (replicas[0], replicas[1]))


def run(command: list[str], user: str | None) -> None:
    """Run a program of PostgreSQL, which refuses to be root."""
    subprocess.run(
        command,
        check=True,
        user=user,
        cwd="/",
        timeout=SECONDS,
        env={**os.environ, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def ask(url: str, statement: str) -> object:
    """The value of a statement."""
    connection = await asyncpg.connect(url, timeout=SECONDS)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
