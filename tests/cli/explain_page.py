"""The example of `docs/explain.md`: its document, its command, and what that prints.

`python -m tests.cli.explain_page` prints the example anew for the page.
"""

import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.databases import Databases, without_settings
from tests.live import ROOT

FILE = "recent.graphql"
VARIABLES = '{"status": "COMPLETED"}'
DOCUMENT = """\
query Recent($status: CallStatus) {
  calls(first: 2, filter: {status: {eq: $status}}) {
    nodes {
      id
      duration
      assistant { name }
    }
  }
}
"""
COMMAND = f"jackfield explain {FILE} --variables '{VARIABLES}'"


def printed(url: str) -> str:
    """What the command prints over a PostgreSQL database with demo data."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / FILE).write_text(DOCUMENT)
        ran = subprocess.run(
            [sys.executable, "-m", "gql", "explain", FILE, "--variables", VARIABLES],
            cwd=folder,
            env={**without_settings(), "GQL_DATABASE_URL": url, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
    return ran.stdout.rstrip()


def comparable(text: str) -> str:
    """The same without what differs from run to run: measured numbers, and what was cached."""
    lines, measured = [], False
    for line in text.splitlines():
        measured = line in {"Database", "Times"} or (measured and line.startswith(" "))
        if not re.match(r"\s*(Buffers|Planning): ?", line):
            lines.append(re.sub(r"[\d.,]+", "0", line) if measured else line)
    return "\n".join(re.sub(" +", " ", line) for line in lines)


async def _main() -> None:
    databases = Databases()
    try:
        copy = await databases.copy("postgresql")
        print(await asyncio.to_thread(printed, copy.url))  # noqa: T201
    finally:
        databases.close()


if __name__ == "__main__":
    asyncio.run(_main())
