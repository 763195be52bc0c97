"""Follows one walk after another, each in a process that forks from this one.

Importing the libraries takes longer than what is tried on a walk. This process imports them once
and nothing of the project, so that each fork imports the modules of its own copy.

    python tests/contributing/forked.py    a task per line in, a JSON object per line out
"""

import asyncio
import gc
import importlib
import json
import os
import sys
import traceback
from typing import Any, NoReturn

LIBRARIES = (
    *("aiosqlite", "alembic.autogenerate", "alembic.command", "alembic.context", "argon2"),
    *("asyncpg", "cachetools", "graphql", "httpx2", "jwt", "orjson", "prometheus_client.parser"),
    *("pydantic_settings", "pytest", "redis.asyncio", "sqlalchemy.ext.asyncio", "sqlmodel"),
    *("starlette.applications", "starlette.middleware.sessions", "strawberry", "typer", "uvicorn"),
)


def main() -> None:
    """Answer each task with `{"report": ...}`, or with `{"failed": "Traceback ..."}`."""
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _follow(json.loads(line))
        _, status = os.waitpid(child, 0)
        if status:
            _answer({"failed": f"the process ended with {os.waitstatus_to_exitcode(status)}"})


def _follow(task: Any) -> NoReturn:
    os.chdir(task["root"])
    sys.path[0] = task["root"]
    try:
        followed = importlib.import_module("tests.contributing.followed")
        _answer({"report": asyncio.run(followed.follow(task))})
    except BaseException:  # noqa: BLE001 -- whatever it is, the test is to show it
        _answer({"failed": traceback.format_exc()})
    os._exit(0)  # what the parent has open and registered is the parent's to end


def _answer(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
