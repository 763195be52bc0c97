"""Every command of the README runs, and its example answers what the README says."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.databases import Databases, without_settings
from tests.live import ROOT, executing, free_port, until_ready

README = (ROOT / "README.md").read_text()


def commands() -> list[str]:
    """The lines of every `sh` block, continued lines put together."""
    blocks = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line]


def example() -> tuple[list[str], str]:
    """The arguments of the curl command, and the answer printed under it."""
    command = next(line for line in commands() if line.startswith("curl "))
    answer = re.search(r"^```json\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    assert answer
    return shlex.split(command), answer[1]


def after(words: list[str], option: str) -> str:
    return words[words.index(option) + 1]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like a fresh clone after its installation, without the work of installing."""
    folder = tmp_path_factory.mktemp("clone")
    for path in ROOT.iterdir():
        if path.name not in {"var", ".venv", ".git"}:
            (folder / path.name).symlink_to(path)
    (folder / ".venv").mkdir()
    for path in Path(sys.prefix).iterdir():
        if path.suffix != ".stamp":
            (folder / ".venv" / path.name).symlink_to(path)
    for stamp in ("run.stamp", "dev.stamp"):
        (folder / ".venv" / stamp).touch()
    return folder


def run(checkout: Path, *words: str, **environment: str) -> str:
    """Run a command in the folder and return what it printed."""
    done = subprocess.run(
        words,
        cwd=checkout,
        env={**without_settings(), "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Serving:
    """A running `make serve`."""

    def __init__(self, checkout: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = checkout / f"output-{self.port}"
        with self.output.open("w") as file:
            self.process = subprocess.Popen(
                ["make", "serve", f"PORT={self.port}"],
                cwd=checkout,
                env={**without_settings(), "PYTHONPATH": str(ROOT)},
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until_ready(lambda: self.process.poll() is None, self.url, self.output)

    def key(self) -> str:
        """The first API key that was printed."""
        match = re.search(r"burki_[a-z0-9]{32}", self.output.read_text())
        assert match
        return match[0]

    def stop(self) -> None:
        """End make and the server under it."""
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()


@pytest.fixture(scope="module")
def served(checkout: Path) -> Iterator[Serving]:
    """The first `make serve` of a fresh clone."""
    serving = Serving(checkout)
    yield serving
    serving.stop()


def test_the_commands_are_those_that_are_run_here() -> None:
    programs = [line.split()[0] for line in commands()]

    assert programs == [
        "make",
        "make",
        "curl",
        ".venv/bin/jackfield",
        "createuser",
        "createdb",
        "export",
        "export",
        *[".venv/bin/jackfield"] * 4,
    ]


def test_the_example_answers_what_the_readme_says(served: Serving) -> None:
    words, answer = example()
    assert words[1] == "http://127.0.0.1:8000/graphql"
    name, value = after(words, "--header").replace("$JACKFIELD_KEY", served.key()).split(": ", 1)

    response = httpx2.post(
        f"{served.url}/graphql",
        headers={name: value},
        json=json.loads(after(words, "--json")),
        timeout=None,
    )

    assert response.status_code == 200
    assert response.json() == json.loads(answer)


def test_the_printed_request_works_when_pasted(served: Serving) -> None:
    line = next(
        line for line in served.output.read_text().splitlines() if line.strip().startswith("curl ")
    )
    words = shlex.split(line)
    headers = dict(
        words[number + 1].split(": ", 1) for number, word in enumerate(words) if word == "-H"
    )
    url = next(word for word in words if word.startswith("http"))

    response = httpx2.post(url, headers=headers, content=after(words, "-d"), timeout=None)

    assert response.json()["data"]["graphs"]["nodes"][0]["name"] == "Customer Service Router"


def test_a_key_can_be_made_while_it_serves(served: Serving, checkout: Path) -> None:
    command = next(line for line in commands() if "keys create" in line)

    key = run(checkout, *shlex.split(command)).split()[-1]
    answer = httpx2.post(
        f"{served.url}/graphql",
        headers={"Authorization": f"Bearer {key}"},
        json={"query": "{ viewer { apiKey { name } } }"},
        timeout=None,
    )

    assert answer.json() == {"data": {"viewer": {"apiKey": {"name": "my frontend"}}}}


def test_make_test_runs_a_part(checkout: Path) -> None:
    assert "make test" in commands()

    printed = run(
        checkout,
        *("make", "test", "T=tests/query/test_json_pointer.py"),
        PYTEST_XDIST_AUTO_NUM_WORKERS="0",
    )

    assert re.search(r"\d+ passed", printed)


@pytest.fixture
async def postgresql(databases: Databases) -> AsyncIterator[str]:
    """The address of an empty PostgreSQL database."""
    url = await databases.empty("postgresql")
    yield url
    await databases.drop(url)


async def test_the_commands_for_postgresql(postgresql: str, checkout: Path) -> None:
    """All but the two that make the role and its database, which here has another address."""
    start = commands().index(next(line for line in commands() if line.startswith("export")))
    *lines, serve = (
        line.replace("postgresql://jackfield:password@localhost/jackfield", postgresql)
        for line in commands()[start:]
    )
    names = re.findall(r"(GQL_\w+)=", "\n".join(lines))
    values = [f'echo "${name}"' for name in names]
    outputs = run(checkout, "bash", "-euc", "\n".join([*lines, *values])).splitlines()
    variables = dict(zip(names, outputs[-len(names) :], strict=True))
    key = next(line for line in outputs if line.startswith("burki_"))
    words = shlex.split(serve)

    assert words[:2] == [".venv/bin/jackfield", "serve"]
    environment = {**without_settings(), **variables}
    with executing(checkout / words[0], *words[1:], environment=environment, cwd=checkout) as url:
        answer = httpx2.post(
            f"{url}/graphql",
            headers={"Authorization": f"Bearer {key}"},
            json={"query": "{ viewer { organization { name } } }"},
            timeout=None,
        )
        assert answer.json() == {"data": {"viewer": {"organization": {"name": "Acme"}}}}
