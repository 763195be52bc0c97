"""The page about growth: its commands exist, and its reckoning follows from its table."""

import re

import pytest

from tests.cli.conftest import Cli, cli
from tests.live import ROOT

__all__ = ["cli"]

PAGE = (ROOT / "docs" / "scale.md").read_text()

COMMANDS = sorted(
    {
        line
        for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
        for line in block.splitlines()
    }
)


@pytest.mark.parametrize("command", COMMANDS)
async def test_every_command_takes_its_options(cli: Cli, command: str) -> None:
    program, *words = command.split()

    result = await cli(*words, "--help")

    assert (program, result.code, result.err) == ("jackfield", 0, "")


def test_the_reckoning_follows_from_the_measured_bytes() -> None:
    call, call_entries, message, message_entries = map(
        int, re.findall(r"^\| [a-z ]+ \| (\d+) \|$", PAGE, re.MULTILINE)
    )
    alone = call + call_entries
    with_messages = alone + 10 * (message + message_entries)
    terabytes = 10**10 * with_messages / 1e12

    assert f"{10**10 * alone / 1e12:.1f} TB, and with ten messages each {terabytes:.1f} TB" in PAGE
    assert f"{10**6 * alone / 1e9:.1f} GB, or {10**6 * with_messages / 1e9:.1f} GB with" in PAGE
    assert f"256 shards are {terabytes * 1e3 / 256:.0f} GB each" in PAGE
    assert f"At 2 TB of data each, {terabytes / 2:.0f} machines" in PAGE
    per_second = 10**10 / (3 * 365 * 86_400)
    assert f"are {per_second:.0f} in a second" in PAGE
    assert f"are {10 * per_second / 20:.0f} for each of 20 machines" in PAGE
