"""What `serve --local` does first: secrets, tables and demo data, each if it is missing."""

import json
import os
import secrets
import shlex
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gql import __version__
from gql.cli.console import STDERR, ProgressBars, open_database
from gql.settings import SECRETS_FILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gql.database import Database
    from gql.demo import DemoOrganization
    from gql.settings import Settings

_PORT = 8000
"""Where `jackfield simulate` looks for a gateway."""

SECRETS = ("GQL_SECRET_KEY", "GQL_JWT_SECRET", "GQL_SECRETS_KEY")

KEYS_FILE = SECRETS_FILE.with_name("demo.json")
"""Keeps the keys of the demo data, which are stored nowhere else, for the next start."""

EXAMPLE = """\
{ graphs(first: 1) { nodes { name nodes { nodeType assistant { name } } \
edges { from { nodeType } to { nodeType } conditionType } } } }"""
"""A query that is worth a first look: a graph with all that hangs on it, in one request."""


def ensure_secrets(path: Path = SECRETS_FILE) -> None:
    """Write the secrets that are missing from the file, which only its owner may read."""
    text = path.read_text() if path.exists() else ""
    names = {line.partition("=")[0].strip() for line in text.splitlines()}
    missing = [f"{name}={secrets.token_urlsafe(48)}\n" for name in SECRETS if name not in names]
    if missing:
        separator = "\n" if text and not text.endswith("\n") else ""
        _write_private(path, text + separator + "".join(missing))


async def prepare(settings: "Settings") -> "list[DemoOrganization]":
    """Make tables and demo data if there are none; the demo's organizations with their keys."""
    from gql.demo import is_empty, load_demo
    from gql.migrations import is_current
    from gql.migrations.runner import migrate

    async with open_database(settings, migrated=False) as database:
        if not await is_current(database.engine):
            with ProgressBars() as bars:
                await migrate(database.engine, progress=bars.show_step)
        if not await is_empty(database):
            return await _stored_organizations(database)
        STDERR.print("Loading demo data ...", highlight=False)
        with ProgressBars() as bars:
            now = datetime.now(UTC).replace(microsecond=0)
            organizations = await load_demo(database, now=now, progress=bars.show)
    _write_private(KEYS_FILE, json.dumps([asdict(each) for each in organizations]))
    return organizations


def with_demo_logins(
    settings: "Settings", organizations: "Sequence[DemoOrganization]"
) -> "Settings":
    """The settings with logins to the demo data by one click, unless other machines get in."""
    if not organizations or settings.host not in {"127.0.0.1", "::1", "localhost"}:
        return settings
    return settings.model_copy(update={"demo_keys": KEYS_FILE})


def welcome(settings: "Settings", organizations: "Sequence[DemoOrganization]") -> str:
    """Where to look, and with which key."""
    url = f"http://{settings.host}:{settings.port}"
    lines = [
        f"Jackfield {__version__}",
        "",
        f"  Playground  {url}/playground",
        f"  GraphQL     {url}/graphql",
        "",
    ]
    if organizations:
        lines += ["  API keys of the demo data:"]
        lines += [f"    {each.api_key}  {each.name}" for each in organizations]
        lines += _age_of_demo()
        lines += ["", "  Try it:", "", _curl(url, organizations[0].api_key)]
        lines += ["", "  Watch calls arrive, from another terminal:", "", _simulation(settings)]
    else:
        lines += ['  For an API key: jackfield keys create "my key" --organization 1']
    return "\n".join([*lines, "", "  Ctrl-C stops the server; the data stays.", ""])


def _age_of_demo() -> list[str]:
    """How to get new demo data, when what is there ended days ago."""
    days = int((time.time() - KEYS_FILE.stat().st_mtime) // 86_400) if KEYS_FILE.exists() else 0
    if days < 1:
        return []
    old = "a day" if days == 1 else f"{days} days"
    return [
        "",
        f"  The demo data ended {old} ago. jackfield demo --reset makes new data and keys,",
        "  and deletes everything that is there.",
    ]


def _simulation(settings: "Settings") -> str:
    address = "" if settings.port == _PORT else f" --url http://127.0.0.1:{settings.port}"
    return f"    .venv/bin/jackfield simulate{address}"


def _curl(url: str, api_key: str) -> str:
    body = json.dumps({"query": EXAMPLE})
    return " ".join(
        (
            "curl -s",
            f"{url}/graphql",
            f"-H {shlex.quote(f'Authorization: Bearer {api_key}')}",
            "-H 'Content-Type: application/json'",
            f"-d {shlex.quote(body)}",
        )
    )


async def _stored_organizations(database: "Database") -> "list[DemoOrganization]":
    """The organizations of an earlier start whose keys still work in this database."""
    from gql.accounts.api_keys import find_key_by_hash, hash_key
    from gql.demo import DemoOrganization

    if not KEYS_FILE.exists():
        return []
    organizations = []
    for fields in json.loads(KEYS_FILE.read_text()):
        organization = DemoOrganization(**fields)
        holder = await find_key_by_hash(database, hash_key(organization.api_key))
        if holder is not None and holder.seconds_left() > 0:
            organizations.append(organization)
    return organizations


def _write_private(path: Path, text: str) -> None:
    """Write a file that nobody else can read, not even for the moment before its mode is set."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)
