"""`serve` runs what is ready to be served, and says what is missing otherwise."""

import os
import secrets
import shlex
import socket
import stat
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gql.cli.local import ensure_secrets
from tests.cli.conftest import Cli
from tests.databases import Copy, Databases, without_settings
from tests.live import LiveServer, Served, free_port, serving


def curl(line: str) -> Any:
    """Do what a pasted curl line would, with nothing but what stands in it."""
    words = shlex.split(line)
    assert words[:2] == ["curl", "-s"]
    options = list(zip(words[3::2], words[4::2], strict=True))
    headers = dict(value.split(": ", 1) for option, value in options if option == "-H")
    (body,) = (value for option, value in options if option == "-d")
    return httpx2.post(words[2], content=body.encode(), headers=headers, timeout=None).json()


def keys_in(output: str) -> list[str]:
    return [line.split()[0] for line in output.splitlines() if line.startswith("    burki_")]


def curl_line(served: Served) -> str:
    (line,) = (each for each in served.output.read_text().splitlines() if each.startswith("curl "))
    return line


async def test_the_first_local_start_makes_everything_and_the_next_finds_it(
    tmp_path: Path,
) -> None:
    environment = without_settings()
    with serving("--local", environment=environment, cwd=tmp_path) as served:
        first = served.output.read_text()
        answer = curl(curl_line(served))
        (graph,) = answer["data"]["graphs"]["nodes"]
        assert graph["name"] == "Customer Service Router"
        assert graph["nodes"][0]["assistant"]["name"] == "Receptionist"
        assert graph["edges"][0]["from"]["nodeType"] == "ENTRY"
        assert f"{served.url}/playground" in first
        offered = httpx2.get(f"{served.url}/auth/demo", timeout=None).json()["organizations"]
        logged_in = httpx2.post(
            f"{served.url}/auth/demo", json={"organization": offered[0]["id"]}, timeout=None
        )
        assert logged_in.json()["organization"] == offered[0]
    private = {path.name: path for path in (tmp_path / "var").iterdir()}
    for name in ("secrets.env", "demo.json"):
        assert stat.S_IMODE(private[name].stat().st_mode) == 0o600
    secrets_text = private["secrets.env"].read_text()
    assert [line.split("=")[0] for line in secrets_text.splitlines()] == [
        "GQL_SECRET_KEY",
        "GQL_JWT_SECRET",
        "GQL_SECRETS_KEY",
    ]

    days_ago = time.time() - 2 * 86_400
    os.utime(private["demo.json"], (days_ago, days_ago))
    with serving("--local", environment=environment, cwd=tmp_path) as served:
        second = served.output.read_text()
        assert keys_in(second) == keys_in(first) != []
        assert "Loading demo data" in first
        assert "Loading demo data" not in second
        assert "The demo data ended 2 days ago." in second
        assert curl(curl_line(served)) == answer
    assert private["secrets.env"].read_text() == secrets_text


async def test_a_local_start_on_somebodys_data_leaves_it_alone(
    databases: Databases, tmp_path: Path
) -> None:
    copy = await databases.copy("sqlite")
    environment = {**without_settings(), "GQL_DATABASE_URL": copy.url}
    with serving("--local", environment=environment, cwd=tmp_path) as served:
        output = served.output.read_text()

    assert keys_in(output) == []
    assert "jackfield keys create" in output
    assert not (tmp_path / "var" / "demo.json").exists()


def test_a_plain_start_serves_and_does_not_say_with_what(live_server: LiveServer) -> None:
    response = httpx2.get(f"{live_server.url}/healthz", timeout=None)

    assert response.json() == {"status": "alive"}
    assert "server" not in response.headers


async def test_a_taken_port_is_named_with_another(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        result = await cli("serve", "--local", "--port", str(port))

    assert result.code == 1
    assert result.err == (
        f"Somebody listens on 127.0.0.1:{port} already.\n"
        f"Choose another port: --port {port + 1}, or make serve PORT={port + 1}\n"
    )


@pytest.mark.parametrize("host", ["256.1.1.1", "192.0.2.1"])
async def test_a_host_that_is_not_ours_is_named(cli: Cli, host: str) -> None:
    result = await cli("serve", "--host", host)

    assert result.code == 1
    assert host in result.err
    assert "127.0.0.1" in result.err


async def test_bad_settings_are_named_without_their_values(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GQL_DATABASE_URL", "mysql://root:s3cret@host/x")
    monkeypatch.setenv("GQL_POOL_SIZE", "0")

    result = await cli("serve")

    assert result.code == 1
    assert result.err == (
        "A setting cannot be used.\n"
        "  GQL_DATABASE_URL: must start with sqlite:/// or postgresql://\n"
        "  GQL_POOL_SIZE: Input should be greater than or equal to 1\n"
        "Correct it in the environment or in var/secrets.env; docs/settings.md lists them all.\n"
    )


async def test_a_secret_that_is_too_short_is_refused(
    cli: Cli, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GQL_JWT_SECRET", "short")

    result = await cli("serve", "--port", str(free_port()), "--database", fresh.url)

    assert result.code == 1
    assert "A setting cannot be used: " in result.err
    assert "GQL_JWT_SECRET" in result.err


@pytest.mark.parametrize("word", ["serve", "migrate", "demo"])
async def test_a_database_that_does_not_answer_is_named_without_its_password(
    cli: Cli, word: str
) -> None:
    url = f"postgresql://somebody:s3cret@127.0.0.1:{free_port()}/none?password=s3cret"

    result = await cli(word, "--database", url)

    assert result.code == 1
    assert "The database postgresql://somebody:***@127.0.0.1" in result.err
    assert "cannot be reached" in result.err
    assert "s3cret" not in result.err


async def test_a_postgresql_database_that_does_not_exist_is_said_to(
    cli: Cli, databases: Databases
) -> None:
    url = await databases.empty("postgresql")
    await databases.drop(url)

    result = await cli("migrate", "--database", url)

    assert result.code == 1
    assert "does not exist" in result.err
    assert "Traceback" not in result.err


async def test_a_folder_that_cannot_be_written_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where the folder should be")

    result = await cli("serve", "--local")

    assert result.code == 1
    assert result.err.startswith("var")
    assert "May this user read and write there?" in result.err


def test_secrets_that_are_there_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secrets.env"
    path.parent.mkdir()
    jwt_line = f"GQL_JWT_SECRET={secrets.token_hex(32)}"
    path.write_text(jwt_line)

    ensure_secrets(path)

    lines = path.read_text().splitlines()
    assert lines[0] == jwt_line
    names = [line.split("=")[0] for line in lines]
    assert names == ["GQL_JWT_SECRET", "GQL_SECRET_KEY", "GQL_SECRETS_KEY"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
