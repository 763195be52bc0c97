"""Variables that look like settings and are none, mostly for a misspelling."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from gql.settings import SECRETS_FILE, variables

PREFIX = "GQL_"


@dataclass(frozen=True)
class Unknown:
    """A variable that no setting reads.

    Attributes:
        name: As it is spelt: `GQL_DATABSE_URL`.
        source: The environment, or the file that sets it.
        similar: The setting that was probably meant; None where none is close.
    """

    name: str
    source: str
    similar: str | None

    def __str__(self) -> str:
        """One sentence, and what to do."""
        advice = "" if self.similar is None else f" Did you mean {self.similar}?"
        return f"{self.name} (in {self.source}) is not a setting, and nothing reads it.{advice}"


def unknown_settings(file: Path = SECRETS_FILE) -> list[Unknown]:
    """Those of the environment and of the file, by name."""
    readable = variables()
    sources = {name: str(file) for name in _names_in(file)}
    sources |= dict.fromkeys(_environment(os.environ), "the environment")
    return [
        Unknown(name, source, next(iter(get_close_matches(name, readable, n=1)), None))
        for name, source in sorted(sources.items())
        if name.upper() not in readable
    ]


def _environment(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if name.upper().startswith(PREFIX))


def _names_in(file: Path) -> Iterator[str]:
    """The names that a file of `NAME=value` lines sets."""
    lines = file.read_text().splitlines() if file.is_file() else ()
    names = (line.partition("=")[0].removeprefix("export ").strip() for line in lines)
    return _environment(names)
