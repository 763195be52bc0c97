"""The role that docs/deployment.md makes for a gateway behind a pooler with named statements."""

import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.databases import Copy
from tests.live import ROOT

PAGE = (ROOT / "docs" / "deployment.md").read_text()
NAME = "jackfield_pooled"


def options() -> dict[str, str]:
    """The settings of PgBouncer on the page, but for `pool_mode`."""
    lines = dict(line.split(" = ") for line in _block("ini", "pool_mode").splitlines())
    assert lines.pop("pool_mode") == "transaction"
    return lines


def names() -> set[str]:
    """What the page sets the role to."""
    return {name.strip('"') for name in re.findall(r'SET ("?\w+"?) =', _block("sql", NAME))}


def _block(language: str, word: str) -> str:
    """The page's only block of a language that has a word in it."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    (text,) = (block for block in blocks if word in block)
    return str(text)


@asynccontextmanager
async def pooled_role(copy: Copy, **changes: str) -> AsyncIterator[str]:
    """The name of a role made as the page says, with a few settings changed afterwards."""
    role = f"{NAME}_{secrets.token_hex(4)}"
    statements = (
        _block("sql", NAME).replace(NAME, role).replace("IN ROLE jackfield;", "IN ROLE postgres;")
    )
    altered = "".join(f"ALTER ROLE {role} SET {name} = {to};" for name, to in changes.items())
    connection = await asyncpg.connect(copy.url)
    try:
        await connection.execute(statements + altered)
        yield role
    finally:
        await connection.execute(f"DROP ROLE {role}")
        await connection.close()
