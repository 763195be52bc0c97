"""Help teaches every command, at once."""

import subprocess
import sys

import pytest

from gql import __version__
from tests.cli.conftest import Cli

COMMANDS = (
    "serve",
    "migrate",
    "demo",
    "simulate",
    "import",
    "token",
    "schema",
    "explain",
    "doctor",
    "keys",
    "organizations",
    "mirror",
    "costs",
)
HEAVY = ("sqlalchemy", "strawberry", "graphql", "pydantic", "starlette", "uvicorn")


async def test_help_lists_every_command(cli: Cli) -> None:
    result = await cli("--help")

    assert result.code == 0
    assert all(f" {command} " in result.out for command in COMMANDS)


@pytest.mark.parametrize(
    "words",
    [
        *((command,) for command in COMMANDS),
        *((noun, word) for noun in ("keys", "organizations") for word in ("create", "list")),
    ],
)
async def test_every_command_and_option_says_what_it_does(cli: Cli, words: tuple[str, ...]) -> None:
    result = await cli(*words, "--help")

    assert result.code == 0
    described = [line for line in result.out.splitlines() if "--" in line and "│" in line]
    assert described
    assert all(len(line.strip("│ ").split("  ")) > 1 for line in described)


async def test_without_a_command_help_is_shown(cli: Cli) -> None:
    result = await cli()

    assert "Usage: jackfield" in result.out + result.err


async def test_the_version_is_printed(cli: Cli) -> None:
    result = await cli("--version")

    assert (result.code, result.out) == (0, f"{__version__}\n")


def test_help_loads_nothing_heavy() -> None:
    code = f"import gql.cli, sys; print([name for name in {HEAVY} if name in sys.modules])"

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"


def test_python_dash_m_gql_is_the_same_command() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "gql", "--version"], capture_output=True, text=True, check=True
    )

    assert ran.stdout == f"{__version__}\n"
