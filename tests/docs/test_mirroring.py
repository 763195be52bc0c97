"""The page about mirroring: its commands do what it says, and its statement is printed so."""

import re
from datetime import UTC, datetime

import pytest

from tests.cli.conftest import Cli, cli
from tests.databases import Copy
from tests.live import ROOT
from tests.mirror.conftest import EmptyOrganization, empty
from tests.mirror.documented_server import DocumentedServer, make_organization
from tests.mirror.faults import FaultyTransport
from tests.mirror.test_command import listening

__all__ = ["cli", "empty"]

PAGE = (ROOT / "docs" / "mirroring.md").read_text()
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
]


async def test_the_commands_copy_and_prove_it(
    cli: Cli, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = DocumentedServer(make_organization(calls=3, conversations=1))
    monkeypatch.setenv("SOURCE_KEY", "the-api-key-of-the-server")
    monkeypatch.setenv("GQL_DATABASE_URL", fresh.url)
    codes = []

    async with listening(server.app) as url:
        for command in COMMANDS:
            program, *words = command.replace('"', "").split()
            if program == "export":
                continue
            words = [url if word == "https://api.example.com" else word for word in words]
            words = ["3" if word == "1" else word for word in words]
            codes.append((await cli(*words)).code)

    assert len(codes) == len(COMMANDS) - 1
    assert set(codes) == {0}


async def test_the_statement_is_printed_so(empty: EmptyOrganization) -> None:
    organization = make_organization(calls=3, conversations=1)
    network = FaultyTransport(DocumentedServer(organization).app)
    await empty.copy(network)
    call = next(row for row in organization.calls if row["total_cost"] is not None)
    call["total_cost"] = round(call["total_cost"] + 0.01, 6)
    empty.clock.instant = datetime(2026, 3, 9, 12, tzinfo=UTC)

    lines = (await empty.verify(network)).lines()

    printed = "\n".join(lines).replace("organization 3", "organization 1")
    assert f"```text\n{printed}\n```" in PAGE
