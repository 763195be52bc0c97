"""The guide to getting data in is followed, command by command, on both databases."""

import re
import shlex
from pathlib import Path

import httpx2
import pytest

from tests.cli.conftest import Cli, cli
from tests.conftest import bearer
from tests.databases import Copy
from tests.live import ROOT

__all__ = ["cli"]

PAGE = (ROOT / "docs" / "getting-your-data-in.md").read_text()
GATEWAY = "http://127.0.0.1:8000"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def commands() -> list[list[str]]:
    return [shlex.split(line) for block in blocks("sh") for line in block.splitlines()]


def after(words: list[str], option: str) -> list[str]:
    """The values of an option that may come several times."""
    return [words[at + 1] for at, word in enumerate(words) if word == option]


class Reader:
    """Somebody who types what the page says, beside a gateway on the same database."""

    def __init__(
        self, cli: Cli, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.cli = cli
        self.client = client
        self.monkeypatch = monkeypatch
        self.key = ""

    async def type(self, words: list[str]) -> str:
        """Run a command; what it printed."""
        while "=" in words[0]:
            self.monkeypatch.setenv(*words.pop(0).split("=", 1))
        program, *rest = words
        if program == "curl":
            return await self._post(rest)
        assert program == "jackfield"
        # A simulation goes on for ever, and a mirror needs another server: here each only has to
        # know its options.
        is_not_for_here = rest[0] in {"simulate", "mirror"}
        result = await self.cli(*rest, *(["--help"] if is_not_for_here else []))
        assert result.code == 0, result.out + result.err
        if rest[:2] == ["keys", "create"]:
            self.key = result.out.strip()
        return result.out

    async def _post(self, words: list[str]) -> str:
        assert words[0].startswith(GATEWAY)
        lines = [value.replace("$JACKFIELD_KEY", self.key) for value in after(words, "--header")]
        headers = dict(line.split(": ", 1) for line in lines)
        (file,) = after(words, "--data-binary")
        body = read(file.removeprefix("@"))
        path = words[0].removeprefix(GATEWAY)
        response = await self.client.post(path, content=body, headers=headers)
        assert response.status_code == 200
        return response.text


def read(name: str) -> bytes:
    return Path(name).read_bytes()


def write_files() -> None:
    """The two files that the page shows."""
    (table,), (items,) = blocks("csv"), blocks("ndjson")
    Path("calls.csv").write_text(table)
    Path("items.ndjson").write_text(items)


async def test_the_guide_is_followed(
    cli: Cli, fresh: Copy, fresh_client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GQL_DATABASE_URL", fresh.url)
    monkeypatch.setenv("GQL_SECRETS_KEY", "0" * 64)
    write_files()
    reader = Reader(cli, fresh_client, monkeypatch)
    owner = bearer(fresh.organizations[0])

    printed = {" ".join(words): await reader.type(words) for words in commands()}
    calls = {
        sid: (await fresh_client.get(f"/api/v1/calls/sid/{sid}", headers=owner)).json()
        for sid in ("r-1001", "r-1002", "r-2001")
    }
    (document,) = blocks("graphql")
    answer = await fresh_client.post("/graphql", json={"query": document}, headers=owner)

    chosen = ("customer_phone_number", "to_phone_number", "status", "duration", "started_at")
    assert {sid: tuple(call[name] for name in chosen) for sid, call in calls.items()} == {
        "r-1001": ("+12025550100", "+15550100001", "completed", 150, "2026-06-01T13:30:00Z"),
        "r-1002": ("+12025550199", "+15550100001", "failed", 0, "2026-06-01T13:41:00Z"),
        "r-2001": ("+12025550100", "+15550100001", "completed", 180, "2026-06-01T10:00:00Z"),
    }
    dry, statuses = (
        next(out for command, out in printed.items() if part in command)
        for part in ("--dry-run", "@items.ndjson")
    )
    assert dry.startswith("callId = Reference\n")
    assert re.findall('"status": ?"([a-z]+)"', statuses)[:4] == [
        *("created", "created", "updated", "created")
    ]
    assert len(answer.json()["data"]["calls"]["nodes"]) == 3


def test_every_section_of_the_table_is_there() -> None:
    sections = re.findall(r"\]\(#([a-z-]+)\)", PAGE)
    titles = {
        title.lower().replace(" ", "-") for title in re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
    }

    assert set(sections) <= titles
