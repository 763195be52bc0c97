"""Installs what the foreign servers need, into the scratch folder and nowhere else."""

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.servers import NODE_FOLDER, PYTHON_FOLDER, Server
from benchmarks.target import ROOT

_PEERS = Path(__file__).parent / "peers"
_SECONDS = 600


def missing(server: Server, scratch: Path) -> str | None:
    """Install what a server needs; answers why it has to be left out, or None."""
    if server.needs == "node":
        return _node(scratch / NODE_FOLDER)
    if server.needs == "fastapi":
        return _fastapi(scratch / PYTHON_FOLDER)
    return None


def _node(folder: Path) -> str | None:
    if shutil.which("npm") is None:
        return "there is no npm on this machine"
    folder.mkdir(parents=True, exist_ok=True)
    required = (_PEERS / "node" / "package.json").read_text()
    installed = folder / "package.json"
    complete = (
        (folder / "node_modules").exists()
        and installed.exists()
        and installed.read_text() == required
    )
    for source in (_PEERS / "node").iterdir():
        shutil.copy(source, folder / source.name)
    if complete:
        return None
    options = ("--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error")
    problem = _run(["npm", "install", *options], folder)
    if problem:
        installed.unlink()
        return f"npm could not install its packages: {problem}"
    return None


def _fastapi(folder: Path) -> str | None:
    """With the versions that Jackfield runs on, so that only the framework differs."""
    required = _PEERS / "fastapi.txt"
    installed = folder / required.name
    if installed.exists() and installed.read_text() == required.read_text():
        return None
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    what = ["--requirement", str(required), "--constraint", str(ROOT / "constraints.txt")]
    problem = _run([*pip, "--upgrade", "--target", str(folder), *what], folder.parent)
    if problem:
        return f"pip could not install FastAPI: {problem}"
    shutil.copy(required, installed)
    return None


def _run(command: list[str], folder: Path) -> str | None:
    """Answers the last line of what went wrong."""
    try:
        ran = subprocess.run(  # noqa: S603 -- npm and pip, as above
            command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if ran.returncode == 0 else (ran.stderr.strip().splitlines() or ["no reason"])[-1]
