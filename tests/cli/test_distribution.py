"""Jackfield does not run where the Python client of the same package name is installed."""

from pathlib import Path

import pytest

from gql.app import create_app
from gql.distribution import MixedPackagesError
from tests.cli.conftest import Cli
from tests.databases import Copy, settings_for


@pytest.fixture
def _client_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What an installer leaves of a distribution, as far as `importlib.metadata` reads it."""
    folder = tmp_path / "gql-4.0.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: gql\nVersion: 4.0.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("_client_installed")
async def test_no_command_runs_beside_the_client(cli: Cli) -> None:
    result = await cli("--version")

    assert (result.code, result.out) == (1, "")
    assert "The Python package gql 4.0.0, a GraphQL client, is installed" in result.err
    assert "environment of its own" in result.err


@pytest.mark.usefixtures("_client_installed")
async def test_no_application_is_made_beside_the_client(shared: Copy) -> None:
    with pytest.raises(MixedPackagesError, match="an environment of its own"):
        create_app(settings_for(shared.url))
