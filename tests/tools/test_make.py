"""The Makefile has one short command for each verb, and what it installs is pinned."""

import os
import re
import subprocess
import tomllib

from tests.live import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
VERBS = [
    *("help", "setup", "serve", "test", "check", "fix", "cover", "schema", "docs", "bench"),
    *("abuse", "clients"),
]


def test_make_alone_lists_every_verb_with_a_sentence() -> None:
    # These tests may themselves run under make, which tells a make below it so.
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    ran = subprocess.run(
        ["make"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )

    listed = [line.split(maxsplit=2) for line in ran.stdout.splitlines()]
    assert [words[:2] for words in listed] == [["make", verb] for verb in VERBS]
    assert all(len(words[2]) > 10 for words in listed)


def test_every_target_has_at_most_three_lines() -> None:
    targets = re.findall(r"^[^\s#][^\n]*:[^=\n]*\n((?:\t[^\n]*\n)*)", MAKEFILE, re.MULTILINE)

    assert len(targets) >= len(VERBS)
    assert max(target.count("\n") for target in targets) <= 3


def test_what_is_measured_goes_to_the_readme_too() -> None:
    """README.md copies a table of benchmarks/RESULTS.md: both change, or `make check` fails."""
    lines = re.search(r"^bench:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)

    assert lines is not None
    assert lines[1].rstrip().endswith("-m benchmarks $(B) && $(BIN)/python -m tools.docs")


def test_every_dependency_is_pinned_and_no_address_is_named() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()[1:]
    assert [
        line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)
    ] == []
    pinned = {normal(line.split("==")[0]) for line in lines}

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {normal(re.split(r"[\[<>=!~; ]", each, maxsplit=1)[0]) for each in requirements}
    assert names - pinned == set()


def test_nothing_depends_on_the_other_gql() -> None:
    assert not re.search(r"^gql==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)


def test_continuous_integration_runs_the_makefile() -> None:
    script = (ROOT / ".ci" / "run").read_text()

    assert script.rstrip().endswith("exec make check test")
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
