"""How much memory a server takes for an ingest of many lines in one request.

`python -m tests.ingest.memory 100000 500000` prints, for each database and number of lines, the
most memory that the server's process ever held, and how much of that it held before. Linux alone.
"""

import argparse
import asyncio
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from tests.databases import KINDS, Copy, Databases, Kind, without_settings
from tests.ingest.killed import line
from tests.live import Served, serving

_LINES_AT_ONCE = 500


async def ingest(served: Served, api_key: str, number: int) -> int:
    """Send so many items in one request, and read the answers meanwhile; how many were created."""
    host = urlsplit(served.url).netloc
    address, port = host.rsplit(":", 1)
    reader, writer = await asyncio.open_connection(address, int(port))
    writer.write(
        f"POST /api/v1/ingest HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {api_key}\r\n"
        "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n"
        "Connection: close\r\n\r\n".encode()
    )
    sending = asyncio.create_task(_send(writer, number))
    created, last = 0, b""
    try:
        async for answer in reader:
            created += b'"created"' in answer
            last = answer if answer.startswith(b"{") else last
        await sending
    except ConnectionError as error:
        raise RuntimeError(
            f"the ingest ended after {last!r}; {served.output.read_text()[-500:]}"
        ) from error
    finally:
        sending.cancel()
        writer.close()
    if b'"complete":true' not in last.replace(b" ", b""):
        raise RuntimeError(f"the ingest was not answered to its end, but ended with {last!r}")
    return created


async def _send(writer: asyncio.StreamWriter, number: int) -> None:
    for start in range(0, number, _LINES_AT_ONCE):
        lines = b"".join(map(line, range(start, min(number, start + _LINES_AT_ONCE))))
        writer.write(b"%x\r\n%s\r\n" % (len(lines), lines))
        await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()


def peak_mebibytes(process_id: int) -> float:
    """The most memory that a process ever held."""
    status = Path(f"/proc/{process_id}/status").read_text()
    kibibytes = re.search(r"VmHWM:\s+(\d+) kB", status)
    if kibibytes is None:
        raise RuntimeError("the system does not tell the peak of a process")
    return int(kibibytes[1]) / 1024


async def _measure(copy: Copy, number: int) -> str:
    environment = {
        **without_settings(),
        "GQL_DATABASE_URL": copy.url,
        "GQL_LOG_LEVEL": "error",
        "GQL_RATE_LIMIT": "off",
    }
    with serving(environment=environment) as served:
        key = copy.organizations[0].api_key
        await ingest(served, key, 2 * _LINES_AT_ONCE)
        before = peak_mebibytes(served.process_id)
        created = await ingest(served, key, number)
        peak = peak_mebibytes(served.process_id)
    return f"{number:,} lines, {created:,} created: {peak:.0f} MiB at most, {before:.0f} before"


async def _run(numbers: Sequence[int], kinds: Sequence[Kind]) -> None:
    databases = Databases()
    try:
        for kind in kinds:
            for number in numbers:
                async with databases.lend(kind) as copy:
                    sys.stdout.write(f"{kind}: {await _measure(copy, number)}\n")
                    sys.stdout.flush()
    finally:
        databases.close()


def main() -> None:
    """Run as the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m tests.ingest.memory", description=__doc__)
    parser.add_argument("numbers", type=int, nargs="+", help="lines of one request")
    parser.add_argument("--database", choices=KINDS, help="this one alone")
    arguments = parser.parse_args()
    kinds = KINDS if arguments.database is None else [arguments.database]
    asyncio.run(_run(arguments.numbers, kinds))


if __name__ == "__main__":
    main()
