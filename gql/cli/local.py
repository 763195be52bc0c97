"""What `serve --local` does first: secrets, tables and demo data, each if it is missing."""

import json
import os
import secrets
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from gql import __version__
from gql.cli.console import ERRORS, opened
from gql.cli.progress import Bars
from gql.settings import SECRETS_FILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gql.database import Database
    from gql.demo import DemoOrganization
    from gql.settings import Settings

SECRETS = ("GQL_SECRET_KEY", "GQL_JWT_SECRET")

KEYS_FILE = SECRETS_FILE.with_name("demo.json")
"""Keeps the keys of the demo data, which are stored nowhere else, for the next start."""

EXAMPLE = """\
{ graphs(first: 1) { nodes { name nodes { nodeType assistant { name } } \
edges { from { nodeType } to { nodeType } conditionType } } } }"""
"""A query that is worth a first look: a graph with all that hangs on it, in one request."""


def ensure_secrets(path: Path = SECRETS_FILE) -> None:
    """Write the secrets that are missing from the file, which only its owner may read."""
    kept = path.read_text() if path.exists() else ""
    names = {line.partition("=")[0].strip() for line in kept.splitlines()}
    missing = [f"{name}={secrets.token_urlsafe(48)}\n" for name in SECRETS if name not in names]
    if missing:
        separator = "\n" if kept and not kept.endswith("\n") else ""
        _write_private(path, kept + separator + "".join(missing))


async def prepare(settings: "Settings") -> "list[DemoOrganization]":
    """Make tables and demo data if there are none; answers the demo's organizations with keys."""
    from gql.demo import is_empty, load_demo
    from gql.migrations import is_current
    from gql.migrations.runner import migrate

    async with opened(settings, migrated=False) as database:
        if not await is_current(database.engine):
            await migrate(database.engine)
        if not await is_empty(database):
            return await _remembered(database)
        ERRORS.print("Loading demo data ...", highlight=False)
        with Bars(ERRORS) as bars:
            made = await load_demo(database, progress=bars.show)
    _write_private(KEYS_FILE, json.dumps([asdict(organization) for organization in made]))
    return made


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
        lines += [f"    {made.api_key}  {made.name}" for made in organizations]
        lines += ["", "  Try it:", "", _curl(url, organizations[0].api_key)]
    else:
        lines += ['  For an API key: jackfield keys create "my key" --organization 1']
    return "\n".join([*lines, "", "  Ctrl-C stops the server; the data stays.", ""])


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


async def _remembered(database: "Database") -> "list[DemoOrganization]":
    """The organizations of an earlier start, as far as this database still knows their keys."""
    from gql.accounts.api_keys import find_key_by_hash, hash_key
    from gql.demo import DemoOrganization

    if not KEYS_FILE.exists():
        return []
    kept = [DemoOrganization(**facts) for facts in json.loads(KEYS_FILE.read_text())]
    found = [(made, await find_key_by_hash(database, hash_key(made.api_key))) for made in kept]
    return [made for made, holder in found if holder is not None and holder.key.is_active]


def _write_private(path: Path, text: str) -> None:
    """Write a file that nobody else can read, not even for the moment before its mode is set."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)
