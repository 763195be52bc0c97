"""Who is measured, and how each server is started."""

import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from benchmarks.postgres import without_settings
from benchmarks.target import ROOT, Target
from benchmarks.workloads import Dialect, Workload

PORT = "{port}"
"""Stands for the port in a command."""

NODE = "node_modules/.bin/node"
"""The version that package.json pins, whatever the machine has."""

NODE_FOLDER = "node"
PYTHON_FOLDER = "python"
"""Below the scratch folder: what npm and pip install there."""


@dataclass(frozen=True)
class Server:
    """One way to answer the same requests.

    Attributes:
        name: As `--servers` takes it.
        title: What it is, for people.
        command: With `PORT` in it.
        dialects: The words it understands.
        environment: Beside the database's address.
        path: Of its GraphQL endpoint.
        works: The workloads it is measured with; all of its dialects when empty.
        needs: "node" or "fastapi", when something has to be installed for it.
        exact: Whether its answers are data at all, to be compared with the others'.
        knows_by_heart: Whether it can answer only the documents that it was written for.
    """

    name: str
    title: str
    command: Sequence[str]
    dialects: tuple[Dialect, ...] = ("jackfield",)
    environment: Mapping[str, str] = field(default_factory=dict)
    path: str = "/graphql"
    works: tuple[str, ...] = ()
    needs: str = ""
    exact: bool = True
    knows_by_heart: bool = False

    def takes_new_documents(self, dialect: Dialect) -> bool:
        """Whether it reads documents at all."""
        return dialect != "rest" and not self.knows_by_heart

    def dialect(self, workload: Workload) -> Dialect | None:
        """The words to ask a workload in; None when it is not for this server."""
        if self.works and workload.name not in self.works:
            return None
        return next((name for name in self.dialects if name in workload.documents), None)

    def environ(self, target: Target, scratch: Path, port: int) -> dict[str, str]:
        """The whole environment of the process."""
        address = urlsplit(target.url)
        paths = (str(ROOT), str(scratch / PYTHON_FOLDER))
        return {
            **without_settings(),
            "PYTHONPATH": ":".join(paths if self.needs == "fastapi" else paths[:1]),
            "NODE_ENV": "production",
            "BENCH_PORT": str(port),
            "BENCH_DATABASE_URL": target.url,
            "BENCH_PG_HOST": parse_qs(address.query).get("host", [""])[0],
            "BENCH_PG_DATABASE": address.path.lstrip("/"),
            "GQL_DATABASE_URL": target.url,
            **self.environment,
        }

    def folder(self, scratch: Path) -> Path:
        """Where the process runs."""
        return scratch / NODE_FOLDER if self.needs == "node" else scratch


def _uvicorn(app: str) -> tuple[str, ...]:
    options = ("--host", "127.0.0.1", "--no-access-log", "--log-level", "warning")
    return (sys.executable, "-m", "uvicorn", "--port", PORT, *options, app)


METRICS_TOKEN = secrets.token_hex(16)

COUNTED = {"GQL_METRICS_TOKEN": METRICS_TOKEN, "GQL_RATE_LIMIT": "measure"}
"""With a token that opens them, a server keeps its metrics. Rate limits are counted and refuse
nothing: a benchmark is the flood that they end."""


def jackfield(name: str, title: str, *, compiled: bool, workers: int = 1) -> Server:
    """The gateway by its own command, with all that users have; only `GQL_COMPILED` differs."""
    command = (sys.executable, "-m", "gql", "serve", "--port", PORT, "--workers", str(workers))
    environment = {"GQL_COMPILED": str(compiled).lower(), **COUNTED}
    return Server(name, title, command, ("jackfield", "rest"), environment)


JACKFIELD = jackfield("jackfield", "Jackfield", compiled=True)
UNCACHED = replace(JACKFIELD, environment={**JACKFIELD.environment, "GQL_ANSWER_CACHE_BYTES": "0"})
"""The same, reading each answer from the database, the one to a repeated request too."""

RESOLVERS = jackfield("resolvers", "Jackfield by resolvers", compiled=False)
TEXT = Server(
    "text",
    "hand-written SQL that prints JSON",
    _uvicorn("benchmarks.peers.text:app"),
    knows_by_heart=True,
)
ROWS = Server(
    "rows", "hand-written rows + orjson", _uvicorn("benchmarks.peers.rows:app"), knows_by_heart=True
)
CONSTANT = Server(
    "constant",
    "Jackfield answering a constant",
    (sys.executable, "-m", "benchmarks.peers.constant", PORT),
    environment=COUNTED,
    works=("typename", "call"),
    exact=False,
    knows_by_heart=True,
)
MERCURIUS = Server("mercurius", "Mercurius, JIT and loaders", (NODE, "mercurius.mjs"), needs="node")
POSTGRAPHILE = Server(
    "postgraphile", "PostGraphile 5", (NODE, "postgraphile.mjs"), ("postgraphile",), needs="node"
)
YOGA = Server("yoga", "GraphQL Yoga and DataLoader", (NODE, "yoga.mjs"), needs="node")
FASTAPI = Server(
    "fastapi",
    "FastAPI + SQLModel",
    _uvicorn("benchmarks.peers.fastapi_rest:app"),
    ("rest",),
    needs="fastapi",
)

SERVERS = (UNCACHED, RESOLVERS, TEXT, ROWS, CONSTANT, MERCURIUS, POSTGRAPHILE, YOGA, FASTAPI)
"""In the order they run."""
