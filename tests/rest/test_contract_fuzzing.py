"""Schemathesis against a real server: whatever is sent, the answer is one that is documented.

Two of its checks are left out. A body may have the right form and still name an assistant that does
not exist (400), and lenient callers may send `1_0` where the document says integer (200).
"""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.auth.tokens import claims_of, hs256
from tests.databases import Databases, Kind, settings_for, without_settings
from tests.live import serving

HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
LEFT_OUT = "positive_data_acceptance,negative_data_rejection"
EXAMPLES = 3
PHASES: dict[Kind, str] = {"sqlite": "examples,coverage", "postgresql": "fuzzing,stateful"}
"""Coverage tries every parameter's form, and most forms are refused before there is a statement;
what is random finds most where types are strict."""
MIN_CASES: dict[Kind, int] = {"sqlite": 1_000, "postgresql": 300}


async def test_every_answer_is_documented_and_none_is_a_bug(
    databases: Databases, kind: Kind, tmp_path: Path
) -> None:
    """A token rather than a key, since the routes include one that deletes keys."""
    copy = await databases.copy(kind)
    settings = settings_for(copy.url)
    assert settings.jwt_secret is not None
    secret = settings.jwt_secret.get_secret_value()
    environment = {
        **without_settings(),
        "GQL_DATABASE_URL": copy.url,
        "GQL_JWT_SECRET": secret,
        "GQL_LOG_LEVEL": "warning",
    }
    token = hs256(claims_of(1, exp=4_000_000_000), secret)

    with serving(environment=environment) as served:
        ran = await asyncio.to_thread(_fuzz, kind, served.url, token, tmp_path)
        log = served.output.read_text()

    assert ran.returncode == 0, ran.stdout[-8_000:] + ran.stderr
    generated = re.search(r"(\d+) generated, (\d+) passed", ran.stdout)
    assert generated is not None
    print(f"{kind}: {generated[1]} cases")  # noqa: T201 -- the figure is what this is for
    assert int(generated[1]) > MIN_CASES[kind]
    assert "unhandled exception" not in log
    await databases.drop(copy.url)


def _fuzz(kind: Kind, url: str, token: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json"),
            *("--header", f"Authorization: Bearer {token}"),
            *("--phases", PHASES[kind]),
            *("--max-examples", str(EXAMPLES), "--seed", "7", "--no-color"),
            *("--exclude-checks", LEFT_OUT, "--generation-database", "none"),
        ],
        capture_output=True,
        check=False,
        cwd=folder,
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS)},
        text=True,
    )
