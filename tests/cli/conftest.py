"""Runs commands as a person does: their words in, what they print and their exit code out."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gql.cli import main
from tests.live import free_port


@dataclass(frozen=True)
class Result:
    """What a command did."""

    code: int
    out: str
    err: str


Cli = Callable[..., Awaitable[Result]]
"""`await cli("keys", "list", "-o", "1")`."""


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Cli:
    """Runs `jackfield` with some words, in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    # On the usual port another program may listen, which `serve` says before anything else.
    monkeypatch.setenv("GQL_PORT", str(free_port()))

    def run(words: tuple[str, ...]) -> Result:
        monkeypatch.setattr(sys, "argv", ["jackfield", *words])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    async def cli(*words: str) -> Result:
        # A command has an event loop of its own, so it gets a thread of its own.
        return await asyncio.to_thread(run, words)

    return cli
