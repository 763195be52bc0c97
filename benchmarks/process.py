"""Starts servers, reads what they use, and ends them by their process ids."""

import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from benchmarks.servers import METRICS_TOKEN, PORT, Server
from benchmarks.target import Target

START_SECONDS = 600
"""A process that ends is noticed at once; five that start together on a busy machine take long."""
STOP_SECONDS = 15
_MEBIBYTE = 2**20


@dataclass(frozen=True)
class Running:
    """A server that was started.

    Attributes:
        server: Which.
        pid: Of its process.
        port: Of 127.0.0.1.
    """

    server: Server
    pid: int
    port: int
    _process: "subprocess.Popen[bytes]"
    _log: Path

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def wait(self) -> None:
        """Go on when it answers; any answer will do, not every server has a page for this.

        Raises:
            RuntimeError: with the end of its log, when it does not come up.
        """
        end = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=5):  # noqa: S310
                    return
            except urllib.error.HTTPError as answer:
                answer.close()
                return
            except OSError:
                time.sleep(0.05)
        name, printed = self.server.name, self._log.read_text()[-2000:]
        raise RuntimeError(f"{name} did not come up, and said: {printed}")


@contextmanager
def launched(
    server: Server, target: Target, scratch: Path, *, pinned: bool = True
) -> Iterator[Running]:
    """Start a server, without waiting for it, and end it after the block.

    Args:
        server: Which.
        target: What it answers from.
        scratch: Where its log goes.
        pinned: Whether it is kept on the first core, so that the client can have another.
    """
    port = _free_port()
    command = [part.replace(PORT, str(port)) for part in server.command]
    log = scratch / f"{server.name}.log"
    with log.open("w") as file:
        process = subprocess.Popen(  # noqa: S603 -- commands of `benchmarks.servers`
            [*(core(0) if pinned else ()), *command],
            cwd=server.folder(scratch),
            env=server.environ(target, scratch, port),
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Running(server, process.pid, port, process, log)
    finally:
        _stop(process)


@contextmanager
def started(
    server: Server, target: Target, scratch: Path, *, pinned: bool = True
) -> Iterator[Running]:
    """The same, with a server that answers already."""
    with launched(server, target, scratch, pinned=pinned) as running:
        running.wait()
        yield running


@contextmanager
def answering_anew(server: Server, target: Target, scratch: Path) -> Iterator[Running]:
    """A Jackfield that has to read each of its answers.

    Raises:
        RuntimeError: after the block, when it gave one again from memory: then not what it costs to
            read was measured.
    """
    with started(server, target, scratch) as running:
        yield running
        number = _answers_from_memory(running)
        if number:
            raise RuntimeError(f"{server.name} gave {number} answers from memory")


def _answers_from_memory(running: Running) -> int:
    request = urllib.request.Request(  # noqa: S310 -- loopback
        f"{running.url}/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 -- loopback
        metrics = response.read().decode()
    samples = re.findall(r'operations_total\{[^}]*way="cache"\} (\S+)', metrics)
    return round(sum(map(float, samples)))


def core(number: int) -> tuple[str, ...]:
    """What to put before a command to keep it on one core, where there are two and `taskset`."""
    if shutil.which("taskset") is None or not hasattr(os, "sched_getaffinity"):
        return ()
    cores = sorted(os.sched_getaffinity(0))
    return ("taskset", "--cpu-list", str(cores[number])) if len(cores) > 1 else ()


def cpu_seconds(pid: int) -> float:
    """CPU time that a process and its descendants have used, ended children included."""
    total = 0.0
    for member in _family(pid):
        with suppress(psutil.NoSuchProcess):
            times = member.cpu_times()
            total += times.user + times.system
            if member.pid == pid:
                total += times.children_user + times.children_system
    return total


def memory_mb(pid: int) -> float:
    """Resident memory of a process and its descendants, in MiB."""
    total = 0
    for member in _family(pid):
        with suppress(psutil.NoSuchProcess):
            total += member.memory_info().rss
    return total / _MEBIBYTE


def _family(pid: int) -> list[psutil.Process]:
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _stop(process: "subprocess.Popen[bytes]") -> None:
    family = _family(process.pid) if process.poll() is None else []
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for member in family[1:]:
        with suppress(psutil.NoSuchProcess):
            member.terminate()
