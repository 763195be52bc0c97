"""A real server in a process of its own, for browsers and for tests of the command line."""

import random
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import httpx2

from tests.forked_command import start_command

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class LiveServer:
    """Where a server listens, and who is known there.

    Attributes:
        api_key: Of the first organization, with every permission that an organization may give.
        email: Of the person to whom the key belongs, an administrator.
        password: Theirs.
        colleague: The email of somebody with the same password, who is no administrator.
        other_origin: Where an empty page is whose origin may use the server.
    """

    url: str
    api_key: str
    email: str
    password: str
    colleague: str
    other_origin: str


class _EmptyPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def another_site() -> Iterator[str]:
    """The origin of a server of this process that has an empty page at every address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _EmptyPage) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on right now.

    It is below those that systems give to clients (32768 on Linux, 49152 by RFC 6335): any other
    test's connection could take one of them before the server does.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 32_768)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@dataclass(frozen=True)
class Served:
    """A running `jackfield serve`.

    Attributes:
        output: The file that its output goes to.
        process: Ended with the block at the latest.
    """

    url: str
    output: Path
    process: ForkServerProcess

    @property
    def process_id(self) -> int:
        assert self.process.pid is not None, "it has been started"
        return self.process.pid

    def client(self, headers: Mapping[str, str]) -> httpx2.AsyncClient:
        """Asks this server; patient, where httpx gives up on an answer after five seconds."""
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=None)


@contextmanager
def serving(
    *arguments: str,
    environment: Mapping[str, str],
    cwd: Path | None = None,
    prepare: Callable[[], None] | None = None,
) -> Iterator[Served]:
    """Run `jackfield serve` until the block ends; goes on once it is ready.

    Args:
        arguments: More of its command line.
        environment: Of its process.
        cwd: Its working directory.
        prepare: Called in the process before it serves.

    Raises:
        RuntimeError: with what it printed, when it ends early.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        words = ["serve", "--port", str(port), *arguments]
        process = start_command(
            words, environment=environment, output=output, cwd=cwd, prepare=prepare
        )
        try:
            until_ready(process.is_alive, url, output)
            yield Served(url, output, process)
        finally:
            process.terminate()
            process.join()


@dataclass
class KilledServer:
    """A `jackfield serve` that is killed and started again, always at the same address.

    Attributes:
        environment: Of its process.
        output: The file that its output goes to.
        port: Where it listens.
    """

    environment: Mapping[str, str]
    output: Path
    port: int = field(default_factory=free_port)
    _process: ForkServerProcess | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def process_id(self) -> int | None:
        """Of the one that runs."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Go on once it answers."""
        words = ["serve", "--port", str(self.port)]
        self._process = start_command(words, environment=self.environment, output=self.output)
        until_ready(self._process.is_alive, self.url, self.output)

    def kill(self) -> None:
        """As the kernel does without memory; does nothing where it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.join()


@contextmanager
def executing(
    *command: str | Path, environment: Mapping[str, str], cwd: Path | None = None
) -> Iterator[str]:
    """The address of a server whose command is executed, as one of several workers has to be.

    A port is added to the command. The server runs until the block ends, which begins once it is
    ready.

    Raises:
        RuntimeError: with what it printed, when it ends early.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    words = [*command, "--port", str(port)]
    with tempfile.NamedTemporaryFile() as output:
        process = subprocess.Popen(
            words, env=environment, cwd=cwd, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            until_ready(lambda: process.poll() is None, url, Path(output.name))
            yield url
        finally:
            process.terminate()
            process.wait()


def until_ready(is_alive: Callable[[], bool], url: str, output: Path) -> None:
    """Wait until a server answers, however long a busy machine takes.

    Raises:
        RuntimeError: with what it printed, when the process ends before.
    """
    while is_alive():
        try:
            with urllib.request.urlopen(f"{url}/readyz"):  # noqa: S310 -- loopback
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise RuntimeError(f"the server ended: {output.read_text()}")
