"""The database that everybody answers from: filled once per scale by Jackfield's own commands."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks.postgres import Postgres, without_settings

Scale = Literal["small", "medium", "large"]

Say = Callable[[str], None]
"""Tells the person who waits what is being done."""

ORGANIZATIONS = 2
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Target:
    """A filled database.

    Attributes:
        url: As `jackfield serve --database` takes it.
        api_key: Of the organization with most data, which has the id 1.
        small_api_key: Of the second organization, with the small set alone.
        postgres: The data folder of the server; None for SQLite.
    """

    url: str
    api_key: str
    small_api_key: str
    postgres: Path | None


def on_postgresql(server: Postgres, scale: Scale, *, fresh: bool, say: Say) -> Target:
    """The database of a scale; filled when it is not there yet, or when it has to be fresh."""
    name = f"bench_{scale}"
    keys = server.folder.parent / f"{name}.json"
    if fresh or name not in server.databases() or not keys.exists():
        server.sql(f"DROP DATABASE IF EXISTS {name};")
        server.sql(f"CREATE DATABASE {name};")
        _fill(server.url(name), keys, scale, say)
        server.freeze(name)
    return _opened(server.url(name), keys, server.folder)


def on_sqlite(folder: Path, scale: Scale, *, fresh: bool, say: Say) -> Target:
    """The same in a SQLite file."""
    file, keys = folder / f"bench_{scale}.db", folder / f"bench_{scale}_sqlite.json"
    if fresh or not file.exists() or not keys.exists():
        for suffix in ("", "-wal", "-shm"):
            Path(f"{file}{suffix}").unlink(missing_ok=True)
        _fill(f"sqlite:///{file}", keys, scale, say)
    return _opened(f"sqlite:///{file}", keys, None)


def _fill(url: str, keys: Path, scale: Scale, say: Say) -> None:
    keys.unlink(missing_ok=True)
    kind = url.partition(":")[0]
    say(f"Filling {kind} at scale {scale}, once" + (": minutes" if scale == "large" else ""))
    jackfield_command("migrate", "--database", url)
    options = ("--still", "--scale", scale, "--organizations", str(ORGANIZATIONS), "--json")
    keys.touch(mode=0o600)
    keys.write_text(jackfield_command("demo", *options, "--database", url))


def _opened(url: str, keys: Path, postgres: Path | None) -> Target:
    """The target; a newer version's migrations are applied to an older scratch database."""
    jackfield_command("migrate", "--database", url)
    organizations: list[dict[str, Any]] = json.loads(keys.read_text())["organizations"]
    return Target(url, organizations[0]["api_key"], organizations[1]["api_key"], postgres)


def jackfield_command(*arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """What a command of `jackfield` prints.

    Raises:
        subprocess.CalledProcessError: when it fails.
    """
    ran = subprocess.run(  # noqa: S603 -- our own command line
        [sys.executable, "-m", "gql", *arguments],
        cwd=ROOT,
        env={**without_settings(), **(environment or {})},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return ran.stdout
