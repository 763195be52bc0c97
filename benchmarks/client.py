"""Asks a server under load: with wrk where it is installed, else with the bundled client."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks import http_client
from benchmarks.http_client import first_serial
from benchmarks.process import Running, core
from benchmarks.workloads import SERIAL, Dialect

Client = Literal["wrk", "python"]

_SCRIPT = """local requests, is_new = {}, {}
local mark, serial = "SERIAL", FIRST
local file = io.open("REQUESTS", "rb")
while true do
  local size = file:read("*n")
  if not size then break end
  file:read(1)
  requests[#requests + 1] = file:read(size)
  is_new[#requests] = requests[#requests]:find(mark, 1, true)
end
local turn = 0
request = function()
  turn = turn % #requests + 1
  if not is_new[turn] then return requests[turn] end
  serial = serial + 1
  return (requests[turn]:gsub(mark, string.format("%016.0f", serial)))
end
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
"""
_RESULT = re.compile(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)")


@dataclass(frozen=True)
class Answered:
    """What a client saw: answers, seconds, milliseconds and errors."""

    count: int
    seconds: float
    p50: float
    p99: float
    errors: int


def available(choice: str) -> Client:
    """The client to use; `auto` takes wrk where it is installed."""
    if choice == "python" or (choice == "auto" and shutil.which("wrk") is None):
        return "python"
    return "wrk"


def http_requests(
    running: Running, dialect: Dialect, bodies: Sequence[bytes], api_key: str
) -> list[bytes]:
    """Whole HTTP requests, each with everything that a caller of the gateway sends."""
    common = (
        f"Host: 127.0.0.1:{running.port}\r\nAccept: application/json\r\n"
        f"Authorization: Bearer {api_key}\r\n"
    ).encode()
    if dialect == "rest":
        return [b"GET %s HTTP/1.1\r\n%s\r\n" % (path, common) for path in bodies]
    start = f"POST {running.server.path} HTTP/1.1\r\n".encode() + common
    kind = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return [start + kind % len(body) + body for body in bodies]


def load(
    client: Client, port: int, requests: Sequence[bytes], *, connections: int, seconds: float
) -> Answered:
    """Ask as fast as the server answers, for so many seconds."""
    if client == "wrk":
        return _wrk(port, requests, connections, seconds)
    seen = http_client.send(port, requests, connections=connections, seconds=seconds)
    p50, p99 = seen.percentile(0.5), seen.percentile(0.99)
    return Answered(len(seen.latencies), seen.seconds, p50, p99, seen.errors)


def _wrk(port: int, requests: Sequence[bytes], connections: int, seconds: float) -> Answered:
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder) / "requests", Path(folder) / "ask.lua"
        data.write_bytes(b"".join(b"%d\n%s\n" % (len(one), one) for one in requests))
        script.write_text(
            _SCRIPT.replace("SERIAL", SERIAL)
            .replace("FIRST", str(first_serial()))
            .replace("REQUESTS", str(data))
        )
        time = f"-d{max(1, round(seconds))}s"  # it takes whole seconds alone
        options = ("-t1", f"-c{connections}", time, "--timeout", "30s", "-s")
        ran = subprocess.run(  # noqa: S603 -- our own command line
            [*core(1), "wrk", *options, str(script), f"http://127.0.0.1:{port}"],
            capture_output=True,
            text=True,
            check=True,
        )
    result = _RESULT.search(ran.stdout)
    if result is None:
        raise RuntimeError(f"wrk did not say what it saw: {ran.stdout}{ran.stderr}")
    count, micros, p50, p99, errors = map(int, result.groups())
    return Answered(count, micros / 1e6, p50 / 1e3, p99 / 1e3, errors)
